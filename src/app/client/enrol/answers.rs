//! The secret and the name that a pairing needs, asked for as often as it makes sense.

use super::{EnrolError, EnrolRequest, Invitation};
use crate::app::client::name_suggestion;
use crate::domain::code::PairingCode;
use crate::domain::device_name::DeviceName;
use crate::domain::pairing_secret::PairingSecret;
use crate::domain::words::Words;
use crate::ports::prompter::{PromptError, Prompter};

/// How often a person is asked again after a wrong code: together with the first attempt it stays below the daemon's limit
/// of five a minute.
const MORE_CODES: u32 = 3;

/// What was answered so far.
pub(super) struct Answers<'a> {
    prompter: &'a mut dyn Prompter,
    secret: PairingSecret,
    name: DeviceName,
    more_codes: u32,
}

impl<'a> Answers<'a> {
    /// Asks for the code unless there is a link, then for the name unless the command line gave one.
    ///
    /// # Errors
    ///
    /// [`EnrolError`] when there is no answer, or one that cannot be read and nobody to ask again.
    pub(super) fn ask(prompter: &'a mut dyn Prompter, request: &EnrolRequest) -> Result<Self, EnrolError> {
        let secret = match &request.invitation {
            Invitation::Address(_) => PairingSecret::Code(ask_code(prompter)?),
            Invitation::Link(link) => PairingSecret::Link(link.secret().clone()),
        };
        let name = first_name(prompter, request)?;
        Ok(Self { prompter, secret, name, more_codes: MORE_CODES })
    }

    pub(super) const fn secret(&self) -> &PairingSecret {
        &self.secret
    }

    pub(super) const fn name(&self) -> &DeviceName {
        &self.name
    }

    /// While the operator is asked.
    pub(super) fn show_words(&mut self, words: Words) {
        self.prompter.announce(&format!("Waiting for a yes on the host, which shows the same four words: {words}"));
    }

    /// After a wrong code.
    ///
    /// # Errors
    ///
    /// [`EnrolError::WrongCode`] when nobody can be asked, or too often, or when it came with a link.
    pub(super) fn another_code(&mut self) -> Result<(), EnrolError> {
        let was_typed = matches!(self.secret, PairingSecret::Code(_));
        if !was_typed || !self.prompter.is_interactive() || self.more_codes == 0 {
            return Err(EnrolError::WrongCode);
        }
        self.more_codes -= 1;
        self.prompter.explain(
            "That is not the code that the host shows, or someone in between has changed it. Please type it again.",
        );
        self.secret = PairingSecret::Code(ask_code(self.prompter)?);
        Ok(())
    }

    /// After `name_taken`.
    ///
    /// # Errors
    ///
    /// [`EnrolError::NameTaken`] when there is no other name.
    pub(super) fn name_instead_of_taken(&mut self) -> Result<(), EnrolError> {
        let taken = self.name.clone();
        self.prompter.explain(&format!("The name \"{taken}\" is already in use. The code is still valid."));
        // A script that has no other line answers with the default, which must not become a name that nobody chose.
        let proposal = if self.prompter.is_interactive() { taken.following()? } else { taken.clone() };
        let other = another_name(self.prompter, &proposal)?.filter(|name| name.key() != taken.key());
        match other {
            Some(name) => self.name = name,
            None if self.prompter.is_interactive() => return self.name_instead_of_taken(),
            None => return Err(EnrolError::NameTaken(taken)),
        }
        Ok(())
    }

    /// After `invalid_device_name`: the daemon's rules are not ours.
    ///
    /// # Errors
    ///
    /// [`EnrolError::NameRefused`] when there is no other name.
    pub(super) fn name_instead_of_refused(&mut self, detail: &str) -> Result<(), EnrolError> {
        let refused = self.name.clone();
        self.prompter.explain(&format!("The daemon does not accept this name: {detail}"));
        let other = another_name(self.prompter, &refused)?.filter(|name| *name != refused);
        self.name = other.ok_or_else(|| EnrolError::NameRefused { detail: detail.to_owned() })?;
        Ok(())
    }
}

fn ask_code(prompter: &mut dyn Prompter) -> Result<PairingCode, EnrolError> {
    loop {
        let typed = zeroize::Zeroizing::new(prompter.code().map_err(|error| match error {
            PromptError::EndOfInput => EnrolError::NoCode,
            PromptError::Input(_) => EnrolError::Prompt(error),
        })?);
        match PairingCode::parse(&typed) {
            Ok(code) => return Ok(code),
            Err(error) if prompter.is_interactive() => prompter.explain(&capitalised(&error.to_string())),
            Err(error) => return Err(error.into()),
        }
    }
}

fn first_name(prompter: &mut dyn Prompter, request: &EnrolRequest) -> Result<DeviceName, EnrolError> {
    let default = name_suggestion::first(&request.host_name)?;
    match request.name.as_deref().map(DeviceName::parse) {
        Some(Ok(name)) => return Ok(name),
        Some(Err(error)) if prompter.is_interactive() => prompter.explain(&capitalised(&error.to_string())),
        Some(Err(error)) => return Err(error.into()),
        None => {}
    }
    ask_name(prompter, &default)
}

/// Another name, or `None` when the input of a script has ended.
fn another_name(prompter: &mut dyn Prompter, default: &DeviceName) -> Result<Option<DeviceName>, EnrolError> {
    match ask_name(prompter, default) {
        Ok(name) => Ok(Some(name)),
        Err(EnrolError::Prompt(PromptError::EndOfInput)) if !prompter.is_interactive() => Ok(None),
        Err(error) => Err(error),
    }
}

fn ask_name(prompter: &mut dyn Prompter, default: &DeviceName) -> Result<DeviceName, EnrolError> {
    loop {
        match DeviceName::parse(&prompter.device_name(default)?) {
            Ok(name) => return Ok(name),
            Err(error) if prompter.is_interactive() => prompter.explain(&capitalised(&error.to_string())),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Error texts begin in lower case; what a person is told begins a sentence.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str() + "."
}
