//! Where connections come from.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tracing::warn;

use crate::adapters::platform::ROOT;

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub enum Peer {
    /// Someone on the network.
    Remote(SocketAddr),
    /// The operator, whose user the system has vouched for.
    Operator,
}

/// Accepts connections.
pub trait Accept: Send + Sync + 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection.
    ///
    /// # Errors
    ///
    /// What the system says, for instance that there are too many open files.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Stream, Peer)>> + Send;
}

/// The TCP port.
impl Accept for TcpListener {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, Peer)> {
        let (stream, address) = Self::accept(self).await?;
        // Answers are small and whole: waiting to fill a packet would only delay them. It fails for a client that has
        // gone already, which is no reason to accept the next one later.
        let _ = stream.set_nodelay(true);
        Ok((stream, Peer::Remote(address)))
    }
}

/// The control socket: connections of other users than the daemon's own and root are dropped.
pub struct OperatorListener {
    listener: UnixListener,
    daemon_uid: u32,
}

impl OperatorListener {
    /// Accepts connections of `daemon_uid` and root.
    pub const fn new(listener: UnixListener, daemon_uid: u32) -> Self {
        Self { listener, daemon_uid }
    }
}

impl Accept for OperatorListener {
    type Stream = UnixStream;

    async fn accept(&self) -> io::Result<(UnixStream, Peer)> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            match stream.peer_cred().map(|peer| peer.uid()) {
                Ok(uid) if uid == self.daemon_uid || uid == ROOT => return Ok((stream, Peer::Operator)),
                Ok(uid) => warn!(uid, "dropped a connection of another user to the control socket"),
                Err(error) => warn!(%error, "dropped a connection of an unknown user to the control socket"),
            }
        }
    }
}
