//! A web service that keeps what it is sent, and upgrades to whatever it is asked for: to an echo.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, UPGRADE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::runtime::Runtime;

use crate::proxies::lan::{Lan, Machine};

/// One request, as it arrived.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub line: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Arrived {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Whether any name or value of a header contains `text`, whatever its case.
    pub fn mentions(&self, text: &str) -> bool {
        self.headers.iter().any(|(name, value)| (name.clone() + value).to_lowercase().contains(text))
    }
}

/// How the service answers: a status and headers.
pub type Manner = (u16, &'static [(&'static str, &'static str)]);

/// The service. It ends when it is dropped.
pub struct Service {
    kept: Arc<Kept>,
    _runtime: Runtime,
}

struct Kept {
    arrived: Mutex<Vec<Arrived>>,
    manner: Mutex<Manner>,
}

impl Service {
    /// A service at `address` of `machine`.
    pub fn start(lan: &Lan, machine: Machine, address: SocketAddr, manner: Manner) -> Self {
        let listener = lan.namespace(machine).run(|| std::net::TcpListener::bind(address).unwrap());
        listener.set_nonblocking(true).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let kept = Arc::new(Kept { arrived: Mutex::default(), manner: Mutex::new(manner) });
        runtime.spawn(accept(listener, Arc::clone(&kept)));
        Self { kept, _runtime: runtime }
    }

    /// Answers so from now on.
    pub fn answer_with(&self, manner: Manner) {
        *self.kept.manner.lock().unwrap() = manner;
    }

    /// What has arrived since it was asked last.
    pub fn take(&self) -> Vec<Arrived> {
        std::mem::take(&mut self.kept.arrived.lock().unwrap())
    }
}

async fn accept(listener: std::net::TcpListener, kept: Arc<Kept>) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        let kept = Arc::clone(&kept);
        let answer = service_fn(move |request| {
            let kept = Arc::clone(&kept);
            async move { Ok::<_, Infallible>(answer(request, &kept).await) }
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
        tokio::spawn(connection.with_upgrades());
    }
}

async fn answer(mut request: Request<Incoming>, kept: &Kept) -> Response<Full<Bytes>> {
    let (status, headers) = *kept.manner.lock().unwrap();
    let body = request.body_mut().collect().await.unwrap().to_bytes();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let field = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        (name.to_string(), text(value.as_bytes()))
    };
    let line = format!("{} {}", request.method(), request.uri());
    let headers_of = request.headers().iter().map(field).collect();
    kept.arrived.lock().unwrap().push(Arrived { line, headers: headers_of, body: text(&body) });
    let mut response = Response::builder();
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    if let Some(protocol) = request.headers().get(UPGRADE).cloned()
        && status == 200
    {
        tokio::spawn(echo(request));
        let response = response.status(StatusCode::SWITCHING_PROTOCOLS);
        return response.header(CONNECTION, "upgrade").header(UPGRADE, protocol).body(Full::default()).unwrap();
    }
    let body = if status == 204 { Bytes::new() } else { Bytes::from_static(b"from the service") };
    response.status(status).body(body.into()).unwrap()
}

/// Sends back whatever comes over the upgraded connection.
async fn echo(request: Request<Incoming>) {
    let Ok(upgraded) = hyper::upgrade::on(request).await else { return };
    let (mut reader, mut writer) = tokio::io::split(TokioIo::new(upgraded));
    let _ = tokio::io::copy(&mut reader, &mut writer).await;
}
