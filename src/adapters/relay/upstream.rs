//! A server that requests are passed on to.

use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, UPGRADE};
use http::{HeaderValue, Response, StatusCode, Uri};
use hyper::body::Body;
use hyper::service::Service;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::service::TowerToHyperService;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_util::either::Either;

use super::body::RelayedBody;
use super::connection::{Connection, Stream};
use super::patience::Patience;
use super::request::{Outgoing, SendError, Upload};
use super::response::{Head, MAX_INTERIM};
use super::trust::Trust;
use super::tunnel::Tunnel;
use super::{BadAnswer, RelayError};
use crate::adapters::platform::{self, since_boot};

/// Connections to one server that wait for the next request. More requests at once are rare.
pub const MAX_IDLE: usize = 256;

/// Time between two looks at idle connections.
const IDLE_LOOK: Duration = Duration::from_secs(2);

/// Looks after which a connection that nobody has used is closed: half a minute.
const MAX_IDLE_LOOKS: u8 = 15;

/// Time without a look that says that this machine has slept: its clock for pauses stands still meanwhile, and nobody knows
/// which connections the network still has.
const ASLEEP: Duration = Duration::from_secs(10);

/// Looks after which a connection is too old for a request that must not be sent twice: two to four seconds. Many servers
/// close idle connections after five (uvicorn, Node.js), and a request that meets the closing is lost.
const MAX_SAFE_LOOKS: u8 = 1;

/// How long a server is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Waits {
    /// For a connection, its TLS handshake included.
    pub connect: Duration,
    /// For the head of an answer, from when the request is sent or its body goes on.
    pub answer: Duration,
    /// For the next piece of an answer. It is noticed after once to twice this time.
    pub silence: Duration,
    /// In a tunnel, for the next piece of either side; noticed in the same way.
    pub tunnel: Duration,
}

/// A server, and the connections to it that wait for the next request.
pub struct Upstream {
    authority: String,
    trust: Option<Trust>,
    waits: Waits,
    max_idle: usize,
    idle: Mutex<Idle>,
}

#[derive(Default)]
struct Idle {
    #[expect(clippy::vec_box, reason = "they come and go as they are, without being moved")]
    connections: Vec<Box<Connection>>,
    /// When they were looked at last, as time since boot.
    looked_at: Duration,
    /// Whether somebody looks at them from time to time.
    is_watched: bool,
}

/// What comes back.
pub enum Answer<B> {
    /// An answer.
    Response(Response<RelayedBody<B>>),
    /// Another protocol, agreed on by an answer that has no body.
    Tunnel(Response<()>, Tunnel),
}

impl Upstream {
    /// The server at this host and port, as they stand in a URL; spoken to over TLS where `trust` says whom to believe.
    pub fn new(authority: String, trust: Option<Trust>, waits: Waits) -> Self {
        Self { authority, trust, waits, max_idle: MAX_IDLE, idle: Mutex::default() }
    }

    /// The same server, to which at most `max_idle` connections are kept for the next request.
    #[must_use]
    pub fn keeping(self, max_idle: usize) -> Self {
        Self { max_idle, ..self }
    }

    /// Passes a request on, and waits for the head of its answer. When this future is dropped, the server sees its connection
    /// end.
    ///
    /// # Errors
    ///
    /// [`RelayError`].
    pub async fn exchange<B>(self: &Arc<Self>, head: Outgoing, body: B) -> Result<Answer<B>, RelayError>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let mut upload = Upload::new(&head, body);
        // Boxed, because most requests find a connection, and should not carry the room for a handshake.
        let mut connection = match self.take_idle(head.is_repeatable()) {
            Some(connection) => connection,
            None => Box::pin(self.connect()).await?,
        };
        loop {
            match self.converse(&mut connection, &head, &mut upload).await {
                // The server has closed it while it was idle, which is no fault, and no reason to fail what can be repeated.
                Err(RelayError::Closed | RelayError::Broken(_)) if connection.is_reused && head.is_repeatable() => {
                    connection = Box::pin(self.connect()).await?;
                    upload.restart();
                }
                Ok(answer) => return self.answer(connection, &head, answer, upload),
                Err(error) => return Err(error),
            }
        }
    }

    /// Sends a request, and waits for the head of its answer.
    async fn converse<B>(
        &self,
        connection: &mut Connection,
        request: &Outgoing,
        upload: &mut Upload<B>,
    ) -> Result<Head, RelayError>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        connection.small.extend_from_slice(&request.bytes);
        connection.patience.bear(self.waits.answer);
        let mut interim = 0;
        poll_fn(|context| {
            loop {
                match upload.poll(connection, context) {
                    Poll::Ready(Err(SendError::Client)) => return Poll::Ready(Err(RelayError::Client)),
                    // It may have answered before it stopped reading.
                    Poll::Ready(Err(SendError::Server)) => upload.give_up(),
                    Poll::Ready(Ok(())) | Poll::Pending => {}
                }
                let received = poll_head(connection, request, context);
                let Poll::Ready(received) = received else {
                    return connection.patience.poll_exhausted(context).map(|()| Err(RelayError::Timeout));
                };
                let head = received?;
                if !head.is_interim() {
                    return Poll::Ready(Ok(head));
                }
                interim += 1;
                if interim > MAX_INTERIM {
                    return Poll::Ready(Err(BadAnswer::Interim.into()));
                }
                if head.status == StatusCode::CONTINUE {
                    upload.proceed();
                }
            }
        })
        .await
    }

    /// What is passed back, once the head of an answer has come.
    fn answer<B>(
        self: &Arc<Self>,
        mut connection: Box<Connection>,
        request: &Outgoing,
        head: Head,
        upload: Upload<B>,
    ) -> Result<Answer<B>, RelayError> {
        let mut response = Response::new(());
        *response.status_mut() = head.status;
        *response.headers_mut() = head.fields;
        connection.patience.bear(self.waits.silence);
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            let agreed = response.headers().get(UPGRADE);
            let is_agreed = agreed
                .zip(request.upgrade.as_ref())
                .is_some_and(|(agreed, asked)| agreed.as_bytes().eq_ignore_ascii_case(asked.as_bytes()));
            if !is_agreed || !upload.is_done() {
                return Err(BadAnswer::Upgrade.into());
            }
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("upgrade"));
            return Ok(Answer::Tunnel(response, Tunnel::new(connection, self.waits.tunnel)));
        }
        let body =
            RelayedBody::new(Arc::clone(self), connection, head.framing, head.keeps_alive, head.nominated, upload);
        Ok(Answer::Response(response.map(|()| body)))
    }

    /// Keeps a connection for the next request.
    pub(super) fn keep(self: &Arc<Self>, mut connection: Box<Connection>) {
        (connection.is_reused, connection.idle_looks) = (true, 0);
        let mut idle = self.idle();
        if idle.connections.len() >= self.max_idle {
            return;
        }
        idle.connections.push(connection);
        if !std::mem::replace(&mut idle.is_watched, true) {
            idle.looked_at = since_boot();
            tokio::spawn(watch_idle(Arc::downgrade(self)));
        }
    }

    /// Closes the connections that have not been used for long. False when none is left.
    fn look_at_idle(&self) -> bool {
        let mut idle = self.idle();
        idle.looked_at = since_boot();
        idle.connections.iter_mut().for_each(|connection| connection.idle_looks += 1);
        idle.connections.retain(|connection| connection.idle_looks < MAX_IDLE_LOOKS);
        idle.is_watched = !idle.connections.is_empty();
        idle.is_watched
    }

    /// The connection that was used last, if it is young enough for the request.
    fn take_idle(&self, is_repeatable: bool) -> Option<Box<Connection>> {
        let is_safe = |connection: &mut Box<Connection>| is_repeatable || connection.idle_looks <= MAX_SAFE_LOOKS;
        loop {
            let mut idle = self.idle();
            let mut connection = idle.connections.pop_if(is_safe)?;
            if since_boot().saturating_sub(idle.looked_at) > ASLEEP {
                idle.connections.clear();
                return None;
            }
            drop(idle);
            if connection.is_quiet() {
                return Some(connection);
            }
        }
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        // Nothing is half-done in it when a panic leaves its lock behind.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self) -> Result<Box<Connection>, RelayError> {
        let stream = timeout(self.waits.connect, self.dial()).await.map_err(|_| RelayError::ConnectTimeout)?;
        let stream = stream.map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => RelayError::ConnectTimeout,
            _ => RelayError::Unreachable(error),
        })?;
        Ok(Box::new(Connection::new(stream, Patience::new(self.waits.answer))))
    }

    async fn dial(&self) -> io::Result<Stream> {
        let place = Uri::builder().scheme("http").authority(self.authority.as_str()).path_and_query("/").build();
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(self.waits.connect));
        // Pieces are passed on as they come: waiting to fill a packet would only delay them.
        connector.set_nodelay(true);
        let stream = TowerToHyperService::new(connector).call(place.map_err(io::Error::other)?).await;
        let stream = stream.map_err(|error| system_error(&error))?.into_inner();
        platform::keep_alive(&stream)?;
        Ok(match &self.trust {
            None => Either::Left(stream),
            Some(trust) => {
                let connector = TlsConnector::from(Arc::clone(&trust.config));
                Either::Right(Box::new(connector.connect(trust.name.clone(), stream).await?))
            }
        })
    }
}

/// What the system said when there was no connection. The error around it says at which step that was, which says nothing to
/// who reads it.
fn system_error(error: &dyn Error) -> io::Error {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    let mut said = causes.filter_map(|cause| cause.downcast_ref::<io::Error>());
    said.next()
        .map_or_else(|| io::Error::other(error.to_string()), |said| io::Error::new(said.kind(), said.to_string()))
}

/// Closes idle connections, for as long as there are any.
async fn watch_idle(upstream: Weak<Upstream>) {
    loop {
        tokio::time::sleep(IDLE_LOOK).await;
        if !upstream.upgrade().is_some_and(|upstream| upstream.look_at_idle()) {
            return;
        }
    }
}

/// Receives the head of an answer, an interim one too.
fn poll_head(
    connection: &mut Connection,
    request: &Outgoing,
    context: &mut Context<'_>,
) -> Poll<Result<Head, RelayError>> {
    loop {
        if let Some(head) = Head::take(&mut connection.inbox, &request.method)? {
            return Poll::Ready(Ok(head));
        }
        if ready!(connection.poll_receive(context)).map_err(RelayError::Broken)? == 0 {
            return Poll::Ready(Err(RelayError::Closed));
        }
    }
}
