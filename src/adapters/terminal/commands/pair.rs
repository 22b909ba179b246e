//! `netclaw pair`

use thiserror::Error;
use zeroize::Zeroizing;

use super::ClientPorts;
use crate::adapters::terminal::cli::{PairArgs, TypedPlace};
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Exit, Failure, of_enrol, of_prompt};
use crate::adapters::terminal::render::paired;
use crate::app::client::enrol::{Enrol, EnrolRequest, Invitation};
use crate::app::client::target::{Choice, Rule};
use crate::domain::endpoint::{Endpoint, EndpointError};
use crate::domain::pairing_link::{LinkError, PairingLink};
use crate::ports::prompter::{PromptError, Prompter};

/// What can be given.
const LOOKS_LIKE: &str =
    "it looks like this: netclaw pair http://my-server:5199, or netclaw://my-server:5199/?c=…#p=… on stdin";

/// Stands for "ask me", as in other tools.
const FROM_STDIN: &str = "-";

pub(super) async fn run(args: PairArgs, ports: ClientPorts<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let ClientPorts { api, credentials, prompter, clock, rng, host_name, .. } = ports;
    let invitation = match args.endpoint.as_ref().map(TypedPlace::as_str).filter(|typed| *typed != FROM_STDIN) {
        Some(typed) => {
            if PairingLink::is_meant_by(typed) {
                console.hint("other users of this machine could see the link in the list of processes");
                console.hint(
                    "run `netclaw pair` without it and paste it, or send it on stdin: echo 'LINK' | netclaw pair",
                );
            }
            invitation(typed).map_err(|why| not_usable(&why).hint(example(typed, &why)))?
        }
        None => ask(prompter)?,
    };
    let choice = Choice { endpoint: invitation.endpoint().clone(), rule: Rule::Argument };
    let request = EnrolRequest { invitation: invitation.clone(), name: args.name, host_name };
    let enrolled = Enrol { api, credentials, prompter, clock, rng }.run(request).await;
    let enrolled = enrolled.map_err(|error| of_enrol(error, &choice, &invitation))?;
    for replaced in &enrolled.replaced {
        console.note(paired::note(replaced));
    }
    if args.json { console.json(&paired::document(&enrolled)) } else { console.result(paired::line(&enrolled)) }
}

/// Asks for a link or an address.
fn ask(prompter: &mut dyn Prompter) -> Result<Invitation, Failure> {
    loop {
        let typed = prompter.place().map(Zeroizing::new).map_err(|error| match error {
            PromptError::EndOfInput => Failure::new(Exit::Usage, "neither a link nor an address was given")
                .hint("paste the link when asked, or send it on the first line of stdin")
                .hint("the host shows one with: netclaw daemon pair --link"),
            PromptError::Input(_) => of_prompt(error),
        })?;
        match invitation(&typed) {
            Ok(invitation) => return Ok(invitation),
            Err(why) if prompter.is_interactive() => {
                prompter.explain(&format!(
                    "That cannot be used: {why}. The host shows a link with: netclaw daemon pair --link"
                ));
            }
            // What was sent is not repeated: it may be a code.
            Err(why) => return Err(not_usable(&why).hint(LOOKS_LIKE)),
        }
    }
}

/// Why what was typed is neither a link nor an address.
#[derive(Debug, Error)]
enum NotUsable {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error(transparent)]
    Address(#[from] EndpointError),
}

fn invitation(typed: &str) -> Result<Invitation, NotUsable> {
    let typed = typed.trim();
    if PairingLink::is_meant_by(typed) {
        return Ok(Invitation::Link(PairingLink::parse(typed)?));
    }
    Ok(Invitation::Address(Endpoint::parse(typed)?))
}

fn not_usable(why: &NotUsable) -> Failure {
    match why {
        NotUsable::Link(why) => Failure::new(Exit::Usage, format!("the link cannot be used: {why}"))
            .hint("copy the whole line; no attempt was spent, and the host shows another one with: netclaw daemon pair --link"),
        NotUsable::Address(why) => Failure::new(Exit::Usage, format!("the endpoint cannot be used: {why}")),
    }
}

/// What to type instead. The text itself is not repeated where it may contain a password or a link's secret.
fn example(text: &str, why: &NotUsable) -> String {
    match why {
        NotUsable::Address(EndpointError::NoScheme) if !text.contains("://") && !text.contains('@') => {
            format!("try: netclaw pair http://{text}")
        }
        NotUsable::Address(_) | NotUsable::Link(_) => LOOKS_LIKE.to_owned(),
    }
}
