//! Pairings that the operator confirms, with both commands running at once.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Stdio};

use super::raw_http::Request;
use super::world::{Finished, NETCLAW, World, client_of};

/// A command that is under way.
struct Running {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
    err: BufReader<std::process::ChildStderr>,
    shown: String,
}

impl Running {
    fn start(world: &World, arguments: &[&str]) -> Self {
        let mut command = world.command(NETCLAW);
        let command = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        Self { child, out: BufReader::new(out), err: BufReader::new(err), shown: String::new() }
    }

    fn type_line(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// The next line of the result that begins so, without the beginning.
    fn result(&mut self, beginning: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.out.read_line(&mut line).unwrap(), 0, "no {beginning:?}");
            if let Some(rest) = line.trim_end().strip_prefix(beginning) {
                return rest.to_owned();
            }
        }
    }

    /// What follows these words in the next line beside the result that has them.
    fn after(&mut self, words: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.err.read_line(&mut line).unwrap(), 0, "no {words:?} in {:?}", self.shown);
            self.shown.push_str(&line);
            if let Some((_, rest)) = line.trim_end().split_once(words) {
                return rest.trim().to_owned();
            }
        }
    }

    /// Its end, with everything that was not read yet.
    fn end(mut self) -> Finished {
        drop(self.child.stdin.take());
        let mut stdout = String::new();
        self.out.read_to_string(&mut stdout).unwrap();
        self.err.read_to_string(&mut self.shown).unwrap();
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        Finished { code, stdout, stderr: self.shown }
    }
}

/// A daemon's operator and a device up to the question; both show the same words.
fn asked(host: &World, client: &World) -> (Running, Running) {
    let mut operator = Running::start(host, &["daemon", "pair", "--confirm"]);
    let code = operator.result("Pairing code: ");
    let mut device = Running::start(client, &["pair", &host.endpoint(), "--name", "laptop"]);
    device.type_line(&code);
    assert_eq!(operator.after("  name "), "laptop");
    assert_eq!(operator.after("  address "), "127.0.0.1");
    assert_eq!(operator.after("  transport "), "TLS with this daemon's own key");
    let words = operator.after("  words ");
    assert_eq!(words.split(' ').count(), 4, "{words}");
    assert_eq!(device.after("the same four words: "), words);
    assert!(host.device_names().is_empty());
    (operator, device)
}

#[test]
fn after_a_y_the_device_is_paired_and_both_say_so() {
    let host = World::default();
    let _daemon = host.daemon();
    let client = client_of(&host);
    let (mut operator, device) = asked(&host, &client);
    operator.type_line("y");
    assert!(device.end().succeeded().stdout.contains("as \"laptop\""));
    assert!(operator.end().succeeded().stdout.contains("\nPaired: \"laptop\" ("));
    assert_eq!(host.device_names(), ["laptop"]);
    client.netclaw(&["status"]).succeeded();
}

#[test]
fn anything_but_a_y_refuses_and_the_code_is_spent() {
    for answer in ["n", "", "maybe"] {
        let host = World::default();
        let _daemon = host.daemon();
        let client = client_of(&host);
        let (mut operator, device) = asked(&host, &client);
        operator.type_line(answer);
        let refused = device.end().failed(3, "the operator has refused this device");
        assert!(refused.stderr.contains("netclaw daemon pair --confirm"), "{refused:?}");
        operator.end().failed(1, "the device was refused");
        assert!(host.device_names().is_empty() && !client.path("config/secrets.json").exists());
        assert!(host.netclaw(&["daemon", "status"]).succeeded().stdout.contains("the last device was refused"));
    }
}

#[test]
fn an_input_that_has_ended_is_no_yes() {
    let host = World::default();
    let _daemon = host.daemon();
    let client = client_of(&host);
    let (operator, device) = asked(&host, &client);
    operator.end().failed(2, "the input ended");
    device.end().failed(3, "the operator has refused this device");
    assert!(host.device_names().is_empty());
}

#[test]
fn a_link_can_be_confirmed_and_a_new_code_ends_the_question() {
    let host = World::default();
    let _daemon = host.daemon();
    let client = client_of(&host);
    let mut operator = Running::start(&host, &["daemon", "pair", "--link", "--confirm"]);
    let link = operator.result("Pairing link: ");
    let mut device = Running::start(&client, &["pair", "--name", "laptop"]);
    device.type_line(&link);
    assert_eq!(operator.after("  words "), device.after("the same four words: "));
    host.code();
    device.end().failed(3, "does not know this link");
    let stdin = operator.child.stdin.take();
    operator.end().failed(1, "replaced by a newer one");
    drop(stdin);
}

#[test]
fn a_raw_code_is_refused_where_words_are_to_be_compared() {
    let host = World::default();
    let _daemon = host.daemon();
    let mut operator = Running::start(&host, &["daemon", "pair", "--confirm"]);
    let code = operator.result("Pairing code: ");
    let answer = Request::exchange(host.address, &code, "laptop").send();
    assert_eq!(answer.problem(), (403, "confirmation_required".to_owned()));
    let _ = operator.child.kill();
    assert!(host.device_names().is_empty());
}
