//! The errors of the client's use cases.

use super::api::{link_over, unauthorized, wrong_code};
use super::{Exit, Failure, of_api, of_load_settings, of_prompt, trust};
use crate::adapters::terminal::ENDPOINT_VARIABLE;
use crate::app::client::ask_status::AskStatusError;
use crate::app::client::daemons::ChooseError;
use crate::app::client::enrol::{EnrolError, Invitation};
use crate::app::client::target::{Choice, InvalidEnvironment, TargetError};
use crate::app::client::unpair::{Ending, UnpairError};
use crate::ports::credential_store::CredentialStoreError;
use crate::ports::daemon_api::{ApiError, Rejection};

/// No daemon could be chosen.
pub fn of_target(error: TargetError) -> Failure {
    match error {
        TargetError::Environment(InvalidEnvironment(why)) => {
            Failure::new(Exit::Usage, format!("{ENDPOINT_VARIABLE} is not an endpoint: {why}"))
                .hint(format!("set it like this: {ENDPOINT_VARIABLE}=http://my-server:5199"))
        }
        TargetError::Daemon(error) => of_choice(error),
        TargetError::Credentials(error) => of_credentials(error),
        TargetError::Settings(error) => of_load_settings(error),
    }
}

/// What was typed names no daemon.
pub fn of_choice(error: ChooseError) -> Failure {
    let failure = Failure::new(Exit::Usage, error.to_string());
    match error {
        ChooseError::Unknown(_) => failure.hint("the daemons of this device are shown by: netclaw daemons"),
        ChooseError::Ambiguous { candidates, .. } => {
            candidates.iter().fold(failure, |failure, daemon| failure.hint(format!("one of them has the id {daemon}")))
        }
    }
}

/// `netclaw status` has no answer.
pub fn of_status(error: AskStatusError, choice: &Choice) -> Failure {
    match error {
        AskStatusError::Unauthorized { had_credential: true } => unauthorized()
            .hint(format!("pair again: netclaw pair {}", choice.endpoint))
            .hint("it was revoked or has expired; on the host, what is left is listed by: netclaw daemon devices"),
        AskStatusError::Unauthorized { had_credential: false } => {
            unauthorized().hint(format!("this device is not paired there; run: netclaw pair {}", choice.endpoint))
        }
        AskStatusError::Api(error) => of_api(error, choice),
    }
}

/// `netclaw unpair` left the pairing as it was.
pub fn of_unpair(error: UnpairError, choice: &Choice) -> Failure {
    match error {
        UnpairError::NotPaired => {
            Failure::new(Exit::Failed, format!("this device is not paired with a daemon at {}", choice.endpoint))
                .hint(format!("pair it with: netclaw pair {}", choice.endpoint))
        }
        UnpairError::Api(error @ (ApiError::Unreachable { .. } | ApiError::NotADaemon { .. })) => of_api(error, choice)
            .hint("nothing was forgotten; if the daemon is gone for good, run: netclaw unpair --forget"),
        UnpairError::Api(ApiError::Rejected { why: Rejection::StorageUnavailable, detail }) => {
            Failure::new(Exit::Failed, format!("the daemon could not revoke this device: {detail}"))
                .hint("nothing was forgotten; for the cause, run on the host: netclaw daemon logs")
                .hint("then try again: netclaw unpair")
        }
        UnpairError::Api(
            error @ (ApiError::WrongKey { .. } | ApiError::Unprotected(_) | ApiError::Forged { .. }),
        ) => of_api(error, choice).hint("or forget it here, and revoke it on the host: netclaw unpair --forget"),
        UnpairError::Api(error @ ApiError::Rejected { .. }) => of_api(error, choice),
        error @ UnpairError::Overtaken => Failure::new(Exit::Failed, error.to_string())
            .hint("nothing was forgotten; try again: netclaw unpair"),
        UnpairError::NotForgotten { error, ending } => of_credentials(error).hint(match ending {
            Ending::Revoked | Ending::WasRevoked => {
                "the daemon has revoked this device already; what is stored here is of no use any more"
            }
            Ending::NotAsked => {
                "the daemon was not asked and still accepts this device; to revoke it, run there: netclaw daemon devices"
            }
        }),
    }
}

/// `netclaw pair` did not pair, or not quite.
pub fn of_enrol(error: EnrolError, choice: &Choice, invitation: &Invitation) -> Failure {
    // A link does not belong on a command line: it is pasted again.
    let (pair, secret) = match invitation {
        Invitation::Address(endpoint) => (format!("netclaw pair {endpoint}"), "code"),
        Invitation::Link(_) => ("netclaw pair".to_owned(), "link"),
    };
    let usage = |message: String| Failure::new(Exit::Usage, message);
    match error {
        EnrolError::Credentials(error) => of_credentials(error).hint(format!("no pairing {secret} was used")),
        EnrolError::Api(error) => of_api(error, choice),
        EnrolError::Unprotected(_) => trust::unprotected_pairing(&choice.endpoint),
        EnrolError::NotTheLinksKey { expected, found } => trust::not_the_links_key(&choice.endpoint, expected, found),
        EnrolError::LinkOver => link_over(),
        EnrolError::LinkRefused => trust::link_refused(&choice.endpoint),
        EnrolError::InBetween(why) => trust::in_between(&choice.endpoint, why),
        EnrolError::NoHandshakes => trust::no_handshakes(&choice.endpoint),
        EnrolError::Random(error) => Failure::new(Exit::Failed, error.to_string()),
        EnrolError::AnswerLost { cause } => {
            Failure::new(Exit::Unreachable, format!("the daemon's answer to the {secret} was lost: {cause}"))
                .hint(format!("try again with the same {secret}: {pair}"))
                .hint("if that is gone, this device may be listed there already: netclaw daemon devices")
        }
        EnrolError::Prompt(error) => of_prompt(error),
        EnrolError::NoCode => usage("no pairing code was given".to_owned())
            .hint("type it when asked, or send it on the first line of stdin")
            .hint("the host shows one with: netclaw daemon pair"),
        EnrolError::Code(error) => usage(error.to_string()).hint("no attempt was spent; type it as the host shows it"),
        EnrolError::Name(error) => usage(error.to_string()).hint(format!("choose another one: {pair} --name NAME")),
        EnrolError::NameRefused { detail } => {
            Failure::new(Exit::Failed, format!("the daemon does not accept the device name: {detail}"))
                .hint(format!("the {secret} is still valid; choose another name: {pair} --name NAME"))
        }
        EnrolError::NameTaken(name) => {
            Failure::new(Exit::Failed, format!("another device is already named \"{name}\""))
                .hint(format!("the {secret} is still valid; choose another name: {pair} --name NAME"))
                .hint(format!("or revoke the other one on the host: netclaw daemon devices revoke \"{name}\""))
        }
        EnrolError::NotConfirmed(why) => Failure::new(Exit::Refused, why.to_string()).hint(format!(
            "the {secret} is spent and nothing was stored; ask for another one: netclaw daemon pair --confirm"
        )),
        error @ EnrolError::HostNameTaken => Failure::new(Exit::Failed, error.to_string())
            .hint("on the host, see who has it: netclaw daemon devices")
            .hint("then revoke or rename that device there; the code is still valid, so try again")
            .hint("or get a code for another name on the host: netclaw daemon pair --name NAME"),
        EnrolError::WrongCode => wrong_code(),
        EnrolError::NotSaved { error, device, revoked } => {
            let failure = of_credentials(error);
            if revoked {
                failure.hint(format!("the daemon has revoked the new device again; the {secret} is used up"))
            } else {
                let revoke = format!("netclaw daemon devices revoke \"{device}\"");
                failure.hint(format!("the daemon still lists the new device; on the host, run: {revoke}"))
            }
        }
        EnrolError::NotVerified(error) => {
            let failure = of_api(error, choice);
            let message = failure.message.clone().unwrap_or_default();
            Failure { message: Some(format!("the device was paired and stored, but then: {message}")), ..failure }
                .hint("try it with: netclaw status")
        }
    }
}

/// The client's own files cannot be used.
pub fn of_credentials(error: CredentialStoreError) -> Failure {
    match error {
        CredentialStoreError::Damaged { cause, repair } => Failure::new(Exit::Failed, cause).hint(repair),
        CredentialStoreError::Storage(error) => Failure::new(Exit::Failed, error.to_string())
            .hint("make room, or make the folder writable for this user, then run the command again")
            .hint("or name another home: export NETCLAW_HOME=/path/to/folder"),
    }
}
