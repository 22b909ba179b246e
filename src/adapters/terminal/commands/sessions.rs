//! `netclaw sessions`

use super::chat::ChatPorts;
use crate::adapters::terminal::cli::chat::{DeleteSessionArgs, ListSessionsArgs, SessionsArgs, SessionsCommand};
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Exit, Failure, of_chat, of_prompt};
use crate::adapters::terminal::render::sessions;
use crate::domain::text::shown_safely;
use crate::ports::chat_api::{ChatError, Refusal, SessionWish};

pub(super) async fn run(args: SessionsArgs, ports: &ChatPorts<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    match args.command.unwrap_or(SessionsCommand::List(args.list)) {
        SessionsCommand::List(args) => list(&args, ports, console).await,
        SessionsCommand::Show(args) => show(&args.key, &args.list, ports, console).await,
        SessionsCommand::Rename(args) => {
            let wish = SessionWish { name: Some(args.new), model: None };
            let target = ports.client.settled_target(&args.target).await?;
            let renamed = ports.chat.change(target.access(), &args.key, &wish).await;
            let name = renamed.map_err(|error| of_chat(error, &target))?.name.unwrap_or_default();
            console.result(format_args!("Renamed \"{}\" to \"{name}\".", shown_safely(&args.key)))
        }
        SessionsCommand::Delete(args) if args.keys.is_empty() => clear(&args, ports, console).await,
        SessionsCommand::Delete(args) => delete(&args, ports, console).await,
    }
}

async fn list(args: &ListSessionsArgs, ports: &ChatPorts<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let target = ports.client.settled_target(&args.target).await?;
    let all = ports.chat.sessions(target.access()).await.map_err(|error| of_chat(error, &target))?;
    if args.json {
        return console.json(&sessions::list_document(all));
    }
    sessions::lines(&all, None).iter().try_for_each(|line| console.result(line))
}

async fn show(
    key: &str,
    args: &ListSessionsArgs,
    ports: &ChatPorts<'_>,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let target = ports.client.settled_target(&args.target).await?;
    let found = ports.chat.transcript(target.access(), key).await.map_err(|error| of_chat(error, &target))?;
    if args.json {
        return console.json(&sessions::transcript_document(found));
    }
    sessions::transcript_lines(&found).iter().try_for_each(|line| console.result(line))
}

/// Deletes the named ones. What is wrong with one of them does not keep the others.
async fn delete(args: &DeleteSessionArgs, ports: &ChatPorts<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let target = ports.client.settled_target(&args.target).await?;
    let mut ended = Ok(());
    for key in &args.keys {
        match ports.chat.delete(target.access(), key).await {
            Ok(()) => console.result(format_args!("Deleted \"{}\".", shown_safely(key)))?,
            Err(error @ ChatError::Refused { .. }) if args.keys.len() > 1 => {
                console.note(format_args!("error: \"{}\": {error}", shown_safely(key)));
                ended = Err(Failure::silent(Exit::Failed));
            }
            Err(error) => return Err(of_chat(error, &target)),
        }
    }
    if ended.is_err() {
        console.hint("all are listed by: netclaw sessions");
    }
    ended
}

/// Deletes those that the options describe, after a yes.
async fn clear(args: &DeleteSessionArgs, ports: &ChatPorts<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let target = ports.client.settled_target(&args.target).await?;
    let described = async || {
        let all = ports.chat.sessions(target.access()).await.map_err(|error| of_chat(error, &target))?;
        Ok::<_, Failure>(args.clearing().of(all, ports.client.clock.now().wall))
    };
    let mut chosen = described().await?;
    if chosen.is_empty() {
        return console.result("There are no such sessions.");
    }
    let count = counted(chosen.len());
    if !args.yes {
        sessions::lines(&chosen, None).iter().for_each(|line| console.note(line));
        if !ports.input_is_terminal {
            return Err(Failure::new(Exit::Usage, format!("nobody is there to agree to the end of {count}"))
                .hint("to delete them without a question, add: --yes"));
        }
        let question = format!("Delete {count} and what was said in them? [y/N] ");
        if !ports.consent.agrees(&question).await.map_err(of_prompt)? {
            console.note("Nothing was deleted.");
            return Ok(());
        }
        // Someone may have gone on with one of them, or named it, while the question stood there.
        let still = described().await?;
        chosen.retain(|session| still.iter().any(|same| same.id == session.id));
    }
    for (session, number) in chosen.iter().zip(1..) {
        console.progress(format_args!("Deleting {number} of {} …", chosen.len()));
        match ports.chat.delete(target.access(), session.id.as_str()).await {
            // Someone else was faster.
            Ok(()) | Err(ChatError::Refused { why: Refusal::NoSession, .. }) => {}
            Err(error) => {
                console.end_progress();
                return Err(of_chat(error, &target));
            }
        }
    }
    console.end_progress();
    console.result(format_args!("Deleted {}.", counted(chosen.len())))
}

fn counted(sessions: usize) -> String {
    if sessions == 1 { "1 session".to_owned() } else { format!("{sessions} sessions") }
}
