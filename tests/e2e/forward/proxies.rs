//! Proxies that the tools of a device are told to use: neither the key nor what is asked goes there.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::{Forwarder, Home, forward};
use crate::e2e::world::Finished;
use crate::http::gateway::Server;

#[test]
fn a_command_reaches_the_forwarder_and_not_a_proxy() {
    let (home, proxy) = (Home::default(), Server::new());
    let run = |script: &str, variables: &[(&str, &str)]| {
        let mut command = forward(&home.device);
        let output = command.args(["--", "sh", "-c", script]).envs(variables.iter().copied()).output().unwrap();
        Finished::of(output).succeeded().stdout
    };
    let show = "echo \"${NO_PROXY-none} ${no_proxy-none}\"";
    assert_eq!(run(show, &[]), "none none\n");
    assert_eq!(run(show, &[("NO_PROXY", "a")]), "a none\n");
    let url = proxy.url("");
    assert_eq!(run(show, &[("HTTPS_PROXY", &url)]), "127.0.0.1 127.0.0.1\n");
    assert_eq!(run(show, &[("ALL_PROXY", &url), ("no_proxy", "a")]), "a,127.0.0.1 a,127.0.0.1\n");
    if std::process::Command::new("curl").arg("-V").stdout(Stdio::null()).status().is_err() {
        println!("skipped: curl is not installed");
        return;
    }
    // With ALL_PROXY, curl asks the proxy for 127.0.0.1 too.
    let ask = "curl -sf -m 30 -H \"Authorization: Bearer $OPENAI_API_KEY\" \"${OPENAI_BASE_URL%/v1}/api/status\"";
    let answer = run(ask, &[("http_proxy", &url), ("ALL_PROXY", &url), ("NO_PROXY", "elsewhere.example")]);
    assert!(answer.contains("\"name\":\"laptop\""), "{answer}");
    assert!(!proxy.is_asked());
}

#[test]
fn what_is_pasted_exempts_the_forwarder_from_a_proxy() {
    let home = Home::default();
    let mut command = forward(&home.device);
    command.env("HTTP_PROXY", "http://proxy.example:3128").env("NO_PROXY", "a b,c");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The last word, after everything that is for another shell.
    let mut note = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut note).unwrap();
    assert!(note.starts_with("Requests to "), "{note}");
    child.kill().unwrap();
    let said = Finished::of(child.wait_with_output().unwrap()).stdout;
    let lines: Vec<&str> = said.lines().collect();
    assert!(
        lines[0].starts_with("export OPENAI_BASE_URL=") && lines[1].starts_with("export OPENAI_API_KEY="),
        "{said}"
    );
    assert_eq!(lines[2..], ["export NO_PROXY='a b,c,127.0.0.1' no_proxy='a b,c,127.0.0.1'"]);
    let mut command = forward(&home.device);
    command.arg("--json").env("HTTP_PROXY", "http://proxy.example:3128");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(said.next().unwrap().starts_with("warning: a proxy is set in the environment"));
    assert!(said.next().unwrap().contains("NO_PROXY"));
    child.kill().unwrap();
    child.wait().unwrap();
    // Nothing is to be done where no proxy is set.
    assert_eq!(Forwarder::of(&home.device, &[]).said.lines().count(), 3);
}
