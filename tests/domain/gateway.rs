//! What paired devices reach through the gateway.

use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::gateway::{GatewayRoute, GatewaySettings, MAX_ROUTES, RoutePath};

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
