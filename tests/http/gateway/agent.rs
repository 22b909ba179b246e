//! `/v1/`: the agent's API, with the provider's key and without the device's token.

use std::time::Duration;

use netclaw::adapters::relay::upstream::Waits;
use netclaw::domain::agent::{AgentKind, AgentSettings};
use netclaw::domain::provider_key::ProviderKey;
use netclaw::domain::settings::Settings;

use super::{Server, Wire, asked, field, fields, with_agent};
use crate::http::{Plan, Port};

fn agent(key: Option<&str>) -> (Port, Server) {
    let server = Server::new();
    let settings = with_agent(&server.url("/base/v1"));
    let provider_key = key.map(|key| ProviderKey::parse(key).unwrap());
    (Port::of(Plan { settings, provider_key, ..Plan::default() }), server)
}

/// A request of a device to the agent, and what the agent's server sees of it.
fn seen(port: &Port, server: &Server) -> String {
    let (_, token) = port.device("laptop", 3);
    let mut client = Wire::to(port.address);
    client.send(format!(
        "POST /v1/chat/completions?a=b HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nCookie: a=b\r\n\
         Origin: http://localhost\r\nReferer: http://localhost/\r\nX-Forwarded-For: 1.2.3.4\r\nX-Netclaw-Device: x\r\n\
         OpenAI-Organization: org\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
    ));
    let mut served = server.accept();
    let head = served.head();
    assert_eq!(served.take(2), "{}");
    assert!(!head.contains(&token), "{head}");
    head
}

#[test]
fn the_devices_token_goes_in_and_the_providers_key_goes_out() {
    let (port, server) = agent(Some(" sk-provider\n"));
    let head = seen(&port, &server);
    assert!(head.starts_with("POST /base/v1/chat/completions?a=b HTTP/1.1\r\n"), "{head}");
    assert_eq!(field(&head, "authorization"), Some("Bearer sk-provider"));
    assert_eq!(field(&head, "openai-organization"), Some("org"));
    assert_eq!(field(&head, "content-length"), Some("2"));
}

#[test]
fn the_provider_learns_nothing_of_the_device() {
    let (port, server) = agent(None);
    let head = seen(&port, &server);
    for name in ["authorization", "cookie", "origin", "referer", "x-forwarded-for", "via", "x-netclaw-device"] {
        assert_eq!(fields(&head, name), [""; 0], "{head}");
    }
}

#[test]
fn the_provider_does_not_learn_the_token_where_a_client_repeats_it_as_a_key() {
    let (port, server) = agent(Some("sk-provider"));
    let (_, token) = port.device("laptop", 3);
    for name in ["x-api-key", "api-key", "X-Goog-Api-Key", "X_Api_Key"] {
        let request = format!("GET /v1/models HTTP/1.1\r\nAuthorization: Bearer {token}\r\n{name}: {token}");
        let _client = asked(&port, &request);
        let head = server.accept().head();
        assert!(!head.contains(&token), "{head}");
        assert_eq!(field(&head, "authorization"), Some("Bearer sk-provider"));
    }
}

#[test]
fn a_token_that_the_provider_would_see_is_refused() {
    let (port, server) = agent(Some("sk-provider"));
    let (_, token) = port.device("laptop", 3);
    for (target, fields) in [
        (format!("/v1/models?key={token}"), String::new()),
        (format!("/v1/models?a_b=c_d&nct_={token}&x"), String::new()),
        (format!("/v1/models/{token}"), String::new()),
        ("/v1/models".to_owned(), format!("\r\nX-Auth-Token: Bearer {token}")),
        ("/v1/models".to_owned(), format!("\r\nX-Key: nct_nct_{token}")),
        ("/v1/models".to_owned(), format!("\r\nConnection: upgrade\r\nUpgrade: {token}")),
    ] {
        let request = format!("GET {target} HTTP/1.1\r\nAuthorization: Bearer {token}{fields}");
        let refused = asked(&port, &request).answer();
        assert_eq!((refused.status, &refused.json()["error"]["code"]), (400, &"invalid_request".into()), "{request}");
        assert!(!refused.body.contains(&token), "{refused:?}");
    }
    assert!(!server.is_asked());
    // What only looks like a token is none.
    let other = format!("{}aaaaaaa", &token[..72]);
    let _client = asked(&port, &format!("GET /v1/models?x=nct_ HTTP/1.1\r\nX-Note: {other}"));
    assert_eq!(field(&server.accept().head(), "x-note"), Some(other.as_str()));
}

#[test]
fn a_refusal_of_this_hosts_key_is_the_agents_failure() {
    for status in ["401 Unauthorized", "407 Proxy Authentication Required"] {
        let (port, server) = agent(Some("sk-provider"));
        let mut client = asked(&port, "GET /v1/models HTTP/1.1");
        let mut served = server.accept();
        served.head();
        let words = "incorrect key: sk-pro****der";
        served.send(format!(
            "HTTP/1.1 {status}\r\nWWW-Authenticate: Bearer\r\nContent-Length: {}\r\n\r\n{words}",
            words.len()
        ));
        let refused = client.answer();
        assert_eq!((refused.status, &refused.json()["error"]["code"]), (502, &"agent_failed".into()));
        assert!(refused.body.contains("refuses this host's key") && !refused.body.contains("sk-pro"), "{refused:?}");
        assert_eq!(refused.header("www-authenticate"), None);
    }
    // Without a key, it is between the device and the server.
    let (port, server) = agent(None);
    let mut client = asked(&port, "GET /v1/models HTTP/1.1");
    let mut served = server.accept();
    served.head();
    served.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
    let refused = client.answer();
    assert_eq!((refused.status, refused.body.as_str()), (401, "no"));
}

#[test]
fn an_agent_that_does_not_answer_in_time_is_a_timeout_in_the_form_of_the_api() {
    let server = Server::new();
    let settings = with_agent(&server.url("/v1"));
    let agent = AgentSettings { timeout: Duration::from_millis(50), ..settings.agent };
    let port = Port::with(Settings { agent, ..settings });
    let mut client = asked(&port, "GET /v1/models HTTP/1.1");
    let mut served = server.accept();
    served.head();
    let late = client.answer();
    let error = &late.json()["error"];
    assert_eq!((late.status, &error["code"], &error["type"]), (504, &"agent_timeout".into(), &"server_error".into()));
    served.ends();
}

#[test]
fn a_websocket_of_the_agent_may_be_silent_for_as_long_as_any_other() {
    let server = Server::new();
    let settings = with_agent(&server.url("/base/v1"));
    let (long, short) = (Duration::from_secs(600), Duration::from_millis(50));
    let agent = AgentSettings { idle_timeout: long, timeout: long, ..settings.agent };
    let waits = Waits { connect: long, answer: long, silence: long, tunnel: short };
    let provider_key = ProviderKey::parse("sk-provider");
    let port = Port::of(Plan { settings: Settings { agent, ..settings }, waits, provider_key, ..Plan::default() });
    let (_, token) = port.device("laptop", 3);
    let mut client = asked(
        &port,
        &format!(
            "GET /v1/realtime?model=x HTTP/1.1\r\nAuthorization: Bearer {token}\r\nConnection: Upgrade\r\nUpgrade: websocket"
        ),
    );
    let mut served = server.accept();
    let head = served.head();
    assert!(head.starts_with("GET /base/v1/realtime?model=x HTTP/1.1\r\n") && !head.contains(&token), "{head}");
    assert_eq!(field(&head, "authorization"), Some("Bearer sk-provider"));
    served.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello");
    assert!(client.head().starts_with("HTTP/1.1 101 "));
    assert_eq!(client.take(5), "hello");
    // Its own wait ends it, and not the much longer one for the pieces of an answer.
    client.ends();
    served.ends();
}

#[test]
fn a_body_that_is_none_is_the_clients_fault() {
    let (port, server) = agent(None);
    let mut client = asked(&port, "POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked");
    client.send("2\r\n{}\r\n");
    let mut served = server.accept();
    served.head();
    assert_eq!(served.chunk(), "{}");
    client.send("no chunk\r\n");
    let refused = client.answer();
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (400, &"invalid_request".into()));
    served.ends();
}

#[test]
fn the_key_is_never_shown() {
    let key = ProviderKey::parse("sk-provider").unwrap();
    assert_eq!(format!("{key:?}"), "ProviderKey(…)");
    for bad in ["", " ", "a b", "a\nb", "\u{e9}", &"x".repeat(4097)] {
        assert!(ProviderKey::parse(bad).is_none(), "{bad}");
    }
}

#[test]
fn refusals_have_the_form_that_clients_of_the_api_read() {
    let (port, _server) = agent(None);
    let refused = asked(&port, "GET /v1/models HTTP/1.1\r\nAuthorization: Bearer sk-wrong").answer();
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, Some("Bearer")));
    assert_eq!(refused.header("content-type"), Some("application/json"));
    let error = &refused.json()["error"];
    assert_eq!((&error["type"], &error["code"]), (&"authentication_error".into(), &"unauthorized".into()));
    assert!(error["param"].is_null() && error["message"].is_string());

    let refused = asked(&port, "GET /v1/../x HTTP/1.1").answer();
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (400, &"invalid_request".into()));
    let refused = asked(&port, "GET /v1/models HTTP/1.1\r\nOrigin: https://evil.example").answer();
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (403, &"forbidden_origin".into()));
}

#[test]
fn without_an_agent_the_answer_names_the_two_ways_to_one() {
    let refused = asked(&Port::default(), "GET /v1/models HTTP/1.1").answer();
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (404, &"no_agent".into()));
    let message = refused.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("\"openai\"") && message.contains("\"command\""), "{message}");
}

#[test]
fn a_program_has_no_api() {
    let agent = AgentSettings {
        kind: Some(AgentKind::Command),
        command: vec!["my-agent".to_owned()],
        ..AgentSettings::default()
    };
    let refused = asked(&Port::with(Settings { agent, ..Settings::default() }), "GET /v1/models HTTP/1.1").answer();
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (404, &"no_agent".into()));
    assert!(refused.body.contains("netclaw chat"), "{refused:?}");
}

#[test]
fn an_agent_that_is_not_there_is_a_bad_gateway_with_the_cause() {
    let server = Server::new();
    let settings = with_agent(&server.url("/v1"));
    drop(server);
    let refused = asked(&Port::with(settings), "GET /v1/models HTTP/1.1").answer();
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (502, &"agent_failed".into()));
    assert_eq!(refused.json()["error"]["type"], "server_error");
    assert!(refused.body.contains("refused"), "{refused:?}");
}
