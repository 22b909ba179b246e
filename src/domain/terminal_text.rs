//! Long texts from outside that reach a terminal as they come: the answers of an agent.

use alloc::string::String;

use super::text::is_unsafe;

/// Longest control sequence that is left out as a whole, in characters: more than any colour or window title. What is longer
/// is shown, without the characters that would make it a sequence.
const MAX_SEQUENCE_CHARS: u16 = 4096;

/// Text that a terminal only shows: it has no control characters but line feeds and tabs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlainText(String);

/// Makes plain text of a stream of pieces, however they cut through it.
///
/// Control sequences (ECMA-48: colours, cursor movements, titles, whatever a terminal obeys) are left out with their
/// parameters, all other control characters, invisible ones and those that change the direction of writing are left out
/// alone. Joiners and soft hyphens stay, because scripts and emoji are spelt with them; separators of lines and
/// paragraphs become line feeds. The end of the whole text is exactly one line feed.
///
/// # Security
///
/// No escape character ever gets through, so that what comes after a sequence that was not recognised is text. A string of
/// a sequence ends with its line at the latest: nobody can hide the rest of an answer in it.
#[derive(Clone, Debug, Default)]
pub struct TextCleaner {
    state: State,
    /// Characters of the sequence that it is in.
    length: u16,
    /// Line feeds at the end of what there is so far, but for the first.
    withheld: usize,
    ends_line: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// After ESC.
    Escape,
    /// After ESC and intermediates.
    Intermediate,
    /// After CSI, up to its final character.
    Parameters,
    /// In a string of OSC, DCS, SOS, PM or APC, up to its terminator.
    Control,
    /// After an ESC in such a string, which a backslash makes its terminator.
    ControlEscape,
}

impl PlainText {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The whole of a text, line by line. Nothing where there is no text.
    pub fn of(text: &str) -> Self {
        if text.is_empty() {
            return Self::default();
        }
        let mut cleaner = TextCleaner::default();
        let mut plain = cleaner.clean(text);
        plain.0.push_str(&cleaner.finish().0);
        plain
    }
}

impl TextCleaner {
    /// The next piece.
    pub fn clean(&mut self, piece: &str) -> PlainText {
        let mut plain = String::with_capacity(piece.len());
        for c in piece.chars() {
            match self.pass(c) {
                Some('\n') if self.ends_line => self.withheld = self.withheld.saturating_add(1),
                Some(c) => {
                    plain.extend(core::iter::repeat_n('\n', core::mem::take(&mut self.withheld)));
                    plain.push(c);
                    self.ends_line = c == '\n';
                }
                None => {}
            }
        }
        PlainText(plain)
    }

    /// The end of the text: a line feed, unless it has ended with one.
    pub fn finish(self) -> PlainText {
        PlainText(if self.ends_line { String::new() } else { String::from("\n") })
    }

    /// What becomes of one character.
    fn pass(&mut self, c: char) -> Option<char> {
        self.length = self.length.saturating_add(1);
        if self.state != State::Text && self.length > MAX_SEQUENCE_CHARS {
            self.state = State::Text;
        }
        let (state, shown) = match (self.state, c) {
            (State::Control | State::ControlEscape, '\u{7}' | '\u{9c}') | (State::ControlEscape, '\\') => {
                (State::Text, None)
            }
            (State::Control, '\u{1b}') => (State::ControlEscape, None),
            (State::ControlEscape, _) => return self.after(State::Escape, c),
            (State::Control, '\n') => (State::Text, Some('\n')),
            (State::Control, _) => (State::Control, None),
            (state, c) => return self.after(state, c),
        };
        self.state = state;
        shown
    }

    /// The same outside strings.
    fn after(&mut self, state: State, c: char) -> Option<char> {
        let (state, shown) = match (state, c) {
            (_, '\u{1b}') => (State::Escape, None),
            (_, '\u{9b}') | (State::Escape, '[') => (State::Parameters, None),
            (_, '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}') | (State::Escape, ']' | 'P' | 'X' | '^' | '_') => {
                (State::Control, None)
            }
            (State::Escape | State::Intermediate, ' '..='/') => (State::Intermediate, None),
            (State::Escape | State::Intermediate, '0'..='~') => (State::Text, None),
            (State::Parameters, ' '..='?') => (State::Parameters, None),
            (State::Parameters, '@'..='~') => (State::Text, None),
            (_, c) => (State::Text, readable(c)),
        };
        if matches!((self.state, state), (State::Text, _) | (_, State::Text)) {
            self.length = 0;
        }
        self.state = state;
        shown
    }
}

/// What a character outside sequences becomes.
fn readable(c: char) -> Option<char> {
    match c {
        '\n' | '\t' | '\u{ad}' | '\u{200c}' | '\u{200d}' => Some(c),
        '\u{2028}' | '\u{2029}' => Some('\n'),
        c if is_unsafe(c) => None,
        c => Some(c),
    }
}
