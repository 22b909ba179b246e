//! Running one program within limits.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use netclaw::adapters::exec::command::{CommandError, Limits, run};
use tokio::task::spawn_blocking;

use super::PATIENT;
use super::player::Programs;

async fn result(lines: &str, limits: Limits) -> Result<String, CommandError> {
    let programs = Programs::default().does("tool", "ask", lines);
    let output = run(&programs.program("tool"), &["ask"], limits).await;
    output.map(|output| String::from_utf8(output).unwrap())
}

#[tokio::test]
async fn its_output_is_the_answer_and_what_it_says_beside_is_not() {
    assert_eq!(result("echo answer; echo chatter >&2", PATIENT).await.as_deref(), Ok("answer\n"));
    assert_eq!(result("cat", PATIENT).await.as_deref(), Ok(""), "there is nothing to read");
}

#[tokio::test]
async fn a_failure_carries_the_last_line_of_what_it_says() {
    let failed = |status: &str, message: &str| {
        Err(CommandError::Failed { status: status.to_owned(), message: message.to_owned() })
    };
    assert_eq!(result("echo first >&2; echo last >&2; exit 3", PATIENT).await, failed("exit status: 3", "last"));
    assert_eq!(result("exit 1", PATIENT).await, failed("exit status: 1", ""));
    let escapes = r"printf 'a\033[2Jb\342\200\256c' >&2; exit 1";
    assert_eq!(result(escapes, PATIENT).await, failed("exit status: 1", "a?[2Jb?c"));
    let long = "yes | head -c 1000000 >&2; exit 1";
    assert_eq!(result(long, PATIENT).await, failed("exit status: 1", "y"), "a talker is not held up");
    let killed = result("kill -9 $$", PATIENT).await.unwrap_err().to_string();
    assert!(killed.contains("signal: 9"), "{killed}");
}

#[tokio::test]
async fn what_is_not_there_or_cannot_be_run_says_so() {
    assert_eq!(run("/nowhere/tool", &[], PATIENT).await, Err(CommandError::Missing));
    assert!(matches!(run("/", &[], PATIENT).await, Err(CommandError::NotStarted(_))));
}

#[tokio::test]
async fn output_is_limited_to_the_byte() {
    let limits = Limits { output: 6, ..PATIENT };
    assert_eq!(result("printf 123456", limits).await.as_deref(), Ok("123456"));
    assert_eq!(result("printf 1234567", limits).await, Err(CommandError::TooLarge(6)));
    assert_eq!(result("yes", limits).await, Err(CommandError::TooLarge(6)));
}

#[tokio::test(start_paused = true)]
async fn when_the_time_is_up_everything_that_it_started_is_gone() {
    let limits = Limits { time: Duration::from_secs(5), ..PATIENT };
    // The clock stands still while somebody waits for the script, and then jumps to the end of the time.
    assert_leaves_nothing("wait", limits, CommandError::TimedOut(limits.time)).await;
}

#[tokio::test]
async fn when_it_says_too_much_everything_that_it_started_is_gone() {
    assert_leaves_nothing("yes", PATIENT, CommandError::TooLarge(PATIENT.output)).await;
}

/// Runs a script that starts a child, says so and then does `then`. Both have a pipe open for writing: it ends when neither
/// is there any more.
async fn assert_leaves_nothing(then: &str, limits: Limits, error: CommandError) {
    let lines = format!("exec 3>\"$0.pipe\"; sleep 10000 & echo started >&3; {then}");
    let programs = Programs::default().does("tool", "ask", &lines);
    let pipe = programs.path("tool.pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let started = spawn_blocking(move || {
        let (mut pipe, mut line) = (BufReader::new(File::open(pipe).unwrap()), String::new());
        pipe.read_line(&mut line).unwrap();
        assert_eq!(line, "started\n");
        pipe
    });
    let program = programs.program("tool");
    let (output, pipe) = tokio::join!(run(&program, &["ask"], limits), started);
    assert_eq!(output, Err(error));
    let mut pipe = pipe.unwrap();
    let (end, ended) = mpsc::channel();
    std::thread::spawn(move || end.send(pipe.read_to_end(&mut Vec::new())));
    assert_eq!(ended.recv_timeout(Duration::from_secs(60)).expect("a child is left").unwrap(), 0);
}
