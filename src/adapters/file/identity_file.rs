//! The daemon's identity: `keys/identity.key`, an Ed25519 key (RFC 8032) in PKCS#8 (RFC 8410), PEM-armoured.

use std::path::Path;

use zeroize::Zeroizing;

use super::armour::{armoured, unarmoured};
use super::open_error::OpenError;
use super::private_file;
use crate::adapters::platform;
use crate::domain::identity::{IDENTITY_SEED_BYTES, IdentityKey};
use crate::ports::rng::Rng;

/// Everything that comes before the seed in the PKCS#8 form of an Ed25519 key (RFC 8410 section 7).
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Largest file that is read; a key takes about 120 bytes.
const MAX_FILE_BYTES: u64 = 4096;

/// The identity that `path` holds. It is made when there is none yet.
///
/// # Errors
///
/// [`OpenError`] when the file is damaged, unreadable or not private, or cannot be created. It is never replaced: devices
/// know the daemon by it.
pub fn load_or_create(path: &Path, rng: &dyn Rng) -> Result<IdentityKey, OpenError> {
    match load(path, platform::user_id())? {
        Some(key) => Ok(key),
        None => create(path, rng),
    }
}

/// The identity that `path` of `owner` holds; `None` when there is none yet.
///
/// # Errors
///
/// [`OpenError`] when the file is damaged, unreadable or not private.
pub(super) fn load(path: &Path, owner: u32) -> Result<Option<IdentityKey>, OpenError> {
    const REPAIR: &str =
        "restore keys/identity.key from a backup; a new key would make this another daemon for its devices";
    let content = private_file::read_of(path, MAX_FILE_BYTES, owner);
    let Some(content) = content.map_err(|error| OpenError::unreadable(path, &error, REPAIR))? else {
        return Ok(None);
    };
    let key = unarmoured(&content).and_then(|document| IdentityKey::from_pkcs8(&document).ok());
    key.map(Some).ok_or_else(|| OpenError::damaged(path, "it holds no Ed25519 key", REPAIR))
}

fn create(path: &Path, rng: &dyn Rng) -> Result<IdentityKey, OpenError> {
    let failed = |cause: String| OpenError {
        cause: format!("{} cannot be made: {cause}", path.display()),
        hints: vec!["mend the cause, then start again; nothing was written".to_owned()],
    };
    let mut document = Zeroizing::new([0; PKCS8_PREFIX.len() + IDENTITY_SEED_BYTES]);
    let (prefix, seed) = document.split_at_mut(PKCS8_PREFIX.len());
    prefix.copy_from_slice(&PKCS8_PREFIX);
    rng.fill(seed).map_err(|error| failed(error.to_string()))?;
    let key = IdentityKey::from_pkcs8(document.as_slice()).map_err(|error| failed(error.to_string()))?;
    let text = armoured(document.as_slice());
    let written = private_file::create(path, |file| file.write_all(text.as_bytes()));
    written.map_err(|error| failed(error.to_string()))?;
    Ok(key)
}
