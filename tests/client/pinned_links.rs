//! Every branch of believing a daemon for its key.

use std::time::Duration;

use netclaw::adapters::client::{HttpDaemonApi, Patience};
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::link::{Link, Meeting, Pins, Unprotected};
use netclaw::domain::pin::Pin;
use netclaw::ports::daemon_api::{ApiError, DaemonApi};
use rustls::version;

use super::scripted_server::{Act, ScriptedServer, response};
use super::tls_server::Shown;
use crate::fakes::samples::{endpoint, name, token};

const OTHER: Pin = Pin::from_bytes([8; 32]);

fn api() -> HttpDaemonApi {
    HttpDaemonApi::new(Patience { connect: Duration::from_secs(5), answer: Duration::from_secs(5) })
}

fn ready() -> Vec<u8> {
    response("200 OK", "application/json", r#"{"status":"ok"}"#)
}

fn revoked() -> Vec<u8> {
    b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".to_vec()
}

async fn revoke(at: &Endpoint, current: Pin, next: Option<Pin>) -> Result<(), ApiError> {
    api().revoke_self(&Link::of_pairing(at, Some(Pins { current, next })), &token(1)).await
}

fn secured(at: &Endpoint) -> Endpoint {
    endpoint(&at.to_string().replace("http:", "https:"))
}

#[tokio::test]
async fn b28_an_expired_certificate_for_another_name_is_accepted_if_its_key_is_pinned() {
    let daemon = Shown::expired("somewhere.else.example");
    for versions in [&[&version::TLS13], &[&version::TLS12]] {
        let at = daemon.answering_over(versions, revoked()).await;
        assert_eq!(revoke(&at, daemon.pin(), None).await, Ok(()));
        assert_eq!(revoke(&at, OTHER, Some(daemon.pin())).await, Ok(()));
        assert_eq!(revoke(&secured(&at), daemon.pin(), None).await, Ok(()));
    }
}

#[tokio::test]
async fn b27_and_b28_another_key_is_refused_and_both_are_named() {
    let other = Shown::expired("127.0.0.1");
    let at = other.answering(revoked()).await;
    let expected = Pins { current: OTHER, next: Some(Pin::from_bytes([9; 32])) };
    for at in [at.clone(), secured(&at)] {
        let refused = revoke(&at, expected.current, expected.next).await.unwrap_err();
        assert_eq!(refused, ApiError::WrongKey { expected, found: other.pin() });
        let shown = refused.to_string();
        assert!(shown.contains(&OTHER.fingerprint()) && shown.contains(&other.pin().fingerprint()), "{shown}");
    }
}

#[tokio::test]
async fn b28_a_copied_certificate_without_its_key_is_refused_by_either_version() {
    let (daemon, thief) = (Shown::expired("127.0.0.1"), Shown::expired("127.0.0.1"));
    let copied = Shown { key: thief.key, ..daemon.clone() };
    for versions in [&[&version::TLS13], &[&version::TLS12]] {
        let at = copied.answering_over(versions, revoked()).await;
        assert!(matches!(revoke(&at, daemon.pin(), None).await, Err(ApiError::Unreachable { .. })));
        // Whoever is met is not known, but must have the key that is shown.
        assert!(api().meet(&at).await.is_err());
    }
}

#[tokio::test]
async fn b28_what_is_no_certificate_is_refused() {
    let daemon = Shown::expired("127.0.0.1");
    let garbage = Shown { certificate: vec![0x30, 0x03, 1, 1, 1].into(), ..daemon.clone() };
    let at = garbage.answering(revoked()).await;
    assert!(revoke(&at, daemon.pin(), None).await.is_err());
    assert!(api().meet(&at).await.is_err());
}

#[tokio::test]
async fn b22_a_pinned_link_is_never_spoken_to_in_the_clear() {
    let server = ScriptedServer::answering(revoked()).await;
    assert!(revoke(&server.endpoint, OTHER, None).await.is_err());
    assert!(server.requests().iter().all(|request| !request.contains("nct_")), "{:?}", server.requests());
}

#[tokio::test]
async fn s05_a_token_is_not_sent_to_another_machine_without_protection() {
    let link = Link::of_endpoint(&endpoint("http://192.0.2.1:5199"));
    let unprotected = ApiError::Unprotected(Unprotected);
    assert_eq!(api().revoke_self(&link, &token(1)).await, Err(unprotected.clone()));
    assert_eq!(api().status(&link, Some(&token(1))).await.map(drop), Err(unprotected.clone()));
    let code = netclaw::domain::code::PairingCode::parse("ABCDEF23").unwrap();
    let exchanged = api().exchange(&link, &code, &name("laptop")).await;
    assert_eq!(exchanged.map(drop), Err(unprotected));
}

#[tokio::test]
async fn whoever_speaks_tls_is_met_by_the_key() {
    let daemon = Shown::expired("somewhere.else.example");
    let at = daemon.answering(ready()).await;
    assert_eq!(api().meet(&at).await, Ok(Meeting::Key(daemon.pin())));
    assert_eq!(api().meet(&secured(&at)).await, Ok(Meeting::Key(daemon.pin())));
}

#[tokio::test]
async fn plain_http_is_met_only_where_tls_is_not_spoken_and_not_asked_for() {
    let bad_request = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec();
    let ways = [Act::SendUnasked(bad_request), Act::Send(Vec::new())];
    for way in ways {
        let server = ScriptedServer::start(vec![way.clone(), Act::Send(ready())]).await;
        // A client that speaks TLS is not understood by what reads lines, which therefore never answers it.
        if matches!(way, Act::SendUnasked(_)) {
            assert_eq!(api().meet(&server.endpoint).await, Ok(Meeting::Plain));
        }
        let server = ScriptedServer::start(vec![Act::SendUnasked(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec())]).await;
        assert!(api().meet(&secured(&server.endpoint)).await.is_err());
    }
}

#[tokio::test]
async fn what_answers_over_tls_must_be_a_daemon() {
    let site = Shown::expired("127.0.0.1").answering(response("200 OK", "text/html", "<html>")).await;
    assert!(matches!(api().meet(&site).await, Err(ApiError::NotADaemon { .. })));
    let elsewhere = b"HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n".to_vec();
    let site = Shown::expired("127.0.0.1").answering(elsewhere).await;
    assert!(matches!(api().meet(&site).await, Err(ApiError::NotADaemon { .. })));
}
