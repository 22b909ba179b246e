//! The pairing code: what a person reads on one screen and types on another.

use alloc::string::String;
use core::fmt;

use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// 32 symbols that are hard to confuse: L stays, while 0, O, 1 and I are left out.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// Symbols in a code: 8 × 5 bits = 40 bits.
pub const CODE_SYMBOLS: usize = 8;

/// Random bytes that a code is made from: 40 bits, so no symbol is more likely than another.
pub const CODE_RANDOM_BYTES: usize = 5;

/// A pairing code.
///
/// # Security
///
/// `Debug` is redacted, there is no `Display`, equality takes constant time, and the memory is wiped on drop.
/// [`PairingCode::reveal`] is the only way to see it.
#[derive(Clone, ZeroizeOnDrop)]
pub struct PairingCode([u8; CODE_SYMBOLS]);

/// Why typed text cannot be any pairing code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CodeError {
    /// A character that no code contains and that cannot be read as one of its symbols.
    #[error("a pairing code never contains {:?}", .0)]
    ForeignSymbol(char),
    /// Fewer or more than eight symbols.
    #[error("a pairing code has 8 letters and digits")]
    WrongLength,
}

impl PairingCode {
    /// The code made of these random bytes, five bits a symbol.
    pub fn from_random(bytes: [u8; CODE_RANDOM_BYTES]) -> Self {
        let bits = bytes.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
        let mut symbols = [0; CODE_SYMBOLS];
        for (symbol, shift) in symbols.iter_mut().rev().zip((0..).step_by(5)) {
            *symbol = (bits >> shift & 0b1_1111) as u8;
        }
        Self(symbols)
    }

    /// Reads what a person typed.
    ///
    /// Case, dashes and white space are ignored, and `1` and `I` can only mean `L`. `0` and `O` have no reading.
    ///
    /// # Errors
    ///
    /// * [`CodeError::ForeignSymbol`] at the first character that has no reading.
    /// * [`CodeError::WrongLength`] when there are not exactly eight symbols.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let mut symbols = [0; CODE_SYMBOLS];
        let mut places = symbols.iter_mut();
        for typed in text.chars().filter(|c| !is_separator(*c)) {
            let value = symbol_value(typed).ok_or(CodeError::ForeignSymbol(typed))?;
            *places.next().ok_or(CodeError::WrongLength)? = value;
        }
        match places.next() {
            None => Ok(Self(symbols)),
            Some(_) => Err(CodeError::WrongLength),
        }
    }

    /// Whether both are the same code, in constant time.
    pub fn matches(&self, other: &PairingCode) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// The code as people see it, `XXXX-XXXX`.
    ///
    /// # Security
    ///
    /// For the operator's terminal, the one log line of a fresh code, and the exchange's request body. Nowhere else.
    pub fn reveal(&self) -> String {
        let (left, right) = self.0.split_at(CODE_SYMBOLS / 2);
        let letters = |half: &[u8]| half.iter().map(|value| letter(*value)).collect::<String>();
        letters(left) + "-" + &letters(right)
    }

    /// The code as the password of a key exchange: its eight letters and digits, without the dash.
    pub(super) fn password(&self) -> Zeroizing<[u8; CODE_SYMBOLS]> {
        let mut password = Zeroizing::new([0; CODE_SYMBOLS]);
        for (byte, value) in password.iter_mut().zip(&self.0) {
            *byte = ALPHABET.get(usize::from(*value)).copied().unwrap_or_default();
        }
        password
    }
}

impl fmt::Debug for PairingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PairingCode(redacted)")
    }
}

/// White space of any kind, and every dash that a keyboard, a font or a chat program may make of the hyphen.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

fn symbol_value(typed: char) -> Option<u8> {
    let meant = match typed.to_ascii_uppercase() {
        '1' | 'I' => 'L',
        upper => upper,
    };
    ALPHABET.iter().zip(0..).find_map(|(symbol, value)| (char::from(*symbol) == meant).then_some(value))
}

fn letter(value: u8) -> char {
    // A value has five bits by construction, so the fallback is never taken.
    ALPHABET.get(usize::from(value)).map_or('?', |symbol| char::from(*symbol))
}
