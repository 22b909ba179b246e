//! An agent that is a program.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::Duration;

use netclaw::adapters::exec::agent::{CommandAgent, CommandConfig, WorkingFolder, inherited};
use netclaw::domain::agent::{AgentKind, CommandInput};
use netclaw::domain::chat::conversation::Role;
use netclaw::domain::chat::model::ModelName;
use netclaw::ports::agent::{AgentError, AgentRequest, Answered, ChatAgent};
use tempfile::TempDir;
use tokio::task::spawn_blocking;

use super::{asked, heard};
use crate::e2e::world::mode;
use crate::fakes::chat_sessions::session;

/// A shell that does this, in a folder of its own.
struct Shell {
    folder: TempDir,
    config: CommandConfig,
}

impl Shell {
    fn doing(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = CommandConfig {
            program: "sh".to_owned(),
            arguments: ["-c", script].map(str::to_owned).to_vec(),
            input: CommandInput::JsonLines,
            folder: WorkingFolder::Own(folder.path().join("agent")),
            environment: inherited(std::env::vars_os()),
            model: None,
        };
        Self { folder, config }
    }

    fn agent(&self) -> CommandAgent {
        CommandAgent::new(self.config.clone())
    }

    async fn answers(&self, request: AgentRequest) -> (String, Result<Answered, AgentError>) {
        let heard = heard();
        let ended = self.agent().answer(request, &*heard).await;
        (heard.text(), ended)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn hi() -> AgentRequest {
    asked(&[(Role::User, "hi")])
}

fn failed(words: &str) -> Result<Answered, AgentError> {
    Err(AgentError::Failed(words.to_owned()))
}

#[tokio::test]
async fn the_conversation_comes_on_its_input_as_json_lines_or_as_text() {
    let said = [(Role::User, "one\n\"two\"\u{1b}"), (Role::Assistant, "yes"), (Role::User, "$(touch x); `id` %s\n")];
    let mut shell = Shell::doing("cat");
    let (text, ended) = shell.answers(asked(&said)).await;
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected = said.map(|(role, content)| serde_json::json!({ "role": role.name(), "content": content }));
    assert_eq!((lines, ended), (expected.to_vec(), Ok(Answered::default())));
    shell.config.input = CommandInput::Text;
    assert_eq!(shell.answers(asked(&said)).await.0, said[2].1);
    let unanswered = AgentRequest { message: "two".to_owned(), ..asked(&[(Role::User, "one\n\ntwo")]) };
    assert_eq!(shell.answers(unanswered).await.0, "two");
}

#[tokio::test]
async fn its_output_is_heard_as_it_comes_whole_characters_at_a_time() {
    let shell = Shell::doing(r#"read line; printf 'a\303'; read go < "$0.go"; printf '\274b\377c\360\237\230'"#);
    let mut config = shell.config.clone();
    config.arguments.push(shell.path("sh").to_str().unwrap().to_owned());
    let fifo = shell.path("sh.go");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let (agent, heard) = (CommandAgent::new(config), heard());
    let half = async {
        heard.until("a").await;
        assert_eq!(heard.text(), "a");
        spawn_blocking(move || std::fs::write(fifo, "go\n").unwrap()).await.unwrap();
    };
    let (ended, ()) = tokio::join!(agent.answer(hi(), &*heard), half);
    assert_eq!((heard.text().as_str(), ended), ("aüb\u{fffd}c\u{fffd}", Ok(Answered::default())));
}

#[tokio::test]
async fn what_it_says_beside_its_answer_is_a_sign_of_life() {
    let heard = heard();
    let ended = Shell::doing("echo thinking >&2").agent().answer(hi(), &*heard).await;
    assert_eq!((heard.text().as_str(), ended), ("", Ok(Answered::default())));
    assert_eq!(heard.signs_of_life.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn how_it_ends_is_how_the_turn_ends() {
    let answers = async |script: &str| Shell::doing(script).answers(hi()).await;
    assert_eq!(answers("echo hi; exit 0").await, ("hi\n".to_owned(), Ok(Answered::default())));
    let fails = "echo hi; echo first >&2; printf 'no \\033[31mkey\\n\\n' >&2; exit 3";
    assert_eq!(answers(fails).await, ("hi\n".to_owned(), failed("the agent failed (exit status: 3): no ?[31mkey")));
    assert_eq!(answers("exit 1").await.1, failed("the agent failed (exit status: 1)"));
    assert!(matches!(answers("kill -9 $$").await.1, Err(AgentError::Failed(words)) if words.contains("signal: 9")));
    let talker = "yes | head -c 3000000 >&2; echo done";
    assert_eq!(answers(talker).await, ("done\n".to_owned(), Ok(Answered::default())), "a talker is not held up");
    let deaf = "exec <&-; echo deaf";
    let long = "x".repeat(200_000);
    let (text, ended) = Shell::doing(deaf).answers(asked(&[(Role::User, &long)])).await;
    assert_eq!((text.as_str(), ended), ("deaf\n", Ok(Answered::default())), "nobody has to listen");
}

#[tokio::test]
async fn it_finds_what_names_the_turn_and_nothing_secret_in_its_environment() {
    let mut shell = Shell::doing("env");
    shell.config.environment = inherited(
        [
            ("PATH", std::env::var("PATH").unwrap().as_str()),
            ("HOME", "/home/me"),
            ("LC_ALL", "C.UTF-8"),
            ("OPENAI_API_KEY", "sk-secret"),
            ("NETCLAW_Agent__Model", "x"),
            ("NETCLAW_HOME", "/x"),
            ("NOTIFY_SOCKET", "/x"),
            ("LD_PRELOAD", ""),
        ]
        .map(|(name, value)| (name.into(), value.into())),
    );
    shell.config.environment.push(("CHOSEN_KEY".into(), "sk-chosen".into()));
    let request = AgentRequest { model: ModelName::parse("big").ok(), ..hi() };
    let (text, _) = shell.answers(request).await;
    let mut names: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    names.retain(|name| !["_", "PWD", "OLDPWD", "SHLVL"].contains(name));
    names.sort_unstable();
    let expected = ["CHOSEN_KEY", "HOME", "LC_ALL", "NETCLAW_DEVICE", "NETCLAW_MODEL", "NETCLAW_SESSION_ID", "PATH"];
    assert_eq!(names, expected);
    let session = format!("NETCLAW_SESSION_ID={}\n", session(1, None).id);
    for line in ["NETCLAW_DEVICE=laptop\n", "NETCLAW_MODEL=big\n", session.as_str()] {
        assert!(text.contains(line), "{text}");
    }
}

#[tokio::test]
async fn it_runs_in_a_private_folder_of_its_own_or_in_one_that_was_chosen() {
    let mut shell = Shell::doing("pwd -P");
    let own = shell.path("agent");
    let text = |path: &PathBuf| format!("{}\n", path.canonicalize().unwrap().display());
    assert_eq!(shell.answers(hi()).await.0, text(&own));
    assert_eq!(mode(&own), 0o700);
    let chosen = shell.path("chosen");
    shell.config.folder = WorkingFolder::Chosen(chosen.clone());
    let missing = failed(&format!("the agent's folder {} cannot be used: it is not there", chosen.display()));
    assert_eq!(shell.answers(hi()).await.1, missing);
    std::fs::create_dir(&chosen).unwrap();
    assert_eq!(shell.answers(hi()).await.0, text(&chosen));
}

#[tokio::test]
async fn what_is_not_there_or_may_not_be_run_says_so() {
    let mut shell = Shell::doing("true");
    assert_eq!(shell.agent().check().await, Ok(()));
    assert_eq!((shell.agent().kind(), shell.agent().models().await), (AgentKind::Command, Ok(Vec::new())));
    std::fs::write(shell.path("text"), "no program").unwrap();
    let text = shell.path("text").display().to_string();
    for (program, words) in [
        ("no-such-agent", "the agent no-such-agent is not installed on the daemon's host".to_owned()),
        ("./agent", "the agent ./agent is not installed on the daemon's host".to_owned()),
        (text.as_str(), format!("the agent {text} may not be run by the daemon's user")),
        ("/", "the agent / may not be run by the daemon's user".to_owned()),
    ] {
        shell.config.program = program.to_owned();
        assert_eq!(shell.answers(hi()).await.1, failed(&words));
        assert_eq!(shell.agent().check().await, Err(AgentError::Failed(words)));
    }
}

/// Both ends of a pipe that a script holds open: it ends when nobody is left who could write to it.
struct Pipe(PathBuf);

impl Pipe {
    fn beside(shell: &Shell) -> Self {
        let path = shell.path("pipe");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        Self(path)
    }

    /// Waits for the first line.
    async fn opened(&self) -> BufReader<File> {
        let path = self.0.clone();
        let opened = spawn_blocking(move || {
            let (mut pipe, mut line) = (BufReader::new(File::open(path).unwrap()), String::new());
            pipe.read_line(&mut line).unwrap();
            assert_eq!(line, "started\n");
            pipe
        });
        opened.await.unwrap()
    }
}

/// What else is written to the pipe until nobody is left.
async fn rest(mut pipe: BufReader<File>) -> String {
    let (end, ended) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).unwrap();
        end.send(text)
    });
    spawn_blocking(move || ended.recv_timeout(Duration::from_secs(60)).expect("a process is left")).await.unwrap()
}

/// What runs this script, in which the pipe is open as 3, and the pipe.
fn with_pipe(script: &str) -> (Shell, Pipe) {
    let mut shell = Shell::doing("");
    let pipe = Pipe::beside(&shell);
    shell.config.arguments = vec!["-c".to_owned(), format!("exec 3>'{}'; {script}", pipe.0.display())];
    (shell, pipe)
}

/// Lets this script begin, waits for its answer no longer, and tells what it writes to the pipe from then on.
async fn written_when_abandoned(script: &str) -> String {
    let (shell, pipe) = with_pipe(script);
    let (agent, heard) = (shell.agent(), heard());
    let pipe = tokio::select! {
        ended = agent.answer(hi(), &*heard) => panic!("{ended:?}"),
        pipe = pipe.opened() => pipe,
    };
    rest(pipe).await
}

#[tokio::test]
async fn when_nobody_waits_for_it_any_more_everything_that_it_started_is_asked_to_end() {
    let script = "(trap 'echo bye >&3; exit' TERM; echo started >&3; sleep 10000 & wait) & sleep 10000 & wait";
    assert_eq!(written_when_abandoned(script).await, "bye\n");
}

#[tokio::test]
async fn what_does_not_listen_is_ended_with_everything_that_it_started() {
    let script = "trap '' TERM; (trap '' TERM; sleep 10000) & echo started >&3; while :; do sleep 1000; done";
    assert_eq!(written_when_abandoned(script).await, "");
}

#[tokio::test]
async fn a_program_that_ends_leaves_nothing_behind_and_waits_for_nobody() {
    let (shell, pipe) = with_pipe("(trap '' TERM; sleep 10000) & echo started >&3; echo answer");
    let ((text, ended), pipe) = tokio::join!(shell.answers(hi()), pipe.opened());
    assert_eq!((text.as_str(), ended), ("answer\n", Ok(Answered::default())));
    assert_eq!(rest(pipe).await, "");
}
