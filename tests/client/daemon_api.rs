//! The HTTP client against a server that does whatever it likes.

use std::time::Duration;

use netclaw::adapters::client::{HttpDaemonApi, Patience};
use netclaw::domain::code::PairingCode;
use netclaw::domain::link::Link;
use netclaw::domain::token::BearerToken;
use netclaw::ports::daemon_api::{ApiError, DaemonApi, Grant, Rejection};

use super::scripted_server::{Act, ScriptedServer, response};
use crate::fakes::samples::{daemon_id, device_id, endpoint, name, token};

fn api() -> HttpDaemonApi {
    HttpDaemonApi::new(Patience { connect: Duration::from_millis(300), answer: Duration::from_millis(300) })
}

fn link_to(server: &ScriptedServer) -> Link {
    Link::of_endpoint(&server.endpoint)
}

async fn exchange(server: &ScriptedServer) -> Result<Grant, ApiError> {
    api().exchange(&link_to(server), &PairingCode::parse("ABCDEF23").unwrap(), &name("laptop")).await
}

async fn status(server: &ScriptedServer) -> Result<(), ApiError> {
    api().status(&link_to(server), Some(&token(1))).await.map(drop)
}

fn grant_body(token: &BearerToken, device: u8) -> String {
    let (token, device, daemon) = (token.reveal(), device_id(device), daemon_id(1));
    format!(r#"{{"token":"{token}","device":{{"id":"{device}","name":"laptop"}},"daemonId":"{daemon}","later":1}}"#)
}

fn is_foreign(result: Result<impl Sized, ApiError>) -> bool {
    matches!(result, Err(ApiError::NotADaemon { .. }))
}

fn is_unreachable(result: Result<impl Sized, ApiError>) -> bool {
    matches!(result, Err(ApiError::Unreachable { .. }))
}

#[tokio::test]
async fn an_exchange_sends_code_and_name_in_the_body_only() {
    let server = ScriptedServer::answering(response("200 OK", "application/json", &grant_body(&token(1), 1))).await;
    let grant = exchange(&server).await.unwrap();
    assert_eq!((grant.device.id, grant.daemon_id), (device_id(1), daemon_id(1)));
    assert_eq!(grant.token.reveal(), token(1).reveal());
    let requests = server.requests();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /api/pair/exchange HTTP/1.1"), "{head}");
    assert!(!head.contains("ABCD") && !head.to_lowercase().contains("authorization"), "{head}");
    assert_eq!(body, r#"{"code":"ABCD-EF23","deviceName":"laptop"}"#);
}

#[tokio::test]
async fn a_token_travels_in_the_authorization_header() {
    let server = ScriptedServer::answering("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").await;
    api().revoke_self(&link_to(&server), &token(1)).await.unwrap();
    let request = server.requests().remove(0);
    assert!(request.starts_with("DELETE /api/pair/device HTTP/1.1"), "{request}");
    assert!(request.contains(&format!("authorization: Bearer {}", token(1).reveal())), "{request}");
}

#[tokio::test]
async fn a_path_of_the_endpoint_is_kept() {
    let server = ScriptedServer::answering(response("200 OK", "application/json", r#"{"status":"ok"}"#)).await;
    api().probe(&Link::of_endpoint(&endpoint(&format!("{}/agent/", server.endpoint)))).await.unwrap();
    assert!(server.requests()[0].starts_with("GET /agent/api/health/ready "));
}

#[tokio::test]
async fn redirects_of_every_kind_are_not_followed() {
    for code in [300, 301, 302, 303, 304, 305, 307, 308] {
        let target = ScriptedServer::answering(response("200 OK", "application/json", "{}")).await;
        let location = format!("{}/api/status", target.endpoint);
        let redirect = format!("HTTP/1.1 {code} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        let server = ScriptedServer::answering(redirect).await;
        assert!(is_foreign(status(&server).await), "{code}");
        assert!(is_foreign(exchange(&server).await), "{code}");
        assert!(is_foreign(api().revoke_self(&link_to(&server), &token(1)).await), "{code}");
        assert_eq!(target.requests(), Vec::<String>::new(), "{code}");
    }
}

#[tokio::test]
async fn the_target_of_a_redirect_is_shown_without_control_characters() {
    let server = ScriptedServer::answering("HTTP/1.1 302 Found\r\nLocation: http://x/\x1b[2J\u{202e}\r\n\r\n").await;
    let Err(ApiError::NotADaemon { what }) = status(&server).await else { panic!() };
    assert!(!what.contains(['\x1b', '\u{202e}']), "{what:?}");
}

#[tokio::test]
async fn b30_a_ten_mebibyte_answer_is_cut_off() {
    let huge = "x".repeat(10 << 20);
    let server = ScriptedServer::answering(response("200 OK", "application/json", &huge)).await;
    assert!(is_foreign(exchange(&server).await));
    let chunked = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned()
        + &("400\r\n".to_owned() + &"x".repeat(1024) + "\r\n").repeat(20);
    let server = ScriptedServer::answering(chunked).await;
    assert!(is_foreign(exchange(&server).await));
}

#[tokio::test]
async fn an_answer_of_exactly_four_kibibytes_is_read() {
    let body = grant_body(&token(1), 1);
    let padded = body.clone() + &" ".repeat(4096 - body.len());
    let server = ScriptedServer::answering(response("200 OK", "application/json", &padded)).await;
    assert!(exchange(&server).await.is_ok());
    let server = ScriptedServer::answering(response("200 OK", "application/json", &(padded + " "))).await;
    assert!(is_foreign(exchange(&server).await));
}

#[tokio::test]
async fn b30_a_slow_drip_and_a_silent_server_end_in_time() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n".to_vec();
    for act in
        [Act::Drip(head.clone()), Act::SendAndHang(head), Act::SendAndHang(Vec::new()), Act::Drip(b"HTT".to_vec())]
    {
        let server = ScriptedServer::start(vec![act]).await;
        match exchange(&server).await {
            Err(ApiError::Unreachable { cause }) => assert_eq!(cause, "no complete answer within 0.3 seconds"),
            // A drip of spaces in the status line is no HTTP.
            Err(ApiError::NotADaemon { what }) => assert_eq!(what, "its answer is not HTTP"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn an_answer_that_ends_early_is_no_answer() {
    let cut = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{\"token\"";
    assert!(is_unreachable(exchange(&ScriptedServer::answering(cut).await).await));
    assert!(is_unreachable(exchange(&ScriptedServer::answering("").await).await));
}

#[tokio::test]
async fn garbage_is_not_a_daemon() {
    assert!(is_foreign(status(&ScriptedServer::answering("SSH-2.0-OpenSSH_9.9\r\n").await).await));
    let html = response("200 OK", "text/html", "<html>");
    assert!(is_foreign(status(&ScriptedServer::answering(html).await).await));
    let wrong_type = response("200 OK", "text/plain", &grant_body(&token(1), 1));
    assert!(is_foreign(exchange(&ScriptedServer::answering(wrong_type).await).await));
    let wrong_status = response("201 Created", "application/json", &grant_body(&token(1), 1));
    assert!(is_foreign(exchange(&ScriptedServer::answering(wrong_status).await).await));
    for body in ["", "{}", "[]", "null", "{\"token\":1}", "{\"status\":\"no\"}"] {
        let server = ScriptedServer::answering(response("200 OK", "application/json; charset=utf-8", body)).await;
        assert!(is_foreign(exchange(&server).await), "{body}");
        assert!(is_foreign(status(&server).await), "{body}");
        assert!(is_foreign(api().probe(&Link::of_endpoint(&server.endpoint)).await), "{body}");
    }
}

#[tokio::test]
async fn a_token_of_another_device_is_refused_and_not_quoted() {
    let server = ScriptedServer::answering(response("200 OK", "application/json", &grant_body(&token(1), 2))).await;
    let error = exchange(&server).await.map(drop).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("nct_"), "{error}");
}

#[tokio::test]
async fn each_problem_code_has_its_meaning() {
    let wait = Duration::from_secs(42);
    let table = [
        ("400 Bad Request", "invalid_request", Rejection::NotUnderstood),
        ("400 Bad Request", "invalid_device_name", Rejection::InvalidDeviceName),
        ("401 Unauthorized", "wrong_code", Rejection::WrongCode),
        ("401 Unauthorized", "unauthorized", Rejection::Unauthorized),
        ("403 Forbidden", "forbidden_origin", Rejection::ForbiddenOrigin),
        ("404 Not Found", "no_pairing_code", Rejection::NoPairingCode),
        ("404 Not Found", "not_found", Rejection::NotFound),
        ("404 Not Found", "no_handshake", Rejection::NoHandshake),
        ("403 Forbidden", "tls_required", Rejection::TlsRequired),
        ("400 Bad Request", "unsupported_suite", Rejection::NotUnderstood),
        ("405 Method Not Allowed", "method_not_allowed", Rejection::NotUnderstood),
        ("409 Conflict", "name_taken", Rejection::NameTaken),
        ("413 Content Too Large", "payload_too_large", Rejection::NotUnderstood),
        ("415 Unsupported Media Type", "unsupported_media_type", Rejection::NotUnderstood),
        ("429 Too Many Requests", "rate_limited", Rejection::RateLimited { retry_after: wait }),
        ("429 Too Many Requests", "locked_out", Rejection::LockedOut { retry_after: wait }),
        ("503 Service Unavailable", "storage_unavailable", Rejection::StorageUnavailable),
        ("500 Internal Server Error", "internal_error", Rejection::Failed),
        ("429 Too Many Requests", "of_a_newer_daemon", Rejection::RateLimited { retry_after: wait }),
        ("418 I'm a teapot", "of_a_newer_daemon", Rejection::NotUnderstood),
    ];
    for (status, code, expected) in table {
        let body =
            format!(r#"{{"type":"about:blank","title":"t","status":1,"code":"{code}","detail":"a \u001b[2Jb"}}"#);
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/problem+json\r\nRetry-After: 42\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let error = exchange(&ScriptedServer::answering(answer).await).await.map(drop).unwrap_err();
        assert_eq!(error, ApiError::Rejected { why: expected, detail: "a ?[2Jb".to_owned() }, "{code}");
    }
}

#[tokio::test]
async fn errors_of_a_proxy_in_between_are_told_apart() {
    let error = async |status: &str| {
        let server = ScriptedServer::answering(response(status, "text/html", "<html>")).await;
        exchange(&server).await.map(drop).unwrap_err()
    };
    assert!(matches!(error("502 Bad Gateway").await, ApiError::Unreachable { .. }));
    assert!(matches!(error("503 Service Unavailable").await, ApiError::Unreachable { .. }));
    assert!(matches!(error("401 Unauthorized").await, ApiError::NotADaemon { .. }));
    assert!(matches!(error("404 Not Found").await, ApiError::NotADaemon { .. }));
    let limited = error("429 Too Many Requests").await;
    let why = Rejection::RateLimited { retry_after: Duration::from_secs(60) };
    assert_eq!(limited, ApiError::Rejected { why, detail: "too many requests".to_owned() });
}

#[tokio::test]
async fn a_closed_port_is_named_in_plain_words() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = api().probe(&Link::of_endpoint(&endpoint(&format!("http://{address}")))).await.unwrap_err();
    assert_eq!(error, ApiError::Unreachable { cause: "connection refused, nothing listens there".to_owned() });
}

#[tokio::test]
async fn https_to_a_server_without_tls_is_named_in_plain_words() {
    let server = ScriptedServer::start(vec![Act::SendUnasked(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec())]).await;
    let https = endpoint(&server.endpoint.to_string().replace("http:", "https:"));
    let patience = Patience { connect: Duration::from_secs(10), answer: Duration::from_secs(10) };
    let error = HttpDaemonApi::new(patience).probe(&Link::of_endpoint(&https)).await.unwrap_err();
    assert_eq!(error, ApiError::Unreachable { cause: "it does not speak TLS; perhaps http:// is meant".to_owned() });
}

/// Runs in a process of its own, because the environment is the process's.
#[tokio::test]
async fn b24_proxies_of_the_environment_are_ignored_for_loopback() {
    let proxy = ScriptedServer::answering(response("200 OK", "application/json", "{}")).await;
    let daemon = ScriptedServer::answering(response("200 OK", "application/json", r#"{"status":"ok"}"#)).await;
    let home = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_netclaw");
    let mut command = tokio::process::Command::new(program);
    command.arg("status").env("NETCLAW_HOME", home.path()).env_remove("NO_PROXY").env_remove("no_proxy");
    command.env("NETCLAW_DAEMON_ENDPOINT", daemon.endpoint.to_string());
    for variable in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env(variable, proxy.endpoint.to_string());
    }
    let output = command.output().await.unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!((proxy.requests().len(), daemon.requests().len()), (0, 1));
}
