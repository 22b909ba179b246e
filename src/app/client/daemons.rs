//! The daemons that this device is paired with, and choosing one of them.

use thiserror::Error;

use crate::domain::daemon_id::DaemonId;
use crate::domain::device_name::NameKey;
use crate::ports::credential_store::{CredentialStore, CredentialStoreError, Pairing};

/// What was typed names no daemon, or several.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ChooseError {
    /// This device is not paired with such a daemon.
    #[error("this device is not paired with a daemon called \"{0}\"")]
    Unknown(String),
    /// It could be any of these.
    #[error("\"{typed}\" could be any of {}", candidates.len())]
    Ambiguous {
        /// What was typed.
        typed: String,
        /// The daemons that it could be.
        candidates: Vec<DaemonId>,
    },
}

/// Why no other daemon is the current one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UseError {
    /// None was chosen.
    #[error(transparent)]
    Choose(#[from] ChooseError),
    /// The stored pairings cannot be used.
    #[error(transparent)]
    Credentials(#[from] CredentialStoreError),
}

/// The pairing with the daemon of this name, or else with the one whose id begins so.
///
/// # Errors
///
/// [`ChooseError`].
pub fn choose<'a>(pairings: &'a [Pairing], typed: &str) -> Result<&'a Pairing, ChooseError> {
    let typed = typed.trim();
    let key = NameKey::of_typed(typed);
    let has_name = |pairing: &&Pairing| pairing.known.name.as_ref().is_some_and(|name| name.key() == key);
    let has_id = |pairing: &&Pairing| !typed.is_empty() && pairing.daemon_id.as_str().starts_with(typed);
    let named: Vec<&Pairing> = pairings.iter().filter(has_name).collect();
    let found = if named.is_empty() { pairings.iter().filter(has_id).collect() } else { named };
    match found.as_slice() {
        [] => Err(ChooseError::Unknown(typed.to_owned())),
        [one] => Ok(one),
        several => Err(ChooseError::Ambiguous {
            typed: typed.to_owned(),
            candidates: several.iter().map(|pairing| pairing.daemon_id.clone()).collect(),
        }),
    }
}

/// Makes a daemon the one that commands talk to when nothing else is said.
///
/// # Errors
///
/// [`UseError`].
pub fn make_current(credentials: &dyn CredentialStore, typed: &str) -> Result<Pairing, UseError> {
    let all = credentials.all()?;
    let chosen = choose(&all, typed)?;
    credentials.make_current(&chosen.daemon_id)?;
    Ok(chosen.clone())
}
