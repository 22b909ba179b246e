//! Paths of the daemon that make, replace or end credentials. A tool that uses the daemon has no business there.

use alloc::borrow::ToOwned;

use thiserror::Error;

use crate::domain::gateway::path::{AmbiguousPath, PlainPath};

/// Why a path is not asked for with the credential of this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RefusedPath {
    /// The daemon, or a proxy in front of it, may read it as another one.
    #[error(transparent)]
    Ambiguous(#[from] AmbiguousPath),
    /// It is about the credential: pairing, revoking, rotating.
    #[error("the credential of this device is not managed through a forwarder")]
    Reserved,
}

/// Checks that a path is about the use of the daemon: anything but what is below `/api/pair` and `/api/device`, however it is
/// spelled.
///
/// # Errors
///
/// [`RefusedPath`].
pub fn check(path: &str) -> Result<(), RefusedPath> {
    let plain = PlainPath::parse(path)?;
    let decoded = plain.without_needless_escapes().unwrap_or_else(|| plain.as_str().to_owned()).to_ascii_lowercase();
    // Some servers cut parameters off.
    let mut segments = decoded.split('/').skip(1).map(|segment| segment.split(';').next().unwrap_or_default());
    let (first, second) = (segments.next(), segments.next().unwrap_or_default());
    // No route of the daemon's own needs an escape, nor does one of the gateway: what still has one in front was encoded
    // twice, and may be read as anything.
    let is_reserved = match first.unwrap_or_default() {
        "api" => matches!(second, "pair" | "device") || second.contains('%'),
        first => first.contains("%25"),
    };
    if is_reserved { Err(RefusedPath::Reserved) } else { Ok(()) }
}
