//! Conversations with the agent, from every device.
//!
//! A session belongs to the daemon, and whoever is let in sees all of them: they are one person's. A turn runs in a task of
//! its own, not in the connection that asked for it.

mod access;
mod run;
mod sessions;
pub mod turn;
pub mod turns;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::Mutex;
use tracing::error;

pub use self::access::AccessError;
use self::access::{barred, open, open_beside};
use self::run::Runner;
pub use self::sessions::{NewSession, SessionError};
use self::turn::{Follower, Origin, Turn};
use self::turns::{KEPT_AFTER_END, MAX_TURNS_PER_DEVICE, Turns};
use super::DaemonPorts;
use super::authenticate::Caller;
use crate::domain::agent::{AgentKind, AgentSettings};
use crate::domain::chat::conversation::shown;
use crate::domain::chat::id::{ChatSessionId, RequestId};
use crate::domain::chat::message::{Content, Message, Speaker};
use crate::domain::chat::model::ModelName;
use crate::domain::chat::session::SessionFull;
use crate::domain::device::DeviceId;
use crate::domain::device_name::DeviceName;
use crate::ports::agent::{AgentError, AgentRequest, ChatAgent};
use crate::ports::chat_sessions::{AppendError, ChatSessions};
use crate::ports::storage::StorageError;

/// Time that the next turn of a session waits for the agent of the last one to end. Agents end within less, or never.
pub const AGENT_END: Duration = Duration::from_secs(3);

/// How much a turn may take.
#[derive(Clone, Copy, Debug)]
pub struct ChatLimits {
    /// The longest time.
    pub turn: Duration,
    /// The longest silence within it.
    pub silence: Duration,
    /// The longest answer, in bytes.
    pub output: u64,
}

/// The conversations of a daemon.
pub struct Chat {
    ports: DaemonPorts,
    sessions: Arc<dyn ChatSessions>,
    agent: Option<Arc<dyn ChatAgent>>,
    limits: ChatLimits,
    turns: Turns,
    /// Held while a turn begins, so that what decides whether it may is still true when it has.
    beginning: Mutex<()>,
    is_closing: AtomicBool,
}

/// What a device says, and how.
#[derive(Clone, Debug)]
pub struct TurnRequest {
    /// The session.
    pub session: ChatSessionId,
    /// What is said.
    pub content: Content,
    /// Names this request: the same one again is the same turn.
    pub request: RequestId,
    /// The model for this turn, unless the session's.
    pub model: Option<ModelName>,
    /// Whether the turn waits for its listeners to come back.
    pub is_resumable: bool,
}

/// There is no agent to talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "this daemon has no agent yet; on its host, name a server that speaks the OpenAI API with: \
     netclaw init --agent-url URL, or a program with: netclaw init --agent-command PROGRAM"
)]
pub struct NoAgent;

/// There is no such turn, or not any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("there is no such turn any more; the session has what was said")]
pub struct NoTurn;

/// Why a turn cannot be listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FollowError {
    /// There is no such turn any more.
    #[error(transparent)]
    Over(#[from] NoTurn),
    /// The caller is not let in any more, or has too much open.
    #[error(transparent)]
    Access(#[from] AccessError),
}

/// Why a turn does not begin.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TurnError {
    /// There is nobody to talk to.
    #[error(transparent)]
    NoAgent(#[from] NoAgent),
    /// There is no such session.
    #[error("there is no such session")]
    NoSession,
    /// A turn runs in this session already.
    #[error("the agent is answering in this session already; wait for it, or stop it")]
    Busy,
    /// The device has as many turns as it may have.
    #[error("this device has {MAX_TURNS_PER_DEVICE} turns at once already, or the daemon has its share")]
    TooMany,
    /// The caller is not let in any more, or has too much open.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Nothing more fits into the session.
    #[error(transparent)]
    Full(#[from] SessionFull),
    /// This request has had its turn, which is over.
    #[error(transparent)]
    Over(#[from] NoTurn),
    /// The daemon is about to end, or its store cannot be used; the log says why.
    #[error("the message could not be kept; the daemon's log says why")]
    Storage,
}

impl ChatLimits {
    /// Those of the configuration.
    pub const fn of(settings: &AgentSettings) -> Self {
        Self { turn: settings.timeout, silence: settings.idle_timeout, output: settings.max_output_bytes }
    }
}

impl Chat {
    /// Conversations in this store with this agent, if there is one.
    pub fn new(
        ports: DaemonPorts,
        sessions: Arc<dyn ChatSessions>,
        agent: Option<Arc<dyn ChatAgent>>,
        limits: ChatLimits,
    ) -> Self {
        let (turns, beginning, is_closing) = (Turns::default(), Mutex::default(), AtomicBool::new(false));
        Self { ports, sessions, agent, limits, turns, beginning, is_closing }
    }

    /// What the agent is, and the model that is its own choice.
    ///
    /// # Errors
    ///
    /// [`NoAgent`].
    pub fn agent(&self) -> Result<(AgentKind, Option<&ModelName>), NoAgent> {
        let agent = self.agent.as_ref().ok_or(NoAgent)?;
        Ok((agent.kind(), agent.model()))
    }

    /// The models that there are.
    ///
    /// # Errors
    ///
    /// [`NoAgent`], or what the agent says.
    pub async fn models(&self) -> Result<Result<Vec<ModelName>, AgentError>, NoAgent> {
        Ok(self.agent.as_ref().ok_or(NoAgent)?.models().await)
    }

    /// Begins a turn, or joins the one that the same request has begun, from its first event on.
    ///
    /// Run this to its end even if the client goes away: once it is kept, what was said is answered.
    ///
    /// # Errors
    ///
    /// [`TurnError`].
    pub async fn begin(self: Arc<Self>, caller: Caller, asked: TurnRequest) -> Result<Follower, TurnError> {
        let listening = open(&self.ports, &caller).await?;
        if self.turns.of_request(asked.session, asked.request).is_none() {
            self.agent_ends(asked.session).await;
        }
        let _one_at_a_time = self.beginning.lock().await;
        if let Some(turn) = self.turns.of_request(asked.session, asked.request) {
            return Ok(turn.follow(0, listening));
        }
        let agent = self.agent.clone().ok_or(NoAgent)?;
        let (device, name) = identity(&caller);
        if self.turns.running_in(asked.session).is_some() {
            return Err(TurnError::Busy);
        }
        if !self.turns.has_room_for(device) {
            return Err(TurnError::TooMany);
        }
        let opened = open_beside(&self.ports, &caller).await?;
        let (origin, request) = self.record(asked, device, name).await?;
        let turn = Turn::begin(origin, self.limits.output, Arc::clone(&self.ports.clock));
        self.turns.add(Arc::clone(&turn));
        let follower = turn.follow(0, listening);
        if self.is_closing.load(Ordering::Acquire) {
            turn.stop();
        }
        let runner = Runner {
            agent,
            sessions: Arc::clone(&self.sessions),
            clock: Arc::clone(&self.ports.clock),
            limits: self.limits,
        };
        let chat = Arc::clone(&self);
        tokio::spawn(async move {
            runner.run(&turn, request, barred(&chat.ports, caller, opened)).await;
            tokio::time::sleep(KEPT_AFTER_END).await;
            chat.turns.remove(&turn);
        });
        Ok(follower)
    }

    /// Waits until nothing is left of the last turn in this session: it is over for its listeners at once, but its agent may
    /// take a moment to end.
    async fn agent_ends(&self, session: ChatSessionId) {
        if let Some(turn) = self.turns.running_in(session).filter(|turn| turn.has_ended()) {
            let _ = tokio::time::timeout(AGENT_END, turn.over()).await;
        }
    }

    /// Keeps what the device says, and puts together what the agent is shown.
    async fn record(
        &self,
        asked: TurnRequest,
        device: Option<DeviceId>,
        name: Option<DeviceName>,
    ) -> Result<(Origin, AgentRequest), TurnError> {
        let TurnRequest { session: id, content, request, model, is_resumable } = asked;
        let read = self.sessions.read(id).await.map_err(|cause| failed(&cause))?;
        let (session, mut messages) = read.ok_or(TurnError::NoSession)?;
        let is_its =
            |said: &Message| matches!(&said.speaker, Speaker::User { request: other, .. } if *other == request);
        if messages.iter().any(is_its) {
            return Err(NoTurn.into());
        }
        let speaker = Speaker::User { device: name.clone(), request };
        let message = Message { speaker, content: content.into_text(), at: self.ports.clock.now().wall };
        let kept = self.sessions.append(id, message.clone()).await.map_err(|error| match error {
            AppendError::NoSession => TurnError::NoSession,
            AppendError::Full(full) => full.into(),
            AppendError::Storage(cause) => failed(&cause),
        })?;
        messages.push(message.clone());
        let origin = Origin { session: id, number: kept.turns, request, device, is_resumable };
        let model = model.or(session.model);
        Ok((
            origin,
            AgentRequest { session: id, device: name, model, conversation: shown(messages), message: message.content },
        ))
    }

    /// Listens to a turn from the event after `last` on, or from the first one.
    ///
    /// # Errors
    ///
    /// [`FollowError`].
    pub async fn follow(
        &self,
        caller: &Caller,
        session: ChatSessionId,
        number: u64,
        last: Option<u64>,
    ) -> Result<Follower, FollowError> {
        let turn = self.turns.numbered(session, number).ok_or(NoTurn)?;
        let listening = open(&self.ports, caller).await?;
        Ok(turn.follow(last.map_or(0, |last| last.saturating_add(1)), listening))
    }

    /// Stops a turn, and returns when what was said until then is kept. One that has ended stays as it is.
    ///
    /// # Errors
    ///
    /// [`NoTurn`].
    pub async fn stop(&self, session: ChatSessionId, number: u64) -> Result<(), NoTurn> {
        let turn = self.turns.numbered(session, number).ok_or(NoTurn)?;
        turn.stop();
        turn.ended().await;
        Ok(())
    }

    /// Stops all turns, and returns when what was said in them is kept and their agents have ended. No other begins.
    pub async fn close(&self) {
        self.is_closing.store(true, Ordering::Release);
        let running = self.turns.running(|_| true);
        running.iter().for_each(|turn| turn.stop());
        for turn in &running {
            turn.ended().await;
        }
        let over = futures_util::future::join_all(running.iter().map(|turn| turn.over()));
        let _ = tokio::time::timeout(AGENT_END, over).await;
    }
}

/// The device of a caller, and what it is called.
fn identity(caller: &Caller) -> (Option<DeviceId>, Option<DeviceName>) {
    match caller {
        Caller::Device(device) => (Some(device.id()), Some(device.name().clone())),
        Caller::ThisMachine => (None, None),
    }
}

fn failed(cause: &StorageError) -> TurnError {
    error!(%cause, "a message could not be kept");
    TurnError::Storage
}
