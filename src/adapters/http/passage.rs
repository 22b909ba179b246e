//! Requests on their way to a server, and what they come to.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, HeaderValue};
use tracing::{debug, warn};

use super::answer::{Answer, AnswerBody, OpenTunnel, Streamed};
use super::gateway::{invalid, is_timeout};
use super::problem::{Problem, Reason};
use super::usage::ArrivingBody;
use crate::adapters::relay::RelayError;
use crate::adapters::relay::request::Outgoing;
use crate::adapters::relay::upstream::{self, Upstream};
use crate::app::daemon::open_requests::OpenRequest;

/// Where a request goes.
pub(super) enum Way {
    /// To a server.
    Open(Passage),
    /// Nowhere: this is the answer.
    Answered(Answer),
}

/// A request that is ready to be passed on. Small, because it waits for as long as the server takes.
pub(super) struct Passage {
    pub(super) upstream: Arc<Upstream>,
    pub(super) head: Outgoing,
    pub(super) body: ArrivingBody,
    pub(super) goal: Goal,
}

/// Who is to answer a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// The target of a route.
    Target,
    /// The agent's server.
    Agent,
    /// The agent's server, which is shown this host's key.
    AgentWithKey,
}

impl Passage {
    /// Passes the request on, unless its device's credential ends before there is an answer.
    pub(super) async fn answer(self, open: OpenRequest) -> Result<Answer, Problem> {
        let Self { upstream, head, body, goal } = self;
        let mut exchange = std::pin::pin!(upstream.exchange(head, body));
        let answered = poll_fn(|context| match open.poll_ended(context) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => exchange.as_mut().poll(context).map(Some),
        });
        match answered.await {
            None => Err(Problem::new(Reason::Unauthorized, "the credential of the device has ended")),
            Some(Err(error)) => Err(no_answer(&error, goal)),
            Some(Ok(upstream::Answer::Response(response)))
                if goal == Goal::AgentWithKey && refuses_the_caller(response.status()) =>
            {
                Err(key_refused(response.status()))
            }
            Some(Ok(upstream::Answer::Response(response))) => {
                let mut response = response.map(|body| AnswerBody::Streamed(Box::new(Streamed::new(body, open))));
                // What is meant for one device is kept by none, unless its server says otherwise.
                response.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
                Ok(response)
            }
            Some(Ok(upstream::Answer::Tunnel(response, tunnel))) => {
                Ok(response.map(|()| AnswerBody::Tunnel(Box::new(OpenTunnel::new(tunnel, open)))))
            }
        }
    }
}

/// What a request comes to that was not answered: the client's own fault, or the server's, which was late or bad.
fn no_answer(error: &RelayError, goal: Goal) -> Problem {
    debug!(%error, ?goal, "a request was not answered");
    let (server, late, bad) = match goal {
        Goal::Target => ("the server behind this route", Reason::GatewayTimeout, Reason::BadGateway),
        Goal::Agent | Goal::AgentWithKey => ("the agent's server", Reason::AgentTimeout, Reason::AgentFailed),
    };
    let reason = match error {
        RelayError::Client => return invalid(error.to_string()),
        error if is_timeout(error) => late,
        _ => bad,
    };
    Problem::new(reason, format!("{server} has no answer: {error}"))
}

/// The provider's own words can have parts of the key in them, and are not about the device.
fn key_refused(status: StatusCode) -> Problem {
    let status = status.as_u16();
    warn!(status, "the provider refuses this host's key: give the daemon another one with netclaw daemon agent-key");
    Problem::new(Reason::AgentFailed, "the provider refuses this host's key; the daemon's log says more")
}

/// Whether an answer says that whoever asked is not known, or not well enough (RFC 9110 sections 15.5.2 and 15.5.8).
fn refuses_the_caller(status: StatusCode) -> bool {
    matches!(status, StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED)
}
