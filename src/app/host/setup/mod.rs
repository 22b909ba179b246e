//! Writing the configuration of this host, from flags or from what a person answers.
//!
//! Only the stored values are changed: what the environment overrides stays the environment's. Nothing is written before it
//! was shown, and an existing configuration, or a running daemon, is changed only with consent.

pub mod agent;
mod answers;
mod proposal;
mod questions;
mod steps;
mod summary;

use thiserror::Error;

pub use self::answers::Answers;
use self::proposal::Proposal;
pub use self::steps::{Answer, Field, Step, Steps};
pub use self::summary::{Change, Summary};
use crate::domain::agent::AgentKind;
use crate::domain::exposure::ExposureMode;
use crate::domain::settings::{Settings, SettingsError};
use crate::ports::prompter::PromptError;
use crate::ports::settings_store::{LoadSettingsError, SettingsStore};
use crate::ports::wizard::{Reply, Wizard};

/// What the command line said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupRequest {
    /// The answers that were given as flags.
    pub answers: Answers,
    /// Whether everything else is as proposed, without a question.
    pub yes: bool,
    /// What it is for.
    pub purpose: Purpose,
}

/// What a setup is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The setup itself. A daemon that runs is restarted when it has to be.
    Init {
        /// Whether there is one.
        is_running: bool,
    },
    /// The way to a pairing code: defaults are not worth a word, and a daemon that runs is left alone.
    Up,
}

/// How a setup ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether something was written. If not, everything was as asked for already.
    pub was_written: bool,
    /// Whether a daemon from before still has other settings.
    pub is_effective: bool,
    /// The configuration in force.
    pub in_force: Settings,
    /// Whether the daemon is to start with the machine.
    pub install_service: bool,
}

/// Why nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SetupError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Settings(#[from] LoadSettingsError),
    /// The answers do not go together.
    #[error(transparent)]
    Invalid(SettingsError),
    /// There is no answer.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// Nobody is there to agree to the change, and the command line did not.
    #[error("this would change the existing configuration")]
    Unconfirmed,
    /// The person ended it or did not agree.
    #[error("the setup was ended; nothing was written and nothing was started")]
    Ended,
}

impl Outcome {
    /// The command that makes the tunnel in front of the daemon lead to it, where the mode has one.
    pub fn tunnel_command(&self) -> Option<String> {
        let tunnel = self.in_force.mode.profile().tunnel?;
        Some(tunnel.set_up_command(self.in_force.listen_address()))
    }

    /// Whether the agent is somewhere else, where a key is usual, and no variable holds one.
    pub fn wants_agent_key(&self) -> bool {
        let agent = &self.in_force.agent;
        let is_elsewhere = agent.base_url.as_ref().is_some_and(|url| !url.is_loopback());
        agent.kind == Some(AgentKind::OpenAi) && is_elsewhere && agent.api_key_variable.is_none()
    }

    fn unchanged(in_force: Settings, answers: &Answers) -> Self {
        let install_service = answers.install_service.unwrap_or(false);
        Self { was_written: false, is_effective: false, in_force, install_service }
    }
}

/// The setup of this host.
pub struct Setup<'a> {
    /// The configuration.
    pub settings: &'a dyn SettingsStore,
    /// Who answers.
    pub wizard: &'a mut dyn Wizard,
}

impl Setup<'_> {
    /// Takes every value from the flags, from the stored configuration or from the defaults of the mode. The one thing that
    /// is asked is consent.
    ///
    /// # Errors
    ///
    /// [`SetupError`].
    pub fn by_flags(mut self, request: &SetupRequest) -> Result<Outcome, SetupError> {
        // Without an answer there is nothing to do, even where stored values alone would not be allowed.
        if self.settings.exists() && request.answers.keys().next().is_none() {
            return Ok(Outcome::unchanged(self.settings.load()?, &request.answers));
        }
        let proposal = Proposal::new(self.settings, &request.answers)?;
        if proposal.summary.is_empty() {
            return Ok(Outcome::unchanged(proposal.in_force, &request.answers));
        }
        let is_silent = proposal.is_first && request.purpose == Purpose::Up;
        self.show(&proposal.summary, !is_silent);
        let restarts = proposal.restarts(request);
        if !request.yes && (!proposal.is_first || restarts) {
            self.ask_consent(questions::confirm(proposal.is_first, restarts))?;
        }
        self.write(proposal, &request.answers)
    }

    /// Asks a person for every value that is no flag, shows what that comes to, and asks for consent. By flags alone when
    /// nobody is there or nobody is to be asked.
    ///
    /// # Errors
    ///
    /// [`SetupError`].
    pub fn by_questions(mut self, request: &SetupRequest) -> Result<Outcome, SetupError> {
        if request.yes || !self.wizard.is_interactive() {
            return self.by_flags(request);
        }
        let mut steps = Steps::new(self.settings.stored()?, request.answers.clone());
        self.wizard.show(questions::INTRODUCTION);
        loop {
            let reply = match steps.current() {
                Step::Mode => self.ask_mode(&steps)?,
                Step::Field(field) => self.ask_field(&steps, field)?,
                Step::Service => {
                    let default = steps.answers().install_service.unwrap_or(false);
                    self.wizard.decide(questions::SERVICE, default)?.map(Answer::Service)
                }
                Step::Confirm => match self.conclude(&steps, request)? {
                    Some(outcome) => return Ok(outcome),
                    None => Reply::Back,
                },
            };
            match reply {
                Reply::Answer(answer) => steps.answer(answer),
                Reply::Back => steps.back(),
                Reply::End => return Err(SetupError::Ended),
            }
        }
    }

    fn ask_mode(&mut self, steps: &Steps) -> Result<Reply<Answer>, SetupError> {
        let reply = self.wizard.choose(&questions::mode(steps))?;
        let chosen = |place: usize| ExposureMode::ALL.get(place).copied().unwrap_or(steps.settings().mode);
        Ok(reply.map(|place| Answer::Mode(chosen(place))))
    }

    fn ask_field(&mut self, steps: &Steps, field: Field) -> Result<Reply<Answer>, SetupError> {
        if let Some(error) = steps.refused_flag() {
            self.wizard.warn(&error.to_string());
        }
        let blank = questions::field(steps, field);
        let check = |text: &str| steps.read(field, text).map(drop).map_err(|error| error.to_string());
        Ok(match self.wizard.fill_in(&blank, &check)? {
            Reply::Answer(text) => Reply::Answer(steps.read(field, &text).map_err(SetupError::Invalid)?),
            Reply::Back => Reply::Back,
            Reply::End => Reply::End,
        })
    }

    /// The last step; `None` for the way back.
    fn conclude(&mut self, steps: &Steps, request: &SetupRequest) -> Result<Option<Outcome>, SetupError> {
        let proposal = Proposal::new(self.settings, steps.answers())?;
        if proposal.summary.is_empty() {
            return Ok(Some(Outcome::unchanged(proposal.in_force, steps.answers())));
        }
        self.show(&proposal.summary, true);
        let question = questions::confirm(proposal.is_first, proposal.restarts(request));
        match self.wizard.decide(question, true)? {
            Reply::Answer(true) => self.write(proposal, steps.answers()).map(Some),
            Reply::Back => Ok(None),
            Reply::Answer(false) | Reply::End => Err(SetupError::Ended),
        }
    }

    fn ask_consent(&mut self, question: &str) -> Result<(), SetupError> {
        if !self.wizard.is_interactive() {
            return Err(SetupError::Unconfirmed);
        }
        match self.wizard.decide(question, false)? {
            Reply::Answer(true) => Ok(()),
            Reply::Answer(false) | Reply::Back | Reply::End => Err(SetupError::Ended),
        }
    }

    fn show(&mut self, summary: &Summary, with_values: bool) {
        summary.warning.into_iter().for_each(|warning| self.wizard.warn(warning));
        for change in &summary.changes {
            if with_values {
                self.wizard.show(&change.to_string());
            }
            change.override_warning().into_iter().for_each(|warning| self.wizard.warn(&warning));
        }
    }

    fn write(&self, proposal: Proposal, answers: &Answers) -> Result<Outcome, SetupError> {
        self.settings.save(&proposal.values)?;
        let Proposal { in_force, is_effective, .. } = proposal;
        Ok(Outcome { was_written: true, is_effective, ..Outcome::unchanged(in_force, answers) })
    }
}
