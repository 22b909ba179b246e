//! The accept loop: bounded connections, bounded waiting, and an orderly end.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::error::Error;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::{AbortHandle, Id, JoinSet};
use tracing::{debug, warn};

use super::answer::{Answer, AnswerBody, Held};
use super::farewell::take_leave;
use super::gateway::MAX_IDLE_OF_ALL;
use super::head_timer::HeadTimer;
use super::listener::{Accept, Arrival, Peer};
use super::room::Room;
use super::usage::{ArrivingBody, InFlight, Shared, Usage};

/// Bytes of one request's head; hyper answers 431 beyond it.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// Header fields of one request.
const MAX_HEADERS: usize = 64;

/// Pause after the system could not give a connection, so that a lack of file descriptors does not become a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The part of all connections that makes room at once for new ones.
const MADE_ROOM_PART: usize = 64;

/// How much a listener bears.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Connections at once. At the limit, those that have waited longest for their clients are closed for new ones.
    pub connections: usize,
    /// Time for a new connection to show what it speaks, and for its TLS handshake if it wants one. A client that is silent
    /// from the start is given up after it.
    pub opening: Duration,
    /// Time for the head of a request to arrive, counted from when the connection was opened or became idle. It is over after
    /// once to twice this time.
    pub head: Duration,
    /// Time that requests in flight have to end when the daemon stops.
    pub drain: Duration,
}

/// Open files of a daemon that are no connections to its port and none to a server behind it: its own, the operator's, and
/// what it reads and writes now and then.
pub(super) const OTHER_FILES: u64 = 128;

impl ConnectionLimits {
    /// The limits of the TCP port, where enough files may be open. A thousand streams leave as many places for requests, and
    /// connections that do nothing cost some ten kilobytes each.
    pub const DAEMON: Self = Self {
        connections: 2048,
        opening: Duration::from_secs(15),
        head: Duration::from_secs(15),
        drain: Duration::from_secs(10),
    };

    /// The limits of the control socket: one operator, and a few scripts.
    pub const OPERATOR: Self = Self { connections: 64, ..Self::DAEMON };

    /// Open files that [`ConnectionLimits::DAEMON`] takes: each connection may need a second one, to the server that its
    /// request is passed on to, and some of those wait for the next request.
    pub const fn open_files() -> u64 {
        2 * Self::DAEMON.connections as u64 + MAX_IDLE_OF_ALL as u64 + OTHER_FILES
    }

    /// The limits of the TCP port of a process that may have this many files open.
    #[must_use]
    pub fn with_open_files(open_files: u64) -> Self {
        let connections = usize::try_from(open_files.saturating_sub(OTHER_FILES) / 2).unwrap_or(usize::MAX);
        Self { connections: connections.clamp(1, Self::DAEMON.connections), ..Self::DAEMON }
    }

    /// The limits of the daemon's TCP port, where connections to servers wait for the next request.
    #[must_use]
    pub fn of_daemon(open_files: u64) -> Self {
        // Where there are few files, fewer requests come at once, and so fewer connections wait.
        let waiting = (MAX_IDLE_OF_ALL as u64).min(open_files.saturating_sub(OTHER_FILES) / 2);
        Self::with_open_files(open_files.saturating_sub(waiting))
    }
}

/// Answers requests.
pub trait Handler: Send + Sync + 'static {
    /// The answer to one request.
    fn handle(&self, request: Request<ArrivingBody>, peer: Peer) -> impl Future<Output = Answer> + Send;
}

/// Serves connections until `stop` becomes true, then lets requests in flight end. Until they have, others are let in, with one
/// request each: a balancer asks then whether the daemon is ready, and what it has sent before it knew is answered.
pub async fn serve<A: Accept, H: Handler>(
    listener: A,
    handler: Arc<H>,
    limits: ConnectionLimits,
    mut stop: watch::Receiver<bool>,
) {
    let mut connections = Connections::new(handler, limits, stop.clone());
    let mut newcomer = None;
    loop {
        if connections.has_room()
            && let Some(arrival) = newcomer.take()
        {
            connections.add(arrival, Admission::Open);
        }
        tokio::select! {
            biased;
            () = stopped(&mut stop) => break,
            () = connections.one_ends(newcomer.is_some()) => {}
            accepted = listener.accept(), if newcomer.is_none() => match accepted {
                Ok(accepted) => newcomer = Some(accepted),
                Err(error) => {
                    warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(newcomer);
    connections.drain(listener).await;
}

/// Waits for the stop. That the other end of the channel is gone is a stop too.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stopped| *stopped).await;
}

/// How a connection was let in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Admission {
    /// For as many requests as its client has.
    Open,
    /// For one request, while the daemon stops.
    Late,
}

/// The open connections of one listener.
struct Connections<H> {
    handler: Arc<H>,
    limits: ConnectionLimits,
    stop: watch::Receiver<bool>,
    tasks: JoinSet<()>,
    open: HashMap<Id, (AbortHandle, Arc<Usage>)>,
    /// The connections that were told to make room and have not ended yet.
    closing: HashSet<Id>,
    shared: Arc<Shared>,
}

impl<H: Handler> Connections<H> {
    fn new(handler: Arc<H>, limits: ConnectionLimits, stop: watch::Receiver<bool>) -> Self {
        let shared = Arc::new(Shared::default());
        Self { handler, limits, stop, tasks: JoinSet::new(), open: HashMap::new(), closing: HashSet::new(), shared }
    }

    fn has_room(&self) -> bool {
        self.tasks.len() < self.limits.connections
    }

    /// Waits until a connection has ended; for ever when there is none. While someone waits for its place, those that have
    /// waited longest for their clients are told to end; when all are busy, it returns when one is not.
    async fn one_ends(&mut self, someone_waits: bool) {
        if someone_waits && self.closing.is_empty() {
            self.make_room();
            if self.closing.is_empty() {
                let shared = Arc::clone(&self.shared);
                tokio::select! {
                    () = shared.one_waits() => {}
                    _ = self.ended() => {}
                }
                return;
            }
        }
        let _ = self.ended().await;
    }

    /// Tells the connections to end that have waited longest for their clients: a few at once, since to look for them means
    /// to look at all.
    fn make_room(&mut self) {
        let waiting = self.open.iter().filter(|(_, (_, usage))| usage.is_waiting());
        let mut waiting: Vec<(u64, Id)> = waiting.map(|(id, (_, usage))| (usage.idle_since(), *id)).collect();
        waiting.sort_unstable_by_key(|(idle_since, _)| *idle_since);
        waiting.truncate((self.limits.connections / MADE_ROOM_PART).max(1));
        for (_, id) in waiting {
            if let Some((connection, _)) = self.open.get(&id) {
                connection.abort();
                self.closing.insert(id);
            }
        }
    }

    async fn ended(&mut self) -> Id {
        let id = match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => id,
            Some(Err(error)) => error.id(),
            None => std::future::pending().await,
        };
        self.open.remove(&id);
        self.closing.remove(&id);
        id
    }

    fn add<A: Arrival>(&mut self, arrival: A, admission: Admission) {
        let usage = Arc::new(Usage::new(Arc::clone(&self.shared)));
        let conversation = Conversation {
            handler: Arc::clone(&self.handler),
            limits: self.limits,
            stop: self.stop.clone(),
            admission,
            usage: Arc::clone(&usage),
        };
        let task = self.tasks.spawn(async move {
            if let Err(error) = conversation.hold(arrival).await {
                debug!(%error, "a connection ended early");
            }
        });
        self.open.insert(task.id(), (task, usage));
    }

    async fn drain<A: Accept>(mut self, listener: A) {
        if tokio::time::timeout(self.limits.drain, self.all_end(listener)).await.is_err() {
            warn!(connections = self.tasks.len(), "connections were cut off at the end of the drain time");
        }
    }

    /// Returns when all connections have ended. Nobody is let in after those that were there at the beginning.
    async fn all_end<A: Accept>(&mut self, listener: A) {
        let mut earlier: HashSet<Id> = self.open.keys().copied().collect();
        while !earlier.is_empty() {
            tokio::select! {
                biased;
                id = self.ended() => drop(earlier.remove(&id)),
                accepted = listener.accept(), if self.has_room() => match accepted {
                    Ok(arrival) => self.add(arrival, Admission::Late),
                    Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
                },
            }
        }
        drop(listener);
        // Whoever has asked nothing yet is not waited for.
        self.open.values().filter(|(_, usage)| usage.is_waiting()).for_each(|(connection, _)| connection.abort());
        while self.tasks.join_next().await.is_some() {}
    }
}

/// How HTTP ends on a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// Both sides are done, or agree on another protocol.
    Done,
    /// What is being sent may not be sent any longer.
    Cut,
}

/// Goes on with a connection until its end. A client that does not read is no reason to keep it when its answer has to end.
fn poll_end<S, T, B>(
    connection: &mut http1::Connection<T, S>,
    usage: &Usage,
    context: &mut Context<'_>,
) -> Poll<hyper::Result<End>>
where
    S: HttpService<Incoming, ResBody = B> + Unpin,
    S::Future: Unpin,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    T: hyper::rt::Read + hyper::rt::Write + Unpin,
    B: hyper::body::Body + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    match connection.poll_without_shutdown(context) {
        Poll::Ready(ended) => Poll::Ready(ended.map(|()| End::Done)),
        Poll::Pending => usage.poll_cut(context).map(|()| Ok(End::Cut)),
    }
}

/// What goes on over one connection.
struct Conversation<H> {
    handler: Arc<H>,
    limits: ConnectionLimits,
    stop: watch::Receiver<bool>,
    admission: Admission,
    usage: Arc<Usage>,
}

impl<H: Handler> Conversation<H> {
    /// Opens a connection and answers its requests until it ends.
    async fn hold<A: Arrival>(mut self, arrival: A) -> Result<(), Box<dyn Error + Send + Sync>> {
        let opened = tokio::select! {
            biased;
            opened = tokio::time::timeout(self.limits.opening, arrival.open()) => opened,
            // Nothing has been asked yet.
            () = stopped(&mut self.stop), if self.admission == Admission::Open => return Ok(()),
        };
        let (stream, peer) = opened??;
        Ok(self.answer(stream, peer).await?)
    }

    async fn answer<S>(mut self, stream: S, peer: Peer) -> hyper::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (handler, usage, agreed) = (self.handler, Arc::clone(&self.usage), self.usage);
        let room = Room::new();
        let service = service_fn(move |request: Request<_>| {
            let request = request.map(|body| ArrivingBody::new(body, &usage));
            let (handler, usage, in_flight) = (Arc::clone(&handler), Arc::clone(&usage), InFlight::of(&usage));
            room.lodge(async move {
                let mut response = handler.handle(request, peer).await;
                if usage.gave_up_body() {
                    // Or a proxy would send its next request on a connection that is about to end.
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                let (mut head, body) = response.into_parts();
                usage.watch(body.watch().or_else(|| head.extensions.remove()));
                let body = match body {
                    AnswerBody::Tunnel(tunnel) => {
                        usage.agree(tunnel);
                        AnswerBody::Empty
                    }
                    body => body,
                };
                Ok::<_, Infallible>(hyper::Response::from_parts(head, Held::new(body, in_flight)))
            })
        });
        let mut http = http1::Builder::new();
        http.timer(HeadTimer::new(self.limits.head)).header_read_timeout(self.limits.head);
        http.max_buf_size(MAX_HEAD_BYTES).max_headers(MAX_HEADERS);
        http.keep_alive(self.admission == Admission::Open);
        let mut connection = http.serve_connection(TokioIo::new(stream), service);
        let ended = tokio::select! {
            ended = poll_fn(|cx| poll_end(&mut connection, &agreed, cx)) => ended?,
            () = stopped(&mut self.stop), if self.admission == Admission::Open => {
                std::pin::Pin::new(&mut connection).graceful_shutdown();
                poll_fn(|cx| poll_end(&mut connection, &agreed, cx)).await?
            }
        };
        if ended == End::Cut {
            return Ok(());
        }
        let parts = connection.into_parts();
        let (stream, early) = (parts.io.into_inner(), parts.read_buf);
        // The handler and its request are gone with the connection.
        if let Some((tunnel, _in_flight)) = agreed.take_tunnel() {
            if let Err(error) = tunnel.join(stream, early).await {
                debug!(%error, "a tunnel broke");
            }
            return Ok(());
        }
        tokio::select! {
            () = take_leave(stream) => {}
            () = stopped(&mut self.stop), if self.admission == Admission::Open => {}
        }
        Ok(())
    }
}
