//! What paired devices reach through the gateway.

use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::gateway::fields::{Field, may_become};
use netclaw::domain::gateway::path::{AmbiguousPath, PlainPath};
use netclaw::domain::gateway::{Destination, GatewayRoute, GatewaySettings, MAX_ROUTES, RoutePath, Routes};
use proptest::prelude::*;

fn route(path: &str) -> GatewayRoute {
    let target = Endpoint::parse("http://127.0.0.1:11434/").unwrap();
    GatewayRoute { path: RoutePath::parse(path).unwrap(), target }
}

#[test]
fn a_path_is_whole_segments_between_slashes() {
    for path in ["/ollama/", "/a/b/", "/A-Z_0.~/", "/.../", "/.well-known/", "/apis/", "/v10/"] {
        assert_eq!(RoutePath::parse(path).map(|path| path.to_string()).as_deref(), Some(path));
    }
    for path in
        ["", "/", "//", "ollama", "/ollama", "ollama/", "/a//b/", "//a/", "/a//", "/./", "/a/../", "/a b/", "/%61/"]
    {
        assert_eq!(RoutePath::parse(path), None, "{path}");
    }
    for path in ["/a\\b/", "/a?b/", "/a#b/", "/a;b/", "/\u{e9}/", "/a\n/", "/a:b/", "/@/"] {
        assert_eq!(RoutePath::parse(path), None, "{path}");
    }
}

#[test]
fn what_the_daemon_answers_itself_is_no_route() {
    for path in ["/api/", "/api/x/", "/API/x/", "/v1/", "/V1/models/", "/metrics/", "/Metrics/x/"] {
        assert_eq!(RoutePath::parse(path), None, "{path}");
    }
}

#[test]
fn no_path_leads_to_two_targets_and_routes_are_bounded() {
    let check = |routes: Vec<GatewayRoute>| GatewaySettings { routes, ..GatewaySettings::default() }.check();
    check(vec![route("/b/"), route("/a/"), route("/a/b/")]).unwrap();
    let refused = check(vec![route("/a/"), route("/b/"), route("/a/")]).unwrap_err();
    assert_eq!(refused.to_string(), "Gateway.Routes is \"/a/\" twice, but each path must lead to one target");
    let many = |count: usize| (0..count).map(|number| route(&format!("/{number}/"))).collect();
    check(many(MAX_ROUTES)).unwrap();
    check(many(MAX_ROUTES + 1)).unwrap_err();
}

fn routes(paths: &[&str]) -> Routes {
    Routes::new(paths.iter().map(|path| route(path)).collect())
}

/// The path of the route that a request goes to, and what follows it.
fn found<'a>(routes: &'a Routes, path: &'a str) -> Option<(&'a str, &'a str)> {
    match routes.find(path).unwrap()? {
        Destination::Target { route, rest } => Some((routes.all()[route].path.as_str(), rest)),
        Destination::Slash => Some((path, "/")),
    }
}

#[test]
fn the_longest_route_has_a_request_and_none_has_half_a_segment() {
    let routes = routes(&["/a/", "/a/b/c/", "/a/b/", "/other/"]);
    assert_eq!(found(&routes, "/a/"), Some(("/a/", "")));
    assert_eq!(found(&routes, "/a/x/"), Some(("/a/", "x/")));
    assert_eq!(found(&routes, "/a/bc"), Some(("/a/", "bc")));
    assert_eq!(found(&routes, "/a/b/cd"), Some(("/a/b/", "cd")));
    assert_eq!(found(&routes, "/a/b/c/d"), Some(("/a/b/c/", "d")));
    for bare in ["/a", "/a/b", "/a/b/c"] {
        assert_eq!(found(&routes, bare), Some((bare, "/")));
    }
    for path in ["", "/", "a/", "/A/", "/ab/", "/other2/", "//a/", "*", "/x/../a/"] {
        assert_eq!(found(&routes, path), None, "{path}");
    }
}

#[test]
fn only_letters_digits_and_marks_are_the_same_encoded_and_not() {
    let routes = routes(&["/a/", "/a/b-c/"]);
    for path in ["/a/%62-c/x", "/a/b%2Dc/x", "/a/%62%2d%63/", "/a/%62-c"] {
        assert_eq!(routes.find(path), Err(AmbiguousPath::Route), "{path}");
    }
    for path in ["/a/%62-d/x", "/a/x%62", "/a/%C3%A4", "/a/b-c%20/x"] {
        assert_eq!(routes.find(path).map(|found| found.is_some()), Ok(true), "{path}");
    }
}

#[test]
fn a_path_is_refused_for_what_is_wrong_with_it() {
    for (path, error) in [
        ("", AmbiguousPath::NoPath),
        ("*", AmbiguousPath::NoPath),
        ("/a b", AmbiguousPath::Character),
        ("/\u{e9}", AmbiguousPath::Character),
        ("/a\\..\\b", AmbiguousPath::Character),
        ("//", AmbiguousPath::EmptySegment),
        ("/a//b", AmbiguousPath::EmptySegment),
        ("/%", AmbiguousPath::Escape),
        ("/%4", AmbiguousPath::Escape),
        ("/%+4", AmbiguousPath::Escape),
        ("/%u002e", AmbiguousPath::Escape),
        ("/%2f", AmbiguousPath::EncodedSeparator),
        ("/%5C", AmbiguousPath::EncodedSeparator),
        ("/%00", AmbiguousPath::EncodedSeparator),
        ("/%7f", AmbiguousPath::EncodedSeparator),
        ("/%0A", AmbiguousPath::EncodedSeparator),
        ("/%c0%af", AmbiguousPath::EncodedSeparator),
        ("/%e0%80%ae", AmbiguousPath::EncodedSeparator),
        ("/%252F", AmbiguousPath::EncodedSeparator),
        ("/%25%252f", AmbiguousPath::EncodedSeparator),
        ("/%25c0%25af", AmbiguousPath::EncodedSeparator),
        ("/.", AmbiguousPath::DotSegment),
        ("/a/../b", AmbiguousPath::DotSegment),
        ("/%2E%2e", AmbiguousPath::DotSegment),
        ("/.%2e/", AmbiguousPath::DotSegment),
        ("/..;a=b/c", AmbiguousPath::DotSegment),
        ("/..%3Ba", AmbiguousPath::DotSegment),
        ("/%252e%252e", AmbiguousPath::DotSegment),
    ] {
        let refused = PlainPath::parse(path).err();
        assert_eq!(refused, Some(error), "{path}");
    }
    for path in [
        "/",
        "/a",
        "/a/",
        "/a/b.c",
        "/...",
        "/..a",
        "/a..",
        "/;",
        "/a;b=c",
        "/%20",
        "/%25",
        "/100%25",
        "/%C3%A9",
        "/!$&'()*+,=:@",
    ] {
        assert_eq!(PlainPath::parse(path).map(PlainPath::as_str), Ok(path));
    }
}

/// All that a server could make of a path by decoding it once or twice, and cutting off parameters.
fn readings(path: &str) -> Vec<String> {
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().replace('\\', "/");
    let (once, twice) = (decoded(path), decoded(&decoded(path)));
    let without =
        |text: &str| text.split('/').map(|part| part.split(';').next().unwrap()).collect::<Vec<_>>().join("/");
    let mut readings = vec![path.to_owned(), once, twice];
    readings.extend(readings.clone().iter().map(|reading| without(reading)));
    readings
}

/// Where a path leads once `.` and `..` have been followed (RFC 3986 section 5.2.4), or `None` when that is above the root.
fn resolved(path: &str) -> Option<Vec<&str>> {
    let mut place = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                place.pop()?;
            }
            segment => place.push(segment),
        }
    }
    Some(place)
}

proptest! {
    #[test]
    fn no_reading_of_an_accepted_path_leaves_its_route(
        path in "/a/((%25|%2|%|2e|2E|2f|5c|00|c0%ae|\\.|\\.\\.|;|/|\\\\|a|b|%2e|%2f|%5c|%c3%a4| |\u{e9})){0,12}"
    ) {
        if PlainPath::parse(&path).is_ok() {
            for reading in readings(&path) {
                let place = resolved(&reading);
                prop_assert_eq!(place.and_then(|place| place.first().copied()), Some("a"), "{} as {}", path, reading);
                prop_assert_eq!(reading.matches('/').count(), path.matches('/').count());
            }
        }
    }

    #[test]
    fn what_is_accepted_is_passed_on_byte_for_byte(path in "/a/[ -~]{0,20}") {
        let routes = routes(&["/a/"]);
        if let Ok(found) = routes.find(&path) {
            let Some(Destination::Target { rest, .. }) = found else { panic!("{path}") };
            prop_assert_eq!(rest, &path[3..]);
        }
    }
}

#[test]
fn a_field_is_the_same_with_anything_between_its_words() {
    for (name, field) in [
        ("connection", Field::Connection),
        ("keep-alive", Field::Connection),
        ("te", Field::Connection),
        ("upgrade", Field::Connection),
        ("proxy-authorization", Field::Connection),
        ("proxy-connection", Field::Connection),
        ("transfer-encoding", Field::Framing),
        ("content_length", Field::Framing),
        ("host", Field::Host),
        ("authorization", Field::Credential),
        ("expect", Field::Expect),
        ("x-netclaw-device", Field::Caller),
        ("x_netclaw_device_id", Field::Caller),
        ("x-netclaw-anything", Field::Caller),
        ("forwarded", Field::Forwarding),
        ("x_forwarded-for", Field::Forwarding),
        ("x-real-ip", Field::Forwarding),
        ("x_real_ip", Field::Forwarding),
        ("via", Field::Forwarding),
        ("cf-connecting-ip", Field::Forwarding),
        ("cookie", Field::Site),
        ("trailer", Field::EndToEnd),
        ("content-type", Field::EndToEnd),
        ("accept", Field::EndToEnd),
        ("x_custom", Field::EndToEnd),
        ("x.netclaw.device", Field::Caller),
        ("x!netclaw~device-id", Field::Caller),
        ("x.forwarded+for", Field::Forwarding),
        ("x|real|ip", Field::Forwarding),
        ("content.length", Field::Framing),
        ("x.custom", Field::EndToEnd),
        ("via.", Field::EndToEnd),
        ("x-api-key", Field::ProviderCredential),
        ("x_api_key", Field::ProviderCredential),
        ("api-key", Field::ProviderCredential),
        ("x-goog-api-key", Field::ProviderCredential),
        ("x-api-keys", Field::EndToEnd),
    ] {
        assert_eq!(Field::of(name), field, "{name}");
    }
    let long = "a".repeat(200);
    assert_eq!(Field::of(&format!("x.netclaw.{long}")), Field::Caller);
    assert_eq!(Field::of(&format!("cf.{long}")), Field::Forwarding);
    assert_eq!(Field::of(&format!("{long}.x-netclaw-device")), Field::EndToEnd);
}

#[test]
fn the_key_of_a_provider_is_for_services_of_the_host_and_no_provider() {
    assert!(Field::ProviderCredential.goes_to_targets() && !Field::ProviderCredential.goes_to_agents());
}

#[test]
fn a_connection_does_not_become_one_that_carries_requests() {
    for protocol in ["websocket", "WebSocket", "IRC/6.9", "foo/2", "connect-udp"] {
        assert!(may_become(protocol), "{protocol}");
    }
    for protocol in ["", "h2c", "H2C", "h2", "HTTP/2.0", "http", "TLS/1.0", "/1", "websocket, h2c", "a b"] {
        assert!(!may_become(protocol), "{protocol}");
    }
}
