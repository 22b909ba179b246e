//! An agent that says what a test tells it to, when the test does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use netclaw::domain::agent::AgentKind;
use netclaw::domain::chat::model::ModelName;
use netclaw::ports::agent::{AgentError, AgentRequest, Answered, AtWork, ChatAgent, Listener};
use tokio::sync::{mpsc, watch};

/// What the agent does next in its turn.
#[derive(Clone, Debug)]
pub enum Act {
    Say(String),
    Live,
    End(Result<Answered, AgentError>),
    Panic,
}

/// The inner part of one turn, as a test sees it.
pub struct Played {
    pub request: AgentRequest,
    acts: mpsc::UnboundedSender<Act>,
    gone: watch::Receiver<bool>,
}

/// An agent whose turns are played by a test.
pub struct FakeChatAgent {
    asked: mpsc::UnboundedSender<Played>,
    turns: Mutex<Option<mpsc::UnboundedReceiver<Played>>>,
    pub model: Option<ModelName>,
    /// Whether something of each turn goes on after it was given up: for as long as it is in `left`.
    pub is_slow: AtomicBool,
    pub left: Mutex<Vec<AtWork>>,
}

impl Default for FakeChatAgent {
    fn default() -> Self {
        let (asked, turns) = mpsc::unbounded_channel();
        let (turns, model) = (Mutex::new(Some(turns)), ModelName::parse("fake").ok());
        Self { asked, turns, model, is_slow: AtomicBool::new(false), left: Mutex::default() }
    }
}

impl FakeChatAgent {
    /// The turns that it is asked for, as they come.
    pub fn turns(self: &Arc<Self>) -> mpsc::UnboundedReceiver<Played> {
        self.turns.lock().unwrap().take().unwrap()
    }
}

impl Played {
    pub fn act(&self, act: Act) {
        // A turn that is gone hears nothing.
        let _ = self.acts.send(act);
    }

    pub fn say(&self, text: &str) {
        self.act(Act::Say(text.to_owned()));
    }

    pub fn done(&self) {
        self.act(Act::End(Ok(Answered::default())));
    }

    /// Returns when nobody waits for the answer any more.
    pub async fn gone(&mut self) {
        let _ = self.gone.wait_for(|gone| *gone).await;
    }
}

struct Gone(watch::Sender<bool>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.send_replace(true);
    }
}

#[async_trait]
impl ChatAgent for FakeChatAgent {
    fn kind(&self) -> AgentKind {
        AgentKind::OpenAi
    }

    fn model(&self) -> Option<&ModelName> {
        self.model.as_ref()
    }

    async fn check(&self) -> Result<(), AgentError> {
        Ok(())
    }

    async fn models(&self) -> Result<Vec<ModelName>, AgentError> {
        Ok(self.model.iter().cloned().collect())
    }

    async fn answer(&self, request: AgentRequest, listener: &dyn Listener) -> Result<Answered, AgentError> {
        let (acts, mut next) = mpsc::unbounded_channel();
        let (gone, is_gone) = watch::channel(false);
        let _gone = Gone(gone);
        if self.is_slow.load(Ordering::SeqCst) {
            self.left.lock().unwrap().push(listener.at_work());
        }
        let _ = self.asked.send(Played { request, acts, gone: is_gone });
        loop {
            match next.recv().await {
                Some(Act::Say(text)) => listener.text(&text),
                Some(Act::Live) => listener.alive(),
                Some(Act::End(end)) => return end,
                Some(Act::Panic) => panic!("the agent of a test panics"),
                None => std::future::pending().await,
            }
        }
    }
}
