//! Signals on their way to a command that runs with a forwarder: each reaches it once, and none that it shall not see.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use super::{Home, forward};
use crate::e2e::terminal::Terminal;
use crate::e2e::world::{Finished, NETCLAW};

/// Says each SIGINT and SIGQUIT that it gets, and at SIGTERM how many there were. It starts nothing meanwhile: dash loses a
/// signal that comes while it does.
const COUNTING: &str = "count() { n=$((n+1)); echo \"caught $n\"; }
trap count INT QUIT
sleep 600 &
trap \"kill $!; echo all \\$n; exit 0\" TERM
echo ready
while :; do wait; done
";

impl Home {
    /// A home whose device has the command that counts.
    fn counting() -> (Self, String) {
        let home = Self::default();
        home.device.write("count", COUNTING, 0o600);
        let script = home.device.path("count").display().to_string();
        (home, script)
    }
}

#[test]
fn signals_to_the_forwarder_alone_are_passed_on() {
    let home = Home::default();
    for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
        let mut command = forward(&home.device);
        let command = command.args(["--", "sh", "-c", "ulimit -c 0; echo ready; exec cat"]).stdin(Stdio::piped());
        // Apart from the terminal on which the tests may run.
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        kill_process(Pid::from_child(&child), signal).unwrap();
        let ended = Finished::of(child.wait_with_output().unwrap());
        assert_eq!((ended.code, ended.stderr.as_str()), (128 + signal.as_raw(), ""), "{signal:?}");
        drop(input);
    }
}

#[test]
fn what_is_ignored_from_the_start_stays_so_in_the_command() {
    if !cfg!(target_os = "linux") {
        println!("skipped: which signals are ignored is only known on Linux");
        return;
    }
    let home = Home::default();
    // As `nohup` and the background of a script have it.
    let run = |ignored: &str, script: &str| {
        let mut shell = home.device.command("sh");
        let start = format!("trap '' {ignored}; exec '{NETCLAW}' forward -- sh -c '{script}'");
        let shell = shell.args(["-c", &start]).stdin(Stdio::null()).process_group(0);
        Finished::of(shell.output().unwrap())
    };
    for ignored in ["HUP", "INT QUIT", "TERM"] {
        let kill = |who: &str| ignored.split(' ').map(|signal| format!("kill -{signal} {who}; ")).collect::<String>();
        let finished = run(ignored, &format!("{}{}echo still here", kill("$PPID"), kill("$$"))).succeeded();
        assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("still here\n", ""), "{ignored}");
    }
    assert_eq!(run("HUP", "kill -TERM $PPID; exec sleep 600").code, 128 + 15);
}

#[test]
fn ctrl_c_reaches_the_command_once_wherever_its_input_comes_from() {
    let (home, script) = Home::counting();
    // The terminal's shell itself stays, and its children are as ever.
    for settings in ["trap : INT QUIT; echo hello |", "trap : INT QUIT;"] {
        let Some(terminal) = Terminal::running_with(&home.device, settings, &format!("forward -- sh {script}")) else {
            return;
        };
        terminal.until(&["ready\n"]);
        terminal.press(&["C-c"]);
        terminal.until(&["caught 1\n"]);
        terminal.press(&["C-\\"]);
        terminal.until(&["caught 2\n"]);
        // What was passed on before comes before.
        terminal.terminate();
        let shown = terminal.until_it_ended_with(0);
        assert!(shown.contains("\nall 2\n") && !shown.contains("caught 3"), "{shown}");
    }
}

#[test]
fn a_signal_to_the_forwarder_in_the_background_of_a_terminal_is_passed_on() {
    let (home, script) = Home::counting();
    let command = format!("forward -- sh {script} & wait $!");
    let Some(terminal) = Terminal::running_with(&home.device, "set -m;", &command) else { return };
    terminal.until(&["ready\n"]);
    for (number, signal) in [(1, Signal::INT), (2, Signal::QUIT)] {
        kill_process(terminal.command(), signal).unwrap();
        terminal.until(&[&format!("caught {number}\n")]);
    }
    terminal.terminate();
    assert!(terminal.until_it_ended_with(0).contains("\nall 2\n"));
}
