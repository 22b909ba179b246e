//! The way to one daemon's chat routes, kept up to date.
//!
//! A chat is open for days. Meanwhile another command of this device may rotate its credential, or pair it anew. So when the
//! daemon refuses the credential, the stored pairing is read once more, and the request is repeated with what has replaced it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::app::client::rotate::settle;
use crate::app::client::target::{Target, at};
use crate::domain::chat::id::ChatSessionId;
use crate::ports::chat_api::{
    AgentReport, ChatApi, ChatError, Question, SessionSummary, SessionWish, Transcript, TurnStream,
};
use crate::ports::credential_store::CredentialStore;
use crate::ports::daemon_api::DaemonApi;

/// The chat routes of one daemon. Every method is the one of [`ChatApi`] and fails as that does.
pub struct Line<'a> {
    chat: &'a dyn ChatApi,
    daemon: &'a dyn DaemonApi,
    credentials: &'a dyn CredentialStore,
    target: Mutex<Arc<Target>>,
}

impl<'a> Line<'a> {
    /// The way to a target whose earlier rotations are settled.
    pub fn new(
        chat: &'a dyn ChatApi,
        daemon: &'a dyn DaemonApi,
        credentials: &'a dyn CredentialStore,
        target: Target,
    ) -> Self {
        Self { chat, daemon, credentials, target: Mutex::new(Arc::new(target)) }
    }

    /// Where it leads, and with which credential by now.
    pub fn target(&self) -> Arc<Target> {
        Arc::clone(&self.target.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) async fn agent(&self) -> Result<AgentReport, ChatError> {
        self.request(async |target| self.chat.agent(target.access()).await).await
    }

    pub(super) async fn models(&self) -> Result<Vec<String>, ChatError> {
        self.request(async |target| self.chat.models(target.access()).await).await
    }

    pub(super) async fn sessions(&self) -> Result<Vec<SessionSummary>, ChatError> {
        self.request(async |target| self.chat.sessions(target.access()).await).await
    }

    pub(super) async fn create(&self, wish: &SessionWish) -> Result<SessionSummary, ChatError> {
        self.request(async |target| self.chat.create(target.access(), wish).await).await
    }

    pub(super) async fn transcript(&self, key: &str) -> Result<Transcript, ChatError> {
        self.request(async |target| self.chat.transcript(target.access(), key).await).await
    }

    pub(super) async fn ask(&self, key: &str, question: &Question) -> Result<TurnStream, ChatError> {
        self.request(async |target| self.chat.ask(target.access(), key, question).await).await
    }

    pub(super) async fn listen(&self, session: ChatSessionId, turn: u64, seen: u64) -> Result<TurnStream, ChatError> {
        self.request(async |target| self.chat.listen(target.access(), session, turn, seen).await).await
    }

    pub(super) async fn stop(&self, session: ChatSessionId, turn: u64) -> Result<(), ChatError> {
        self.request(async |target| self.chat.stop(target.access(), session, turn).await).await
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), ChatError> {
        self.request(async |target| self.chat.delete(target.access(), key).await).await
    }

    /// A request that the daemon has refused did nothing, and can be repeated as it is.
    async fn request<T>(&self, request: impl AsyncFn(&Target) -> Result<T, ChatError>) -> Result<T, ChatError> {
        let target = self.target();
        match request(&target).await {
            Err(error) if error.is_unauthorized() => match self.renewed(&target).await {
                Some(renewed) => request(&renewed).await,
                None => Err(error),
            },
            answer => answer,
        }
    }

    /// The same way with the credential that has replaced the refused one, if something has.
    async fn renewed(&self, refused: &Target) -> Option<Arc<Target>> {
        // What cannot be read or stored now, the next command reports.
        let stored = at(refused.choice.clone(), self.credentials).ok()?;
        let stored = settle(self.daemon, self.credentials, stored).await.ok()?;
        if !replaces(&stored, refused) {
            return None;
        }
        let renewed = Arc::new(stored);
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&renewed);
        Some(renewed)
    }
}

/// Whether a target has another credential of the same daemon. A device that had none was paired meanwhile.
fn replaces(stored: &Target, refused: &Target) -> bool {
    match (&stored.credential, &refused.credential) {
        (Some((now, new)), Some((before, old))) => now.daemon_id == before.daemon_id && !new.is_same(old),
        (Some(_), None) => true,
        (None, _) => false,
    }
}
