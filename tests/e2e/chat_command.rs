//! Chats of scripts: the two real binaries, and a program as the agent.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{ChildStdout, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::world::{NETCLAW, World, client_of};

/// An agent that repeats what it hears, and does more at a word.
const AGENT: &str = r#"
q=$(cat)
case "$q" in
*hello*) printf 'You said: %s\n\n\n' "hello";;
*wait*) echo waiting; while [ ! -e "$0" ] && [ -d "${0%/*}" ]; do sleep 0.02; done; echo done;;
*for-ever*) while :; do echo more; done;;
*colour*) printf '\033[31mred\033[0m \033]0;title\007\302\2332Jplain\r\n';;
*broken*) printf half; exit 3;;
*much*) head -c 200000 /dev/zero | tr '\0' x;;
*) printf 'You said: %s\n\n\n' "$q";;
esac
"#;

/// A host with an agent, which waits at the word `wait` for a file called `go` in its home.
pub fn host_with_agent() -> World {
    let host = World::default();
    let go = host.path("go");
    let command = ["/bin/sh", "-c", AGENT, go.to_str().unwrap()];
    configure(&host, serde_json::json!({"Kind": "command", "Command": command, "Input": "text"}));
    host
}

/// A host that has none.
pub fn host_without_agent() -> World {
    let host = World::default();
    configure(&host, serde_json::json!({}));
    host
}

pub fn configure(host: &World, agent: Value) {
    let (ip, port) = (host.address.ip().to_string(), host.address.port());
    let settings = serde_json::json!({"configVersion": 1, "Daemon": {"Host": ip, "Port": port}, "Agent": agent});
    host.write("config/netclaw.json", &settings.to_string(), 0o600);
}

pub fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn one_question_has_one_answer_with_one_line_feed_at_its_end() {
    let host = host_with_agent();
    let _daemon = host.daemon();
    let asked = host.netclaw(&["chat", "-p", "hello"]).succeeded();
    assert_eq!((asked.stdout.as_str(), asked.stderr.as_str()), ("You said: hello\n", ""));
    let asked = host.netclaw(&["chat", "-p", "-leading dash"]).succeeded();
    assert_eq!(asked.stdout, "You said: -leading dash\n");
    for arguments in [&["chat", "-p", "-"] as &[&str], &["chat"]] {
        let asked = host.netclaw_reading(arguments, "two\nlines").succeeded();
        assert_eq!(asked.stdout, "You said: two\nlines\n");
    }
    let document = json(&host.netclaw(&["chat", "--json", "-p", "hello"]).succeeded().stdout);
    assert_eq!(document["response"], "You said: hello\n\n\n", "exactly as the agent said it");
    assert_eq!(document["sessionId"].as_str().unwrap().len(), 16);
    assert!(document["usage"].is_null());
    assert!(document["ttftMs"].as_u64().unwrap() <= document["totalMs"].as_u64().unwrap());
    let keys: Vec<&String> = document.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["sessionId", "response", "usage", "ttftMs", "totalMs"]);
}

#[test]
fn what_an_agent_says_cannot_command_a_terminal() {
    let host = host_with_agent();
    let _daemon = host.daemon();
    let asked = host.netclaw(&["chat", "-p", "colour"]).succeeded();
    assert_eq!(asked.stdout, "red plain\n");
    let asked = host.netclaw(&["chat", "-p", "colour", "--json"]).succeeded();
    assert!(!asked.stdout.trim_end().chars().any(char::is_control), "{:?}", asked.stdout);
    assert_eq!(json(&asked.stdout)["response"], "\u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7}\u{9b}2Jplain\r\n");
    let shown = host.netclaw(&["sessions", "show", json(&asked.stdout)["sessionId"].as_str().unwrap()]).succeeded();
    assert!(shown.stdout.ends_with("red plain\n"), "{}", shown.stdout);
}

#[test]
fn sessions_are_begun_by_name_gone_on_with_listed_renamed_and_deleted() {
    let host = host_with_agent();
    let _daemon = host.daemon();
    assert_eq!(host.netclaw(&["sessions"]).succeeded().stdout, "No chat sessions.\n");
    for question in ["one", "two"] {
        host.netclaw(&["chat", "--resume", "my plans", "-p", question]).succeeded();
    }
    let listed = json(&host.netclaw(&["sessions", "--json"]).succeeded().stdout);
    let session = &listed["sessions"][0];
    assert_eq!((listed["sessions"].as_array().unwrap().len(), &session["name"]), (1, &"my plans".into()));
    assert_eq!((&session["messageCount"], &session["preview"]), (&4.into(), &"one".into()));
    let id = session["id"].as_str().unwrap();
    let table = host.netclaw(&["sessions", "list"]).succeeded().stdout;
    assert!(table.starts_with("Id ") && table.lines().nth(1).unwrap().starts_with(id), "{table}");
    let shown = json(&host.netclaw(&["sessions", "show", "MY PLANS", "--json"]).succeeded().stdout);
    let contents: Vec<&Value> = shown["messages"].as_array().unwrap().iter().map(|said| &said["content"]).collect();
    assert_eq!(contents, ["one", "You said: one\n\n\n", "two", "You said: two\n\n\n"]);
    let renamed = host.netclaw(&["sessions", "rename", "my plans", "old"]).succeeded();
    assert_eq!(renamed.stdout, "Renamed \"my plans\" to \"old\".\n");
    host.netclaw(&["sessions", "rename", "old", "a/b"]).failed(1, "must not contain");
    host.netclaw(&["sessions", "delete", "old"]).succeeded();
    host.netclaw(&["sessions", "delete", "old"]).failed(1, "no such session");
    host.netclaw(&["chat", "--resume", id, "-p", "x"]).failed(1, "no such session");
}

/// The names of all sessions, as often as they are there.
fn session_names(host: &World) -> Vec<Value> {
    let listed = json(&host.netclaw(&["sessions", "--json"]).succeeded().stdout);
    listed["sessions"].as_array().unwrap().iter().map(|session| session["name"].clone()).collect()
}

#[test]
fn several_sessions_are_deleted_by_name_and_the_rest_by_what_they_are() {
    let host = host_with_agent();
    let _daemon = host.daemon();
    for name in ["a", "b", "keep"] {
        host.netclaw(&["chat", "--resume", name, "-p", "hello"]).succeeded();
    }
    for _ in 0..3 {
        host.netclaw(&["chat", "-p", "hello"]).succeeded();
    }
    let deleted = host.netclaw(&["sessions", "delete", "a", "nobody", "b"]).failed(1, "\"nobody\": ");
    assert_eq!(deleted.stdout, "Deleted \"a\".\nDeleted \"b\".\n");
    let old = host.netclaw(&["sessions", "delete", "--unnamed", "--older-than", "1h"]).succeeded();
    assert_eq!(old.stdout, "There are no such sessions.\n");
    let asked = host.netclaw(&["sessions", "delete", "--unnamed"]).failed(2, "nobody is there to agree");
    assert!(asked.stderr.contains("--yes") && session_names(&host).len() == 4, "{asked:?}");
    let cleared = host.netclaw(&["sessions", "delete", "--unnamed", "--yes"]).succeeded();
    assert_eq!((cleared.stdout.as_str(), session_names(&host)), ("Deleted 3 sessions.\n", vec!["keep".into()]));
    for wrong in [&["--older-than", "soon"] as &[&str], &["--older-than=-5d"], &["--unnamed", "keep"], &[]] {
        assert_eq!(host.netclaw(&[&["sessions", "delete"], wrong].concat()).code, 2, "{wrong:?}");
    }
}

#[test]
fn a_question_that_nobody_answers_leaves_no_session() {
    let host = host_without_agent();
    let _daemon = host.daemon();
    host.netclaw(&["chat", "-p", "hello"]).failed(1, "no agent");
    assert_eq!(host.netclaw(&["sessions"]).succeeded().stdout, "No chat sessions.\n");
}

#[test]
fn one_session_is_gone_on_with_from_another_device() {
    let host = host_with_agent();
    let _daemon = host.daemon();
    let devices = ["laptop", "phone"].map(|name| {
        let device = client_of(&host);
        device.netclaw_reading(&["pair", &host.endpoint(), "--name", name], &host.code()).succeeded();
        device
    });
    let [laptop, phone] = &devices;
    for (device, question) in [(laptop, "one"), (phone, "two"), (laptop, "three")] {
        let asked = device.netclaw(&["chat", "--resume", "plans", "-p", question]).succeeded();
        assert_eq!(asked.stdout, format!("You said: {question}\n"));
    }
    let shown = json(&phone.netclaw(&["sessions", "show", "plans", "--json"]).succeeded().stdout);
    let messages = shown["messages"].as_array().unwrap();
    let asked: Vec<_> = messages.iter().step_by(2).map(|said| (&said["device"], &said["content"])).collect();
    let expected = [("laptop", "one"), ("phone", "two"), ("laptop", "three")].map(|(a, b)| (a.into(), b.into()));
    assert_eq!(asked, expected.iter().map(|(device, said): &(Value, Value)| (device, said)).collect::<Vec<_>>());
    host.netclaw(&["daemon", "devices", "revoke", "laptop"]).succeeded();
    laptop.netclaw(&["chat", "--resume", "plans", "-p", "four"]).failed(3, "Authentication failed");
    phone.netclaw(&["chat", "--resume", "plans", "-p", "four"]).succeeded();
    assert_eq!(host.netclaw(&["sessions", "--json"]).succeeded().stdout.matches("\"plans\"").count(), 1);
}

#[test]
fn every_way_to_fail_has_its_exit_code() {
    let host = host_with_agent();
    let daemon = host.daemon();
    let asked = host.netclaw(&["chat", "-p", "broken"]).failed(1, "");
    assert_eq!(asked.stdout, "half\n", "what came is there, on a line of its own");
    assert_eq!(host.netclaw(&["chat", "-p", "broken", "--json"]).failed(1, "").stdout, "");
    host.netclaw(&["chat", "-p", " "]).failed(2, "the message is empty");
    host.netclaw(&["chat"]).failed(2, "the message is empty");
    host.netclaw_reading(&["chat"], &"x".repeat(256 * 1024 + 1)).failed(2, "longer than 256 KiB");
    for too_long in ["ü".repeat(128 * 1024 + 1), format!("{}ü", "x".repeat(256 * 1024))] {
        host.netclaw_reading(&["chat"], &too_long).failed(2, "longer than 256 KiB");
    }
    for model in ["", &"x".repeat(201)] {
        let asked = host.netclaw(&["chat", "--model", model, "-p", "x"]);
        assert!(asked.code == 2 && asked.stderr.contains("a model's name has 1 to 200 bytes"), "{asked:?}");
    }
    host.netclaw(&["chat", "--daemon", "nobody", "-p", "x"]).failed(2, "not paired");
    let client = client_of(&host);
    client.netclaw_reading(&["pair", &host.endpoint(), "--name", "laptop"], &host.code()).succeeded();
    assert_eq!(client.netclaw(&["chat", "-p", "hello"]).succeeded().stdout, "You said: hello\n");
    host.netclaw(&["daemon", "devices", "revoke", "laptop"]).succeeded();
    let refused = "Authentication failed: the daemon rejected the bearer token";
    client.netclaw(&["chat", "-p", "hello"]).failed(3, refused);
    client.netclaw(&["sessions"]).failed(3, refused);
    daemon.terminate();
    host.netclaw(&["chat", "-p", "hello"]).failed(4, "cannot reach a daemon");
    let host = host_without_agent();
    let _daemon = host.daemon();
    host.netclaw(&["chat", "-p", "hello"]).failed(1, "no agent");
}

#[test]
fn a_daemon_that_has_enough_of_us_is_exit_code_5() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let serve = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let body = r#"{"code":"rate_limited","title":"t","detail":"d"}"#;
        let head = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Type: application/problem+json";
        write!(stream, "{head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()).unwrap();
    });
    let host = World::default();
    let mut command = host.command(NETCLAW);
    command.env("NETCLAW_DAEMON_ENDPOINT", endpoint).args(["chat", "-p", "x"]);
    let finished = super::world::Finished::of(command.output().unwrap());
    finished.failed(5, "too many requests; try again in 7 seconds");
    serve.join().unwrap();
}

/// How the last answer of the only session ended.
fn last_outcome(host: &World) -> Value {
    let listed = json(&host.netclaw(&["sessions", "--json"]).succeeded().stdout);
    let id = listed["sessions"][0]["id"].as_str().unwrap().to_owned();
    json(&host.netclaw(&["sessions", "show", &id, "--json"]).succeeded().stdout)["messages"][1]["outcome"].clone()
}

#[test]
fn a_signal_stops_the_answer_and_is_the_exit_code() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let host = host_with_agent();
        let _daemon = host.daemon();
        let mut command = host.command(NETCLAW);
        let mut child = command.args(["chat", "-p", "wait"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        assert_eq!(line, "waiting\n", "text comes while the agent goes on");
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code));
        assert_eq!(last_outcome(&host), "stopped");
    }
}

/// Waits until no more comes into the pipe of a command that has more to say: it is full. How much that is depends on how the
/// pieces fit into pages.
fn until_held_up(pipe: &ChildStdout) {
    let (mut before, mut looks) = (0, 0);
    while looks < 10 {
        std::thread::sleep(Duration::from_millis(20));
        let waiting = rustix::io::ioctl_fionread(pipe).unwrap();
        looks = if waiting > 16 * 1024 && waiting == before { looks + 1 } else { 0 };
        before = waiting;
    }
}

#[test]
fn a_signal_ends_a_command_whose_output_nobody_reads() {
    for (arguments, signal, code) in [
        (&["-p", "for-ever"] as &[&str], Signal::TERM, 143),
        (&["-p", "for-ever"], Signal::INT, 130),
        (&["-p", "much", "--json"], Signal::TERM, 143),
        (&["-p", "much"], Signal::INT, 130),
    ] {
        let host = host_with_agent();
        let _daemon = host.daemon();
        let mut command = host.command(NETCLAW);
        let mut child = command.arg("chat").args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let unread = child.stdout.take().unwrap();
        until_held_up(&unread);
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{arguments:?}");
    }
}

#[test]
fn a_reader_that_has_enough_ends_the_command_quietly() {
    let host = host_with_agent();
    let _daemon = host.daemon();
    let mut command = host.command(NETCLAW);
    let command = command.args(["chat", "-p", "for-ever"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "more\n");
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
    assert_eq!(last_outcome(&host), "stopped");
}
