//! What hyper and reqwest give without thought: the measure of what thought is worth.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use ring::digest::{SHA256, digest};
use tokio::net::TcpListener;

/// The first word of a process that is this server.
pub const ROLE: &str = "serve-naively";

type Body = UnsyncBoxBody<Bytes, reqwest::Error>;

/// Serves `address`, in front of `upstream`, until the process is killed.
pub fn serve(address: SocketAddr, upstream: SocketAddr) {
    let token = std::env::var("TOKEN").expect("the token");
    let expected: Arc<[u8]> = digest(&SHA256, token.as_bytes()).as_ref().into();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(async move {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let client = reqwest::Client::builder().no_proxy().tls_backend_preconfigured(tls()).build().expect("a client");
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            stream.set_nodelay(true).expect("a socket");
            let (client, expected) = (client.clone(), Arc::clone(&expected));
            let service = service_fn(move |request| {
                let (client, expected) = (client.clone(), Arc::clone(&expected));
                async move { Ok::<_, Infallible>(answer(request, &client, &expected, upstream).await) }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
}

async fn answer(
    request: Request<Incoming>,
    client: &reqwest::Client,
    expected: &[u8],
    upstream: SocketAddr,
) -> Response<Body> {
    let token = request.headers().get(AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    if token.is_none_or(|token| digest(&SHA256, token).as_ref() != expected) {
        return bare(StatusCode::UNAUTHORIZED);
    }
    if request.uri().path() == "/api/auth/verify" {
        return bare(StatusCode::NO_CONTENT);
    }
    let Ok(answer) = client.get(format!("http://{upstream}{}", request.uri().path())).send().await else {
        return bare(StatusCode::BAD_GATEWAY);
    };
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        if ![CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(name) {
            response = response.header(name, value);
        }
    }
    let body = StreamBody::new(answer.bytes_stream().map_ok(Frame::data));
    response.body(body.boxed_unsync()).expect("an answer")
}

fn bare(status: StatusCode) -> Response<Body> {
    let body = Empty::new().map_err(|never| match never {});
    Response::builder().status(status).body(body.boxed_unsync()).expect("an answer")
}

/// reqwest wants one, though nothing here is encrypted.
fn tls() -> rustls::ClientConfig {
    let builder = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("versions");
    builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
}
