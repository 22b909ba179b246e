//! WebSockets are checked as other requests are.

use super::super::lan::Machine;
use super::{DEVICE, behind_each};
use crate::e2e::raw_http::Request;

/// The request for a WebSocket (RFC 6455 section 4.1).
fn upgrade(request: &Request) -> String {
    upgrade_to("websocket", request)
}

fn upgrade_to(protocol: &str, request: &Request) -> String {
    let request = request.clone().header("Upgrade", protocol).header("Sec-WebSocket-Version", "13");
    request
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
        .bytes("Upgrade")
        .replace("Content-Length: 0\r\n", "")
}

#[test]
fn only_a_paired_device_gets_a_websocket() {
    behind_each(|guarded| {
        let token = guarded.pair();
        let stranger = guarded.request("GET /socket");
        let mut refused = guarded.conversation();
        refused.send(&upgrade(&stranger));
        assert_eq!(refused.answer().status, 401);
        guarded.assert_unreached();

        let mut socket = guarded.conversation();
        socket.send(&upgrade(&guarded.paired("GET /socket", &token)));
        let answer = socket.answer();
        assert_eq!(answer.status, 101, "{answer:?}");
        socket.send("hello");
        assert_eq!(socket.receive(5), "hello");
        let arrived = guarded.service.take().pop().unwrap();
        assert_eq!(arrived.header("x-netclaw-device"), Some(DEVICE.1));
        assert!(!arrived.mentions("nct_"), "{arrived:?}");
        assert_eq!(guarded.lan.send(Machine::Bob, &stranger).status, 401);
    });
}

#[test]
fn no_connection_becomes_one_that_carries_requests_nobody_checks() {
    behind_each(|guarded| {
        let token = guarded.pair();
        for protocol in
            ["h2c", "H2C", "h2c, websocket", "websocket, h2c", "HTTP/2.0", "TLS/1.0", "h2c\r\nUpgrade: websocket"]
        {
            for request in [guarded.request("GET /public/"), guarded.paired("GET /", &token)] {
                let mut conversation = guarded.conversation();
                conversation.send(&upgrade_to(protocol, &request.header("HTTP2-Settings", "AAMAAABkAAQAAP__")));
                let answer = conversation.answer();
                assert_ne!(answer.status, 101, "{protocol}: {answer:?}");
                for arrived in guarded.service.take() {
                    assert_eq!(arrived.header("upgrade"), None, "{protocol}");
                }
            }
        }
        // Of two, at most the one is asked for that may be.
        let mut conversation = guarded.conversation();
        conversation.send(&upgrade_to("websocket\r\nUpgrade: h2c", &guarded.request("GET /public/")));
        conversation.answer();
        for arrived in guarded.service.take() {
            let upgrades = arrived.headers.iter().filter(|(name, _)| name == "upgrade");
            assert!(upgrades.map(|(_, value)| value.as_str()).eq(["websocket"]) || arrived.header("upgrade").is_none());
        }
    });
}
