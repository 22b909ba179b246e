//! How the daemon is reached from outside.

use async_trait::async_trait;

use crate::domain::client_address::TrustedHops;
use crate::domain::endpoint::Endpoint;
use crate::domain::exposure::ExposureMode;

/// The daemon's way to the outside.
///
/// # Contract
///
/// * `public_endpoint` is what a remote device types: it works from where clients are, never a wildcard address.
/// * A set-up that cannot be determined is an error of its own words, never a guess.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Exposure: Send + Sync {
    /// The mode.
    fn mode(&self) -> ExposureMode;

    /// Whose forwarding headers are believed.
    fn trusted_hops(&self) -> &TrustedHops;

    /// The endpoint that works from outside.
    async fn public_endpoint(&self) -> Endpoint;
}
