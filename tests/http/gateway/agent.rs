//! `/v1/`: the agent's API, with the provider's key and without the device's token.

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
