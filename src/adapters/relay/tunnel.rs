//! A connection that has changed its protocol: bytes, both ways, until both sides have ended.

use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional_with_sizes};
use tokio::time::sleep;

use super::connection::Connection;

/// Bytes that are on their way in one direction: what one side sends is not read before the other has taken it.
const BUFFER_BYTES: usize = 8 * 1024;

/// The server's side of a connection that has changed its protocol.
pub struct Tunnel {
    connection: Box<Connection>,
    silence: Duration,
}

impl Tunnel {
    pub(super) const fn new(connection: Box<Connection>, silence: Duration) -> Self {
        Self { connection, silence }
    }

    /// Passes bytes between the client and the server until both have ended, each on its own, or one breaks, or neither has
    /// sent anything for the time that a silence is borne. `early` is what the client has sent already.
    ///
    /// # Errors
    ///
    /// What broke; [`io::ErrorKind::TimedOut`] for a silence.
    pub async fn join<S: AsyncRead + AsyncWrite + Unpin>(self, client: S, early: Bytes) -> io::Result<()> {
        let Self { connection, silence } = self;
        let has_heard = AtomicBool::new(false);
        let mut client = Heard { stream: client, early, has_heard: &has_heard };
        let mut server = Heard { stream: connection.stream, early: connection.inbox.freeze(), has_heard: &has_heard };
        let mut copied = pin!(copy_bidirectional_with_sizes(&mut client, &mut server, BUFFER_BYTES, BUFFER_BYTES));
        loop {
            tokio::select! {
                copied = &mut copied => return copied.map(|_| ()),
                () = sleep(silence) => {
                    if !has_heard.swap(false, Ordering::Relaxed) {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
            }
        }
    }
}

/// A stream of which it is known whether something was read lately.
struct Heard<'a, S> {
    stream: S,
    /// Read before all else.
    early: Bytes,
    has_heard: &'a AtomicBool,
}

impl<S: AsyncRead + Unpin> AsyncRead for Heard<'_, S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.early.is_empty() {
            let length = self.early.len().min(buffer.remaining());
            buffer.put_slice(&self.early.split_to(length));
            return Poll::Ready(Ok(()));
        }
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if polled.is_ready() {
            self.has_heard.store(true, Ordering::Relaxed);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heard<'_, S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
