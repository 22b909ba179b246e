//! The file of one session.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::form::{self, Stored};
use crate::adapters::file::private_file::{self, ReadError};
use crate::adapters::platform;
use crate::domain::agent::MAX_OUTPUT_BYTES;
use crate::domain::chat::id::ChatSessionId;
use crate::domain::chat::message::MAX_CONTENT_BYTES;
use crate::domain::chat::name::SessionName;
use crate::domain::chat::session::{MAX_MESSAGES, MAX_SESSION_BYTES};
use crate::ports::storage::StorageError;

const SUFFIX: &str = ".jsonl";

/// Bytes of a line beside the text, generously.
const LINE_BYTES: u64 = 2048;

/// Bytes that one byte of text takes in JSON at most: `\u0000`.
const ESCAPED_BYTES: u64 = 6;

/// Changes of its name and model that a file holds: more than a person makes, and less than a long message takes.
pub(super) const MAX_CHANGES: usize = 100;

/// Largest file that is read: all that [`MAX_SESSION_BYTES`] lets in, the longest message with the longest answer after it,
/// and generously what else there is.
const MAX_FILE_BYTES: u64 = ESCAPED_BYTES * (MAX_SESSION_BYTES + MAX_CONTENT_BYTES as u64 + MAX_OUTPUT_BYTES)
    + 2 * LINE_BYTES * MAX_MESSAGES as u64;

/// One session's file.
pub(super) struct SessionFile {
    id: ChatSessionId,
    path: PathBuf,
}

impl SessionFile {
    pub(super) fn of(folder: &Path, id: ChatSessionId) -> Self {
        Self { id, path: folder.join(format!("{id}{SUFFIX}")) }
    }

    /// The session whose file has this name.
    pub(super) fn id_of(name: &str) -> Option<ChatSessionId> {
        ChatSessionId::parse(name.strip_suffix(SUFFIX)?)
    }

    /// Whether a file with this name is what a killed daemon left of making a session.
    pub(super) fn is_leftover(name: &str) -> bool {
        let is_ours = |name: &str| Self::id_of(name.get(..ID_FILE_CHARS).unwrap_or_default()).is_some();
        name.strip_prefix('.').is_some_and(is_ours) && name.ends_with(".tmp")
    }

    /// Makes the file, with its first line, and gives its length.
    pub(super) fn create(&self, line: &[u8]) -> Result<u64, StorageError> {
        let created = private_file::create(&self.path, |file| file.write_all(line));
        created.map_err(|error| self.failed("make", &error))?;
        Ok(line.len() as u64)
    }

    /// Writes one more line after the first `length` bytes, makes it durable, and gives the new length. When it fails, the file
    /// is as it was.
    pub(super) fn append(&self, length: u64, line: &[u8]) -> Result<u64, StorageError> {
        self.try_append(length, line).map_err(|error| self.failed("write", &error))?;
        Ok(length.saturating_add(line.len() as u64))
    }

    fn try_append(&self, length: u64, line: &[u8]) -> io::Result<()> {
        let mut file = platform::private_append_options().create(false).open(&self.path)?;
        let metadata = file.metadata()?;
        platform::check_private(&metadata, platform::user_id()).map_err(io::Error::other)?;
        if length.saturating_add(line.len() as u64) > MAX_FILE_BYTES {
            return Err(io::Error::other(format!("it would be larger than {MAX_FILE_BYTES} bytes")));
        }
        if metadata.len() < length {
            return Err(io::Error::other("it is shorter than this daemon left it"));
        }
        if metadata.len() > length {
            // The rest of a line that was cut off.
            file.set_len(length)?;
        }
        let written = file.write_all(line).and_then(|()| file.sync_data());
        written.inspect_err(|_| {
            // What this leaves is not a whole line, or one that was never confirmed: the next writer takes it away.
            let _ = file.set_len(length);
        })
    }

    /// Writes the first `length` bytes anew, without the changes in them that mean nothing any more, and gives the new length.
    /// When it fails, the file is as it was, or it takes no more until the daemon is started again.
    pub(super) fn compact(&self, length: u64) -> Result<u64, StorageError> {
        let content = private_file::read(&self.path, MAX_FILE_BYTES).map_err(|error| self.unreadable(&error))?;
        let whole = content.as_ref().zip(usize::try_from(length).ok()).and_then(|(content, end)| content.get(..end));
        let whole =
            whole.ok_or_else(|| self.failed("write", &io::Error::other("it is shorter than this daemon left it")))?;
        let compact = form::without_void_changes(whole);
        let written = private_file::write(&self.path, |file| file.write_all(&compact));
        written.map_err(|error| self.failed("write", &error))?;
        Ok(compact.len() as u64)
    }

    /// What the first `length` bytes hold; `None` when there is no file any more.
    pub(super) fn read(&self, length: u64) -> Result<Option<Stored>, StorageError> {
        let content = private_file::read(&self.path, MAX_FILE_BYTES).map_err(|error| self.unreadable(&error))?;
        let Some(content) = content else { return Ok(None) };
        let whole = usize::try_from(length).ok().and_then(|length| content.get(..length)).unwrap_or(&content);
        form::read(self.id, whole).map(Some).map_err(|error| self.damaged(&error))
    }

    /// What all its whole lines hold.
    pub(super) fn read_whole(&self) -> Result<Stored, StorageError> {
        self.read(u64::MAX)?.ok_or_else(|| self.failed("read", &io::ErrorKind::NotFound.into()))
    }

    /// What the session is called, as far as that can be read in a file that cannot be used. Nothing else of it is believed,
    /// and this only so that nobody is given another session under the name.
    pub(super) fn name_if_damaged(&self) -> Option<SessionName> {
        let file = platform::open_without_following(&self.path).ok()?;
        let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
        let mut content = Vec::new();
        file.take(if is_file { MAX_FILE_BYTES } else { 0 }).read_to_end(&mut content).ok()?;
        form::name_in_damaged(&content)
    }

    /// Removes the file for good. One that is gone already is none.
    pub(super) fn remove(&self) -> Result<(), StorageError> {
        let removed = match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        };
        let folder = self.path.parent().unwrap_or(&self.path);
        removed.and_then(|()| platform::sync_folder(folder)).map_err(|error| self.failed("remove", &error))
    }

    fn failed(&self, verb: &str, error: &io::Error) -> StorageError {
        StorageError(format!("cannot {verb} {}: {error}", self.path.display()))
    }

    fn unreadable(&self, error: &ReadError) -> StorageError {
        StorageError(format!("{} cannot be trusted: {error}", self.path.display()))
    }

    fn damaged(&self, error: &form::FormError) -> StorageError {
        let away = platform::move_away_command(&self.path, ".damaged");
        StorageError(format!(
            "{} is damaged: {error}; restore it from a backup, or give it up with: {away}",
            self.path.display()
        ))
    }
}

/// Characters of a file's name.
const ID_FILE_CHARS: usize = crate::domain::device::ID_CHARS + SUFFIX.len();
