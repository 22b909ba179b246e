//! What is made of the answers of `tailscale`.

use netclaw::adapters::exec::command::Limits;
use netclaw::adapters::exec::tailscale::TailscaleExposure;
use netclaw::ports::exposure::{Exposure, ExposureFault, FaultKind};

use super::player::Programs;
use super::{DAEMON, PATIENT, recorded};

const STATUS: &str = "status --json";

/// A tailscale in the state `status` that serves `served`.
fn tailscale(status: &str, served: &str) -> Programs {
    let programs = Programs::default().prints("tailscale", STATUS, status);
    programs.prints("tailscale", "serve status --json", served).prints("tailscale", "funnel status --json", served)
}

/// A tailscale that runs and serves `served`.
fn serving(served: &str) -> Programs {
    tailscale(&recorded("status_running.json"), served)
}

async fn ask(exposure: TailscaleExposure, programs: &Programs, limits: Limits) -> Result<String, ExposureFault> {
    let found = exposure.asking(programs.program("tailscale"), limits).inspect().await;
    found.map(|endpoint| endpoint.expect("tailscale always has a name").to_string())
}

async fn serve(programs: &Programs) -> Result<String, ExposureFault> {
    ask(TailscaleExposure::serve(DAEMON), programs, PATIENT).await
}

async fn funnel(programs: &Programs) -> Result<String, ExposureFault> {
    ask(TailscaleExposure::funnel(DAEMON), programs, PATIENT).await
}

/// Whether `fault` is of this kind, with these words in what is wrong and in the fix, and fit to be shown.
#[track_caller]
fn assert_fault(found: Result<String, ExposureFault>, kind: FaultKind, what: &str, fix: &str) {
    let fault = found.unwrap_err();
    assert!(fault.kind == kind && fault.what.contains(what) && fault.fix.contains(fix), "{fault:?}");
    for text in [&fault.what, &fault.fix] {
        assert!(!text.chars().any(char::is_control) && !text.starts_with(char::is_uppercase), "{text:?}");
        assert!(!text.ends_with('.'), "{text:?}");
    }
}

/// One web handler, as tailscale writes it.
fn one(host_and_port: &str, how: &str, path: &str, proxy: &str) -> String {
    let port = host_and_port.rsplit_once(':').unwrap().1;
    format!(
        r#"{{"TCP":{{"{port}":{{"{how}":true}}}},"Web":{{"{host_and_port}":{{"Handlers":{{"{path}":{{"Proxy":"{proxy}"}}}}}}}}}}"#
    )
}

#[tokio::test]
async fn what_is_served_is_reached_by_the_name_of_the_machine() {
    for (served, endpoint) in [
        (recorded("serve.json"), "https://claw-host.tail1234.ts.net"),
        (recorded("foreground.json"), "https://claw-host.tail1234.ts.net"),
        (recorded("funnel.json"), "https://claw-host.tail1234.ts.net:8443"),
        (recorded("service.json"), "https://claw.tail1234.ts.net"),
        (one("claw-host.tail1234.ts.net:80", "HTTP", "/", "http://127.0.0.1:5199"), "http://claw-host.tail1234.ts.net"),
        (one("Claw-Host.tail1234.ts.net:443", "HTTPS", "/", "5199"), "https://claw-host.tail1234.ts.net"),
        (
            one("claw-host.tail1234.ts.net:443", "HTTPS", "/claw", "http://localhost:5199"),
            "https://claw-host.tail1234.ts.net/claw",
        ),
        (
            one("claw-host.tail1234.ts.net:10000", "HTTPS", "/claw/", "http://[::1]:5199/"),
            "https://claw-host.tail1234.ts.net:10000/claw",
        ),
    ] {
        assert_eq!(serve(&serving(&served)).await.as_deref(), Ok(endpoint), "{served}");
    }
}

#[tokio::test]
async fn of_several_places_people_are_told_the_plainest() {
    let handlers = |paths: &[&str]| {
        let handlers: Vec<String> = paths.iter().map(|path| format!(r#""{path}":{{"Proxy":"5199"}}"#)).collect();
        format!(r#"{{"Handlers":{{{}}}}}"#, handlers.join(","))
    };
    let served = |places: &[(u16, &[&str])]| {
        let web: Vec<String> = places
            .iter()
            .map(|(port, paths)| format!(r#""claw-host.tail1234.ts.net:{port}":{}"#, handlers(paths)))
            .collect();
        format!(
            r#"{{"TCP":{{"80":{{"HTTP":true}},"443":{{"HTTPS":true}},"8443":{{"HTTPS":true}}}},"Web":{{{}}}}}"#,
            web.join(",")
        )
    };
    for (places, end) in [
        (&[(80, &["/"][..]), (443, &["/"]), (8443, &["/"])][..], ""),
        (&[(80, &["/"]), (443, &["/long"]), (8443, &["/"])], ":8443"),
        (&[(80, &["/"]), (443, &["/longer", "/long"])], "/long"),
    ] {
        let expected = format!("https://claw-host.tail1234.ts.net{end}");
        assert_eq!(serve(&serving(&served(places))).await, Ok(expected));
    }
}

#[tokio::test]
async fn what_leads_elsewhere_or_nowhere_is_not_set_up_and_the_fix_names_the_port() {
    let without_port_handler = r#"{"Web":{"claw-host.tail1234.ts.net:443":{"Handlers":{"/":{"Proxy":"5199"}}}}}"#;
    for served in [
        "{}",
        "null",
        r#"{"TCP":null,"Web":null,"AllowFunnel":null,"Foreground":null,"Services":null}"#,
        r#"{"TCP":{"443":{"HTTPS":true}},"Web":{"claw-host.tail1234.ts.net:443":{"Handlers":null}}}"#,
        r#"{"TCP":{"443":{"TCPForward":"127.0.0.1:5199","TerminateTLS":"claw-host.tail1234.ts.net"}}}"#,
        without_port_handler,
        &one("claw-host.tail1234.ts.net:443", "HTTPS", "/", "http://127.0.0.1:5198"),
        &one("claw-host.tail1234.ts.net:443", "HTTPS", "/", "https+insecure://127.0.0.1:5199"),
        &one("claw-host.tail1234.ts.net:443", "HTTPS", "/", "http://192.168.1.5:5199"),
        &one("claw-host.tail1234.ts.net:443", "HTTPS", "/?query", "5199"),
        &one("claw-host.tail1234.ts.net:x", "HTTPS", "/", "5199"),
    ] {
        let what = "passes nothing on to 127.0.0.1:5199";
        assert_fault(serve(&serving(served)).await, FaultKind::NotSetUp, what, "tailscale serve --bg 5199");
        assert_fault(funnel(&serving(served)).await, FaultKind::NotSetUp, what, "tailscale funnel --bg 5199");
    }
}

#[tokio::test]
async fn a_funnel_must_be_on_for_the_very_place() {
    assert_eq!(
        funnel(&serving(&recorded("funnel.json"))).await.as_deref(),
        Ok("https://claw-host.tail1234.ts.net:8443")
    );
    assert_eq!(
        funnel(&serving(&recorded("foreground.json"))).await.as_deref(),
        Ok("https://claw-host.tail1234.ts.net")
    );
    let elsewhere = recorded("funnel.json").replace(
        r#""AllowFunnel": {
    "claw-host.tail1234.ts.net:8443": true"#,
        r#""AllowFunnel": {
    "claw-host.tail1234.ts.net:443": true,
    "claw-host.tail1234.ts.net:8443": false"#,
    );
    assert_ne!(elsewhere, recorded("funnel.json"));
    for served in [recorded("serve.json"), elsewhere, recorded("service.json")] {
        let found = funnel(&serving(&served)).await;
        assert_fault(found, FaultKind::NotSetUp, "its funnel is off", "tailscale funnel --bg 5199");
    }
}

#[tokio::test]
async fn a_name_that_the_machine_no_longer_has_leads_nowhere() {
    let served = one("old-name.tail1234.ts.net:443", "HTTPS", "/", "5199");
    let found = serve(&serving(&served)).await;
    let what = "as old-name.tail1234.ts.net, but this machine is called claw-host.tail1234.ts.net";
    assert_fault(found, FaultKind::NotSetUp, what, "tailscale serve --bg 5199");
}

#[tokio::test]
async fn every_state_but_running_stops_and_says_what_to_do() {
    let stopped = recorded("status_running.json").replace("\"Running\"", "\"Stopped\"");
    for (status, what, fix) in [
        (recorded("status_needs_login.json"), "logged out", "tailscale up"),
        (stopped, "is stopped", "tailscale up"),
        (r#"{"BackendState":"Starting"}"#.to_owned(), "still starting", "tailscale status"),
        (r#"{"BackendState":"NoState","Self":null}"#.to_owned(), "still starting", "tailscale status"),
        (r#"{"BackendState":"NeedsMachineAuth"}"#.to_owned(), "not yet approved", "admin/machines"),
        (r#"{"BackendState":"InUseOtherUser"}"#.to_owned(), "another user", "tailscale up"),
        (r#"{"BackendState":"Dreaming"}"#.to_owned(), "its state is \"Dreaming\"", "tailscale up"),
        (r#"{"BackendState":"\u001b[2J\nRunning"}"#.to_owned(), "its state is \"?[2J?Running\"", "tailscale up"),
    ] {
        let found = serve(&tailscale(&status, &recorded("serve.json"))).await;
        assert_fault(found, FaultKind::NotRunning, what, fix);
    }
}

#[tokio::test]
async fn a_machine_without_a_name_is_not_set_up() {
    for status in [r#"{"BackendState":"Running"}"#, r#"{"BackendState":"Running","Self":{"DNSName":"."}}"#] {
        let found = serve(&tailscale(status, &recorded("serve.json"))).await;
        assert_fault(found, FaultKind::NotSetUp, "no name", "MagicDNS");
    }
}

#[tokio::test]
async fn without_the_program_or_its_daemon_nothing_runs() {
    let missing = serve(&Programs::default()).await;
    assert_fault(missing, FaultKind::NotRunning, "not installed", "https://tailscale.com/download");
    for words in [
        "failed to connect to local tailscaled; it doesn't appear to be running (sudo systemctl start tailscaled ?)",
        "failed to connect to local Tailscale service; is Tailscale running?",
    ] {
        let programs = Programs::default().does("tailscale", STATUS, &format!("echo \"{words}\" >&2; exit 1"));
        let fix = "sudo systemctl start tailscaled";
        assert_fault(serve(&programs).await, FaultKind::NotRunning, "tailscaled does not run", fix);
    }
}

#[tokio::test]
async fn a_program_that_fails_is_quoted_safely() {
    let lines = r"printf 'usage\nno\033[31mt today\342\200\256' >&2; exit 7";
    let found = serve(&Programs::default().does("tailscale", STATUS, lines)).await;
    let what = "`tailscale status --json` does not work: it failed (exit status: 7): no?[31mt today?";
    assert_fault(found, FaultKind::Unclear, what, "tailscale status --json");
    let programs = serving("{}").does("tailscale", "funnel status --json", "exit 1");
    let what = "`tailscale funnel status --json` does not work: it failed (exit status: 1)";
    assert_fault(funnel(&programs).await, FaultKind::Unclear, what, "tailscale funnel status --json");
}

#[tokio::test]
async fn answers_that_make_no_sense_are_unclear() {
    let running = recorded("status_running.json");
    for (status, served) in [
        ("", "{}"),
        ("Tailscale is stopped.", "{}"),
        ("[]", "{}"),
        ("{}", "{}"),
        (&running[..200], "{}"),
        (r#"{"BackendState":7}"#, "{}"),
        (&running, ""),
        (&running, "No serve config\n"),
        (&running, "7"),
        (&running, r#"{"Web":[]}"#),
        (&running, &r#"{"Foreground":{"x":"#.repeat(500)),
    ] {
        let found = serve(&tailscale(status, served)).await;
        assert_fault(found, FaultKind::Unclear, "an answer that is not understood", "status --json");
    }
}

#[tokio::test]
async fn an_answer_has_a_size() {
    let limits = Limits { output: 100, ..PATIENT };
    let found = ask(TailscaleExposure::serve(DAEMON), &serving("{}"), limits).await;
    assert_fault(found, FaultKind::Unclear, "its answer is larger than 100 bytes", "tailscale status");
}

#[tokio::test(start_paused = true)]
async fn a_program_that_hangs_is_unclear_after_a_while() {
    let programs = Programs::default().does("tailscale", STATUS, "sleep 10000");
    let found = ask(TailscaleExposure::serve(DAEMON), &programs, Limits::QUERY).await;
    assert_fault(found, FaultKind::Unclear, "it gave no answer within 5 seconds", "tailscale status");
}
