//! Event streams (`text/event-stream`, WHATWG HTML section 9.2), as both sides of a turn write and read them.

use thiserror::Error;

/// The media type of a stream.
pub const MEDIA_TYPE: &str = "text/event-stream";

/// The header that names the last event that a client has seen.
pub const LAST_EVENT_ID: &str = "last-event-id";

/// A line that means nothing and keeps a silent connection alive.
pub const KEEP_ALIVE: &str = ": \n\n";

/// Longest event that is read, in bytes: a piece of text of 128 KiB in which JSON has to write every byte as six.
pub const MAX_EVENT_BYTES: usize = 1024 * 1024;

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEvent {
    /// Its number in the stream, if it has one.
    pub id: Option<u64>,
    /// What kind of event it is. Never empty: it is `message` where the stream does not say.
    pub name: String,
    /// One line, or several.
    pub data: String,
}

/// The stream is none of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an event is larger than {MAX_EVENT_BYTES} bytes")]
pub struct EventTooLarge;

impl StreamEvent {
    /// The event as it is sent. `name` and `data` of ours contain no line ends; an end of a line in `data` is sent as the
    /// standard has it.
    pub fn to_text(&self) -> String {
        let id = self.id.map(|id| format!("id: {id}\n")).unwrap_or_default();
        let data: String = self.data.split('\n').map(|line| format!("data: {line}\n")).collect();
        format!("{id}event: {}\n{data}\n", self.name)
    }
}

/// Puts events together from the pieces that a connection brings them in.
///
/// # Security
///
/// What is kept of an event that is not complete has at most [`MAX_EVENT_BYTES`]. Bytes that are not UTF-8 become
/// replacement characters.
#[derive(Debug, Default)]
pub struct StreamDecoder {
    /// Of a line that has not ended.
    line: Vec<u8>,
    /// Whether the last line ended with a carriage return, so that a line feed right after it ends nothing.
    after_return: bool,
    has_begun: bool,
    id: Option<u64>,
    name: String,
    data: String,
    has_data: bool,
    /// Whether a field `error` makes an event of that name.
    knows_errors: bool,
}

impl StreamDecoder {
    /// Reads the streams of agents' servers. llama.cpp's had a field of their own, which the standard leaves out, to say that
    /// an answer has failed: `error: {"message":…}` is read as the event `error` with this data.
    pub fn of_agents() -> Self {
        Self { knows_errors: true, ..Self::default() }
    }

    /// Reads the next piece and appends the events that it completes to `events`.
    ///
    /// # Errors
    ///
    /// [`EventTooLarge`]; nothing more can be read from the stream then.
    pub fn read(&mut self, bytes: &[u8], events: &mut Vec<StreamEvent>) -> Result<(), EventTooLarge> {
        for piece in bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            let (text, end) = match piece.split_last() {
                Some((end @ (b'\n' | b'\r'), text)) => (text, Some(*end)),
                _ => (piece, None),
            };
            let is_second_half = std::mem::take(&mut self.after_return) && text.is_empty() && end == Some(b'\n');
            if is_second_half {
                continue;
            }
            if self.line.len() + self.data.len() + text.len() > MAX_EVENT_BYTES {
                return Err(EventTooLarge);
            }
            self.line.extend_from_slice(text);
            if let Some(end) = end {
                self.after_return = end == b'\r';
                let line = std::mem::take(&mut self.line);
                events.extend(self.read_line(&String::from_utf8_lossy(&line)));
            }
        }
        Ok(())
    }

    /// The event that this line completes.
    fn read_line(&mut self, line: &str) -> Option<StreamEvent> {
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        let line = if is_first { line.strip_prefix('\u{feff}').unwrap_or(line) } else { line };
        if line.is_empty() {
            return self.complete();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => self.add(value),
            "error" if self.knows_errors => {
                field.clone_into(&mut self.name);
                self.add(value);
            }
            "id" => self.id = value.parse().ok(),
            // Comments have an empty name; a time to wait before coming back is the client's own decision.
            _ => {}
        }
        None
    }

    fn add(&mut self, line: &str) {
        if std::mem::replace(&mut self.has_data, true) {
            self.data.push('\n');
        }
        self.data.push_str(line);
    }

    fn complete(&mut self) -> Option<StreamEvent> {
        let (name, data) = (std::mem::take(&mut self.name), std::mem::take(&mut self.data));
        let id = self.id.take();
        let name = if name.is_empty() { "message".to_owned() } else { name };
        std::mem::take(&mut self.has_data).then_some(StreamEvent { id, name, data })
    }
}
