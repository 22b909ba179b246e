//! An agent behind a server that speaks the OpenAI API: Ollama, llama.cpp, vLLM, LM Studio, or a provider's own.

mod answer;
mod form;
mod http;

use std::time::Duration;

use async_trait::async_trait;

use self::form::{ChatForm, ModelsForm};
use self::http::Api;
use crate::domain::agent::AgentKind;
use crate::domain::chat::model::ModelName;
use crate::domain::endpoint::Endpoint;
use crate::domain::provider_key::ProviderKey;
use crate::ports::agent::{AgentError, AgentRequest, Answered, ChatAgent, Listener};

/// Time for the list of models: less than the quarter of a minute that netclaw's own client waits, so that it hears why there
/// is none.
const MODELS_TIMEOUT: Duration = Duration::from_secs(10);

/// Models that are listed at most; the largest market has five hundred.
const MAX_MODELS: usize = 10_000;

/// How to reach the server.
#[derive(Debug)]
pub struct OpenAiConfig {
    /// Where its API is, with the version.
    pub base_url: Endpoint,
    /// The model where none is asked for.
    pub model: Option<ModelName>,
    /// What it knows this host by.
    pub key: Option<ProviderKey>,
    /// The longest answer, in bytes.
    pub max_output_bytes: u64,
}

/// A server that speaks the OpenAI API.
///
/// # Security
///
/// The key goes to this server and nowhere else: redirects are not followed, and its header is marked as sensitive.
pub struct OpenAiAgent {
    api: Api,
    model: Option<ModelName>,
    max_output_bytes: u64,
}

impl OpenAiAgent {
    /// The server. Nothing is sent or loaded yet.
    pub fn new(config: OpenAiConfig) -> Self {
        let OpenAiConfig { base_url, model, key, max_output_bytes } = config;
        Self { api: Api::new(base_url, key), model, max_output_bytes }
    }

    /// The model to ask for: there is no request without one.
    async fn choose(&self, asked: Option<ModelName>) -> Result<ModelName, AgentError> {
        match asked.or_else(|| self.model.clone()) {
            Some(model) => Ok(model),
            None => self.models().await?.into_iter().next().ok_or_else(|| {
                AgentError::Failed(format!(
                    "the agent at {} has no model; name one as Agent.Model",
                    self.api.base_url()
                ))
            }),
        }
    }
}

#[async_trait]
impl ChatAgent for OpenAiAgent {
    fn kind(&self) -> AgentKind {
        AgentKind::OpenAi
    }

    fn model(&self) -> Option<&ModelName> {
        self.model.as_ref()
    }

    async fn check(&self) -> Result<(), AgentError> {
        self.models().await.map(drop)
    }

    async fn models(&self) -> Result<Vec<ModelName>, AgentError> {
        let ask = async {
            let response = self.api.send(self.api.request("GET", "/models").await?).await?;
            let body = self.api.body(response, http::MAX_DOCUMENT_BYTES).await?;
            let listed: ModelsForm = serde_json::from_slice(&body).map_err(|_| self.api.not_understood())?;
            Ok(listed.data.iter().take(MAX_MODELS).filter_map(|model| ModelName::parse(&model.id).ok()).collect())
        };
        tokio::time::timeout(MODELS_TIMEOUT, ask).await.unwrap_or_else(|_| {
            let seconds = MODELS_TIMEOUT.as_secs();
            Err(AgentError::TimedOut(format!(
                "the agent at {} did not answer in {seconds} seconds",
                self.api.base_url()
            )))
        })
    }

    async fn answer(&self, request: AgentRequest, listener: &dyn Listener) -> Result<Answered, AgentError> {
        let model = self.choose(request.model).await?;
        listener.model(&model);
        let form = ChatForm::of(model.as_str(), &request.conversation);
        let asked = self.api.request("POST", "/chat/completions").await?.json(&form);
        let response = self.api.send(asked).await?;
        answer::hear(&self.api, response, self.max_output_bytes, listener).await
    }
}
