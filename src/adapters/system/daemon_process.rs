//! Starting the daemon in the background, and watching it go.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;

use super::background::READY;
use super::daemon_lock::DaemonLock;
use crate::adapters::platform::SERVICE_MANAGER_VARIABLES;
use crate::ports::daemon_process::{DaemonProcess, HostCredential, StartError};

/// Time for the daemon to become ready. It takes milliseconds; this is for a machine that is very busy.
const READY_TIMEOUT: Duration = Duration::from_secs(20);

/// Bytes of error output that are read from a daemon that did not start.
const MAX_ERROR_BYTES: u64 = 64 * 1024;

/// Lines of the log that are shown when the daemon did not start.
const SHOWN_LOG_LINES: usize = 10;

/// This program, started once more as the daemon of a home.
#[derive(Debug)]
pub struct BackgroundDaemon {
    program: PathBuf,
    home: PathBuf,
    lock_file: PathBuf,
    log_file: PathBuf,
}

impl BackgroundDaemon {
    /// The daemon of `home`, run by `program`, which understands `daemon run --background`.
    pub const fn new(program: PathBuf, home: PathBuf, lock_file: PathBuf, log_file: PathBuf) -> Self {
        Self { program, home, lock_file, log_file }
    }

    fn spawn(&self, credential: HostCredential) -> io::Result<Child> {
        let recover: &[&str] = match credential {
            HostCredential::AsFound => &[],
            HostCredential::Renewed => &["--recover"],
        };
        let mut command = Command::new(&self.program);
        for name in SERVICE_MANAGER_VARIABLES {
            command.env_remove(name);
        }
        command
            .args(["daemon", "run", "--background"])
            .args(recover)
            .env("NETCLAW_HOME", &self.home)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
    }

    fn log_since(&self, start: u64) -> Vec<String> {
        let read = || -> io::Result<String> {
            let mut file = File::open(&self.log_file)?;
            // A log that is shorter than before was rotated.
            let start = if file.metadata()?.len() < start { 0 } else { start };
            file.seek(SeekFrom::Start(start))?;
            let mut text = String::new();
            file.take(MAX_ERROR_BYTES).read_to_string(&mut text)?;
            Ok(text)
        };
        let text = read().unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines.iter().skip(lines.len().saturating_sub(SHOWN_LOG_LINES)).map(ToString::to_string).collect()
    }
}

/// Waits for the line that says ready; `None` when the daemon ends without it.
async fn becomes_ready(child: &mut Child) -> Option<()> {
    let mut lines = BufReader::new(child.stdout.take()?).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if line == READY {
            return Some(());
        }
    }
    None
}

/// What a daemon that ended printed: its error, and its hints.
async fn last_words(mut child: Child) -> (String, Vec<String>) {
    let mut text = String::new();
    if let Some(stderr) = child.stderr.take() {
        let _ = stderr.take(MAX_ERROR_BYTES).read_to_string(&mut text).await;
    }
    let marked = |mark: &'static str| text.lines().filter_map(move |line| line.strip_prefix(mark)).map(str::to_owned);
    let hints = marked("hint: ").collect();
    let error = marked("error: ").next().or_else(|| text.lines().next_back().map(str::to_owned));
    match error {
        Some(error) => (error, hints),
        None => (format!("the daemon ended without a word ({})", outcome(child.wait().await)), hints),
    }
}

fn outcome(ended: io::Result<ExitStatus>) -> String {
    ended.map_or_else(|error| error.to_string(), |status| status.to_string())
}

#[async_trait]
impl DaemonProcess for BackgroundDaemon {
    async fn start(&self, credential: HostCredential) -> Result<(), StartError> {
        let log_start = self.log_file.metadata().map_or(0, |metadata| metadata.len());
        let spawned = self.spawn(credential);
        let mut child = spawned.map_err(|error| StartError::Spawn(format!("{}: {error}", self.program.display())))?;
        match tokio::time::timeout(READY_TIMEOUT, becomes_ready(&mut child)).await {
            Ok(Some(())) => Ok(()),
            Ok(None) => {
                let (error, hints) = last_words(child).await;
                Err(StartError::Ended { error, hints, log: self.log_since(log_start) })
            }
            Err(_) => Err(StartError::NotReady(READY_TIMEOUT)),
        }
    }

    fn running(&self) -> Option<u32> {
        DaemonLock::holder(&self.lock_file)
    }

    async fn wait_until_gone(&self, at_most: Duration) -> bool {
        let (gone, is_gone) = oneshot::channel();
        let lock_file = self.lock_file.clone();
        // A thread of its own rather than the runtime's: one that waits for ever must not hold up the command's end.
        std::thread::spawn(move || {
            let _ = gone.send(DaemonLock::wait_until_free(&lock_file).is_ok());
        });
        matches!(tokio::time::timeout(at_most, is_gone).await, Ok(Ok(true)))
    }
}
