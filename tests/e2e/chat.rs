//! Chat with real binaries: an agent that is a program, crashes, and what an operator sees.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::crashes::Seeded;
use super::raw_http::{Answer, Request, connect};
use super::world::{Daemon, NETCLAWD, World, mode};

/// Lives of the daemon in the test that kills it.
const ROUNDS: u32 = 60;

struct Host(World);

impl Host {
    /// A host whose agent is this script.
    fn with(script: &str) -> Self {
        let world = World::default();
        let [command, flag] = ["sh", "-c"].map(|word| json!(word));
        let settings = json!({ "Agent": { "Kind": "command", "Command": [command, flag, script] } });
        world.write("config/netclaw.json", &settings.to_string(), 0o600);
        Self(world)
    }

    fn daemon(&self) -> Daemon {
        self.0.daemon()
    }

    fn ask(&self, line: &str) -> Answer {
        Request::new(self.0.address, line).send()
    }

    fn post(&self, path: &str, body: &Value) -> Request {
        let request = Request::new(self.0.address, &format!("POST {path}"));
        request.header("Content-Type", "application/json").body(&body.to_string())
    }

    fn session(&self) -> String {
        self.post("/api/chat/sessions", &json!({})).send().json()["id"].as_str().unwrap().to_owned()
    }

    fn turn(&self, session: &str, content: &str, number: u32) -> Request {
        let body = json!({ "content": content, "requestId": format!("{number:032x}"), "resumable": true });
        self.post(&format!("/api/chat/sessions/{session}/turns"), &body)
    }

    fn messages(&self, session: &str) -> Vec<Value> {
        let found = self.ask(&format!("GET /api/chat/sessions/{session}")).json();
        found["messages"].as_array().unwrap_or_else(|| panic!("{found}")).clone()
    }
}

/// All that is answered, until the connection ends, or breaks.
fn whole(request: &Request) -> String {
    let mut text = Vec::new();
    let read = connect(IpAddr::V4(Ipv4Addr::UNSPECIFIED), request.to).and_then(|mut stream| {
        stream.write_all(request.bytes("close").as_bytes())?;
        stream.read_to_end(&mut text)
    });
    drop(read);
    String::from_utf8(text).unwrap()
}

#[test]
fn a_program_answers_and_the_log_has_its_words_beside_the_answer_only() {
    let host = Host::with("cat; echo; echo device=$NETCLAW_DEVICE; echo 'a warn\u{1b}ing' >&2");
    let daemon = host.daemon();
    let session = host.session();
    let answered = whole(&host.turn(&session, "my secret question", 1));
    assert!(answered.contains("event: done") && answered.contains("my secret question"), "{answered}");
    let messages = host.messages(&session);
    let expected = "{\"role\":\"user\",\"content\":\"my secret question\"}\n\ndevice=\n";
    assert_eq!((&messages[1]["content"], &messages[1]["outcome"]), (&json!(expected), &json!(null)));
    let log = daemon.terminate();
    assert!(log.contains("the agent says: a warn?ing") && log.contains(&session), "{log}");
    assert!(!log.contains("secret question"), "{log}");
    let file = host.0.path(&format!("state/sessions/{session}.jsonl"));
    assert_eq!((mode(&file), mode(&host.0.path("state/sessions")), mode(&host.0.path("agent"))), (0o600, 0o700, 0o700));
    let _daemon = host.daemon();
    assert_eq!(host.messages(&session), messages, "a restart loses nothing");
}

#[test]
fn d42_what_was_said_is_kept_whenever_the_daemon_is_killed() {
    let host = Host::with("read line; printf 'one '; printf 'two '; printf three");
    let mut random = Seeded::new("chat");
    let (mut session, mut expected, mut interrupted) = (String::new(), Vec::<Value>::new(), 0);
    for round in 0..ROUNDS {
        let daemon = host.daemon();
        if session.is_empty() {
            session = host.session();
        }
        let messages = host.messages(&session);
        assert!(messages.len() >= expected.len() && messages[..expected.len()] == expected[..], "round {round}");
        // What came after it was cut off: it has an answer, if only one that failed.
        assert_eq!(messages.len() % 2, 0, "round {round}: {messages:?}");
        expected = messages;
        let turn = host.turn(&session, &format!("question {round}"), round);
        let moment = Duration::from_micros(random.below(12_000));
        let answer = thread::scope(|scope| {
            let asked = scope.spawn(|| whole(&turn));
            thread::sleep(moment);
            daemon.kill();
            asked.join().unwrap()
        });
        if answer.contains("event: turn") {
            expected.push(json!({ "role": "user", "content": format!("question {round}") }));
        }
        if answer.contains("event: done") {
            expected.push(json!({ "role": "assistant", "content": "one two three" }));
        } else {
            interrupted += 1;
        }
        let daemon = host.daemon();
        let messages = host.messages(&session);
        for (said, expected) in messages.iter().zip(&expected) {
            assert_eq!(said["content"], expected["content"], "round {round}");
        }
        assert!(messages.len() >= expected.len(), "round {round}: {messages:?}");
        expected = messages;
        daemon.kill();
    }
    println!("{interrupted} of {ROUNDS} turns were interrupted");
    assert!((1..ROUNDS).contains(&interrupted), "the moments were too early or too late");
}

/// A named pipe that the agent writes to, and holds open for as long as anything of it lives.
struct Pipe(PathBuf);

impl Pipe {
    fn of(host: &Host) -> Self {
        let path = host.0.home().with_extension("pipe");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        Self(path)
    }

    fn opened(&self) -> BufReader<File> {
        let (mut pipe, mut line) = (BufReader::new(File::open(&self.0).unwrap()), String::new());
        pipe.read_line(&mut line).unwrap();
        assert_eq!(line, "started\n");
        pipe
    }
}

/// An agent that never ends, and has children of its own.
const ENDLESS: &str = "exec 3>\"$HOME_OF_TEST\"; (sleep 10000; echo x >&3) & echo started >&3; echo half; wait";

fn endless() -> (Host, Pipe) {
    let host = Host::with("");
    let pipe = Pipe::of(&host);
    let script = ENDLESS.replace("$HOME_OF_TEST", pipe.0.to_str().unwrap());
    let settings = json!({ "Agent": { "Kind": "command", "Command": ["sh", "-c", script] } });
    host.0.write("config/netclaw.json", &settings.to_string(), 0o600);
    (host, pipe)
}

#[test]
fn a_stopped_turn_leaves_no_process_behind() {
    let (host, pipe) = endless();
    let _daemon = host.daemon();
    let session = host.session();
    let turn = host.turn(&session, "hi", 1);
    let (answer, mut rest) = thread::scope(|scope| {
        let asked = scope.spawn(|| whole(&turn));
        let rest = pipe.opened();
        assert_eq!(host.ask(&format!("DELETE /api/chat/sessions/{session}/turns/1")).status, 204);
        (asked.join().unwrap(), rest)
    });
    assert!(answer.contains("event: stopped"), "{answer}");
    assert_eq!(rest.read_to_string(&mut String::new()).unwrap(), 0, "nobody is left who could write");
    assert_eq!(host.messages(&session)[1]["outcome"], "stopped");
}

#[test]
fn a_daemon_that_is_told_to_end_ends_its_turns_first() {
    let (host, pipe) = endless();
    let daemon = host.daemon();
    let session = host.session();
    let turn = host.turn(&session, "hi", 1);
    let (answer, mut rest) = thread::scope(|scope| {
        let asked = scope.spawn(|| whole(&turn));
        let rest = pipe.opened();
        daemon.terminate();
        (asked.join().unwrap(), rest)
    });
    assert!(answer.contains("event: stopped"), "{answer}");
    assert_eq!(rest.read_to_string(&mut String::new()).unwrap(), 0);
    let _daemon = host.daemon();
    assert_eq!(host.messages(&session)[1]["outcome"], "stopped");
}

/// An agent that finds out whether it is alone. It needs a moment to end when it is asked to.
const LONELY: &str = "mkdir lock || { echo not alone; exit; }; trap 'sleep 0.3; rmdir lock; exit' TERM; \
    case \"$(cat)\" in *wait*) echo waiting; sleep 10000 & wait;; *) echo alone; rmdir lock;; esac";

#[test]
fn a_program_runs_when_the_last_one_of_its_session_has_ended_and_not_before() {
    let host = Host::with("");
    let agent = json!({ "Kind": "command", "Command": ["sh", "-c", LONELY], "Input": "text" });
    host.0.write("config/netclaw.json", &json!({ "Agent": agent }).to_string(), 0o600);
    let _daemon = host.daemon();
    let session = host.session();
    let mut stream = connect(IpAddr::V4(Ipv4Addr::UNSPECIFIED), host.0.address).unwrap();
    stream.write_all(host.turn(&session, "wait", 1).bytes("close").as_bytes()).unwrap();
    let (mut lines, mut line) = (BufReader::new(stream), String::new());
    while !line.contains("waiting") {
        assert!(lines.read_line(&mut line).unwrap() > 0, "{line}");
    }
    assert_eq!(host.ask(&format!("DELETE /api/chat/sessions/{session}/turns/1")).status, 204);
    lines.read_to_string(&mut line).unwrap();
    assert!(line.contains("event: stopped"), "{line}");
    let next = whole(&host.turn(&session, "next", 2));
    assert!(next.contains("{\"text\":\"alone\\n\"}") && next.contains("event: done"), "{next}");
}

#[test]
fn a_program_has_its_limits() {
    for (limit, script, code, words) in [
        (
            json!({ "IdleTimeoutSeconds": 1 }),
            "echo half; exec sleep 10000",
            "agent_timeout",
            "said nothing for 1 seconds",
        ),
        (
            json!({ "TimeoutSeconds": 1 }),
            "while echo half; do sleep 0.1; done",
            "agent_timeout",
            "was not done after 1",
        ),
        (
            json!({ "MaxOutputBytes": 1024 }),
            "while echo half; do :; done",
            "agent_output_limit",
            "longer than 1024 bytes",
        ),
    ] {
        let host = Host::with("");
        let mut agent = json!({ "Kind": "command", "Command": ["sh", "-c", script] });
        agent.as_object_mut().unwrap().extend(limit.as_object().unwrap().clone());
        host.0.write("config/netclaw.json", &json!({ "Agent": agent }).to_string(), 0o600);
        let _daemon = host.daemon();
        let session = host.session();
        let answered = whole(&host.turn(&session, "hi", 1));
        assert!(answered.contains("event: error") && answered.contains(code) && answered.contains(words), "{answered}");
        let said = host.messages(&session).pop().unwrap();
        assert_eq!(said["outcome"], "failed");
        let text = said["content"].as_str().unwrap();
        assert!(text.starts_with("half\n") && (code != "agent_output_limit" || text.len() == 1024), "{said}");
    }
}

#[test]
fn a_full_disk_in_the_middle_of_a_message_costs_that_message_only() {
    let host =
        Host::with("q=$(cat); case \"$q\" in *everything*) head -c 200000 /dev/zero | tr '\\0' x;; *) echo yes;; esac");
    // Files of this daemon cannot grow beyond some ten kilobytes: a write beyond is cut short, and the next one fails.
    let mut command = host.0.command("sh");
    command.args(["-c", "ulimit -f 64; trap '' XFSZ; exec \"$0\"", NETCLAWD]);
    let daemon = Daemon::of(command).unwrap();
    let session = host.session();
    let file = format!("state/sessions/{session}.jsonl");
    assert!(whole(&host.turn(&session, "one", 1)).contains("event: done"));
    let before = host.0.read(&file);
    let refused = host.turn(&session, &"x".repeat(200_000), 2).send();
    assert_eq!(refused.problem(), (503, "storage_unavailable".to_owned()));
    assert_eq!(host.0.read(&file), before, "nothing of it is left");
    assert!(whole(&host.turn(&session, "two", 3)).contains("event: done"));
    let lost = whole(&host.turn(&session, "tell me everything", 4));
    assert!(lost.contains("event: error") && lost.contains("storage_unavailable"), "{lost}");
    let messages = host.messages(&session);
    assert_eq!(messages.len(), 5, "{messages:?}");
    daemon.kill();
    let _daemon = host.daemon();
    let again = host.messages(&session);
    assert_eq!((again.len(), &again[..5], &again[5]["outcome"]), (6, messages.as_slice(), &json!("failed")));
    assert!(whole(&host.turn(&session, "tell me everything", 5)).contains("event: done"));
}

#[test]
fn a_damaged_session_is_named_in_the_log_and_the_others_go_on() {
    let host = Host::with("cat");
    let daemon = host.daemon();
    let (good, bad) = (host.session(), host.session());
    daemon.terminate();
    let file = format!("state/sessions/{bad}.jsonl");
    host.0.write(&file, "{}\n", 0o600);
    let daemon = host.daemon();
    let damaged = host.ask(&format!("GET /api/chat/sessions/{bad}"));
    assert_eq!(damaged.problem(), (503, "storage_unavailable".to_owned()));
    assert!(!damaged.body.contains("state/sessions"), "{damaged:?}");
    assert!(host.messages(&good).is_empty());
    let log = daemon.terminate();
    assert!(log.contains(&file) && log.contains("is damaged"), "{log}");
    assert_eq!(host.0.read(&file), "{}\n");
}

/// A server that speaks the OpenAI API just enough, and gives the heads of what it was asked.
fn provider() -> (SocketAddr, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (asked, heads) = std::sync::mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut lines, mut head, mut length) = (BufReader::new(stream.try_clone().unwrap()), String::new(), 0);
            loop {
                let mut line = String::new();
                if lines.read_line(&mut line).unwrap() == 0 || line == "\r\n" {
                    break;
                }
                if let Some(("content-length", value)) = line.to_lowercase().trim().split_once(": ") {
                    length = value.parse().unwrap();
                }
                head.push_str(&line);
            }
            lines.read_exact(&mut vec![0; length]).unwrap();
            let (kind, body) = if head.starts_with("GET") {
                ("application/json", r#"{"data":[{"id":"tiny"}]}"#)
            } else {
                ("text/event-stream", "data: {\"choices\":[{\"delta\":{\"content\":\"pong\"}}]}\n\ndata: [DONE]\n\n")
            };
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes());
            let _ = asked.send(head);
        }
    });
    (address, heads)
}

#[test]
fn d45_a_server_is_named_and_its_key_stored_and_neither_is_told_to_anyone() {
    const KEY: &str = "sk-proj-0123456789-secret";
    let (provider, heads) = provider();
    let host = Host(World::default());
    let _stopped = super::world::Stopped(&host.0);
    let url = format!("http://{provider}/v1");
    let named = host.0.netclaw(&["init", "--agent-url", &url, "--agent-model", "tiny", "--yes"]).succeeded();
    assert!(named.stderr.contains(&format!("Agent.BaseUrl: {url}")), "{named:?}");
    let stored = host.0.netclaw_reading(&["daemon", "agent-key"], &format!("{KEY}\n")).succeeded();
    assert!(stored.stderr.contains("netclaw daemon restart") && !stored.stdout.contains(KEY), "{stored:?}");
    assert_eq!(mode(&host.0.path("config/secrets.json")), 0o600);
    let secrets: Value = serde_json::from_str(&host.0.read("config/secrets.json")).unwrap();
    assert_eq!(secrets["agentKey"], KEY);
    host.0.netclaw(&["daemon", "restart"]).succeeded();
    let answered = whole(&host.turn(&host.session(), "ping", 1));
    assert!(answered.contains("\"text\":\"pong\"") && answered.contains("event: done"), "{answered}");
    let head = heads.recv().unwrap();
    assert!(head.to_lowercase().contains(&format!("authorization: bearer {KEY}")), "{head}");
    let doctor = host.0.netclaw(&["doctor", "--format", "json"]);
    assert!(doctor.stdout.contains("has the model tiny"), "{doctor:?}");
    assert!(!host.0.read("logs/daemon.log").contains(KEY) && !host.0.read("config/netclaw.json").contains(KEY));
    host.0.netclaw(&["daemon", "agent-key", "--remove"]).succeeded();
    assert!(!host.0.read("config/secrets.json").contains(KEY));
    host.0.netclaw_reading(&["daemon", "agent-key"], "").failed(2, "the input ended");
    for input in ["two words\n", "schlüssel\n", "\n"] {
        host.0.netclaw_reading(&["daemon", "agent-key"], input).failed(1, "that is no key");
    }
    host.0.netclaw(&["init", "--agent-url", "none", "--yes"]).succeeded();
    assert_eq!(host.ask("GET /api/agent").problem(), (404, "no_agent".to_owned()));
}

#[test]
fn d45_the_key_can_come_from_the_daemons_environment() {
    const KEY: &str = "sk-from-the-environment";
    let (provider, heads) = provider();
    let host = Host(World::default());
    let agent = json!({ "Kind": "openai", "BaseUrl": format!("http://{provider}/v1"), "ApiKeyVariable": "MY_KEY" });
    host.0.write("config/netclaw.json", &json!({ "Agent": agent }).to_string(), 0o600);
    let mut command = host.0.command(NETCLAWD);
    command.env("MY_KEY", KEY);
    let daemon = Daemon::of(command).unwrap();
    let asked = host.0.netclaw(&["chat", "-p", "ping"]).succeeded();
    assert_eq!(asked.stdout, "pong\n");
    // The models are asked for first, as none is configured.
    for line in ["GET /v1/models ", "POST /v1/chat/completions "] {
        let head = heads.recv().unwrap();
        assert!(head.starts_with(line) && head.to_lowercase().contains(&format!("bearer {KEY}\r\n")), "{head}");
    }
    assert!(!daemon.terminate().contains(KEY));
}

#[test]
fn the_key_outlives_every_change_of_the_other_credentials() {
    let host = World::default();
    let _daemon = host.daemon();
    let client = super::world::client_of(&host);
    client.netclaw_reading(&["daemon", "agent-key"], "sk-one\n").succeeded();
    let key = || serde_json::from_str::<Value>(&client.read("config/secrets.json")).unwrap()["agentKey"].clone();
    client.netclaw_reading(&["pair", &host.endpoint(), "--name", "laptop"], &host.code()).succeeded();
    assert_eq!(key(), "sk-one");
    client.netclaw_reading(&["daemon", "agent-key"], "sk-\"two\\\n").succeeded();
    client.netclaw(&["status"]).succeeded();
    client.netclaw(&["unpair"]).succeeded();
    assert_eq!(key(), "sk-\"two\\");
}

#[test]
fn doctor_says_what_is_wrong_with_a_program() {
    let host = World::default();
    let agent = |words: &[&str]| host.netclaw(&[&["doctor", "--format", "json"], words].concat()).stdout;
    for (program, message) in
        [("sh", "the program sh can be run"), ("no-such-agent", "the agent no-such-agent is not installed")]
    {
        let settings = json!({ "Agent": { "Kind": "command", "Command": [program] } });
        host.write("config/netclaw.json", &settings.to_string(), 0o600);
        let shown = agent(&[]);
        assert!(shown.contains(message), "{shown}");
    }
}
