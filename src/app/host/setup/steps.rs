//! The steps of the wizard: which questions, in which order, and the way back.

use std::net::IpAddr;

use ipnet::IpNet;

use super::agent;
use super::answers::Answers;
use crate::domain::agent::Agent;
use crate::domain::endpoint::Endpoint;
use crate::domain::exposure::{ExposureMode, Hop, Reach};
use crate::domain::setting_text;
use crate::domain::settings::{Settings, SettingsError};

/// One step of the wizard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// How clients reach the daemon. Every other question depends on it.
    Mode,
    /// A value that is written.
    Field(Field),
    /// Whether the daemon is to start with the machine.
    Service,
    /// Whether all this is to be written.
    Confirm,
}

/// A value that a person writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The address to listen on.
    Host,
    /// The port to listen on.
    Port,
    /// The proxies whose word is taken.
    TrustedProxies,
    /// What clients type.
    ExternalUrl,
    /// Whom devices talk to.
    Agent,
}

/// The answer to one of the questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To [`Step::Mode`].
    Mode(ExposureMode),
    /// To [`Field::Host`].
    Host(IpAddr),
    /// To [`Field::Port`].
    Port(u16),
    /// To [`Field::TrustedProxies`].
    TrustedProxies(Vec<IpNet>),
    /// To [`Field::ExternalUrl`].
    ExternalUrl(Option<Endpoint>),
    /// To [`Field::Agent`].
    Agent(Option<Agent>),
    /// To [`Step::Service`].
    Service(bool),
}

/// Where a person is in the wizard, and what was answered so far.
///
/// An answer stays when the person goes back, and is proposed when its question comes again.
#[derive(Clone, Debug)]
pub struct Steps {
    stored: Settings,
    flags: Answers,
    answers: Answers,
    answered: usize,
}

impl Steps {
    /// All questions that `flags` do not answer, about a configuration that has these values so far.
    pub fn new(stored: Settings, flags: Answers) -> Self {
        Self { stored, answers: flags.clone(), flags, answered: 0 }
    }

    /// The step that is to be taken now.
    pub fn current(&self) -> Step {
        // The questions after the first depend on the mode alone, so that those answered are the first ones at any time.
        self.questions().nth(self.answered).unwrap_or(Step::Confirm)
    }

    /// The answers so far, with the flags among them.
    pub const fn answers(&self) -> &Answers {
        &self.answers
    }

    /// The values as they are now. What is proposed for the current question is allowed.
    pub fn settings(&self) -> Settings {
        let settings = self.answers.applied(&self.stored);
        // An answer that was given before the person went back and chose another mode.
        Settings { host: settings.mode.profile().binds.nearest(settings.host), ..settings }
    }

    /// Why a flag did not spare the person the current question.
    pub fn refused_flag(&self) -> Option<SettingsError> {
        let host = self.flags.host.filter(|_| self.current() == Step::Field(Field::Host))?;
        Settings { host, ..self.settings() }.check_host().err()
    }

    /// Reads what was written into a field.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] when it is not allowed with the answers so far.
    pub fn read(&self, field: Field, text: &str) -> Result<Answer, SettingsError> {
        let text = text.trim();
        match field {
            Field::Host => {
                let host = setting_text::host(text)?;
                Settings { host, ..self.settings() }.check_host()?;
                Ok(Answer::Host(host))
            }
            Field::Port => setting_text::port(text).map(Answer::Port),
            Field::TrustedProxies => {
                let trusted_proxies = setting_text::proxies(text)?;
                Settings { trusted_proxies: trusted_proxies.clone(), ..self.settings() }.check_proxies()?;
                Ok(Answer::TrustedProxies(trusted_proxies))
            }
            Field::ExternalUrl => setting_text::external_url_or_none(text).map(Answer::ExternalUrl),
            Field::Agent => agent::agent(text).map(Answer::Agent),
        }
    }

    /// Takes the answer to the current question and goes on to the next.
    pub fn answer(&mut self, answer: Answer) {
        match answer {
            Answer::Mode(mode) => self.answers.mode = Some(mode),
            Answer::Host(host) => self.answers.host = Some(host),
            Answer::Port(port) => self.answers.port = Some(port),
            Answer::TrustedProxies(proxies) => self.answers.trusted_proxies = Some(proxies),
            Answer::ExternalUrl(url) => self.answers.external_url = Some(url),
            Answer::Agent(agent) => self.answers.agent = Some(agent),
            Answer::Service(install) => self.answers.install_service = Some(install),
        }
        self.answered = self.answered.saturating_add(1);
    }

    /// Goes back to the question before; there is none before the first.
    pub const fn back(&mut self) {
        self.answered = self.answered.saturating_sub(1);
    }

    fn questions(&self) -> impl Iterator<Item = Step> {
        let fields = [Field::Host, Field::Port, Field::TrustedProxies, Field::ExternalUrl, Field::Agent];
        let fields = fields.into_iter().filter(|field| self.is_asked(*field)).map(Step::Field);
        let mode = self.flags.mode.is_none().then_some(Step::Mode);
        let service = self.flags.install_service.is_none().then_some(Step::Service);
        mode.into_iter().chain(fields).chain(service)
    }

    fn is_asked(&self, field: Field) -> bool {
        let profile = self.answers.mode.unwrap_or(self.stored.mode).profile();
        match field {
            // A flag that the mode does not allow is no answer.
            Field::Host => !self.flags.host.is_some_and(|host| profile.binds.allow(host)),
            Field::Port => self.flags.port.is_none(),
            Field::TrustedProxies => profile.hop == Hop::TrustedProxies && self.flags.trusted_proxies.is_none(),
            Field::Agent => self.flags.agent.is_none(),
            Field::ExternalUrl => {
                // Clients on this machine use what the daemon listens on. A URL from another mode has to be taken away.
                let is_of_use = profile.reach != Reach::Machine || self.stored.external_url.is_some();
                is_of_use && self.flags.external_url.is_none()
            }
        }
    }
}
