//! Which daemon a client command talks to, and with which credential.
//!
//! The environment and the configuration choose an endpoint. The credential follows from the endpoint alone: it is the one
//! that was issued at exactly this place, or none, so that no setting can send a token to another daemon.

use thiserror::Error;

use super::daemons::{ChooseError, choose};
use crate::domain::daemon_id::DaemonId;
use crate::domain::endpoint::{Endpoint, EndpointError};
use crate::domain::link::Link;
use crate::domain::settings::Settings;
use crate::domain::token::BearerToken;
use crate::ports::credential_store::{CredentialStore, CredentialStoreError, Pairing};
use crate::ports::settings_store::{LoadSettingsError, SettingsStore};

/// Which rule chose an endpoint. In this order, the first that applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The command line named it.
    Argument,
    /// The command line names this daemon.
    Named(DaemonId),
    /// The environment names it.
    Environment,
    /// It is the current pairing's, with this daemon.
    Pairing(DaemonId),
    /// This machine is a host, and its configuration says where its daemon listens.
    HostSettings,
    /// Nothing says anything.
    Default,
}

/// What there is to choose an endpoint from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The value of the environment variable. Blank counts as unset.
    pub environment: Option<String>,
    /// The current pairing.
    pub current: Option<Pairing>,
    /// The host's configuration, if this home has one.
    pub host: Option<Settings>,
}

/// The environment's value is no endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct InvalidEnvironment(pub EndpointError);

/// An endpoint and the rule that chose it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Where the daemon is.
    pub endpoint: Endpoint,
    /// Why it is this one.
    pub rule: Rule,
}

/// The daemon that a command talks to.
#[derive(Debug)]
pub struct Target {
    /// Where, and why there.
    pub choice: Choice,
    /// The way there: by the keys of the pairing, if it has any.
    pub link: Link,
    /// The pairing and token that were made at this very endpoint.
    pub credential: Option<(Pairing, BearerToken)>,
}

/// Why there is no target.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TargetError {
    /// The environment's value is no endpoint.
    #[error(transparent)]
    Environment(#[from] InvalidEnvironment),
    /// The command line names no daemon that this device is paired with.
    #[error(transparent)]
    Daemon(#[from] ChooseError),
    /// The stored pairings cannot be used.
    #[error(transparent)]
    Credentials(#[from] CredentialStoreError),
    /// The host's configuration cannot be used.
    #[error(transparent)]
    Settings(#[from] LoadSettingsError),
}

impl Sources {
    /// Reads the sources, and of those only as many as are needed: a value in the environment makes the rest irrelevant,
    /// and so does a pairing for the configuration.
    ///
    /// # Errors
    ///
    /// * [`TargetError::Credentials`] and [`TargetError::Settings`] when a needed source cannot be used.
    pub fn gather(
        environment: Option<&str>,
        credentials: &dyn CredentialStore,
        settings: &dyn SettingsStore,
    ) -> Result<Self, TargetError> {
        if let Some(value) = environment.filter(|value| !value.trim().is_empty()) {
            return Ok(Self { environment: Some(value.to_owned()), ..Self::default() });
        }
        let current = credentials.current()?;
        let host = if current.is_none() && settings.exists() { Some(settings.load()?) } else { None };
        Ok(Self { environment: None, current, host })
    }

    /// Chooses the endpoint.
    ///
    /// # Errors
    ///
    /// [`InvalidEnvironment`] when the environment's value is no endpoint: the other rules are not tried then.
    pub fn choose(&self) -> Result<Choice, InvalidEnvironment> {
        if let Some(value) = self.environment.as_deref().map(str::trim).filter(|value| !value.is_empty()) {
            let endpoint = Endpoint::parse(value).map_err(InvalidEnvironment)?;
            return Ok(Choice { endpoint, rule: Rule::Environment });
        }
        Ok(match (&self.current, &self.host) {
            (Some(pairing), _) => {
                Choice { endpoint: pairing.endpoint.clone(), rule: Rule::Pairing(pairing.daemon_id.clone()) }
            }
            (None, Some(settings)) => {
                Choice { endpoint: Endpoint::of_listener(settings.listen_address()), rule: Rule::HostSettings }
            }
            (None, None) => Choice { endpoint: Endpoint::default(), rule: Rule::Default },
        })
    }
}

/// Chooses the endpoint, then looks up the credential that belongs to it.
///
/// # Errors
///
/// [`TargetError`].
pub fn resolve(
    environment: Option<&str>,
    credentials: &dyn CredentialStore,
    settings: &dyn SettingsStore,
) -> Result<Target, TargetError> {
    let choice = Sources::gather(environment, credentials, settings)?.choose()?;
    at(choice, credentials)
}

/// The daemon with this name, or whose id begins so, and its credential.
///
/// # Errors
///
/// [`TargetError::Daemon`] and [`TargetError::Credentials`].
pub fn resolve_named(typed: &str, credentials: &dyn CredentialStore) -> Result<Target, TargetError> {
    let all = credentials.all()?;
    let Pairing { daemon_id, endpoint, .. } = choose(&all, typed)?.clone();
    at(Choice { endpoint, rule: Rule::Named(daemon_id) }, credentials)
}

/// What belongs to an endpoint: the credential that was issued there, and the link by the keys of its pairing.
pub(super) fn at(choice: Choice, credentials: &dyn CredentialStore) -> Result<Target, TargetError> {
    let credential = credentials.paired_at(&choice.endpoint)?;
    let pins = credential.as_ref().and_then(|(pairing, _)| pairing.known.pins);
    Ok(Target { link: Link::of_pairing(&choice.endpoint, pins), choice, credential })
}
