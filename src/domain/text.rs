//! Making text from outside safe to show.

use alloc::string::String;

/// Longest piece of foreign text that is shown, in characters: enough for any sentence of ours.
const MAX_SHOWN_CHARS: usize = 300;

/// `text` from a remote, safe for a terminal or a log: control and direction-changing characters become `?`, and it is
/// cut after 300 characters with an ellipsis.
///
/// # Security
///
/// Covers C0, DEL and C1 controls (terminal escapes), line and paragraph separators, zero-width and soft characters,
/// invisible tags, and the bidirectional controls of Unicode UAX #9 that can make a line read as something else.
pub fn shown_safely(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_SHOWN_CHARS).map(|c| if is_unsafe(c) { '?' } else { c }).collect();
    if text.chars().nth(MAX_SHOWN_CHARS).is_some() {
        shown.push('…');
    }
    shown
}

/// Whether a character can do more on a terminal than be read, or less.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
