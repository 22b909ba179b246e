//! Text that comes in pieces which may end within a character.

/// Puts characters together. What is none becomes a replacement character.
#[derive(Default)]
pub(super) struct Utf8(Vec<u8>);

impl Utf8 {
    /// The characters that are whole after these bytes.
    pub(super) fn read(&mut self, bytes: &[u8]) -> String {
        self.0.extend_from_slice(bytes);
        let whole = self.0.len().saturating_sub(unfinished(&self.0));
        let rest = self.0.split_off(whole);
        let text = String::from_utf8_lossy(&self.0).into_owned();
        self.0 = rest;
        text
    }

    /// What is left at the end.
    pub(super) fn end(self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

/// Bytes at the end that are the beginning of a character, at most three.
fn unfinished(bytes: &[u8]) -> usize {
    let tail = bytes.get(bytes.len().saturating_sub(3)..).unwrap_or_default();
    let lead = tail.iter().rposition(|byte| *byte & 0b1100_0000 != 0b1000_0000);
    let from_lead = lead.and_then(|lead| tail.get(lead..)).unwrap_or_default();
    let is_begun = std::str::from_utf8(from_lead).is_err_and(|error| error.error_len().is_none());
    if is_begun { from_lead.len() } else { 0 }
}
