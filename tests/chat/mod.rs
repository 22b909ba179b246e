//! Chat on the daemon's side: turns over fakes, the files of sessions, and both kinds of agent.

mod command;
mod files;
mod openai;
mod turns;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use netclaw::domain::chat::conversation::{Role, Utterance};
use netclaw::domain::chat::model::ModelName;
use netclaw::ports::agent::{AgentRequest, Listener};

use crate::fakes::chat_sessions::session;
use crate::fakes::samples::name;

/// Notes what it hears.
#[derive(Default)]
struct Heard {
    text: Mutex<Vec<String>>,
    model: Mutex<Option<String>>,
    signs_of_life: AtomicUsize,
    news: tokio::sync::Notify,
}

impl Heard {
    fn text(&self) -> String {
        self.text.lock().unwrap().concat()
    }

    fn model(&self) -> Option<String> {
        self.model.lock().unwrap().clone()
    }

    /// Returns when the text contains this.
    async fn until(&self, text: &str) {
        loop {
            let news = self.news.notified();
            if self.text().contains(text) {
                return;
            }
            news.await;
        }
    }
}

impl Listener for Heard {
    fn model(&self, model: &ModelName) {
        *self.model.lock().unwrap() = Some(model.to_string());
    }

    fn text(&self, text: &str) {
        self.text.lock().unwrap().push(text.to_owned());
        self.news.notify_one();
    }

    fn alive(&self) {
        self.signs_of_life.fetch_add(1, Ordering::SeqCst);
    }
}

/// A turn of the device `laptop`, in which this was said.
fn asked(conversation: &[(Role, &str)]) -> AgentRequest {
    let said = |(role, content): &(Role, &str)| Utterance { role: *role, content: (*content).to_owned() };
    AgentRequest {
        session: session(1, None).id,
        device: Some(name("laptop")),
        model: None,
        conversation: conversation.iter().map(said).collect(),
        message: conversation.last().map(|(_, content)| (*content).to_owned()).unwrap_or_default(),
    }
}

fn heard() -> Arc<Heard> {
    Arc::default()
}
