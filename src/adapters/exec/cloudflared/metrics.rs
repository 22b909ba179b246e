//! The metrics server of a running `cloudflared`, which also tells whether it is connected and what it serves.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1::handshake;
use hyper::header::HOST;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;

use super::ingress::{self, Rule};
use crate::adapters::exec::forwarding;
use crate::domain::endpoint::Endpoint;

/// Bytes of an answer: the configuration of some thousand ingress rules.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// A running `cloudflared`.
#[derive(Debug)]
pub(super) struct Instance {
    /// To Cloudflare. Without any, nobody gets through.
    connections: u64,
    /// The name that it was given, if it serves a quick tunnel.
    quick_host: String,
    /// What it passes on, if it tells.
    ingress: Option<Vec<Rule>>,
}

/// The answer of `/ready`, with status 200, or 503 without connections.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ready {
    ready_connections: u64,
}

/// The answer of `/quicktunnel`. The name is empty for other tunnels.
#[derive(Default, Deserialize)]
struct QuickTunnel {
    hostname: String,
}

/// The answer of `/config`, in versions since 2022.
#[derive(Deserialize)]
struct Versioned {
    config: Config,
}

#[derive(Deserialize)]
struct Config {
    ingress: Option<Vec<Rule>>,
}

impl Instance {
    /// Whether it has any connection to Cloudflare.
    pub(super) const fn is_connected(&self) -> bool {
        self.connections > 0
    }

    /// Whether it passes anything on to the daemon that listens on `daemon`, or does not tell.
    pub(super) fn leads_to(&self, daemon: SocketAddr) -> bool {
        self.ingress.as_ref().is_none_or(|rules| ingress::leads_to(rules, daemon))
    }

    /// Where clients reach `daemon` through it: by the name of a quick tunnel, else by its rules, which are `configured` if
    /// it does not tell them.
    pub(super) fn endpoint(&self, configured: &[Rule], daemon: SocketAddr) -> Option<Endpoint> {
        let rules = self.ingress.as_deref().unwrap_or(configured);
        forwarding::public_endpoint(&self.quick_host).or_else(|| ingress::endpoint(rules, daemon))
    }
}

/// Asks what listens on `address`; `None` when that is no `cloudflared`, or does not answer in time.
pub(super) async fn ask(address: SocketAddr, patience: Duration) -> Option<Instance> {
    let asked = tokio::time::timeout(patience, async {
        let Ready { ready_connections: connections } = fetch(address, "/ready").await?;
        let QuickTunnel { hostname: quick_host } = fetch(address, "/quicktunnel").await.unwrap_or_default();
        let ingress = fetch(address, "/config").await.and_then(|Versioned { config }| config.ingress);
        Some(Instance { connections, quick_host, ingress })
    });
    asked.await.ok().flatten()
}

/// One document, over a connection of its own that follows no redirect and knows no proxy.
async fn fetch<T: DeserializeOwned>(address: SocketAddr, path: &str) -> Option<T> {
    let stream = TcpStream::connect(address).await.ok()?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.ok()?;
    // Ends when the sender is dropped.
    tokio::spawn(connection);
    let request = Request::get(path).header(HOST, address.to_string()).body(Empty::<Bytes>::new()).ok()?;
    let answer = sender.send_request(request).await.ok()?;
    if !matches!(answer.status(), StatusCode::OK | StatusCode::SERVICE_UNAVAILABLE) {
        return None;
    }
    let content = Limited::new(answer.into_body(), MAX_ANSWER_BYTES).collect().await.ok()?;
    serde_json::from_slice(&content.to_bytes()).ok()
}
