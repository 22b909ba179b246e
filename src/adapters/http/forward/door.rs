//! Where requests of this machine come in, apart from the Unix socket.

use std::io;
use std::net::Ipv4Addr;

use tokio::net::{TcpListener, TcpStream};

use crate::adapters::http::listener::{Accept, Arrival, Peer, Remote};

/// A port on loopback.
impl Accept for TcpListener {
    type Arrival = TcpStream;

    async fn accept(&self) -> io::Result<TcpStream> {
        let (stream, _) = Self::accept(self).await?;
        // As on the daemon's port: a failure means that the client has gone already.
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }
}

impl Arrival for TcpStream {
    type Stream = Self;

    async fn open(self) -> io::Result<(Self, Peer)> {
        let remote = Remote { address: self.peer_addr()?, local: None, is_tls: false };
        Ok((self, Peer::Remote(remote)))
    }
}

/// Listens on this port of 127.0.0.1, or on one that is free.
///
/// # Errors
///
/// What the system says, for instance that the port is taken.
pub async fn listen(port: Option<u16>) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(0))).await
}
