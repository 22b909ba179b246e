//! Where results and everything else are written.

use std::fmt::Display;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::Formatter;

use super::failure::{Exit, Failure};
use crate::domain::text::is_unsafe;

/// The two output streams of a command.
pub struct Console<'a> {
    /// Results only.
    pub out: &'a mut (dyn Write + Send),
    /// Everything else.
    pub err: &'a mut (dyn Write + Send),
    /// Whether a person sees `err`, so that a line may be rewritten in place.
    pub err_is_terminal: bool,
}

impl Console<'_> {
    /// Writes a line of the result.
    ///
    /// # Errors
    ///
    /// [`Failure`] when it cannot be written; one that ends the command quietly when the reader has gone away.
    pub fn result(&mut self, line: impl Display) -> Result<(), Failure> {
        let line = format!("{line}\n");
        self.out.write_all(line.as_bytes()).and_then(|()| self.out.flush()).map_err(|error| unwritten(&error))
    }

    /// Writes the result as one JSON document.
    ///
    /// # Errors
    ///
    /// As for [`Console::result`].
    pub fn json(&mut self, document: &impl Serialize) -> Result<(), Failure> {
        let mut text = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(&mut text, Visible);
        document.serialize(&mut serializer).map_err(|error| unwritten(&error.into()))?;
        self.result(String::from_utf8_lossy(&text))
    }

    /// Tells something that is no result. That nobody can read it is no reason to stop.
    pub fn note(&mut self, line: impl Display) {
        let _ = writeln!(self.err, "{line}");
    }

    /// `warning: …`
    pub fn warning(&mut self, text: impl Display) {
        self.note(format_args!("warning: {text}"));
    }

    /// `hint: …`
    pub fn hint(&mut self, text: impl Display) {
        self.note(format_args!("hint: {text}"));
    }

    /// Shows how a wait goes on, in place of what was shown before. Nothing unless a person sees it.
    pub fn progress(&mut self, text: impl Display) {
        if self.err_is_terminal {
            let _ = write!(self.err, "\r\x1b[K{text}").and_then(|()| self.err.flush());
        }
    }

    /// Takes the last [`Console::progress`] away.
    pub fn end_progress(&mut self) {
        self.progress("");
    }
}

/// JSON that can be shown: what a terminal would obey, or not show, is written as its number (RFC 8259 section 7).
struct Visible;

impl Formatter for Visible {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for c in fragment.chars() {
            if is_unsafe(c) {
                c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(writer, "\\u{unit:04x}"))?;
            } else {
                write!(writer, "{c}")?;
            }
        }
        Ok(())
    }
}

fn unwritten(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::quiet(),
        _ => Failure::new(Exit::Failed, format!("cannot write the result: {error}")),
    }
}
