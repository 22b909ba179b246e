//! A person's chat: on a terminal, which is one of tmux.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::chat_command::{host_with_agent, host_without_agent};
use super::terminal::Terminal;
use super::world::{World, client_of, mode};

const HINT: &str = "Ctrl-D ends the chat.";

/// A chat at its first prompt; `None` where there is no terminal.
fn chatting(world: &World) -> Option<Terminal> {
    let terminal = Terminal::running(world, "chat")?;
    terminal.until(&[HINT, "\n>\n"]);
    Some(terminal)
}

/// A chat in the middle of its first answer.
fn waiting(host: &World) -> Option<Terminal> {
    let terminal = chatting(host)?;
    terminal.say("wait for me");
    terminal.until(&["\nwaiting\n"]);
    Some(terminal)
}

/// Ends a chat at its prompt; gives what is on the terminal then.
fn ended(terminal: &Terminal) -> String {
    terminal.press(&["C-d"]);
    terminal.until_it_ended_with(0)
}

#[test]
fn a_chat_streams_stops_at_ctrl_c_and_goes_on_in_the_same_session() {
    let host = host_with_agent();
    let _daemon = host.daemon();
    let Some(terminal) = Terminal::running(&host, "chat") else { return };
    terminal.until(&["Chat with the agent (command)", HINT, "\n>\n"]);
    terminal.say("wait for me");
    terminal.until(&["\nwaiting\n"]);
    terminal.press(&["C-c"]);
    terminal.until(&["(stopped)\n>\n"]);
    terminal.say("hello");
    terminal.until(&["\nYou said: hello\n>\n"]);
    terminal.press(&["x", "C-c"]);
    terminal.until(&["> x\n>\n"]);
    ended(&terminal);
    let listed = host.netclaw(&["sessions", "--json"]).succeeded().stdout;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!((listed["sessions"].as_array().unwrap().len(), &listed["sessions"][0]["messageCount"]), (1, &4.into()));
}

#[test]
fn messages_have_several_lines_and_pasted_ones_are_one_message() {
    let host = host_with_agent();
    let _daemon = host.daemon();
    let Some(terminal) = chatting(&host) else { return };
    terminal.say("one\\");
    terminal.say("two");
    terminal.until(&["You said: one\ntwo\n>\n"]);
    terminal.say("\"\"\"three");
    terminal.say("four\"\"\"");
    terminal.until(&["You said: three\nfour\n>\n"]);
    terminal.paste("five \\\nsix\n/quit");
    terminal.press(&["Enter"]);
    terminal.until(&["You said: five \\\nsix\n/quit\n>\n"]);
    terminal.say("/quit");
    terminal.until_it_ended_with(0);
}

#[test]
fn sessions_are_resumed_and_entries_come_back_with_the_arrow_keys() {
    let host = host_with_agent();
    let _daemon = host.daemon();
    host.netclaw(&["chat", "--resume", "plans", "-p", "earlier question"]).succeeded();
    let Some(terminal) = chatting(&host) else { return };
    terminal.say("/resume plans");
    terminal.until(&["Session \"plans\":\n> earlier question\nYou said: earlier question\n>\n"]);
    terminal.say("later question");
    terminal.until(&["You said: later question\n>\n"]);
    terminal.say("my token is nct_secret");
    terminal.until(&["You said: my token is nct_secret\n>\n"]);
    terminal.press(&["/", "s", "Tab", "Enter"]);
    terminal.until(&["> /sessions\n", "Messages  Last Used", "plans"]);
    terminal.say("/nonsense");
    terminal.until(&["There is no /nonsense; /help lists the commands.\n>\n"]);
    ended(&terminal);
    let history = host.read("state/chat_history");
    assert!(history.contains("\"later question\"\n") && !history.contains("nct_"), "{history}");
    assert_eq!(mode(&host.path("state/chat_history")), 0o600);
    let Some(terminal) = Terminal::running(&host, "chat --resume plans") else { return };
    terminal.until(&["Session \"plans\", 2 earlier messages not shown:", "\n>\n"]);
    terminal.press(&["Up", "Up", "Up"]);
    terminal.until(&["> later question"]);
    terminal.press(&["Enter"]);
    terminal.until(&["You said: later question\n>\n"]);
    ended(&terminal);
}

#[test]
fn a_chat_that_cannot_begin_ends_with_its_code() {
    let host = host_without_agent();
    let Some(terminal) = Terminal::running(&host, "chat") else { return };
    assert!(terminal.until_it_ended_with(4).contains("error: cannot reach a daemon"));
    let _daemon = host.daemon();
    let Some(terminal) = Terminal::running(&host, "chat") else { return };
    assert!(terminal.until_it_ended_with(1).contains("no agent"));
}

#[test]
fn a_lost_connection_comes_back_and_nothing_of_the_answer_is_lost() {
    let host = host_with_agent();
    let _daemon = host.daemon();
    let between = Between::start(host.address);
    let settings = format!("NETCLAW_DAEMON_ENDPOINT=http://{}", between.address);
    let Some(terminal) = Terminal::running_with(&host, &settings, "chat") else { return };
    terminal.until(&[HINT, "\n>\n"]);
    terminal.say("wait for me");
    terminal.until(&["\nwaiting\n"]);
    between.cut();
    terminal.until(&["connection lost", "connected again"]);
    host.write("go", "", 0o600);
    terminal.until(&["\ndone\n>\n"]);
    let shown = ended(&terminal);
    assert_eq!(shown.matches("waiting").count(), 1, "nothing comes twice:\n{shown}");
}

#[test]
fn a_rotation_in_another_shell_ends_neither_the_answer_nor_the_chat() {
    let host = host_with_agent();
    let _daemon = host.daemon();
    let client = client_of(&host);
    client.netclaw_reading(&["pair", &host.endpoint(), "--name", "laptop"], &host.code()).succeeded();
    let Some(terminal) = chatting(&client) else { return };
    client.netclaw(&["rotate"]).succeeded();
    terminal.say("wait for me");
    terminal.until(&["\nwaiting\n"]);
    client.netclaw(&["rotate"]).succeeded();
    terminal.until(&["connected again"]);
    host.write("go", "", 0o600);
    terminal.until(&["\ndone\n>\n"]);
    host.netclaw(&["daemon", "devices", "revoke", "laptop"]).succeeded();
    terminal.say("hello");
    let shown = terminal.until_it_ended_with(3);
    assert!(shown.matches("waiting").count() == 1 && shown.contains("it was revoked or has expired"), "{shown}");
}

#[test]
fn a_daemon_that_ends_in_the_middle_is_told_and_the_chat_goes_on() {
    let host = host_with_agent();
    let daemon = host.daemon();
    let Some(terminal) = waiting(&host) else { return };
    daemon.kill();
    terminal.until(&["connection lost"]);
    let _daemon = host.daemon();
    terminal.until(&["error: the daemon ended in the middle of the answer", "\n>\n"]);
    terminal.say("hello");
    terminal.until(&["You said: hello\n>\n"]);
    ended(&terminal);
}

#[test]
fn the_commands_of_a_chat_do_what_they_say() {
    let host = host_with_agent();
    let _daemon = host.daemon();
    let Some(terminal) = chatting(&host) else { return };
    terminal.say("/help");
    terminal.until(&["/resume ID|NAME", "go on with another session", "is not remembered.\n>\n"]);
    terminal.say("/model");
    terminal.until(&["This agent has no choice of models.\n>\n"]);
    terminal.say("/model large");
    terminal.until(&["The next answers come from large.\n>\n"]);
    terminal.say(&format!("/model {}", "x".repeat(201)));
    terminal.until(&["a model's name has 1 to 200 bytes, none of them invisible.\n>\n"]);
    terminal.say("first question");
    terminal.until(&["You said: first question\n>\n"]);
    terminal.say("/new");
    terminal.until(&["A new session begins with your next message.\n>\n"]);
    terminal.press(&["Up", "Up"]);
    terminal.until(&["session begins with your next message.\n> first question"]);
    terminal.press(&["C-c"]);
    terminal.say("/new notes");
    terminal.until(&["A new session, \"notes\".\n>\n"]);
    terminal.press(&["o", "n", "e", "M-Enter", "t", "w", "o", "Enter"]);
    terminal.until(&["You said: one\ntwo\n>\n"]);
    terminal.say("\"\"\"\"\"\"");
    terminal.until(&["> \"\"\"\"\"\"\n>\n"]);
    let shown = ended(&terminal);
    assert!(!shown.contains("error:"), "{shown}");
    let listed = host.netclaw(&["sessions", "--json"]).succeeded().stdout;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let sessions: Vec<(&str, bool)> = listed["sessions"].as_array().unwrap().iter().map(known).collect();
    assert_eq!(sessions, [("one", true), ("first question", false)]);
}

/// How a session begins, and whether it is the one called notes.
fn known(session: &serde_json::Value) -> (&str, bool) {
    (session["preview"].as_str().unwrap(), session["name"] == "notes")
}

#[test]
fn ctrl_c_while_the_daemon_is_lost_gives_the_prompt_back() {
    let host = host_with_agent();
    let daemon = host.daemon();
    let Some(terminal) = waiting(&host) else { return };
    daemon.kill();
    terminal.until(&["connection lost"]);
    terminal.press(&["C-c"]);
    terminal.until(&["(stopped)\n>\n"]);
    ended(&terminal);
}

#[test]
fn a_crash_of_the_daemon_is_told_with_what_is_left() {
    let host = host_with_agent();
    let daemon = host.daemon();
    let Some(terminal) = waiting(&host) else { return };
    daemon.kill();
    let _daemon = host.daemon();
    terminal.until(&["hint: the session does not have all that is shown above", "\n>\n"]);
    ended(&terminal);
}

#[test]
fn sessions_are_cleared_away_after_a_yes() {
    let host = host_with_agent();
    let _daemon = host.daemon();
    host.netclaw(&["chat", "-p", "hello"]).succeeded();
    let question = "Delete 1 session and what was said in them? [y/N]";
    for (answer, told) in [("n", "Nothing was deleted."), ("y", "Deleted 1 session.")] {
        let Some(terminal) = Terminal::running(&host, "sessions delete --unnamed") else { return };
        terminal.until(&["Begins", "hello", question]);
        terminal.say(answer);
        assert!(terminal.until_it_ended_with(0).contains(told));
    }
    assert_eq!(host.netclaw(&["sessions"]).succeeded().stdout, "No chat sessions.\n");
}

#[test]
fn sigterm_at_the_prompt_leaves_a_sane_terminal() {
    let host = host_with_agent();
    let _daemon = host.daemon();
    let Some(terminal) = chatting(&host) else { return };
    terminal.terminate();
    terminal.until_it_ended_with(143);
}

/// Someone in between, who passes everything on and can cut all connections.
struct Between {
    address: SocketAddr,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Between {
    fn start(daemon: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let between = Self { address: listener.local_addr().unwrap(), open: Arc::default() };
        let open = Arc::clone(&between.open);
        thread::spawn(move || {
            for near in listener.incoming() {
                let (near, far) = (near.unwrap(), TcpStream::connect(daemon).unwrap());
                open.lock().unwrap().extend([near.try_clone().unwrap(), far.try_clone().unwrap()]);
                let (back, forth) = (far.try_clone().unwrap(), near.try_clone().unwrap());
                thread::spawn(move || pass_on(forth, far));
                thread::spawn(move || pass_on(back, near));
            }
        });
        between
    }

    fn cut(&self) {
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if to.write_all(&bytes[..count]).is_err() {
            return;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
