//! From the start of `netclaw chat -p` to the first token, beside curl asking the model's server itself.

use std::io::Read;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::contender::Contender;
use crate::netclaw::credential;
use crate::side_by_side::median;

const RUNS: usize = 50;

/// Measures and prints.
pub fn measure(upstream: SocketAddr) {
    let Some(server) = Contender::Netclaw.start(upstream, &credential()) else { return };
    // In local mode the daemon serves this machine without a token, so a home without anything will do.
    let home = tempfile::tempdir().expect("a temporary folder");
    let chat = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_netclaw"));
        command.args(["chat", "-p", "hello"]).env("NETCLAW_HOME", home.path());
        command.env("NETCLAW_DAEMON_ENDPOINT", format!("http://{}", server.address));
        command
    };
    let curl = || {
        let mut command = Command::new("curl");
        command.args(["--silent", "--no-buffer", "--json", r#"{"model":"small","stream":true,"messages":[]}"#]);
        command.arg(format!("http://{upstream}/v1/chat/completions"));
        command
    };
    let (mut chats, mut curls) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        chats.push(first_byte(chat()));
        curls.push(first_byte(curl()));
    }
    println!(
        "\nfrom start to first token, median of {RUNS}: netclaw chat -p {:.1} ms, curl straight {:.1} ms",
        median(&chats),
        median(&curls)
    );
}

/// Milliseconds from before the start of a program until it prints.
fn first_byte(mut command: Command) -> f64 {
    let begun = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the program");
    let mut output = child.stdout.take().expect("a pipe");
    let mut byte = [0];
    output.read_exact(&mut byte).expect("some output");
    let waited = begun.elapsed();
    std::io::copy(&mut output, &mut std::io::sink()).expect("the rest");
    assert!(child.wait().expect("its end").success());
    waited.as_secs_f64() * 1e3
}
