//! Who else is on this machine: other users, and web pages of other sites.

use data_encoding::BASE64;

use super::{Forwarder, Home};
use crate::e2e::raw_http::Request;
use crate::e2e::world::NETCLAW;
use crate::http::gateway::Wire;

fn basic(pair: &str) -> String {
    format!("Basic {}", BASE64.encode(pair.as_bytes()))
}

#[test]
fn c35_whoever_does_not_have_the_key_is_refused() {
    let home = Home::default();
    let forwarder = home.forward();
    let (key, token) = (forwarder.key.clone(), home.token());
    let mut wrong = vec![
        format!("Bearer {token}"),
        "Bearer".to_owned(),
        format!("Bearer {}", &key[..key.len() - 1]),
        format!("Bearer {key}x"),
        format!("Bearer x{}", &key[1..]),
        key.clone(),
        basic(&key),
        basic(&format!("{key}:x")),
    ];
    wrong.push(basic(&format!("x:{token}")));
    for (path, code) in [("/v1/models", "error"), ("/api/status", "code")] {
        let none = forwarder.request(&format!("GET {path}")).send();
        let wrong =
            wrong.iter().map(|shown| forwarder.request(&format!("GET {path}")).header("Authorization", shown).send());
        for answer in wrong.chain([none]) {
            let document = answer.json();
            let code = if code == "error" { &document["error"]["code"] } else { &document["code"] };
            assert_eq!((answer.status, code.as_str()), (401, Some("invalid_api_key")), "{answer:?}");
            assert!(answer.head.contains("www-authenticate: Bearer\r\nwww-authenticate: Basic "), "{answer:?}");
            assert!(!answer.head.contains(&key) && !answer.body.contains(&key) && !answer.body.contains(&token));
        }
    }
    // Two of them are none.
    let twice = forwarder.keyed("GET /api/status").header("Authorization", &format!("Bearer {key}")).send();
    assert_eq!(twice.status, 401);
    assert!(!home.server.is_asked());
    for shown in
        [format!("Bearer {key}"), format!("bearer {key}"), basic(&format!("me:{key}")), basic(&format!(":{key}"))]
    {
        let answer = forwarder.request("GET /api/status").header("Authorization", &shown).send();
        assert_eq!(answer.status, 200, "{shown}: {answer:?}");
        assert_eq!(answer.json()["device"]["name"], "laptop");
    }
}

#[test]
fn c31_c32_c33_web_pages_of_other_sites_are_refused_even_with_the_key() {
    let home = Home::default();
    let forwarder = home.forward();
    let (own, port) = (forwarder.address.to_string(), forwarder.address.port());
    let forbidden = |name: &str, value: &str| {
        let request = forwarder.keyed("GET /api/status").header(name, value);
        let preflight = forwarder.request("OPTIONS /v1/chat/completions").header(name, value);
        for answer in [request.send(), preflight.header("Access-Control-Request-Method", "POST").send()] {
            assert_eq!(answer.status, 403, "{name}: {value}: {answer:?}");
            assert!(!answer.head.contains("access-control-"), "{answer:?}");
        }
    };
    let of_port = ["evil.com", "0.0.0.0", "localhost", "LocalHost", "[::1]"].map(|name| format!("{name}:{port}"));
    for host in of_port.iter().map(String::as_str).chain(["evil.com", "127.0.0.1:1", "127.0.0.1", "localhost"]) {
        forbidden("Host", host);
    }
    // Whoever tried a name is told what to use.
    let named = forwarder.keyed("GET /api/status").header("Host", &format!("localhost:{port}")).send();
    assert!(named.json()["detail"].as_str().unwrap().contains("use 127.0.0.1 and its port"), "{named:?}");
    for origin in [
        "https://evil.com",
        "null",
        "http://127.0.0.1:1",
        &format!("https://{own}"),
        &format!("http://localhost:{port}"),
    ] {
        forbidden("Origin", origin);
    }
    ["cross-site", "same-site"].iter().for_each(|site| forbidden("Sec-Fetch-Site", site));
    let no_host = forwarder.keyed("GET /api/status").without("Host").send();
    assert!(matches!(no_host.status, 400 | 403), "{no_host:?}");
    assert_eq!(forwarder.keyed("GET http://evil.com/api/status").send().status, 400);
    let page = forwarder.keyed("GET /api/status").header("Origin", &format!("http://{own}"));
    assert_eq!(page.header("Sec-Fetch-Site", "same-origin").send().status, 200);
}

#[test]
fn c32_c33_a_page_gets_nothing_with_a_form_or_a_websocket_even_where_its_browser_has_the_key() {
    let home = Home::default();
    let forwarder = home.forward();
    let own = forwarder.address.to_string();
    // A browser adds what a person has typed for the forwarder's own pages.
    let typed = basic(&format!("me:{}", forwarder.key));
    let of_browser = |line: &str| forwarder.request(line).header("Authorization", &typed);
    let websocket = |request: Request| {
        let request = request.header("Upgrade", "websocket").header("Sec-WebSocket-Version", "13");
        request.header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==").bytes("Upgrade")
    };
    for origin in
        ["https://evil.com", "null", "http://127.0.0.1:1", &format!("http://localhost:{}", forwarder.address.port())]
    {
        for kind in ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"] {
            let form = of_browser("POST /v1/chat/completions").header("Content-Type", kind).header("Origin", origin);
            assert_eq!(form.body("{\"x\":\"=\"}").send().status, 403, "{origin} {kind}");
        }
        let mut socket = Wire::to(forwarder.address);
        socket.send(websocket(of_browser("GET /app/ws").header("Origin", origin)));
        assert!(socket.head().starts_with("HTTP/1.1 403 "), "{origin}");
    }
    // A form without an origin, as old browsers sent it, and what a link or an image asks for.
    for line in ["POST /v1/chat/completions", "GET /app/x"] {
        let asked = of_browser(line).header("Sec-Fetch-Site", "cross-site").header("Sec-Fetch-Mode", "no-cors");
        assert_eq!(asked.send().status, 403, "{line}");
    }
    assert!(!home.server.is_asked());
    // The same from the forwarder's own page.
    let mut socket = Wire::to(forwarder.address);
    let of_page = |line: &str| of_browser(line).header("Origin", &format!("http://{own}"));
    socket.send(websocket(of_page("GET /app/ws")));
    let mut served = home.server.accept();
    served.head();
    served.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    assert!(socket.head().starts_with("HTTP/1.1 101 "));
    let form = of_page("POST /app/form").header("Content-Type", "application/x-www-form-urlencoded");
    std::thread::scope(|scope| {
        let answer = scope.spawn(|| form.body("a=b").send());
        assert!(home.serve("ok").starts_with("POST /form "));
        assert_eq!(answer.join().unwrap().body, "ok");
    });
}

#[test]
fn e47_idle_connections_of_another_user_keep_nobody_out() {
    let home = Home::default();
    crate::e2e::load::allow_open_files();
    // With fewer open files than connections, as on macOS by default, and as everywhere.
    for files in ["200", "1024"] {
        let mut shell = home.device.command("sh");
        let start = format!("ulimit -n {files}; exec '{NETCLAW}' forward");
        let forwarder = Forwarder::started(shell.args(["-c", &start]));
        let mut idle: Vec<Wire> = (0..300).map(|_| Wire::to(forwarder.address)).collect();
        assert_eq!(forwarder.keyed("GET /api/status").send().status, 200);
        // It was the one that waited longest that had to go.
        idle[0].ends();
    }
}

#[test]
fn d38_d39_a_tool_neither_revokes_nor_rotates_nor_pairs() {
    let home = Home::default();
    let forwarder = home.forward();
    for line in [
        "DELETE /api/pair/device",
        "DELETE /api/pair/%64evice",
        "DELETE /API/pair/device",
        "POST /api/device/rotate",
        "POST /api/device/rotate/confirm",
        "POST /api/pair/exchange",
        "POST /api/pair/v2/start",
    ] {
        assert_eq!(forwarder.keyed(line).send().problem(), (403, "not_forwarded".to_owned()), "{line}");
    }
    for line in ["DELETE /x/../api/pair/device", "DELETE //api/pair/device", "DELETE /api%2fpair/device"] {
        assert_eq!(forwarder.keyed(line).send().problem(), (400, "invalid_request".to_owned()), "{line}");
    }
    assert_eq!(forwarder.keyed("TRACE /api/status").send().status, 405);
    assert_eq!(home.host.device_names(), ["laptop"]);
    home.device.netclaw(&["status"]).succeeded();
}

#[test]
fn d45_neither_key_nor_token_is_anywhere_but_where_it_belongs() {
    let home = Home::default();
    let forwarder = home.forward();
    let (key, token) = (forwarder.key.clone(), home.token());
    let (answer, head) = forwarder.through(&home, "GET /app/x?y=1");
    assert!(head.starts_with("GET /x?y=1 "), "{head}");
    for text in [&head, &answer.head, &answer.body] {
        assert!(!text.contains(&key[4..]) && !text.contains(&token[20..72]), "{text}");
    }
    forwarder.request("GET /api/status").header("Authorization", "Bearer nonsense").send();
    home.host.netclaw(&["daemon", "devices", "revoke", "laptop"]).succeeded();
    forwarder.keyed("GET /api/status").send();
    let finished = forwarder.terminate().succeeded();
    assert_eq!(finished.stdout, "");
    let (shown, rest) = finished.stderr.split_once("export OPENAI_API_KEY=").unwrap();
    assert!(!shown.contains(&key) && !rest[key.len()..].contains(&key), "{finished:?}");
    assert!(!finished.stderr.contains(&token[20..72]), "{finished:?}");
    let log = home.daemon.terminate();
    assert!(!log.contains(&key[4..]) && !log.contains(&token[20..72]), "{log}");
}
