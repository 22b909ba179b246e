//! What a person has entered in chats: `state/chat_history`, one JSON string on each line. Losing it loses nothing else.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use super::private_file;
use crate::ports::chat_history::{ChatHistory, MAX_ENTRIES, MAX_ENTRY_BYTES};
use crate::ports::storage::StorageError;

/// Largest file that is read: as many entries as there can be, in which JSON writes every byte as six.
const MAX_FILE_BYTES: u64 = (MAX_ENTRIES * (MAX_ENTRY_BYTES * 6 + 3)) as u64;

/// A [`ChatHistory`] in a file.
#[derive(Debug)]
pub struct FileChatHistory(PathBuf);

impl FileChatHistory {
    /// The history at this path. Nothing is read before it is needed.
    pub const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    fn read(&self) -> Result<VecDeque<String>, StorageError> {
        let content = private_file::read(&self.0, MAX_FILE_BYTES).map_err(|error| self.unusable(&error))?;
        let content = content.unwrap_or_default();
        // A line that is none of ours is worth nothing.
        let entries = content.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
        let mut entries: VecDeque<String> = entries.filter(|entry: &String| entry.len() <= MAX_ENTRY_BYTES).collect();
        entries.drain(..entries.len().saturating_sub(MAX_ENTRIES));
        Ok(entries)
    }

    fn write(&self, entries: &VecDeque<String>) -> std::io::Result<()> {
        private_file::write(&self.0, |file| {
            entries.iter().try_for_each(|entry| {
                serde_json::to_writer(&mut *file, entry)?;
                file.write_all(b"\n")
            })
        })
    }

    fn unusable(&self, why: &dyn std::fmt::Display) -> StorageError {
        StorageError(format!("the history of chats {} cannot be used: {why}", self.0.display()))
    }
}

impl ChatHistory for FileChatHistory {
    fn entries(&self) -> Result<Vec<String>, StorageError> {
        self.read().map(Vec::from)
    }

    fn add(&self, entry: &str) -> Result<(), StorageError> {
        if entry.len() > MAX_ENTRY_BYTES {
            return Ok(());
        }
        let lock = private_file::lock(&lock_file(&self.0)).map_err(|error| self.unusable(&error))?;
        let mut entries = self.read()?;
        if entries.back().is_none_or(|last| last != entry) {
            entries.push_back(entry.to_owned());
            entries.drain(..entries.len().saturating_sub(MAX_ENTRIES));
            self.write(&entries).map_err(|error| self.unusable(&error))?;
        }
        drop(lock);
        Ok(())
    }
}

/// The lock of whoever adds an entry.
fn lock_file(path: &Path) -> PathBuf {
    path.with_extension("lock")
}
