//! What web pages and stray proxies can make a browser or tunnel send to loopback: attacks.md C.

use super::raw_http::Request;
use super::world::World;

const STATUS: &str = "GET /api/status";

#[test]
fn a_clean_loopback_request_needs_no_token() {
    let host = World::default();
    let _daemon = host.daemon();
    let own = host.address.to_string();
    for name in [own.as_str(), "localhost", "LOCALHOST:80", "127.0.0.1:5199", "[::1]:5199", "[::1]"] {
        let answer = Request::new(host.address, STATUS).header("Host", name).send();
        assert_eq!((answer.status, &answer.json()["device"]), (200, &serde_json::Value::Null), "{name}");
    }
}

#[test]
fn c31_and_c34_another_host_name_is_refused() {
    let host = World::default();
    let _daemon = host.daemon();
    for name in [
        "evil.com",
        "127.0.0.1.evil.com",
        "localhost.evil.com",
        "evil.localhost",
        "0.0.0.0:5199",
        "192.168.1.2:5199",
        "[::]:5199",
        "[::ffff:127.0.0.1]:5199",
        "0x7f.1",
        "127.1",
        "localhost.",
        "evil@127.0.0.1",
        "127.0.0.1:x",
        "",
    ] {
        for line in [STATUS, "GET /api/health/live", "POST /api/pair/exchange", "GET /nowhere"] {
            let answer = Request::new(host.address, line).header("Host", name).send();
            assert_eq!(answer.problem(), (403, "forbidden_origin".to_owned()), "{name} {line}");
        }
    }
    let two = Request::new(host.address, STATUS).header("host", "evil.com").send();
    assert!([400, 403].contains(&two.status), "{two:?}");
    let none = Request::new(host.address, STATUS).without("Host").send();
    assert_eq!(none.problem(), (403, "forbidden_origin".to_owned()));
    let absolute = Request::new(host.address, "GET http://evil.com/api/status").send();
    assert_eq!(absolute.problem(), (403, "forbidden_origin".to_owned()));
}

#[test]
fn c32_forms_and_plain_text_are_refused() {
    let host = World::default();
    let _daemon = host.daemon();
    let code = host.code();
    let body = serde_json::json!({ "code": code, "deviceName": "x" }).to_string();
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp", ""]
    {
        let post = Request::new(host.address, "POST /api/pair/exchange").header("Content-Type", kind).body(&body);
        assert_eq!(post.send().problem(), (415, "unsupported_media_type".to_owned()), "{kind}");
    }
    let good = Request::new(host.address, "POST /api/pair/exchange");
    let good = good.header("Content-Type", "Application/JSON; charset=utf-8").body(&body);
    assert_eq!(good.send().status, 200);
}

#[test]
fn c33_a_page_of_another_site_is_refused_even_with_a_token() {
    let host = World::default();
    let _daemon = host.daemon();
    let granted = Request::exchange(host.address, &host.code(), "x").send().json();
    let token = granted["token"].as_str().unwrap();
    for origin in ["https://evil", "http://localhost.evil.com", "null", "file://", "http://127.0.0.1:1", ""] {
        for request in [Request::new(host.address, STATUS), Request::status(host.address, token)] {
            let answer = request.header("Origin", origin).send();
            assert_eq!(answer.problem(), (403, "forbidden_origin".to_owned()), "{origin}");
        }
    }
    let own = format!("http://{}", host.address);
    assert_eq!(Request::new(host.address, STATUS).header("Origin", &own).send().status, 200);
}

#[test]
fn any_sign_of_a_proxy_ends_the_trust_in_loopback() {
    let host = World::default();
    let _daemon = host.daemon();
    let granted = Request::exchange(host.address, &host.code(), "x").send().json();
    let token = granted["token"].as_str().unwrap();
    for header in
        ["X-Forwarded-For", "x-forwarded-proto", "Forwarded", "Via", "X-Real-IP", "CF-Ray", "Tailscale-User-Login"]
    {
        let bare = Request::new(host.address, STATUS).header(header, "127.0.0.1").send();
        assert_eq!(bare.problem(), (401, "unauthorized".to_owned()), "{header}");
        assert_eq!(bare.header("www-authenticate"), Some("Bearer"));
        let with_token = Request::status(host.address, token).header(header, "127.0.0.1").send();
        assert_eq!(with_token.problem(), (403, "tls_required".to_owned()), "{header}");
    }
}

#[test]
fn a_presented_credential_is_always_checked() {
    let host = World::default();
    let _daemon = host.daemon();
    for value in ["Bearer", "Bearer ", "Bearer nct_x", "Basic dXNlcjpwYXNz", "nct_x", ""] {
        let answer = Request::new(host.address, STATUS).header("Authorization", value).send();
        assert_eq!(answer.problem(), (401, "unauthorized".to_owned()), "{value:?}");
    }
    let granted = Request::exchange(host.address, &host.code(), "x").send().json();
    let token = granted["token"].as_str().unwrap();
    assert_eq!(Request::status(host.address, token).header("authorization", "Bearer x").send().status, 401);
    assert_eq!(
        Request::new(host.address, STATUS).header("Authorization", &format!("bearer  {token}")).send().status,
        200
    );
}

#[test]
fn routes_about_a_device_need_one_even_on_loopback() {
    let host = World::default();
    let _daemon = host.daemon();
    let granted = Request::exchange(host.address, &host.code(), "Büro 1").send().json();
    let bearer = format!("Bearer {}", granted["token"].as_str().unwrap());
    for line in ["GET /api/auth/verify", "POST /api/auth/verify", "DELETE /api/pair/device"] {
        assert_eq!(Request::new(host.address, line).send().problem(), (401, "unauthorized".to_owned()), "{line}");
    }
    for method in ["GET", "HEAD", "POST", "PUT", "OPTIONS"] {
        let line = format!("{method} /api/auth/verify");
        let verified = Request::new(host.address, &line).header("Authorization", &bearer).send();
        assert_eq!(verified.status, 204, "{method}");
        assert_eq!(verified.header("x-netclaw-device"), Some("B%C3%BCro%201"));
        assert_eq!(verified.header("x-netclaw-device-id"), granted["device"]["id"].as_str());
    }
    let revoked = Request::new(host.address, "DELETE /api/pair/device").header("Authorization", &bearer).send();
    assert_eq!(revoked.status, 204);
    let again = Request::new(host.address, STATUS).header("Authorization", &bearer).send();
    assert_eq!(again.problem(), (401, "unauthorized".to_owned()));
}

#[test]
fn c36_there_is_no_route_to_a_code_over_tcp() {
    let host = World::default();
    let _daemon = host.daemon();
    let granted = Request::exchange(host.address, &host.code(), "x").send().json();
    let bearer = format!("Bearer {}", granted["token"].as_str().unwrap());
    for path in [
        "/pairing",
        "/api/pairing",
        "/api/pair",
        "/devices",
        "/stop",
        "/status",
        "/lockouts",
        "//pairing",
        "/api/../pairing",
    ] {
        for method in ["GET", "POST"] {
            let request = Request::new(host.address, &format!("{method} {path}"));
            assert_eq!(request.send().problem(), (404, "not_found".to_owned()), "{method} {path}");
            let request = request.header("Authorization", &bearer);
            assert_eq!(request.send().problem(), (404, "not_found".to_owned()), "{method} {path}");
        }
    }
}

#[test]
fn every_answer_forbids_sniffing_and_storing_and_none_allows_other_sites() {
    let host = World::default();
    let _daemon = host.daemon();
    let requests = [
        Request::new(host.address, STATUS),
        Request::new(host.address, "HEAD /api/health/live"),
        Request::new(host.address, "GET /nowhere"),
        Request::new(host.address, STATUS).header("Host", "evil.com"),
        Request::exchange(host.address, "2222-2222", "x"),
    ];
    for request in requests {
        let answer = request.send();
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{answer:?}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
        assert!(!answer.head.to_ascii_lowercase().contains("access-control"), "{answer:?}");
    }
}

#[test]
fn methods_and_paths_that_are_not_ours_are_named_as_such() {
    let host = World::default();
    let _daemon = host.daemon();
    let answer = Request::new(host.address, "POST /api/status").send();
    assert_eq!(answer.problem(), (405, "method_not_allowed".to_owned()));
    assert_eq!(answer.header("allow"), Some("GET, HEAD"));
    assert_eq!(Request::new(host.address, "GET /api/pair/exchange").send().header("allow"), Some("POST"));
    let head = Request::new(host.address, "HEAD /api/status").send();
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(Request::new(host.address, "GET /api/status/").send().status, 404);
}

#[test]
fn bodies_that_are_no_exchange_are_refused_before_an_attempt_is_spent() {
    let host = World::default();
    let _daemon = host.daemon();
    let code = host.code();
    let deep = "[".repeat(4000);
    let huge = format!("{{\"code\":\"{}\"}}", "x".repeat(4096));
    let cases = [
        ("", 400, "invalid_request"),
        ("not json", 400, "invalid_request"),
        ("[]", 400, "invalid_request"),
        ("{\"code\":1,\"deviceName\":\"x\"}", 400, "invalid_request"),
        (deep.as_str(), 400, "invalid_request"),
        (huge.as_str(), 413, "payload_too_large"),
    ];
    for (body, status, problem) in cases {
        let answer = Request::exchange(host.address, "", "").body(body).send();
        assert_eq!(answer.problem(), (status, problem.to_owned()), "{body:.40}");
        assert!(!answer.body.contains("not json"), "the body is not repeated");
    }
    let chunked = "POST /api/pair/exchange HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                   Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n1001\r\n"
        .to_owned()
        + &" ".repeat(4097)
        + "\r\n0\r\n\r\n";
    assert_eq!(super::raw_http::send_text(host.address, &chunked).problem(), (413, "payload_too_large".to_owned()));
    assert_eq!(Request::exchange(host.address, &code, "x").send().status, 200);
}

#[test]
fn missing_fields_are_counted_and_do_not_touch_the_code() {
    let host = World::default();
    let _daemon = host.daemon();
    let code = host.code();
    let bodies =
        ["{}".to_owned(), format!("{{\"code\":\"{code}\"}}"), "{\"code\":\" \",\"deviceName\":\"x\"}".to_owned()];
    for (body, field) in bodies.iter().zip(["code", "deviceName", "code"]) {
        let answer = Request::exchange(host.address, "", "").body(body).send();
        assert_eq!(answer.problem(), (400, "invalid_request".to_owned()));
        assert!(answer.json()["detail"].as_str().unwrap().contains(field), "{answer:?}");
    }
    let statuses: Vec<u16> = (0..3).map(|_| Request::exchange(host.address, "", "").body("{}").send().status).collect();
    assert_eq!(statuses, [400, 400, 429]);
    assert_eq!(Request::exchange(host.address, &code, "x").from(1).send().status, 200);
}
