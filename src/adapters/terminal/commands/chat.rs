//! `netclaw chat`

use std::io::{Read, Write};

use super::{ClientPorts, sessions};
use crate::adapters::terminal::chat::output::Output;
use crate::adapters::terminal::chat::screen::TerminalScreen;
use crate::adapters::terminal::chat::script::{self, ScriptListener};
use crate::adapters::terminal::cli::chat::{ChatArgs, ChatCommand};
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Exit, Failure, interrupted, of_conversation, of_errand, of_gone};
use crate::adapters::terminal::render::reply;
use crate::app::client::chat::conversation::{Conversation, Opening, Over};
use crate::app::client::chat::errand::{self, Errand, Reply};
use crate::app::client::chat::line::Line;
use crate::app::client::chat::turn::{Asker, Turns};
use crate::app::client::target::Target;
use crate::ports::chat_api::ChatApi;
use crate::ports::chat_history::ChatHistory;
use crate::ports::consent::Consent;
use crate::ports::interrupts::Interrupts;

/// What the commands that talk to the agent stand on.
pub struct ChatPorts<'a> {
    /// What every command of a device stands on.
    pub client: ClientPorts<'a>,
    /// The daemon's routes for chats.
    pub chat: &'a dyn ChatApi,
    /// The signals.
    pub interrupts: &'a mut dyn Interrupts,
    /// What was entered before.
    pub history: Box<dyn ChatHistory>,
    /// Who says yes.
    pub consent: &'a dyn Consent,
    /// What a script sends.
    pub input: &'a mut (dyn Read + Send),
    /// Whether `input` is a terminal.
    pub input_is_terminal: bool,
    /// Where answers are written.
    pub output: Box<dyn Write + Send>,
    /// Whether `output` is a terminal.
    pub output_is_terminal: bool,
}

/// Runs a command that talks to the agent.
///
/// # Errors
///
/// [`Failure`], to be printed; its exit code is the command's.
pub async fn run_chat(command: ChatCommand, ports: ChatPorts<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    match command {
        ChatCommand::Chat(args) => run(args, ports, console).await,
        ChatCommand::Sessions(args) => sessions::run(args, &ports, console).await,
    }
}

async fn run(args: ChatArgs, mut ports: ChatPorts<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let Some(message) = message(&args, &mut ports)? else { return converse(args, ports, console).await };
    let target = ports.client.settled_target(&args.target).await?;
    let ChatArgs { resume, model, json, .. } = args;
    let errand = Errand { session: resume, model: model.map(|model| model.to_string()), message };
    let line = line(ports.chat, &ports.client, target);
    let turns = turns(&line, &ports.client, Asker::Script);
    let mut output = Output::start(ports.output);
    let mut listener = ScriptListener::new(&mut output, console, !json);
    let asked = errand::run(&turns, errand, &mut listener, ports.interrupts).await;
    let reply = asked.map_err(|error| of_errand(error, &line.target()))?;
    if json {
        return print(&reply, &mut output, ports.interrupts, console).await;
    }
    // The answer is there as far as it goes, and so the command has done its work.
    let reason = reply.completion.finish_reason.as_deref();
    reason.and_then(reply::cut_off).into_iter().for_each(|words| console.warning(words));
    Ok(())
}

/// The message of a script; `None` when a person is there to chat.
fn message(args: &ChatArgs, ports: &mut ChatPorts<'_>) -> Result<Option<String>, Failure> {
    let message = match args.prompt.as_deref() {
        Some("-") => script::message(ports.input)?,
        Some(prompt) => prompt.to_owned(),
        None if !ports.input_is_terminal => script::message(ports.input)?,
        None if args.json => {
            return Err(Failure::new(Exit::Usage, "--json is for one question")
                .hint("ask it like this: netclaw chat --json -p \"What is new?\""));
        }
        None if !ports.output_is_terminal => {
            return Err(Failure::new(Exit::Usage, "a chat needs a terminal, and the output is none")
                .hint("ask one question instead: netclaw chat -p \"What is new?\""));
        }
        None => return Ok(None),
    };
    script::checked(message).map(Some)
}

/// Prints an answer as a document, unless a signal comes first: nobody may be reading.
async fn print(
    reply: &Reply,
    output: &mut Output,
    interrupts: &mut dyn Interrupts,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let mut text = Vec::new();
    let mut document = Console { out: &mut text, err: console.err, err_is_terminal: console.err_is_terminal };
    document.json(&reply::document(reply))?;
    tokio::select! {
        biased;
        interrupt = interrupts.next() => Err(interrupted(interrupt)),
        written = output.write(text) => written.map_err(of_gone),
    }
}

async fn converse(args: ChatArgs, ports: ChatPorts<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let target = ports.client.settled_target(&args.target).await?;
    let line = line(ports.chat, &ports.client, target);
    let (turns, target) = (turns(&line, &ports.client, Asker::Person), line.target());
    let mut screen = TerminalScreen::new(Output::start(ports.output), console, &target, ports.history);
    let opening = Opening { session: args.resume, model: args.model.map(|model| model.to_string()) };
    let over = Conversation::new(turns, &mut screen, ports.interrupts).run(opening).await;
    match over.map_err(|error| of_conversation(error, &line.target()))? {
        Over::Ended => Ok(()),
        Over::Interrupted(interrupt) => Err(interrupted(interrupt)),
    }
}

fn line<'a>(chat: &'a dyn ChatApi, client: &'a ClientPorts<'_>, target: Target) -> Line<'a> {
    Line::new(chat, client.api, client.credentials, target)
}

fn turns<'a>(line: &'a Line<'_>, client: &'a ClientPorts<'_>, asker: Asker) -> Turns<'a> {
    Turns { line, clock: client.clock, rng: client.rng, asker }
}
