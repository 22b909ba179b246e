//! Requests to a server: their heads as they are written, and their bodies as they are sent.

use std::error::Error;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use http::header::{CONNECTION, EXPECT, TE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderValue, Method};
use hyper::body::Body;
use memchr::memmem;
use tokio::time::{Sleep, sleep};

use super::connection::Connection;
use super::framing::Framing;
use super::response::tokens;
use crate::domain::gateway::fields::{Field, may_become};
use crate::domain::token::{BearerToken, PREFIX, TOKEN_CHARS};

/// Room for a usual head, to be made only once.
const USUAL_HEAD_BYTES: usize = 1024;

/// How long the server may leave open whether it wants the body of a request that expects to be told (RFC 9110 section
/// 10.1.1: not for ever).
const EXPECTATION: Duration = Duration::from_secs(1);

/// What a request asks of the connection it came on, and so of the next one.
#[derive(Debug, Default)]
pub struct Hop<'a> {
    nominated: Vec<&'a HeaderValue>,
    upgrade: Option<&'a HeaderValue>,
    takes_trailers: bool,
    expects_continue: bool,
}

impl<'a> Hop<'a> {
    /// Reads the fields of a request. `None` when its body has been coded for the connection in a way that cannot be undone
    /// here.
    pub fn of(fields: &'a HeaderMap) -> Option<Self> {
        let codings = fields.get_all(TRANSFER_ENCODING).iter().flat_map(|line| tokens(line.as_bytes()));
        let codings: Vec<&str> = codings.collect();
        match codings.as_slice() {
            [] => {}
            [coding] if coding.eq_ignore_ascii_case("chunked") => {}
            _ => return None,
        }
        let mut hop = Self { nominated: fields.get_all(CONNECTION).iter().collect(), ..Self::default() };
        if !hop.nominated.is_empty() {
            // A list of several, or one that nobody may change to, is left out: that is to be served as it was asked.
            let mut upgrades = fields.get_all(UPGRADE).iter();
            let upgrade = upgrades.next().filter(|_| upgrades.next().is_none() && hop.nominates("upgrade"));
            hop.upgrade = upgrade.filter(|protocol| protocol.to_str().is_ok_and(may_become));
            let mut wanted = fields.get_all(TE).iter().flat_map(|line| tokens(line.as_bytes()));
            hop.takes_trailers = hop.nominates("te") && wanted.any(|word| word.eq_ignore_ascii_case("trailers"));
        }
        hop.expects_continue =
            fields.get(EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        Some(hop)
    }

    /// Whether `Connection` names this field: then it is for that connection only (RFC 9110 section 7.6.1).
    pub fn nominates(&self, name: &str) -> bool {
        self.nominated.iter().any(|line| names(line, name))
    }
}

/// The head of a request that is to be sent.
pub struct Outgoing {
    pub(super) method: Method,
    pub(super) bytes: BytesMut,
    pub(super) framing: Framing,
    pub(super) expects_continue: bool,
    /// The protocol that is asked for.
    pub(super) upgrade: Option<HeaderValue>,
    /// The lines that name fields for the client's connection only, where its trailers can have such.
    nominated: Vec<HeaderValue>,
}

impl Outgoing {
    /// A request for the target that these parts make together.
    pub fn new(method: &Method, target: &[&str], host: &str) -> Self {
        let mut bytes = BytesMut::with_capacity(USUAL_HEAD_BYTES);
        bytes.put_slice(method.as_str().as_bytes());
        bytes.put_u8(b' ');
        target.iter().for_each(|part| bytes.put_slice(part.as_bytes()));
        bytes.put_slice(b" HTTP/1.1\r\nhost: ");
        bytes.put_slice(host.as_bytes());
        bytes.put_slice(b"\r\n");
        let (framing, nominated) = (Framing::None, Vec::new());
        Self { method: method.clone(), bytes, framing, expects_continue: false, upgrade: None, nominated }
    }

    /// Adds a field.
    pub fn field(&mut self, name: &str, value: &HeaderValue) {
        self.line(name, &[value.as_bytes()]);
    }

    /// Adds a field whose value these parts make together.
    ///
    /// # Security
    ///
    /// The caller sees to it that they have no line ends.
    pub fn line(&mut self, name: &str, parts: &[&[u8]]) {
        self.bytes.put_slice(name.as_bytes());
        self.bytes.put_slice(b": ");
        parts.iter().for_each(|part| self.bytes.put_slice(part));
        self.bytes.put_slice(b"\r\n");
    }

    /// Adds the fields of a request that `passes`, and that are not for its own connection only.
    pub fn fields(&mut self, fields: &HeaderMap, hop: &Hop<'_>, passes: impl Fn(Field) -> bool) {
        let has_nominated = !hop.nominated.is_empty();
        for (name, value) in fields {
            let name = name.as_str();
            if passes(Field::of(name)) && !(has_nominated && hop.nominates(name)) {
                self.field(name, value);
            }
        }
    }

    /// Whether a device's token stands anywhere in what has been added, or in the protocol that is asked for.
    pub fn holds_a_token(&self, hop: &Hop<'_>) -> bool {
        holds_a_token(&self.bytes) || hop.upgrade.is_some_and(|protocol| holds_a_token(protocol.as_bytes()))
    }

    /// Ends the head: says what the next connection must know, and how this body ends.
    pub fn end<B: Body>(&mut self, fields: &HeaderMap, hop: &Hop<'_>, body: &B) {
        match hop.upgrade {
            Some(protocol) => {
                self.bytes.put_slice(b"connection: upgrade\r\n");
                self.field("upgrade", protocol);
            }
            None if hop.takes_trailers => self.bytes.put_slice(b"te: trailers\r\nconnection: te\r\n"),
            None => {}
        }
        self.upgrade = hop.upgrade.cloned();
        self.framing = match body.size_hint().exact() {
            None => Framing::Chunked,
            Some(0) => Framing::None,
            Some(length) => Framing::Length(length),
        };
        match self.framing {
            Framing::Chunked => {
                self.nominated = hop.nominated.iter().copied().cloned().collect();
                self.bytes.put_slice(b"transfer-encoding: chunked\r\n");
            }
            Framing::Length(length) => {
                let _ = write!((&mut self.bytes).writer(), "content-length: {length}\r\n");
            }
            // A request that says that it has no body keeps saying so.
            Framing::None if fields.contains_key(http::header::CONTENT_LENGTH) => {
                self.bytes.put_slice(b"content-length: 0\r\n");
            }
            Framing::None | Framing::UntilClose => {}
        }
        if hop.expects_continue && self.framing != Framing::None {
            self.expects_continue = true;
            self.bytes.put_slice(b"expect: 100-continue\r\n");
        }
        self.bytes.put_slice(b"\r\n");
    }

    /// Whether the request may be sent again where it is not known what became of it (RFC 9110 section 9.2.2).
    pub(super) fn is_repeatable(&self) -> bool {
        self.method.is_idempotent() && self.framing == Framing::None
    }
}

/// Why the rest of a request cannot be sent.
pub(super) enum SendError {
    /// The client does not send it.
    Client,
    /// The server does not take it.
    Server,
}

/// The way of a request to the server.
pub(super) struct Upload<B> {
    body: Option<B>,
    is_chunked: bool,
    /// The lines that name fields which stay behind, in the trailers too.
    nominated: Vec<HeaderValue>,
    stage: Stage,
}

enum Stage {
    /// The head has not been sent: the first piece of the body may come in a moment, and go with it.
    Head {
        has_waited: bool,
    },
    /// The server has been asked whether it wants the body.
    Expecting(Pin<Box<Sleep>>),
    Body,
    /// Everything has been handed to the connection.
    Last,
    Done,
    /// The server takes no more. It may have answered all the same.
    Refused,
}

impl<B> Upload<B> {
    /// Whether everything has been sent.
    pub(super) const fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done)
    }
}

impl<B> Upload<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    pub(super) fn new(head: &Outgoing, body: B) -> Self {
        let stage = match (head.framing, head.expects_continue) {
            (Framing::None | Framing::UntilClose, _) => Stage::Last,
            (_, true) => Stage::Expecting(Box::pin(sleep(EXPECTATION))),
            (_, false) => Stage::Head { has_waited: false },
        };
        let has_body = !matches!(stage, Stage::Last);
        let (is_chunked, nominated) = (head.framing == Framing::Chunked, head.nominated.clone());
        Self { body: has_body.then_some(body), is_chunked, nominated, stage }
    }

    /// The server wants the body.
    pub(super) fn proceed(&mut self) {
        if matches!(self.stage, Stage::Expecting(_)) {
            self.stage = Stage::Body;
        }
    }

    /// A request without a body is sent from its beginning.
    pub(super) fn restart(&mut self) {
        self.stage = Stage::Last;
    }

    /// No more is to be sent.
    pub(super) fn give_up(&mut self) {
        self.stage = Stage::Refused;
        self.body = None;
    }

    /// Sends what there is to send; ready once that is everything.
    pub(super) fn poll(
        &mut self,
        connection: &mut Connection,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), SendError>> {
        loop {
            match &mut self.stage {
                Stage::Done | Stage::Refused => return Poll::Ready(Ok(())),
                Stage::Head { has_waited } => {
                    let has_waited = std::mem::replace(has_waited, true);
                    if self.poll_piece(connection, context)?.is_pending() && !has_waited {
                        // What has arrived with the head is one turn of the client's connection away.
                        context.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    if matches!(self.stage, Stage::Head { .. }) {
                        self.stage = Stage::Body;
                    }
                }
                Stage::Expecting(limit) => {
                    ready!(connection.poll_send(context)).map_err(|_| SendError::Server)?;
                    ready!(limit.as_mut().poll(context));
                    self.stage = Stage::Body;
                }
                Stage::Body => {
                    ready!(connection.poll_send(context)).map_err(|_| SendError::Server)?;
                    ready!(self.poll_piece(connection, context))?;
                }
                Stage::Last => {
                    ready!(connection.poll_send(context)).map_err(|_| SendError::Server)?;
                    self.stage = Stage::Done;
                }
            }
        }
    }

    /// Hands the next piece of the body, or its end, to a connection that has sent everything before.
    fn poll_piece(&mut self, connection: &mut Connection, context: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        let Some(body) = &mut self.body else {
            self.stage = Stage::Last;
            return Poll::Ready(Ok(()));
        };
        let frame = ready!(Pin::new(body).poll_frame(context)).transpose().map_err(|_| SendError::Client)?;
        let mut trailers = None;
        match frame.map(hyper::body::Frame::into_data) {
            Some(Ok(data)) if data.is_empty() => return Poll::Ready(Ok(())),
            Some(Ok(data)) => {
                if self.is_chunked {
                    let _ = write!((&mut connection.small).writer(), "{:x}\r\n", data.len());
                    connection.tail = b"\r\n";
                }
                connection.piece = data;
                // The end of a body of known length goes with its last piece, not a turn later.
                if !self.is_chunked && self.body.as_ref().is_none_or(Body::is_end_stream) {
                    self.finish();
                }
                return Poll::Ready(Ok(()));
            }
            Some(Err(frame)) => trailers = frame.into_trailers().ok(),
            None => {}
        }
        if self.is_chunked {
            connection.small.put_slice(b"0\r\n");
            trailers.iter().for_each(|trailers| put_trailers(&mut connection.small, trailers, &self.nominated));
            connection.small.put_slice(b"\r\n");
        }
        self.finish();
        Poll::Ready(Ok(()))
    }

    fn finish(&mut self) {
        self.stage = Stage::Last;
        self.body = None;
    }
}

/// Whether a line of `Connection` has this field's name.
pub(super) fn names(line: &HeaderValue, name: &str) -> bool {
    tokens(line.as_bytes()).any(|word| word.eq_ignore_ascii_case(name))
}

/// Whether a device's token stands anywhere in these bytes.
fn holds_a_token(bytes: &[u8]) -> bool {
    memmem::find_iter(bytes, PREFIX).any(|start| {
        let token = bytes.get(start..start + TOKEN_CHARS).and_then(|token| str::from_utf8(token).ok());
        token.is_some_and(|token| BearerToken::parse(token).is_ok())
    })
}

/// Adds the trailers but those that one of these lines of `Connection` names. What ends a message, or belongs to a connection,
/// has no meaning in trailers (RFC 9110 section 6.5.1), and nobody looks for a credential there.
fn put_trailers(bytes: &mut BytesMut, trailers: &HeaderMap, nominated: &[HeaderValue]) {
    for (name, value) in trailers {
        let stays = nominated.iter().any(|line| names(line, name.as_str()));
        if stays || Field::of(name.as_str()) != Field::EndToEnd || holds_a_token(value.as_bytes()) {
            continue;
        }
        bytes.put_slice(name.as_str().as_bytes());
        bytes.put_slice(b": ");
        bytes.put_slice(value.as_bytes());
        bytes.put_slice(b"\r\n");
    }
}
