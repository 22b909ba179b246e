//! Connections that seem to come from another machine, and clients that read no more.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use netclaw::adapters::http::listener::{Accept, Arrival, Peer, Remote};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A listener whose connections have another peer, or their own.
pub struct Elsewhere<A> {
    pub listener: A,
    pub peer: Option<IpAddr>,
    /// Bytes that each client reads.
    pub read: usize,
}

pub struct ElsewhereArrival<R> {
    arrival: R,
    peer: Option<IpAddr>,
    read: usize,
}

/// A connection whose other end reads so many bytes more.
pub struct Reading<S> {
    stream: S,
    left: usize,
}

impl<A: Accept> Accept for Elsewhere<A> {
    type Arrival = ElsewhereArrival<A::Arrival>;

    async fn accept(&self) -> io::Result<Self::Arrival> {
        Ok(ElsewhereArrival { arrival: self.listener.accept().await?, peer: self.peer, read: self.read })
    }
}

impl<R: Arrival> Arrival for ElsewhereArrival<R> {
    type Stream = Reading<R::Stream>;

    async fn open(self) -> io::Result<(Self::Stream, Peer)> {
        let (stream, peer) = self.arrival.open().await?;
        let peer = match (peer, self.peer) {
            (Peer::Remote(remote), Some(ip)) => {
                let address = (ip, remote.address.port()).into();
                Peer::Remote(Remote { address, ..remote })
            }
            (peer, _) => peer,
        };
        Ok((Reading { stream, left: self.read }, peer))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Reading<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Reading<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let length = bytes.len().min(self.left);
        if length == 0 && !bytes.is_empty() {
            return Poll::Pending;
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, &bytes[..length]))?;
        self.left -= written;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
