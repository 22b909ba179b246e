//! The key exchange itself: SPAKE2 over the pairing code.

use alloc::vec::Vec;
use core::fmt;

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use rand_core::{CryptoRng, Error, RngCore};
use spake2::{Ed25519Group, Identity, Password, Spake2};
use zeroize::{Zeroize, Zeroizing};

use super::super::pairing_secret::Shared;
use super::schedule::SharedSecret;
use super::{PakeError, Role};

/// Bytes of a message: a compressed point.
pub const MESSAGE_BYTES: usize = 32;

/// Random bytes of a scalar: twice its length, so that reducing them leaves no bias.
pub const SCALAR_RANDOM_BYTES: usize = 64;

const CLIENT_IDENTITY: &[u8] = b"netclaw pair v2 client";
const DAEMON_IDENTITY: &[u8] = b"netclaw pair v2 daemon";

/// What a handshake computes with. The name stands for all of it: key exchange, key schedule, confirmation and sealing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// SPAKE2 over edwards25519 as the crate `spake2` and the Python package of that name compute it (not RFC 9382's
    /// transcript), HKDF and HMAC with SHA-256, ChaCha20-Poly1305.
    Spake2Ed25519,
}

impl Suite {
    /// Every suite, the preferred one first.
    pub const ALL: &[Self] = &[Self::Spake2Ed25519];

    /// Its name in messages and transcripts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spake2Ed25519 => "spake2-ed25519-hkdf-sha256-chacha20poly1305",
        }
    }

    /// The suite of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|suite| suite.name() == name)
    }
}

/// A message of the key exchange: a point of the prime-order group that is not the identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PakeMessage([u8; MESSAGE_BYTES]);

impl PakeMessage {
    /// Reads a message of the other side. `spake2` would accept any point.
    ///
    /// # Errors
    ///
    /// [`PakeError::NotAPoint`], [`PakeError::SmallOrder`] or [`PakeError::OutsideGroup`].
    pub fn parse(bytes: &[u8]) -> Result<Self, PakeError> {
        let bytes: [u8; MESSAGE_BYTES] = bytes.try_into().map_err(|_| PakeError::NotAPoint)?;
        let point: EdwardsPoint = CompressedEdwardsY(bytes).decompress().ok_or(PakeError::NotAPoint)?;
        if point.is_small_order() {
            return Err(PakeError::SmallOrder);
        }
        if point.compress().0 != bytes {
            return Err(PakeError::NotAPoint);
        }
        if !point.is_torsion_free() {
            return Err(PakeError::OutsideGroup);
        }
        Ok(Self(bytes))
    }

    /// The message as it is sent.
    pub const fn as_bytes(&self) -> &[u8; MESSAGE_BYTES] {
        &self.0
    }
}

/// One side's half of a key exchange, waiting for the other side's message.
pub(super) struct Half {
    role: Role,
    state: Spake2<Ed25519Group>,
    message: PakeMessage,
}

impl Half {
    /// Begins with the code, or the link's secret, as the password.
    ///
    /// # Errors
    ///
    /// [`PakeError::Randomness`].
    pub(super) fn begin(role: Role, secret: Shared<'_>, random: &[u8; SCALAR_RANDOM_BYTES]) -> Result<Self, PakeError> {
        let password = Password::new(secret.password().as_slice());
        let (client, daemon) = (Identity::new(CLIENT_IDENTITY), Identity::new(DAEMON_IDENTITY));
        let mut source = GivenBytes { left: random, is_overdrawn: false };
        let (state, mut sent) = match role {
            Role::Client => Spake2::<Ed25519Group>::start_a_with_rng(&password, &client, &daemon, &mut source),
            Role::Daemon => Spake2::<Ed25519Group>::start_b_with_rng(&password, &client, &daemon, &mut source),
        };
        if source.is_overdrawn || !source.left.is_empty() {
            return Err(PakeError::Randomness);
        }
        // The first byte names the side. Directions do that on the wire.
        let message = sent.split_off(1).try_into().map_err(|_: Vec<u8>| PakeError::NotAPoint)?;
        Ok(Self { role, state, message: PakeMessage(message) })
    }

    /// The message for the other side.
    pub(super) const fn message(&self) -> PakeMessage {
        self.message
    }

    /// The secret that both sides share if both have the same code. If not, it is another one, and nothing tells.
    ///
    /// # Errors
    ///
    /// [`PakeError::Reflected`] when `other` is our own message.
    pub(super) fn finish(self, other: PakeMessage) -> Result<SharedSecret, PakeError> {
        if other == self.message {
            return Err(PakeError::Reflected);
        }
        let side = match self.role {
            Role::Client => b'B',
            Role::Daemon => b'A',
        };
        let mut received = Vec::with_capacity(1 + MESSAGE_BYTES);
        received.push(side);
        received.extend_from_slice(&other.0);
        let mut secret = self.state.finish(&received).map_err(|_| PakeError::NotAPoint)?;
        let mut copy = Zeroizing::new([0; 32]);
        let is_whole = secret.len() == copy.len();
        copy.iter_mut().zip(&secret).for_each(|(to, from)| *to = *from);
        secret.zeroize();
        if is_whole { Ok(SharedSecret::from_bytes(&copy)) } else { Err(PakeError::NotAPoint) }
    }
}

impl fmt::Debug for Half {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Half(redacted)")
    }
}

/// A source that gives the bytes it was given, once.
struct GivenBytes<'a> {
    left: &'a [u8],
    is_overdrawn: bool,
}

impl RngCore for GivenBytes<'_> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill_bytes(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        match self.left.split_at_checked(bytes.len()) {
            Some((given, left)) => {
                bytes.copy_from_slice(given);
                self.left = left;
            }
            None => self.is_overdrawn = true,
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

/// As good as the bytes given, which come from the system's source through a port.
impl CryptoRng for GivenBytes<'_> {}
