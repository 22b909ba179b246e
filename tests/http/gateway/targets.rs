//! Servers that are spoken to over TLS.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http_body_util::{BodyExt, Empty};
use netclaw::adapters::relay::request::{Hop, Outgoing};
use netclaw::adapters::relay::trust::Trust;
use netclaw::adapters::relay::upstream::{Answer, Upstream, Waits};
use rustls::pki_types::ServerName;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{asked, routed};
use crate::http::Port;
use crate::http::tls_client::Client;

const LONG: Duration = Duration::from_secs(600);

const WAITS: Waits = Waits { connect: LONG, answer: LONG, silence: LONG };

fn get(path: &str) -> Outgoing {
    head(&Method::GET, path)
}

fn head(method: &Method, path: &str) -> Outgoing {
    let mut head = Outgoing::new(method, &[path], "localhost");
    let fields = http::HeaderMap::new();
    head.end(&fields, &Hop::of(&fields).unwrap(), &Empty::<Bytes>::new());
    head
}

#[test]
fn a_certificate_that_the_system_does_not_trust_is_a_bad_gateway() {
    let target = Port::default();
    let url = format!("https://127.0.0.1:{}/api/", target.address.port());
    let port = Port::with(routed(&[("/app/", url)]));
    let refused = asked(&port, "GET /app/health/live HTTP/1.1").answer();
    assert_eq!(refused.problem(), (502, "bad_gateway".to_owned()));
    assert!(refused.body.contains("certificate"), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn idle_connections_are_closed_after_a_while() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = Arc::new(Upstream::new(listener.local_addr().unwrap().to_string(), None, WAITS));
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
        stream
    };
    let (answered, mut stream) = tokio::join!(upstream.exchange(get("/"), Empty::<Bytes>::new()), serve);
    assert!(answered.is_ok());
    // The clock goes on by itself while everyone waits.
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
}

/// The system's own list: `2` in front of the time is the timer that asks whether the other end is still there.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_other_end_of_a_silent_connection_is_asked_whether_it_is_there() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let upstream = Arc::new(Upstream::new(format!("127.0.0.1:{port}"), None, WAITS));
    let serve = async {
        let (mut stream, client) = listener.accept().await.unwrap();
        answer_one(&mut stream).await;
        (stream, client.port())
    };
    let (answered, (_stream, client)) = tokio::join!(upstream.exchange(get("/"), Empty::<Bytes>::new()), serve);
    let Answer::Response(response) = answered.unwrap() else { panic!("it became a tunnel") };
    response.into_body().collect().await.unwrap();
    let connections = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
    let ends = format!("0100007F:{client:04X} 0100007F:{port:04X} ");
    let ours = connections.lines().find(|line| line.contains(&ends)).unwrap();
    let timer = ours.split_whitespace().nth(5).unwrap();
    assert!(timer.starts_with("02:"), "{ours}");
}

#[tokio::test(start_paused = true)]
async fn what_must_not_be_sent_twice_takes_no_connection_that_its_server_may_be_closing() {
    for (method, connections) in [(Method::GET, 1), (Method::POST, 2)] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let upstream = Arc::new(Upstream::new(format!("127.0.0.1:{port}"), None, WAITS));
        let served = tokio::spawn(async move {
            let (mut accepted, mut answered, mut streams) = (0, 0, tokio::task::JoinSet::new());
            while answered < 2 {
                tokio::select! {
                    Ok((mut stream, _)) = listener.accept() => {
                        accepted += 1;
                        streams.spawn(async move { answer_one(&mut stream).await; stream });
                    }
                    Some(Ok(mut stream)) = streams.join_next() => {
                        answered += 1;
                        streams.spawn(async move { answer_one(&mut stream).await; stream });
                    }
                }
            }
            accepted
        });
        for pause in [Duration::from_secs(5), Duration::ZERO] {
            let answered = upstream.exchange(head(&method, "/"), Empty::<Bytes>::new()).await;
            let Answer::Response(response) = answered.unwrap() else { panic!("it became a tunnel") };
            response.into_body().collect().await.unwrap();
            tokio::time::sleep(pause).await;
        }
        assert_eq!(served.await.unwrap(), connections, "{method}");
    }
}

async fn answer_one(stream: &mut tokio::net::TcpStream) {
    if stream.read(&mut [0; 1024]).await.unwrap_or(0) > 0 {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
    } else {
        std::future::pending().await
    }
}

#[test]
fn a_server_is_spoken_to_over_tls_where_it_is_trusted() {
    let target = Port::default();
    let config = Client { protocols: vec!["http/1.1"], ..Client::of(target.pin) }.config();
    let trust = Trust { config, name: ServerName::IpAddress(target.address.ip().into()) };
    let upstream = Arc::new(Upstream::new(target.address.to_string(), Some(trust), WAITS));
    for _ in 0..2 {
        let head = get("/api/health/live");
        let answered = target.runtime.block_on(upstream.exchange(head, Empty::<Bytes>::new()));
        let Answer::Response(response) = answered.unwrap() else { panic!("it became a tunnel") };
        assert_eq!(response.status(), 200);
        let body = target.runtime.block_on(response.into_body().collect()).unwrap().to_bytes();
        assert_eq!(body, "{\"status\":\"ok\"}");
    }
}
