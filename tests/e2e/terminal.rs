//! A terminal for a command to run on: one of tmux.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::world::{NETCLAW, World};

/// Between two looks at the terminal, and how many there are before a test gives up: 30 seconds.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOOKS: u32 = 1500;

/// A terminal of its own, ended when dropped.
pub struct Terminal {
    socket: PathBuf,
}

impl Terminal {
    /// A terminal in which this runs and then the shell's own `stty -a`; `None` where there is no tmux.
    pub fn running(host: &World, command: &str) -> Option<Self> {
        Self::running_with(host, "", command)
    }

    /// The same with these variables in the environment, as a shell sets them.
    pub fn running_with(host: &World, settings: &str, command: &str) -> Option<Self> {
        let is_installed = Command::new("tmux").arg("-V").stdout(Stdio::null()).status().is_ok();
        if !is_installed {
            println!("skipped: tmux is not installed");
            return None;
        }
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let socket = host.home().with_extension(NEXT.fetch_add(1, Ordering::Relaxed).to_string());
        let terminal = Self { socket };
        let script =
            format!("{settings} '{NETCLAW}' {command}; echo \"ended with $?\"; stty -a; echo that is all; exec cat");
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

    pub fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    /// Types this and presses Enter.
    pub fn say(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
        self.press(&["Enter"]);
    }

    /// Pastes this, marked as pasted text where the program asks for it.
    pub fn paste(&self, text: &str) {
        self.tmux(&["set-buffer", text]);
        self.tmux(&["paste-buffer", "-p", "-r"]);
    }

    /// The process of the command: the first child of the terminal's shell.
    pub fn command(&self) -> Pid {
        let shell = self.tmux(&["display-message", "-p", "#{pane_pid}"]);
        let shell = shell.trim();
        let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap();
        Pid::from_raw(children.split_whitespace().next().unwrap().parse().unwrap()).unwrap()
    }

    /// Sends SIGTERM to the command.
    pub fn terminate(&self) {
        kill_process(self.command(), Signal::TERM).unwrap();
    }

    /// What is on the terminal, once all of this is.
    pub fn until(&self, expected: &[&str]) -> String {
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
    pub fn until_it_ended_with(&self, code: i32) -> String {
        let shown = self.until(&[&format!("ended with {code}\n"), "\nthat is all\n"]);
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
