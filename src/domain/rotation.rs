//! A new secret for a device, without a moment in which it has none, whatever crashes.
//!
//! ```text
//! current ──stage──▶ current, and one that is pending ──confirm──▶ what was pending is current
//! ```
//!
//! At every moment exactly one secret opens the doors. The pending one is good for a single thing, to confirm it; so
//! whoever holds it and can still use the current one has lost nothing, and checking a token costs one hash as ever.

use core::time::Duration;

use super::device::{DEVICE_RANDOM_BYTES, Device, DeviceRecord};
use super::time::{Expiry, WallTime};
use super::token::{BearerToken, Salt, TokenHash};

/// How long a pending secret can be confirmed: a device that was switched off in between comes back the next day. After that
/// it is worth nothing, so that one which was lost on its way does not stay good for ever.
pub const CONFIRMATION_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// A secret that was made for a device and waits to be confirmed.
#[derive(Clone, Copy, Debug)]
pub struct PendingSecret {
    /// Salt of the token hash.
    pub salt: Salt,
    /// Hash of the token; the token itself is never stored.
    pub token_hash: TokenHash,
    /// When it can no longer be confirmed.
    pub confirm_before: WallTime,
}

/// What a token is to its device.
#[derive(Clone, Copy, Debug)]
pub enum Standing {
    /// It is the device's credential.
    Current,
    /// It is the pending one, with this hash.
    Pending(TokenHash),
}

impl Device {
    /// A new secret to be staged, and its token, which is not kept.
    pub fn next_secret(&self, random: &[u8; DEVICE_RANDOM_BYTES], now: WallTime) -> (PendingSecret, BearerToken) {
        let (salt, token) = self.renewed_secret(random);
        let confirm_before = now.plus(CONFIRMATION_TIME);
        (PendingSecret { salt, token_hash: token.hash(&salt), confirm_before }, token)
    }

    /// The same device with `pending` beside its secret, in the place of an earlier pending one; `None` unless its secret is
    /// still `current`, the one that whoever asks has shown.
    pub fn staging(&self, current: &TokenHash, pending: PendingSecret) -> Option<Self> {
        let is_current = self.record().token_hash.matches(current);
        is_current.then(|| Self::restore(DeviceRecord { pending: Some(pending), ..self.record().clone() }))
    }

    /// The same device with its pending secret as the only one; `None` unless that is `confirmed`. When its credential ends
    /// stays the same.
    pub fn confirming(&self, confirmed: &TokenHash) -> Option<Self> {
        let pending = self.record().pending.filter(|pending| pending.token_hash.matches(confirmed))?;
        let PendingSecret { salt, token_hash, .. } = pending;
        Some(self.with_secret(salt, token_hash))
    }

    /// The same device with this secret and no other.
    pub fn with_secret(&self, salt: Salt, token_hash: TokenHash) -> Self {
        Self::restore(DeviceRecord { salt, token_hash, pending: None, ..self.record().clone() })
    }
}

/// What `token` is to `device`, which a look-up by the token's own id found or did not find; `None` when it is nothing.
///
/// # Security
///
/// One hash, and a second one only for a device that has a pending secret; comparisons take constant time.
pub fn standing(token: &BearerToken, device: Option<&Device>, now: WallTime) -> Option<Standing> {
    if super::device::is_authentic(token, device, now) {
        return Some(Standing::Current);
    }
    let device = device.filter(|device| !device.has_expired(now))?;
    let pending = device.record().pending.filter(|pending| !Expiry::at(pending.confirm_before).has_passed(now))?;
    let matches = token.hash(&pending.salt).matches(&pending.token_hash);
    matches.then_some(Standing::Pending(pending.token_hash))
}
