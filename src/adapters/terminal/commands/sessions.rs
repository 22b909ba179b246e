//! `netclaw sessions`

use super::chat::ChatPorts;
use crate::adapters::terminal::cli::chat::{ListSessionsArgs, SessionsArgs, SessionsCommand};
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Failure, of_chat};
use crate::adapters::terminal::render::sessions;
use crate::domain::text::shown_safely;
use crate::ports::chat_api::SessionWish;

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
        SessionsCommand::Delete(args) => {
            let target = ports.client.settled_target(&args.target).await?;
            let deleted = ports.chat.delete(target.access(), &args.key).await;
            deleted.map_err(|error| of_chat(error, &target))?;
            console.result(format_args!("Deleted \"{}\".", shown_safely(&args.key)))
        }
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
