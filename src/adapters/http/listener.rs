//! Where connections come from.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{UnixListener, UnixStream};
use tracing::warn;

use crate::adapters::platform::ROOT;

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub enum Peer {
    /// Someone on the network.
    Remote(Remote),
    /// The operator, whose user the system has vouched for.
    Operator,
}

/// Someone on the network.
#[derive(Clone, Copy, Debug)]
pub struct Remote {
    /// Where the connection comes from.
    pub address: SocketAddr,
    /// The address of this machine that it goes to, unless it has gone already.
    pub local: Option<IpAddr>,
    /// Whether it is encrypted with the daemon's own key.
    pub is_tls: bool,
}

/// Accepts connections.
pub trait Accept: Send + Sync + 'static {
    /// A connection.
    type Arrival: Arrival;

    /// The next connection.
    ///
    /// # Errors
    ///
    /// What the system says, for instance that there are too many open files.
    fn accept(&self) -> impl Future<Output = io::Result<Self::Arrival>> + Send;
}

/// A connection that has not said a word yet.
pub trait Arrival: Send + 'static {
    /// Where HTTP is spoken.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Waits until the client has shown what it speaks, and agreed on a key if it wants one. This may take for ever.
    ///
    /// # Errors
    ///
    /// Why no HTTP can be spoken.
    fn open(self) -> impl Future<Output = io::Result<(Self::Stream, Peer)>> + Send;
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
    type Arrival = UnixStream;

    async fn accept(&self) -> io::Result<UnixStream> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            match stream.peer_cred().map(|peer| peer.uid()) {
                Ok(uid) if uid == self.daemon_uid || uid == ROOT => return Ok(stream),
                Ok(uid) => warn!(uid, "dropped a connection of another user to the control socket"),
                Err(error) => warn!(%error, "dropped a connection of an unknown user to the control socket"),
            }
        }
    }
}

/// A connection that [`OperatorListener`] let in.
impl Arrival for UnixStream {
    type Stream = Self;

    async fn open(self) -> io::Result<(Self, Peer)> {
        Ok((self, Peer::Operator))
    }
}
