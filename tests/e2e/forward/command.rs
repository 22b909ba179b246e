//! A command that runs with a forwarder.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Stdio};

use super::{Home, forward};

#[test]
fn a_command_has_the_variables_and_its_exit_code_is_passed_on() {
    let home = Home::default();
    let run = |script: &str| home.device.netclaw(&["forward", "--", "sh", "-c", script]);
    let shown = run("echo \"$OPENAI_BASE_URL $OPENAI_API_KEY\"; exit 7");
    assert_eq!((shown.code, shown.stderr.as_str()), (7, ""));
    let (url, key) = shown.stdout.trim().split_once(' ').unwrap();
    assert!(url.starts_with("http://127.0.0.1:") && url.ends_with("/v1") && key.starts_with("ncf_"), "{shown:?}");
    // Its port ends with it.
    let address: std::net::SocketAddr = url[7..].trim_end_matches("/v1").parse().unwrap();
    assert!(std::net::TcpStream::connect(address).is_err());
    run("exit 0").succeeded();
    assert_eq!(run("kill -9 $$").code, 128 + 9);
    let missing = home.device.netclaw(&["forward", "--", "/nowhere/tool"]);
    missing.failed(2, "/nowhere/tool cannot be started");
}

#[test]
fn a_command_excludes_what_it_would_mix_with() {
    let home = Home::default();
    for other in [["--json", "--"], ["--socket=x", "--"]] {
        let refused = home.device.netclaw(&["forward", other[0], other[1], "true"]);
        assert_eq!(refused.code, 2, "{refused:?}");
    }
    assert_eq!(home.device.netclaw(&["forward", "--port", "0"]).code, 2);
}

/// A command that asks when it is told to, at a forwarder whose every word is collected.
struct Asking {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    said: BufReader<ChildStderr>,
}

impl Asking {
    /// `None` where there is no curl.
    fn of(home: &Home) -> Option<Self> {
        if std::process::Command::new("curl").arg("-V").stdout(Stdio::null()).status().is_err() {
            println!("skipped: curl is not installed");
            return None;
        }
        let script = "while read path; do curl -s -w '\\n%{http_code}\\n' -H \"Authorization: Bearer $OPENAI_API_KEY\" \
                      \"${OPENAI_BASE_URL%/v1}$path\"; done; exit 7";
        let mut command = forward(&home.device);
        let command = command.args(["--", "sh", "-c", script]);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()).lines());
        let said = BufReader::new(child.stderr.take().unwrap());
        Some(Self { child, input, output, said })
    }

    fn asks(&mut self) -> String {
        self.answer().1
    }

    /// The body and the status of an answer.
    fn answer(&mut self) -> (String, String) {
        self.input.write_all(b"/api/status\n").unwrap();
        let mut next = || self.output.next().unwrap().unwrap();
        (next(), next())
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line
    }

    /// What else was said until its end, which is that of the command.
    fn ends(mut self) -> String {
        drop(self.input);
        let mut rest = String::new();
        self.said.read_to_string(&mut rest).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(7));
        rest
    }
}

#[test]
fn d38_d39_a_command_lives_on_while_its_device_is_rotated_revoked_and_paired_anew() {
    let home = Home::default();
    let Some(mut command) = Asking::of(&home) else { return };
    assert_eq!(command.asks(), "200");
    home.device.netclaw(&["rotate"]).succeeded();
    assert_eq!(command.asks(), "200");
    home.host.netclaw(&["daemon", "devices", "revoke", "laptop"]).succeeded();
    assert_eq!([command.asks(), command.asks()], ["401", "401"]);
    assert!(command.line().starts_with("warning: the daemon has refused the credential"));
    super::pair(&home.host, &home.device);
    assert_eq!(command.asks(), "200");
    let rest = command.ends();
    assert_eq!(rest.lines().filter(|line| !line.starts_with("hint: ")).count(), 0, "{rest}");
}

#[test]
fn b27_that_the_daemons_key_has_changed_is_said_beside_a_command_once() {
    let mut home = Home::default();
    let Some(mut command) = Asking::of(&home) else { return };
    assert_eq!(command.asks(), "200");
    // Nobody tells the device of the next key.
    for step in [&["daemon", "keys", "rotate"] as &[_], &["daemon", "keys", "rotate", "--switch"]] {
        home.host.netclaw(step).succeeded();
    }
    home.daemon.terminate();
    home.daemon = home.host.daemon();
    let expected = format!("another key answers at {}; the forwarder's terminal has both", home.host.endpoint());
    for _ in 0..3 {
        let (body, status) = command.answer();
        assert!(status == "502" && body.contains(&expected), "{status}: {body}");
    }
    assert!(command.line().contains("has changed from"));
    // What comes later is said as well.
    home.host.netclaw(&["daemon", "devices", "revoke", "laptop"]).succeeded();
    super::pair(&home.host, &home.device);
    assert_eq!(command.asks(), "200");
    home.host.netclaw(&["daemon", "devices", "revoke", "laptop"]).succeeded();
    assert_eq!(command.asks(), "401");
    let rest = command.ends();
    assert!(rest.contains("warning: the daemon has refused the credential") && !rest.contains("error: "), "{rest}");
}
