//! The bearer token: a device's credential, and what the daemon keeps of it.
//!
//! `nct_` + device id (16) + secret (52) + checksum (7), each in lower-case base32: 79 characters that match
//! `nct_[a-z2-7]{75}`. The id makes looking it up one map access; the checksum lets a mistyped or made-up token be
//! refused without any look-up, and a secret scanner find a leaked one.

use core::fmt;
use core::ops::Range;

use ring::digest::{Context, SHA256, SHA256_OUTPUT_LEN};
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::device::DeviceId;
use super::encoding::BASE32_LOWER;

/// Length of a token, in characters (all ASCII).
pub const TOKEN_CHARS: usize = 79;

/// Bytes of a token's secret: 256 bits.
pub const SECRET_BYTES: usize = 32;

/// Bytes of a salt: 128 bits, so that no two devices share one.
pub const SALT_BYTES: usize = 16;

/// How every token begins.
pub const PREFIX: &[u8; 4] = b"nct_";

const ID: Range<usize> = 4..20;
const SECRET: Range<usize> = 20..72;
const CHECKSUM: Range<usize> = 72..TOKEN_CHARS;

/// A device's credential (RFC 6750).
///
/// # Security
///
/// `Debug` shows the device id only, there is no `Display`, and the memory is wiped on drop.
#[derive(Clone, ZeroizeOnDrop)]
pub struct BearerToken {
    text: [u8; TOKEN_CHARS],
    #[zeroize(skip)]
    device: DeviceId,
}

/// The text cannot be a token: wrong length, prefix, alphabet or checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("malformed bearer token")]
pub struct MalformedToken;

impl BearerToken {
    /// The token of `device` with this secret.
    pub fn issue(device: DeviceId, secret: &[u8; SECRET_BYTES]) -> Self {
        let mut text = [0; TOKEN_CHARS];
        text[..ID.start].copy_from_slice(PREFIX);
        text[ID].copy_from_slice(device.as_str().as_bytes());
        BASE32_LOWER.encode_mut(secret, &mut text[SECRET]);
        let checksum = crc32fast::hash(&text[..CHECKSUM.start]);
        BASE32_LOWER.encode_mut(&checksum.to_be_bytes(), &mut text[CHECKSUM]);
        Self { text, device }
    }

    /// Reads a token as it stands after `Bearer `.
    ///
    /// # Errors
    ///
    /// [`MalformedToken`] when no token is spelled like that; its checksum is right in every other case.
    pub fn parse(text: &str) -> Result<Self, MalformedToken> {
        let text: [u8; TOKEN_CHARS] = text.as_bytes().try_into().map_err(|_| MalformedToken)?;
        let mut token = Self { text, device: DeviceId::parse_bytes(&text[ID]).ok_or(MalformedToken)? };
        if token.is_well_formed() {
            Ok(token)
        } else {
            token.text.zeroize();
            Err(MalformedToken)
        }
    }

    /// The device it was issued to.
    pub const fn device(&self) -> DeviceId {
        self.device
    }

    /// Whether both are the same token, in constant time.
    pub fn is_same(&self, other: &Self) -> bool {
        self.text.ct_eq(&other.text).into()
    }

    /// What the daemon stores instead of the token: SHA-256(token ‖ salt).
    ///
    /// A plain hash is enough, because the secret has 256 bits and cannot be searched.
    pub fn hash(&self, salt: &Salt) -> TokenHash {
        let mut context = Context::new(&SHA256);
        context.update(&self.text);
        context.update(&salt.0);
        let mut hash = [0; SHA256_OUTPUT_LEN];
        hash.copy_from_slice(context.finish().as_ref());
        TokenHash(hash)
    }

    /// The token itself.
    ///
    /// # Security
    ///
    /// For the answer to the exchange, the client's credential file, and the `Authorization` header of a request to
    /// the daemon that issued it. Nowhere else.
    pub fn reveal(&self) -> &str {
        // Every constructor fills the text from ASCII alphabets.
        core::str::from_utf8(&self.text).unwrap_or_default()
    }

    fn is_well_formed(&self) -> bool {
        let mut secret = zeroize::Zeroizing::new([0; SECRET_BYTES]);
        let mut checksum = [0; 4];
        self.text.starts_with(PREFIX)
            && BASE32_LOWER.decode_mut(&self.text[SECRET], &mut *secret).is_ok()
            && BASE32_LOWER.decode_mut(&self.text[CHECKSUM], &mut checksum).is_ok()
            && u32::from_be_bytes(checksum) == crc32fast::hash(&self.text[..CHECKSUM.start])
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BearerToken(nct_{}…)", self.device)
    }
}

/// What makes the same token hash differently on another device record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Salt(pub [u8; SALT_BYTES]);

/// SHA-256(token ‖ salt).
#[derive(Clone, Copy, Debug)]
pub struct TokenHash(pub [u8; SHA256_OUTPUT_LEN]);

impl TokenHash {
    /// Whether both are the same hash, in constant time.
    pub fn matches(&self, other: &TokenHash) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}
