//! What is known of every session without reading it.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use tracing::{error, warn};

use super::file::SessionFile;
use super::form;
use crate::domain::chat::id::ChatSessionId;
use crate::domain::chat::message::Message;
use crate::domain::chat::name::SessionName;
use crate::domain::chat::session::ChatSession;
use crate::domain::device_name::NameKey;
use crate::ports::storage::StorageError;

/// A session that can be used.
pub(super) struct Entry {
    pub(super) session: ChatSession,
    /// Bytes of its file that are whole lines.
    pub(super) length: u64,
    /// Changes of its name and model that its file holds.
    pub(super) changes: usize,
}

/// A session whose file cannot be used.
struct Damaged {
    /// As far as it can be read.
    name: Option<SessionName>,
    cause: StorageError,
}

/// All sessions: about a kilobyte for each.
#[derive(Default)]
pub(super) struct Index {
    usable: HashMap<ChatSessionId, Entry>,
    damaged: HashMap<ChatSessionId, Damaged>,
}

impl Index {
    /// Reads every session of `folder`; no folder is no session.
    pub(super) fn read(folder: &Path) -> Result<Self, StorageError> {
        let mut index = Self::default();
        let failed = |error: io::Error| StorageError(format!("cannot read {}: {error}", folder.display()));
        let entries = match std::fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(index),
            entries => entries.map_err(failed)?,
        };
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if let Some(id) = SessionFile::id_of(&name) {
                index.add(id, &SessionFile::of(folder, id));
            } else if SessionFile::is_leftover(&name) {
                let _ = std::fs::remove_file(&path);
            } else {
                warn!(path = %path.display(), "this is no session");
            }
        }
        Ok(index)
    }

    fn add(&mut self, id: ChatSessionId, file: &SessionFile) {
        match Entry::read(file) {
            Ok(entry) => self.insert(entry),
            Err(cause) => {
                error!(%cause, "a session cannot be used");
                self.damaged.insert(id, Damaged { name: file.name_if_damaged(), cause });
            }
        }
    }

    /// How many there are, damaged ones too.
    pub(super) fn len(&self) -> usize {
        self.usable.len().saturating_add(self.damaged.len())
    }

    pub(super) fn knows(&self, id: ChatSessionId) -> bool {
        self.usable.contains_key(&id) || self.damaged.contains_key(&id)
    }

    pub(super) fn sessions(&self) -> impl Iterator<Item = &ChatSession> {
        self.usable.values().map(|entry| &entry.session)
    }

    /// The session with this id, unless it is damaged.
    pub(super) fn entry(&mut self, id: ChatSessionId) -> Result<Option<&mut Entry>, StorageError> {
        match self.damaged.get(&id) {
            Some(damaged) => Err(damaged.cause.clone()),
            None => Ok(self.usable.get_mut(&id)),
        }
    }

    /// The session with this id, or else with this name.
    pub(super) fn find(&mut self, id_or_name: &str) -> Result<Option<&ChatSession>, StorageError> {
        if let Some(id) = ChatSessionId::parse(id_or_name).filter(|id| self.knows(*id)) {
            return Ok(self.entry(id)?.map(|entry| &entry.session));
        }
        let wanted = NameKey::of_typed(id_or_name);
        let is_it = |name: &Option<SessionName>| name.as_ref().is_some_and(|name| name.key() == wanted);
        match self.sessions().find(|session| is_it(&session.name)) {
            Some(found) => Ok(Some(found)),
            None => match self.damaged.values().find(|damaged| is_it(&damaged.name)) {
                Some(damaged) => Err(damaged.cause.clone()),
                None => Ok(None),
            },
        }
    }

    /// Whether another session than `id` is found by this name, or by an id that is spelled like it.
    pub(super) fn is_taken(&self, name: &SessionName, id: ChatSessionId) -> bool {
        let key = name.key();
        let usable = self.sessions().map(|session| (session.id, &session.name));
        let damaged = self.damaged.iter().map(|(id, damaged)| (*id, &damaged.name));
        let has_it = |(other, name): (ChatSessionId, &Option<SessionName>)| {
            other != id && name.as_ref().is_some_and(|name| name.key() == key)
        };
        ChatSessionId::parse(name.as_str()).is_some_and(|id| self.knows(id)) || usable.chain(damaged).any(has_it)
    }

    pub(super) fn insert(&mut self, entry: Entry) {
        self.usable.insert(entry.session.id, entry);
    }

    pub(super) fn remove(&mut self, id: ChatSessionId) {
        self.usable.remove(&id);
        self.damaged.remove(&id);
    }
}

impl Entry {
    /// Reads a session as the last daemon left it: where that one ended in the middle of a turn, the turn has failed.
    fn read(file: &SessionFile) -> Result<Self, StorageError> {
        let stored = file.read_whole()?;
        let entry = Self { session: stored.session, length: stored.length, changes: stored.changes };
        match stored.messages.last() {
            Some(last) if last.is_of_user() => Ok(entry.cut_off(file, &Message::cut_off(last.at))),
            _ => Ok(entry),
        }
    }

    fn cut_off(self, file: &SessionFile, answer: &Message) -> Self {
        match file.append(self.length, &form::message(answer)) {
            Ok(length) => Self { session: self.session.with(answer), length, ..self },
            Err(cause) => {
                warn!(%cause, "a session does not say that its last turn failed");
                self
            }
        }
    }
}
