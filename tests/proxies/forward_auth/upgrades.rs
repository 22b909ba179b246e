//! WebSockets are checked as other requests are.

use super::super::lan::Machine;
use super::{DEVICE, behind_each};
use crate::e2e::raw_http::Request;

/// The request for a WebSocket (RFC 6455 section 4.1).
fn upgrade(request: &Request) -> String {
    let request = request.clone().header("Upgrade", "websocket").header("Sec-WebSocket-Version", "13");
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
