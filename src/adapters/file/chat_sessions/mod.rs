//! Conversations in `state/sessions/`, a file each, to whose end every message is written.
//!
//! A line is whole when its end is there. A write that was cut off leaves a line without one, which is left out by the next
//! reader and taken away by the next writer. Now and then a file is replaced as a whole by one without the names that the session
//! has no more. What is known of each session without reading it is kept in memory.

mod file;
mod form;
mod index;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use self::file::{MAX_CHANGES, SessionFile};
use self::index::{Entry, Index};
use crate::domain::chat::id::ChatSessionId;
use crate::domain::chat::message::Message;
use crate::domain::chat::session::{ChatSession, MAX_SESSIONS, SessionChange};
use crate::domain::time::WallTime;
use crate::ports::chat_sessions::{AppendError, ChangeSessionError, ChatSessions};
use crate::ports::storage::StorageError;

/// [`ChatSessions`] in one folder. This process must be its only writer: the daemon's lock sees to that.
#[derive(Clone)]
pub struct FileChatSessions(Arc<Store>);

struct Store {
    folder: PathBuf,
    /// Made by whoever comes first; afterwards held over every change, so that there is one at a time.
    index: Mutex<Option<Index>>,
}

impl FileChatSessions {
    /// The sessions in `folder`. Nothing is read yet.
    pub fn new(folder: PathBuf) -> Self {
        Self(Arc::new(Store { folder, index: Mutex::new(None) }))
    }

    /// Reads all sessions once, so that nobody has to wait for it later. A file that cannot be used is logged.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the folder cannot be read.
    pub async fn open(&self) -> Result<(), StorageError> {
        self.run(|_, _| Ok(())).await
    }

    /// Runs `operation` to its end on a thread that may block, even if the caller goes away.
    async fn run<T: Send + 'static, E: From<StorageError> + Send + 'static>(
        &self,
        operation: impl FnOnce(&Store, &mut Index) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let store = Arc::clone(&self.0);
        let run = move || {
            let mut index = store.index.lock().unwrap_or_else(PoisonError::into_inner);
            let index = match &mut *index {
                Some(index) => index,
                none => none.insert(Index::read(&store.folder)?),
            };
            operation(&store, index)
        };
        let ended = tokio::task::spawn_blocking(run).await;
        ended.unwrap_or_else(|error| Err(StorageError(format!("the session store failed: {error}")).into()))
    }
}

impl Store {
    fn file(&self, id: ChatSessionId) -> SessionFile {
        SessionFile::of(&self.folder, id)
    }

    /// Makes one more line of a session durable, and then current.
    fn write(&self, entry: &mut Entry, session: ChatSession, line: &[u8]) -> Result<ChatSession, StorageError> {
        entry.length = self.file(session.id).append(entry.length, line)?;
        entry.session = session.clone();
        Ok(session)
    }
}

#[async_trait]
impl ChatSessions for FileChatSessions {
    async fn create(&self, session: ChatSession) -> Result<(), ChangeSessionError> {
        self.run(move |store, index| {
            if index.len() >= MAX_SESSIONS {
                return Err(ChangeSessionError::TooMany);
            }
            if session.name.as_ref().is_some_and(|name| index.is_taken(name, session.id)) {
                return Err(ChangeSessionError::NameTaken);
            }
            let length = store.file(session.id).create(&form::beginning(&session))?;
            index.insert(Entry { session, length, changes: 0 });
            Ok(())
        })
        .await
    }

    async fn list(&self) -> Result<Vec<ChatSession>, StorageError> {
        let sorted = |index: &Index| {
            let mut sessions: Vec<ChatSession> = index.sessions().cloned().collect();
            sessions.sort_by(|a, b| b.updated_at.cmp(&a.updated_at).then_with(|| a.id.cmp(&b.id)));
            sessions
        };
        self.run(move |_, index| Ok(sorted(index))).await
    }

    async fn find(&self, id_or_name: &str) -> Result<Option<ChatSession>, StorageError> {
        let wanted = id_or_name.to_owned();
        self.run(move |_, index| Ok(index.find(&wanted)?.cloned())).await
    }

    async fn read(&self, id: ChatSessionId) -> Result<Option<(ChatSession, Vec<Message>)>, StorageError> {
        let found = self.run(move |store, index| {
            let Some(entry) = index.entry(id)? else { return Ok::<_, StorageError>(None) };
            Ok(Some((store.file(id), entry.length)))
        });
        let Some((file, length)) = found.await? else { return Ok(None) };
        // Outside the lock: what is being written now comes after this length.
        let read = tokio::task::spawn_blocking(move || file.read(length)).await;
        let stored = read.unwrap_or_else(|error| Err(StorageError(format!("the session store failed: {error}"))))?;
        Ok(stored.map(|stored| (stored.session, stored.messages)))
    }

    async fn change(
        &self,
        id: ChatSessionId,
        change: SessionChange,
        at: WallTime,
    ) -> Result<ChatSession, ChangeSessionError> {
        self.run(move |store, index| {
            if change.name.iter().flatten().any(|name| index.is_taken(name, id)) {
                return Err(ChangeSessionError::NameTaken);
            }
            let entry = index.entry(id)?.ok_or(ChangeSessionError::NoSession)?;
            if entry.changes >= MAX_CHANGES {
                // Which is read as the same: the change is one more line, as always.
                entry.length = store.file(id).compact(entry.length)?;
                entry.changes = 1;
            }
            let changed = entry.session.clone().changed(change, at);
            let line = form::change(&changed);
            let changed = store.write(entry, changed, &line)?;
            entry.changes = entry.changes.saturating_add(1);
            Ok(changed)
        })
        .await
    }

    async fn append(&self, id: ChatSessionId, message: Message) -> Result<ChatSession, AppendError> {
        self.run(move |store, index| {
            let entry = index.entry(id)?.ok_or(AppendError::NoSession)?;
            if message.is_of_user() {
                entry.session.admit(&message)?;
            }
            let longer = entry.session.clone().with(&message);
            Ok(store.write(entry, longer, &form::message(&message))?)
        })
        .await
    }

    async fn delete(&self, id: ChatSessionId) -> Result<bool, StorageError> {
        self.run(move |store, index| {
            if !index.knows(id) {
                return Ok(false);
            }
            store.file(id).remove()?;
            index.remove(id);
            Ok(true)
        })
        .await
    }
}
