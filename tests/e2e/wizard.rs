//! The wizard as a person meets it: on a terminal, which is one of tmux.

use rustix::process::{Signal, kill_process};

use super::terminal::Terminal;
use super::world::{Stopped, World};

const MODE: &str = "? How do clients reach the daemon?";
const HOST: &str = "? Which address does it listen on?";
const PORT: &str = "? On which port?";
const AGENT: &str = "? Which agent do devices chat with?";
const SERVICE: &str = "? Start the daemon whenever this machine starts?";

#[test]
fn arrow_keys_and_the_way_back_lead_to_a_summary_and_a_running_daemon() {
    let host = World::default();
    let _stopped = Stopped(&host);
    let Some(terminal) = Terminal::running(&host, "init") else { return };
    terminal.until(&[MODE, "> local"]);
    terminal.press(&["Down"]);
    terminal.until(&["> reverse-proxy"]);
    terminal.press(&["Enter"]);
    terminal.until(&[HOST, "(0.0.0.0)"]);
    terminal.press(&["Down", "Down", "Enter"]);
    terminal.until(&["Which address does it listen on? ::", PORT]);
    terminal.press(&["Escape"]);
    terminal.until(&["? On which port? (back)", "? Which address does it listen on? (::)"]);
    terminal.press(&["Escape"]);
    terminal.until(&["listen on? (back)", "> reverse-proxy  "]);
    terminal.press(&["Up", "Enter"]);
    terminal.until(&["How do clients reach the daemon? local", "(127.0.0.1)"]);
    terminal.say("0.0.0.0");
    terminal.until(&["exposure mode \"local\" listens on loopback only"]);
    terminal.press(&["BSpace", "BSpace", "BSpace", "BSpace", "BSpace", "BSpace", "BSpace"]);
    terminal.say(&host.address.ip().to_string());
    terminal.until(&[&format!("Which address does it listen on? {}", host.address.ip()), PORT]);
    terminal.say(&host.address.port().to_string());
    terminal.until(&[AGENT, "(none)"]);
    terminal.press(&["Enter"]);
    terminal.until(&[SERVICE]);
    terminal.press(&["Enter"]);
    terminal.until(&[&format!("Daemon.Port: {}", host.address.port()), "? Write this configuration? (Y/n)"]);
    assert!(!host.path("config").exists(), "nothing is written before the last answer");
    terminal.press(&["Enter"]);
    let shown = terminal.until_it_ended_with(0);
    assert!(shown.contains(&format!("The daemon is running at {}", host.endpoint())), "{shown}");
    assert!(shown.contains("To pair a device, run:\nnetclaw daemon pair\n"), "{shown}");
    let settings: serde_json::Value = serde_json::from_str(&host.read("config/netclaw.json")).unwrap();
    assert_eq!(settings["Daemon"]["ExposureMode"], "local");
}

#[test]
fn ctrl_c_at_any_question_leaves_no_file_and_a_sane_terminal() {
    let questions = [MODE, HOST, PORT, AGENT, SERVICE, "? Write this configuration?"];
    for last in 0..questions.len() {
        let host = World::default();
        let Some(terminal) = Terminal::running(&host, "init") else { return };
        for question in &questions[..last] {
            terminal.until(&[question]);
            terminal.press(&["Enter"]);
        }
        terminal.until(&[questions[last]]);
        terminal.press(&["C-c"]);
        let shown = terminal.until_it_ended_with(1);
        assert!(shown.contains("\nerror: the setup was ended; nothing was written"), "{shown}");
        assert!(shown.contains("hint: to begin again: netclaw init"), "{shown}");
        assert!(!host.home().exists());
    }
}

#[test]
fn a_person_is_asked_before_up_changes_anything() {
    let host = World::default();
    let _stopped = Stopped(&host);
    let before = format!(r#"{{"Daemon":{{"Host":"{}","Port":1}}}}"#, host.address.ip());
    host.write("config/netclaw.json", &before, 0o600);
    let command = format!("up --port {}", host.address.port());
    let Some(terminal) = Terminal::running(&host, &command) else { return };
    terminal.until(&[&format!("Daemon.Port: 1 → {}", host.address.port()), "? Change the configuration? (y/N)"]);
    terminal.press(&["Enter"]);
    terminal.until_it_ended_with(1);
    assert_eq!(host.read("config/netclaw.json"), before);
    let Some(terminal) = Terminal::running(&host, &command) else { return };
    terminal.until(&["? Change the configuration?"]);
    terminal.say("y");
    assert!(terminal.until_it_ended_with(0).contains("Pairing code: "));
}

#[test]
fn a_signal_in_the_middle_of_a_question_leaves_a_sane_terminal() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let host = World::default();
        let Some(terminal) = Terminal::running(&host, "init") else { return };
        terminal.until(&[MODE]);
        kill_process(terminal.command(), signal).unwrap();
        terminal.until_it_ended_with(code);
        assert!(!host.home().exists());
    }
}
