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

use super::{asked, routed};
use crate::http::Port;
use crate::http::tls_client::Client;

#[test]
fn a_certificate_that_the_system_does_not_trust_is_a_bad_gateway() {
    let target = Port::default();
    let url = format!("https://127.0.0.1:{}/api/", target.address.port());
    let port = Port::with(routed(&[("/app/", url)]));
    let refused = asked(&port, "GET /app/health/live HTTP/1.1").answer();
    assert_eq!(refused.problem(), (502, "bad_gateway".to_owned()));
    assert!(refused.body.contains("certificate"), "{refused:?}");
}

#[test]
fn a_server_is_spoken_to_over_tls_where_it_is_trusted() {
    let target = Port::default();
    let config = Client { protocols: vec!["http/1.1"], ..Client::of(target.pin) }.config();
    let trust = Trust { config, name: ServerName::IpAddress(target.address.ip().into()) };
    let long = Duration::from_secs(600);
    let waits = Waits { connect: long, answer: long, silence: long };
    let upstream = Arc::new(Upstream::new("127.0.0.1".to_owned(), target.address.port(), Some(trust), waits));
    for _ in 0..2 {
        let mut head = Outgoing::new(&Method::GET, &["/api", "/health/live"], "localhost");
        let fields = http::HeaderMap::new();
        head.end(&fields, &Hop::of(&fields).unwrap(), &Empty::<Bytes>::new());
        let answered = target.runtime.block_on(upstream.exchange(head, Empty::<Bytes>::new()));
        let Answer::Response(response) = answered.unwrap() else { panic!("it became a tunnel") };
        assert_eq!(response.status(), 200);
        let body = target.runtime.block_on(response.into_body().collect()).unwrap().to_bytes();
        assert_eq!(body, "{\"status\":\"ok\"}");
    }
}
