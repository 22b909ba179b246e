//! Four words that both sides of a handshake show, so that two people can see that they are in the same one.

use core::fmt;

/// The English list of BIP-39: 2048 words of three to eight letters, no two of which begin with the same four.
static LIST: &str = include_str!("words.txt");

/// Words that are shown.
pub const WORDS: usize = 4;

/// Bits of a word: the list has 2048.
const WORD_BITS: u32 = 11;

/// Bytes that four words are made from: 44 bits, and four that are not used.
pub const WORDS_BYTES: usize = 6;

/// Four words: 44 bits.
///
/// Whoever knows the code and sits in between has one handshake with each side, and would have to make the words of both
/// the same: by trying 2^44 handshakes, in the seconds for which a client waits for the daemon's first message; or by luck
/// among those that the daemon itself begins, a million in the life of a link at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words([u16; WORDS]);

impl Words {
    /// The words for these bytes: eleven bits each, the most significant first.
    pub fn of(bytes: [u8; WORDS_BYTES]) -> Self {
        let bits = bytes.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let unused = WORDS_BYTES as u32 * 8 - WORDS as u32 * WORD_BITS;
        let mut words = [0; WORDS];
        for (word, shift) in words.iter_mut().rev().zip((unused..).step_by(WORD_BITS as usize)) {
            *word = (bits >> shift & 0x7ff) as u16;
        }
        Self(words)
    }

    /// Reads what [`Display`](fmt::Display) shows.
    pub fn parse(text: &str) -> Option<Self> {
        let mut typed = text.split(' ');
        let mut words = [0; WORDS];
        for word in &mut words {
            let shown = typed.next()?;
            *word = u16::try_from(LIST.lines().position(|listed| listed == shown)?).ok()?;
        }
        typed.next().is_none().then_some(Self(words))
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, word) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(" ")?;
            }
            // Eleven bits by construction, so there always is one.
            f.write_str(LIST.lines().nth(usize::from(*word)).unwrap_or("?"))?;
        }
        Ok(())
    }
}
