//! Sealing: ChaCha20-Poly1305 (RFC 8439) under a key for one direction of one handshake.

use alloc::string::String;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use thiserror::Error;
use zeroize::Zeroizing;

use super::fields::{Fields, Writer};
use super::schedule::KEY_BYTES;

/// Bytes of what proves that a sealed message was not changed.
pub const TAG_BYTES: usize = 16;

/// Bytes of the content of a client's sealed message: a name of any script, and room for later fields.
const NAME_CONTENT_BYTES: usize = 512;

/// Bytes of the content of a daemon's sealed message: a token, names, pins, a signature and a few URLs.
pub(super) const ANSWER_CONTENT_BYTES: usize = 2048;

/// Bytes of a client's sealed message.
pub const SEALED_NAME_BYTES: usize = NAME_CONTENT_BYTES + TAG_BYTES;

/// Bytes of a daemon's sealed message.
pub const SEALED_ANSWER_BYTES: usize = ANSWER_CONTENT_BYTES + TAG_BYTES;

/// Longest name that can be asked for, in bytes: more than 64 characters of any script.
pub const NAME_BYTES: usize = 384;

/// The field of the client's sealed message.
const DEVICE_NAME: u8 = 1;

/// Sealed by someone else, for another place, changed on the way, or not of the right form inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the sealed message cannot be opened")]
pub struct Unopened;

/// Seals `content` as message `sequence` of a direction.
pub(super) fn seal<const N: usize, const M: usize>(
    key: &[u8; KEY_BYTES],
    sequence: u8,
    mut content: Zeroizing<[u8; N]>,
) -> [u8; M] {
    const { assert!(M == N + TAG_BYTES) };
    let (key, mut sealed) = (cipher(key), [0; M]);
    #[expect(clippy::expect_used, reason = "the cipher refuses only what is longer than 256 GiB")]
    let tag =
        key.seal_in_place_separate_tag(nonce(sequence), Aad::empty(), content.as_mut_slice()).expect("a short message");
    let (body, end) = sealed.split_at_mut(N);
    body.copy_from_slice(content.as_slice());
    end.copy_from_slice(tag.as_ref());
    sealed
}

/// A message that was opened. The room of its tag is still behind the content.
pub(super) struct Opened<const M: usize>(Zeroizing<[u8; M]>);

impl<const M: usize> Opened<M> {
    /// The content, and nothing behind it: no entry reaches into the room of the tag.
    pub(super) fn content(&self) -> &[u8] {
        self.0.split_last_chunk::<TAG_BYTES>().map_or(&[], |(content, _)| content)
    }
}

/// Opens message `sequence` of a direction.
pub(super) fn open<const M: usize>(
    key: &[u8; KEY_BYTES],
    sequence: u8,
    sealed: &[u8; M],
) -> Result<Opened<M>, Unopened> {
    let mut content = Zeroizing::new(*sealed);
    cipher(key).open_in_place(nonce(sequence), Aad::empty(), content.as_mut_slice()).map_err(|_| Unopened)?;
    Ok(Opened(content))
}

/// Seals a device name, or gives `None` when it is longer than [`NAME_BYTES`].
pub(super) fn seal_name(key: &[u8; KEY_BYTES], sequence: u8, name: &str) -> Option<[u8; SEALED_NAME_BYTES]> {
    let mut fields = Writer::<NAME_CONTENT_BYTES>::new();
    let fits = name.len() <= NAME_BYTES && fields.push(DEVICE_NAME, name.as_bytes());
    fits.then(|| seal(key, sequence, fields.finish()))
}

/// Opens a device name. Whether it can be one is not looked at.
pub(super) fn open_name(
    key: &[u8; KEY_BYTES],
    sequence: u8,
    sealed: &[u8; SEALED_NAME_BYTES],
) -> Result<String, Unopened> {
    let opened = open(key, sequence, sealed)?;
    let fields = Fields::parse(opened.content()).map_err(|_| Unopened)?;
    let name = fields.one(DEVICE_NAME).ok().flatten().filter(|name| name.len() <= NAME_BYTES).ok_or(Unopened)?;
    core::str::from_utf8(name).map(String::from).map_err(|_| Unopened)
}

/// Twelve bytes, the last of which counts: keys are for one direction of one handshake, so no nonce comes twice under a key.
fn nonce(sequence: u8) -> Nonce {
    let mut nonce = [0; 12];
    if let Some(last) = nonce.last_mut() {
        *last = sequence;
    }
    Nonce::assume_unique_for_key(nonce)
}

fn cipher(key: &[u8; KEY_BYTES]) -> LessSafeKey {
    #[expect(clippy::expect_used, reason = "a key of this cipher has 32 bytes, as the argument's type says")]
    let key = UnboundKey::new(&CHACHA20_POLY1305, key).expect("a key of 32 bytes");
    LessSafeKey::new(key)
}
