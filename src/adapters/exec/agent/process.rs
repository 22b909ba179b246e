//! One process that answers, from its start to the end of everything that it started.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin};
use tokio::runtime::Handle;
use tracing::info;

use super::super::process_group::ProcessGroup;
use super::utf8::Utf8;
use crate::domain::chat::id::ChatSessionId;
use crate::domain::text::shown_safely;
use crate::ports::agent::{AgentError, Answered, AtWork, Listener};

/// Time to end for a process that is asked to, and for what it leaves in its pipes.
const GRACE: Duration = Duration::from_secs(2);

/// Time between two looks whether it has ended.
const LOOK: Duration = Duration::from_millis(50);

/// Bytes that are read at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// Bytes of a line that are kept of what it says beside its answer; the rest of the line is dropped.
const MAX_LINE_BYTES: usize = 4096;

/// Lines of a turn that reach the log.
const MAX_LOGGED_LINES: usize = 100;

/// A process that runs. When this is dropped it is asked to end, and a moment later it is ended. Until then it is at work.
pub(super) struct Running(Option<(Child, ProcessGroup, AtWork)>);

impl Running {
    pub(super) fn new(child: Child, at_work: AtWork) -> Self {
        let group = ProcessGroup::of(&child);
        Self(Some((child, group, at_work)))
    }

    /// Gives it its input, and hands on what it answers.
    ///
    /// # Errors
    ///
    /// [`AgentError::Failed`] when it says so by how it ends.
    pub(super) async fn answer(
        mut self,
        session: ChatSessionId,
        input: Vec<u8>,
        listener: &dyn Listener,
    ) -> Result<Answered, AgentError> {
        let Some((child, ..)) = &mut self.0 else { return Ok(Answered::default()) };
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let mut last_line = String::new();
        let status = {
            let talk = async {
                let log = log(stderr, session, &mut last_line, listener);
                tokio::join!(feed(stdin, input), hear(stdout, listener), log)
            };
            let mut talk = std::pin::pin!(talk);
            tokio::select! {
                status = child.wait() => {
                    // What it has started goes with it, and so the pipes come to their end.
                    let Some((_, group, _at_work)) = self.0.take() else { return Ok(Answered::default()) };
                    drop(group);
                    let _ = tokio::time::timeout(GRACE, talk).await;
                    status
                }
                // It may have more to do than to talk.
                _ = &mut talk => child.wait().await,
            }
        };
        drop(self.0.take());
        match status {
            Ok(status) if status.success() => Ok(Answered::default()),
            Ok(status) if last_line.is_empty() => Err(AgentError::Failed(format!("the agent failed ({status})"))),
            Ok(status) => Err(AgentError::Failed(format!("the agent failed ({status}): {last_line}"))),
            Err(error) => Err(AgentError::Failed(format!("the agent was lost: {}", shown_safely(&error.to_string())))),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some((child, group, at_work)) = self.0.take() else { return };
        group.terminate();
        // Without a runtime there is nobody to wait, and the group is ended at once.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async {
                end(child, group).await;
                drop(at_work);
            });
        }
    }
}

/// Waits until a group that was asked to end has ended, and then ends it. That also happens when this is dropped.
async fn end(mut child: Child, group: ProcessGroup) {
    let ended = async {
        // The leader counts as one of the group until someone has asked how it ended.
        while child.try_wait().is_ok_and(|status| status.is_none()) || group.is_alive() {
            tokio::time::sleep(LOOK).await;
        }
    };
    let _ = tokio::time::timeout(GRACE, ended).await;
    drop(group);
    let _ = child.wait().await;
}

/// Writes the input and closes it. A program may end without having read it.
async fn feed(stdin: Option<ChildStdin>, input: Vec<u8>) {
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(&input).await;
    }
}

/// Hands on the answer as it comes.
async fn hear(stdout: Option<impl AsyncRead + Unpin>, listener: &dyn Listener) {
    let (mut text, mut chunk) = (Utf8::default(), vec![0; CHUNK_BYTES]);
    let Some(mut stdout) = stdout else { return };
    // A pipe that breaks has ended.
    while let Ok(length @ 1..) = stdout.read(&mut chunk).await {
        listener.text(&text.read(chunk.get(..length).unwrap_or_default()));
    }
    listener.text(&text.end());
}

/// Sends what it says beside its answer to the log, line by line, and keeps the last line, safe to show. What goes beyond
/// the limits is read and dropped, so that a program that talks a lot is not held up.
async fn log(
    stderr: Option<impl AsyncRead + Unpin>,
    session: ChatSessionId,
    last: &mut String,
    listener: &dyn Listener,
) {
    let Some(mut stderr) = stderr else { return };
    let (mut line, mut count, mut chunk) = (Vec::new(), 0_usize, vec![0; CHUNK_BYTES]);
    let mut logged = |line: &mut Vec<u8>| {
        let text = String::from_utf8_lossy(line).trim().to_owned();
        line.clear();
        if text.is_empty() {
            return;
        }
        *last = shown_safely(&text);
        count = count.saturating_add(1);
        match count {
            0..=MAX_LOGGED_LINES => info!(%session, "the agent says: {last}"),
            _ if count == MAX_LOGGED_LINES + 1 => info!(%session, "the agent says more in this turn"),
            _ => {}
        }
    };
    while let Ok(length @ 1..) = stderr.read(&mut chunk).await {
        // It works, if only for the log.
        listener.alive();
        for piece in chunk.get(..length).unwrap_or_default().split_inclusive(|byte| *byte == b'\n') {
            let room = MAX_LINE_BYTES.saturating_sub(line.len());
            line.extend_from_slice(piece.get(..room.min(piece.len())).unwrap_or_default());
            if piece.ends_with(b"\n") {
                logged(&mut line);
            }
        }
    }
    logged(&mut line);
}
