//! A daemon that the test plays: what a forwarder sends to it, to the byte.

use netclaw::domain::token::BearerToken;
use serde_json::json;

use super::Forwarder;
use crate::e2e::world::World;
use crate::fakes::samples::{daemon_id, device_id, token};
use crate::http::gateway::{Server, field, fields};

/// A device that is paired with whoever listens there, over loopback and without TLS.
fn paired_with(server: &Server) -> World {
    paired_below(server, "")
}

/// The same, where the endpoint has this path.
fn paired_below(server: &Server, path: &str) -> World {
    let device = World::elsewhere(server.address(), Vec::new());
    let id = daemon_id(1).as_str().to_owned();
    let pairing = json!({ "endpoint": server.url(path), "deviceName": "laptop", "pairedAt": "2026-11-23T00:00:00Z" });
    let config = json!({ "version": 1, "current": id, "daemons": { &id: pairing } });
    let secrets = json!({ "version": 1, "tokens": { &id: token(1).reveal() } });
    device.write("client/config.json", &config.to_string(), 0o600);
    device.write("config/secrets.json", &secrets.to_string(), 0o600);
    device
}

/// A forwarder to a daemon that has said once that it is well.
fn forwarder_to(server: &Server, device: &World) -> Forwarder {
    std::thread::scope(|scope| {
        let started = scope.spawn(|| Forwarder::of(device, &[]));
        let asked = is_well(server);
        assert_eq!(field(&asked, "authorization"), Some(bearer(&token(1)).as_str()), "{asked}");
        started.join().unwrap()
    })
}

fn bearer(token: &BearerToken) -> String {
    format!("Bearer {}", token.reveal())
}

/// Says that the daemon is well to whoever asks next; returns the head of the question.
fn is_well(server: &Server) -> String {
    let report = json!({
        "daemon": { "id": daemon_id(1).as_str(), "version": "0.1.0", "exposureMode": "local",
                    "startedAt": "2026-11-23T00:00:00Z", "uptimeSeconds": 1 },
        "device": { "id": device_id(1).as_str(), "name": "laptop" },
    });
    let body = report.to_string();
    let mut served = server.accept();
    let head = served.head();
    assert!(head.lines().next().unwrap().ends_with("/api/status HTTP/1.1"), "{head}");
    let length = body.len();
    served.send(format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    ));
    head
}

#[test]
fn d39_a_request_that_meets_a_rotation_is_sent_again_with_the_new_token() {
    let server = Server::new();
    for (number, body) in [(2, ""), (3, "x")] {
        let device = paired_with(&server);
        let forwarder = forwarder_to(&server, &device);
        let new = BearerToken::issue(device_id(1), &[number; 32]);
        let id = daemon_id(1).as_str().to_owned();
        // Another command has told the daemon to end the old token, and has not written that down yet.
        let secrets = json!({ "version": 1, "tokens": { &id: token(1).reveal() }, "staged": { &id: new.reveal() } });
        device.write("config/secrets.json", &secrets.to_string(), 0o600);
        let mut client = forwarder.asked(&format!("DELETE /app/x HTTP/1.1\r\nContent-Length: {}", body.len()));
        client.send(body);
        let mut served = server.accept();
        let head = served.head();
        assert_eq!(field(&head, "authorization"), Some(bearer(&token(1)).as_str()), "{head}");
        served.take(body.len());
        served.send(
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        );
        let mut asked = server.accept();
        let head = asked.head();
        assert!(head.starts_with("POST /api/device/rotate/confirm "), "{head}");
        asked.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        assert_eq!(field(&is_well(&server), "authorization"), Some(bearer(&new).as_str()));
        if body.is_empty() {
            let mut served = server.accept();
            let head = served.head();
            assert!(head.starts_with("DELETE /app/x HTTP/1.1\r\n"), "{head}");
            assert_eq!(field(&head, "authorization"), Some(bearer(&new).as_str()), "{head}");
            served.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
            assert_eq!(client.answer().body, "ok");
        } else {
            // A body is not there any more: the tool has to ask again.
            assert_eq!(client.answer().status, 401);
            assert!(!server.is_asked());
        }
    }
}

#[test]
fn the_path_of_an_endpoint_is_put_in_front_on_the_way_there_and_taken_off_on_the_way_back() {
    let server = Server::new();
    let device = paired_below(&server, "/claw");
    let forwarder = forwarder_to(&server, &device);
    let (own, daemon) = (forwarder.address, server.address());
    for (location, expected) in [
        (format!("http://{daemon}/claw/app/y?z#w"), format!("http://{own}/app/y?z#w")),
        (format!("http://{daemon}/claw"), format!("http://{own}")),
        // Not below the endpoint.
        (format!("http://{daemon}/clawed"), format!("http://{daemon}/clawed")),
        (format!("https://{daemon}/claw/"), format!("https://{daemon}/claw/")),
        ("y".to_owned(), "y".to_owned()),
    ] {
        let mut client = forwarder.asked(&format!("GET /app/x HTTP/1.1\r\nReferer: http://{own}/app/"));
        let mut served = server.accept();
        let head = served.head();
        assert!(head.starts_with("GET /claw/app/x HTTP/1.1\r\n"), "{head}");
        assert_eq!(field(&head, "referer"), Some(format!("http://{daemon}/claw/app/").as_str()), "{head}");
        served.send(format!(
            "HTTP/1.1 307 Temporary Redirect\r\nLocation: {location}\r\nContent-Location: {location}\r\nConnection: close\r\n\
             Content-Length: 0\r\n\r\n"
        ));
        let head = client.head();
        assert_eq!(field(&head, "location"), Some(expected.as_str()), "{head}");
        assert_eq!(field(&head, "content-location"), Some(expected.as_str()), "{head}");
    }
}

#[test]
fn the_key_goes_no_further_wherever_a_tool_puts_it() {
    let server = Server::new();
    let device = paired_with(&server);
    let forwarder = forwarder_to(&server, &device);
    let key = &forwarder.key;
    let basic = data_encoding::BASE64.encode(format!("me:{key}").as_bytes());
    let mut client = forwarder.asked(&format!(
        "GET /v1/realtime HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Api-Key: {key}\r\napi-key: Bearer {key}\r\n\
         Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.{key}\r\nSec-WebSocket-Protocol: other\r\n\
         Cookie: a=b; key={key}\r\nReferer: http://{}/?key={key}\r\nX-Mine: 1\r\nX-Mine: {key}\r\nX-Mine: 2\r\n\
         Proxy-Authorization: Basic {basic}",
        forwarder.address
    ));
    let mut served = server.accept();
    let head = served.head();
    assert!(!head.contains(&key[4..]) && !head.contains(&basic), "{head}");
    assert_eq!(fields(&head, "sec-websocket-protocol"), ["realtime", "other"], "{head}");
    assert_eq!(fields(&head, "x-mine"), ["1", "2"], "{head}");
    for gone in ["x-api-key", "api-key", "cookie", "referer"] {
        assert_eq!(fields(&head, gone), [""; 0], "{gone}: {head}");
    }
    served.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    assert_eq!(client.answer().body, "ok");
    for target in [format!("/app/?key={key}"), format!("/app/{key}/x"), format!("/v1/models?a&b=x{key}y")] {
        let answer = forwarder.keyed(&format!("GET {target}")).send();
        assert!(answer.status == 400 && answer.body.contains("in the path or the query"), "{target}: {answer:?}");
        assert!(!answer.body.contains(&key[4..]), "{answer:?}");
    }
    // Shown there alone it opens nothing.
    for name in ["X-Api-Key", "api-key"] {
        assert_eq!(forwarder.request("GET /app/").header(name, key).send().status, 401);
    }
    assert!(!server.is_asked());
}

#[test]
fn the_daemon_sees_a_request_of_its_own_with_the_token_and_never_the_key() {
    let server = Server::new();
    let device = paired_with(&server);
    let forwarder = forwarder_to(&server, &device);
    let own = forwarder.address;
    let mut client = forwarder.asked(&format!(
        "POST /app/x?y=%20 HTTP/1.1\r\nOrigin: http://{own}\r\nReferer: http://{own}/app/?z\r\nCookie: a=b\r\nX-Netclaw-Device: root\r\n\
         X-Forwarded-For: 1.2.3.4\r\nX_Forwarded_For: 1.2.3.4\r\nX-Mine: kept\r\nConnection: keep-alive, X-Drop\r\nX-Drop: 1\r\n\
         Proxy-Authorization: Basic x\r\nContent-Length: 0"
    ));
    let mut served = server.accept();
    let head = served.head();
    assert!(head.starts_with("POST /app/x?y=%20 HTTP/1.1\r\n"), "{head}");
    let daemon = server.address().to_string();
    assert_eq!(fields(&head, "host"), [&daemon]);
    assert_eq!(fields(&head, "authorization"), [format!("Bearer {}", token(1).reveal())]);
    assert_eq!(field(&head, "origin"), Some(format!("http://{daemon}").as_str()));
    assert_eq!(field(&head, "referer"), Some(format!("http://{daemon}/app/?z").as_str()));
    assert_eq!((field(&head, "cookie"), field(&head, "x-mine")), (Some("a=b"), Some("kept")));
    for gone in
        ["x-netclaw-device", "x-forwarded-for", "x_forwarded_for", "x-drop", "proxy-authorization", "connection"]
    {
        assert_eq!(fields(&head, gone), [""; 0], "{gone}: {head}");
    }
    assert!(!head.contains(&forwarder.key[4..]), "{head}");
    served.send(format!(
        "HTTP/1.1 302 Found\r\nLocation: http://{daemon}/app/y\r\nAccess-Control-Allow-Origin: *\r\nSet-Cookie: a=b\r\n\
         Access-Control-Allow-Credentials: true\r\nContent-Length: 0\r\n\r\n"
    ));
    let head = client.head();
    assert_eq!(field(&head, "location"), Some(format!("http://{own}/app/y").as_str()), "{head}");
    assert!(!head.contains("access-control-") && head.contains("set-cookie: a=b"), "{head}");
    // The connection is used again, also for a referrer from elsewhere, which is not passed on.
    client.send(format!(
        "GET /app/y HTTP/1.1\r\nHost: {own}\r\nAuthorization: Bearer {}\r\nReferer: https://elsewhere/secret\r\n\r\n",
        forwarder.key
    ));
    let head = served.head();
    assert_eq!((fields(&head, "referer"), fields(&head, "origin")), (vec![], vec![]), "{head}");
    served.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    assert_eq!(client.answer().body, "ok");
}
