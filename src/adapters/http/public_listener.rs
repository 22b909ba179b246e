//! The TCP port: plain HTTP and TLS side by side, told apart by the first byte.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

use super::listener::{Accept, Arrival, Peer, Remote};
use super::tls::OwnTls;
use crate::adapters::platform;
use crate::adapters::relay::gathered::Gathered;

/// The first byte of every TLS connection: the record type `handshake` (RFC 8446 section 5.1). No HTTP method begins so.
const TLS_HANDSHAKE: u8 = 0x16;

/// The TCP port.
pub struct PublicListener {
    listener: TcpListener,
    tls: Arc<OwnTls>,
}

/// A connection to the TCP port.
pub struct PublicArrival {
    stream: TcpStream,
    address: SocketAddr,
    tls: Arc<OwnTls>,
}

impl PublicListener {
    /// Serves `listener`, with `tls` for whoever wants it.
    pub const fn new(listener: TcpListener, tls: Arc<OwnTls>) -> Self {
        Self { listener, tls }
    }
}

impl Accept for PublicListener {
    type Arrival = PublicArrival;

    async fn accept(&self) -> io::Result<PublicArrival> {
        let (stream, address) = self.listener.accept().await?;
        // Answers are small and whole: waiting to fill a packet would only delay them. It fails for a client that has
        // gone already, which is no reason to accept the next one later.
        let _ = stream.set_nodelay(true).and_then(|()| platform::keep_alive(&stream));
        Ok(PublicArrival { stream, address, tls: Arc::clone(&self.tls) })
    }
}

impl Arrival for PublicArrival {
    /// Boxed, so that plain connections do not carry the room for a session.
    type Stream = Either<Gathered<TcpStream>, Box<TlsStream<TcpStream>>>;

    async fn open(self) -> io::Result<(Self::Stream, Peer)> {
        let Self { stream, address, tls } = self;
        let local = stream.local_addr().ok().map(|local| local.ip());
        let mut first = [0];
        let is_tls = stream.peek(&mut first).await? > 0 && first == [TLS_HANDSHAKE];
        let stream = match is_tls {
            true => Either::Right(Box::new(TlsAcceptor::from(tls.config()).accept(stream).await?)),
            false => Either::Left(Gathered(stream)),
        };
        Ok((stream, Peer::Remote(Remote { address, local, is_tls })))
    }
}
