//! The signals that interrupt a command.

use async_trait::async_trait;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// A person has pressed Ctrl-C: end what is going on.
    Stop,
    /// The system or the owner of the process wants it to end (SIGTERM).
    Terminate,
}

/// Waits for signals.
///
/// # Contract
///
/// * `next` can be given up and called again, and no signal is lost in between.
/// * From the first call on, these signals do not end the process by themselves any more.
#[async_trait]
pub trait Interrupts: Send {
    /// The next signal.
    async fn next(&mut self) -> Interrupt;
}
