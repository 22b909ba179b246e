//! The wizard as a person meets it: on a terminal, which is one of tmux.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::world::{NETCLAW, Stopped, World};

/// Between two looks at the terminal, and how many there are before a test gives up: 30 seconds.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOOKS: u32 = 1500;

/// A terminal of its own, ended when dropped.
struct Terminal {
    socket: PathBuf,
}

impl Terminal {
    /// A terminal in which this runs and then the shell's own `stty -a`; `None` where there is no tmux.
    fn running(host: &World, command: &str) -> Option<Self> {
        let is_installed = Command::new("tmux").arg("-V").stdout(Stdio::null()).status().is_ok();
        if !is_installed {
            println!("skipped: tmux is not installed");
            return None;
        }
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let socket = host.home().with_extension(NEXT.fetch_add(1, Ordering::Relaxed).to_string());
        let terminal = Self { socket };
        let script = format!("'{NETCLAW}' {command}; echo \"ended with $?\"; stty -a; echo done; exec cat");
        let mut tmux = host.unconfigured("tmux");
        tmux.env_remove("TMUX").args(["-u", "-f", "/dev/null", "-S"]).arg(&terminal.socket);
        let started = tmux.args(["new-session", "-d", "-x", "120", "-y", "50", &script]).output().unwrap();
        assert!(started.status.success(), "{started:?}");
        Some(terminal)
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let output = Command::new("tmux").args(["-u", "-S"]).arg(&self.socket).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The process of the command: the only child of the terminal's shell.
    fn command(&self) -> Pid {
        let shell = self.tmux(&["display-message", "-p", "#{pane_pid}"]);
        let shell = shell.trim();
        let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap();
        Pid::from_raw(children.trim().parse().unwrap()).unwrap()
    }

    fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    /// Types this and presses Enter.
    fn say(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
        self.press(&["Enter"]);
    }

    /// What is on the terminal, once all of this is.
    fn until(&self, expected: &[&str]) -> String {
        for _ in 0..LOOKS {
            let shown = self.tmux(&["capture-pane", "-p"]);
            if expected.iter().all(|text| shown.contains(text)) {
                return shown;
            }
            std::thread::sleep(LOOK_EVERY);
        }
        panic!("{expected:?} never came:\n{}", self.tmux(&["capture-pane", "-p"]));
    }

    /// What is on the terminal after the command has ended, which it has left as it was.
    fn until_it_ended_with(&self, code: i32) -> String {
        let shown = self.until(&[&format!("ended with {code}\n"), "\ndone\n"]);
        let words: Vec<&str> = shown.split_whitespace().collect();
        for mode in ["echo", "icanon", "isig", "icrnl"] {
            assert!(words.contains(&mode), "{mode}:\n{shown}");
        }
        assert_eq!(self.tmux(&["display-message", "-p", "#{cursor_flag}"]), "1\n", "the cursor is seen");
        shown
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = Command::new("tmux").arg("-S").arg(&self.socket).arg("kill-server").output();
    }
}

const MODE: &str = "? How do clients reach the daemon?";
const HOST: &str = "? Which address does it listen on?";
const PORT: &str = "? On which port?";
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
    let questions = [MODE, HOST, PORT, SERVICE, "? Write this configuration?"];
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
