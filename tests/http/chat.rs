//! The routes of chat, as devices and proxies see them.

use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use netclaw::app::daemon::chat::turns::MAX_TURNS_PER_DEVICE;
use netclaw::domain::agent::AgentSettings;
use netclaw::domain::chat::message::MAX_CONTENT_BYTES;
use netclaw::domain::exposure::ExposureMode;
use netclaw::domain::gateway::GatewaySettings;
use netclaw::domain::settings::Settings;
use netclaw::domain::transport::AllowPlaintext;
use netclaw::ports::agent::{AgentError, Answered, Usage};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use super::{Plan, Port};
use crate::e2e::raw_http::{Answer, Request, connect};
use crate::fakes::chat_agent::{Act, FakeChatAgent, Played};

const REQUEST: &str = "0123456789abcdef0123456789abcdef";

/// A daemon with an agent that the test plays, and one session.
struct Talk {
    port: Port,
    turns: UnboundedReceiver<Played>,
    session: String,
}

/// An event stream that is being read.
struct Stream(BufReader<TcpStream>);

impl Talk {
    fn new() -> Self {
        Self::of(Plan::default())
    }

    fn of(plan: Plan) -> Self {
        let agent = Arc::new(FakeChatAgent::default());
        let turns = agent.turns();
        let port = Port::of(Plan { agent: Some(agent), ..plan });
        Self { port, turns, session: String::new() }
    }

    /// With a session of this name.
    fn with(name: &str) -> Self {
        let mut talk = Self::new();
        let created = talk.post("/api/chat/sessions", &json!({ "name": name }));
        assert_eq!(created.status, 201, "{created:?}");
        created.json()["id"].as_str().unwrap().clone_into(&mut talk.session);
        talk
    }

    fn request(&self, line: &str) -> Request {
        Request::new(self.port.address, line)
    }

    fn ask(&self, line: &str) -> Answer {
        self.request(line).send()
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.with_body(&format!("POST {path}"), body).send()
    }

    fn with_body(&self, line: &str, body: &Value) -> Request {
        self.request(line).header("Content-Type", "application/json").body(&body.to_string())
    }

    fn turn(&self, content: &str, resumable: bool) -> Request {
        let body = json!({ "content": content, "requestId": REQUEST, "resumable": resumable });
        self.with_body(&format!("POST /api/chat/sessions/{}/turns", self.session), &body)
    }

    fn played(&mut self) -> Played {
        self.port.runtime.block_on(self.turns.recv()).unwrap()
    }
}

impl Stream {
    /// What is answered, after its head.
    fn of(request: &Request) -> (String, Self) {
        let mut stream = connect(IpAddr::V4(Ipv4Addr::UNSPECIFIED), request.to).unwrap();
        stream.write_all(request.bytes("close").as_bytes()).unwrap();
        let (mut stream, mut head) = (BufReader::new(stream), String::new());
        while !head.ends_with("\r\n\r\n") {
            assert!(stream.read_line(&mut head).unwrap() > 0, "{head}");
        }
        (head, Self(stream))
    }

    /// The next event: its number, its name and its data; `None` at the end. Lines of the chunked coding (RFC 9112) are none
    /// of an event.
    fn next(&mut self) -> Option<(u64, String, Value)> {
        let (mut id, mut name) = (None, String::new());
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some(("id", value)) => id = value.parse().ok(),
                Some(("event", value)) => value.clone_into(&mut name),
                Some(("data", value)) => return Some((id.unwrap(), name, serde_json::from_str(value).unwrap())),
                _ => {}
            }
        }
    }
}

#[test]
fn a_turn_is_a_stream_that_proxies_let_through_at_once() {
    let mut talk = Talk::with("My plan");
    let (head, mut stream) = Stream::of(&talk.turn("hi", false));
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    for header in ["content-type: text/event-stream", "cache-control: no-store", "x-accel-buffering: no"] {
        assert!(head.contains(&format!("{header}\r\n")), "{head}");
    }
    let played = talk.played();
    let (number, name, data) = stream.next().unwrap();
    assert_eq!((number, name.as_str(), data), (0, "turn", json!({ "sessionId": talk.session, "turn": 1 })));
    played.say("line one\nline \"two\" \u{1b}[2J\u{2028}");
    let (number, name, data) = stream.next().unwrap();
    let text = json!({ "text": "line one\nline \"two\" \u{1b}[2J\u{2028}" });
    assert_eq!((number, name.as_str(), data), (1, "text", text), "before anything else is said");
    let usage = Usage { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
    played.act(Act::End(Ok(Answered { usage: Some(usage), finish_reason: Some("stop".to_owned()) })));
    let (number, name, data) = stream.next().unwrap();
    let expected = json!({
        "response": null, "usage": { "promptTokens": 1, "completionTokens": 2, "totalTokens": 3 },
        "ttftMs": 0, "totalMs": 0, "finishReason": "stop",
    });
    assert_eq!((number, name.as_str(), data), (2, "done", expected));
    assert!(stream.next().is_none());
}

#[test]
fn a_turn_that_ends_badly_says_how() {
    let mut talk = Talk::with("plan");
    let failed = AgentError::Failed("it is ill".to_owned());
    let late = AgentError::TimedOut("it sleeps".to_owned());
    let endings = [(Act::End(Err(failed)), "agent_failed"), (Act::End(Err(late)), "agent_timeout")];
    for (number, (act, code)) in endings.into_iter().enumerate() {
        let body = json!({ "content": "hi", "requestId": format!("{number:032x}") });
        let (_, mut stream) =
            Stream::of(&talk.with_body(&format!("POST /api/chat/sessions/{}/turns", talk.session), &body));
        talk.played().act(act);
        stream.next().unwrap();
        let (_, name, data) = stream.next().unwrap();
        assert_eq!((name.as_str(), data["code"].as_str()), ("error", Some(code)));
    }
    let (_, mut stream) = Stream::of(&talk.turn("hi", false));
    talk.played().say("half");
    assert_eq!(stream.next().unwrap().1, "turn");
    assert_eq!(stream.next().unwrap().1, "text");
    assert_eq!(talk.ask(&format!("DELETE /api/chat/sessions/{}/turns/3", talk.session)).status, 204);
    assert_eq!(stream.next().unwrap(), (2, "stopped".to_owned(), json!({ "ttftMs": 0, "totalMs": 0 })));
    let said = talk.ask(&format!("GET /api/chat/sessions/{}", talk.session)).json();
    let outcomes: Vec<_> = said["messages"].as_array().unwrap().iter().map(|said| &said["outcome"]).collect();
    assert_eq!(
        outcomes,
        [&json!(null), &json!("failed"), &json!(null), &json!("failed"), &json!(null), &json!("stopped")]
    );
}

#[test]
fn a_lost_connection_goes_on_where_it_was() {
    let mut talk = Talk::with("plan");
    let (_, mut stream) = Stream::of(&talk.turn("hi", true));
    let played = talk.played();
    played.say("a");
    assert_eq!(stream.next().unwrap().0, 0);
    assert_eq!(stream.next().unwrap().0, 1);
    drop(stream);
    played.say("b");
    let line = format!("GET /api/chat/sessions/{}/turns/1", talk.session);
    let (_, mut again) = Stream::of(&talk.request(&line).header("Last-Event-ID", "1"));
    assert_eq!(again.next().unwrap(), (2, "text".to_owned(), json!({ "text": "b" })));
    let (_, mut twice) = Stream::of(&talk.turn("hi", true));
    assert_eq!((twice.next().unwrap().0, twice.next().unwrap().2), (0, json!({ "text": "a" })));
    played.done();
    assert_eq!(again.next().unwrap().1, "done");
    for line in ["turns/2", "turns/x", "turns/-1"] {
        let gone = talk.ask(&format!("GET /api/chat/sessions/{}/{line}", talk.session));
        assert_eq!(gone.problem(), (404, "no_turn".to_owned()), "{line}");
    }
}

#[test]
fn a_client_that_goes_away_stops_the_turn_of_a_script() {
    let mut talk = Talk::with("plan");
    let (_, mut stream) = Stream::of(&talk.turn("hi", false));
    let mut played = talk.played();
    stream.next().unwrap();
    drop(stream);
    talk.port.runtime.block_on(played.gone());
}

#[test]
fn sessions_are_made_found_renamed_and_deleted() {
    let talk = Talk::with("Mein Plän");
    for key in [talk.session.as_str(), "mein%20pl%C3%A4n", "Mein%20Pl%c3%a4n"] {
        let found = talk.ask(&format!("GET /api/chat/sessions/{key}")).json();
        assert_eq!((&found["id"], &found["messages"]), (&json!(talk.session), &json!([])), "{key}");
    }
    let taken = talk.post("/api/chat/sessions", &json!({ "name": "MEIN PLÄN" }));
    assert_eq!(taken.problem(), (409, "name_taken".to_owned()));
    let change = |key: &str, body: Value| talk.with_body(&format!("PATCH /api/chat/sessions/{key}"), &body).send();
    let changed = change(&talk.session, json!({ "name": "B", "model": "big" })).json();
    assert_eq!((&changed["name"], &changed["model"]), (&json!("B"), &json!("big")));
    let changed = change("b", json!({ "name": null })).json();
    assert_eq!((&changed["name"], &changed["model"]), (&json!(null), &json!("big")));
    let unnamed = talk.post("/api/chat/sessions", &json!({})).json();
    let expected = ["createdAt", "createdBy", "id", "messageCount", "model", "name", "preview", "updatedAt"];
    let mut fields: Vec<_> = unnamed.as_object().unwrap().keys().cloned().collect();
    fields.sort();
    assert_eq!(fields, expected);
    assert_eq!(talk.ask("GET /api/chat/sessions").json()["sessions"].as_array().unwrap().len(), 2);
    assert_eq!(talk.ask(&format!("DELETE /api/chat/sessions/{}", talk.session)).status, 204);
    for key in [talk.session.as_str(), "b", "%FF", "%2e%2e%2fx", "."] {
        let gone = talk.ask(&format!("DELETE /api/chat/sessions/{key}"));
        assert_eq!(gone.problem(), (404, "no_session".to_owned()), "{key}");
    }
}

#[test]
fn what_is_asked_badly_is_refused_with_its_reason() {
    let talk = Talk::with("plan");
    let turns = format!("/api/chat/sessions/{}/turns", talk.session);
    let good = json!({ "content": "hi", "requestId": REQUEST });
    let with = |key: &str, value: Value| {
        let mut body = good.clone();
        body[key] = value;
        body
    };
    for (path, body, problem) in [
        (turns.as_str(), with("requestId", json!("x")), (400, "invalid_request")),
        (&turns, with("content", json!(" \n")), (400, "invalid_request")),
        (&turns, with("model", json!("a\nb")), (400, "invalid_request")),
        (&turns, json!({ "content": "hi" }), (400, "invalid_request")),
        (&turns, with("content", json!("x".repeat(MAX_CONTENT_BYTES + 1))), (413, "payload_too_large")),
        (&turns, with("content", json!("\u{1}".repeat(MAX_CONTENT_BYTES + 1000))), (413, "payload_too_large")),
        ("/api/chat/sessions/nobody/turns", good.clone(), (404, "no_session")),
        ("/api/chat/sessions", json!({ "name": "a/b" }), (400, "invalid_session_name")),
        ("/api/chat/sessions", json!({ "name": "x".repeat(65) }), (400, "invalid_session_name")),
        ("/api/chat/sessions", json!({ "model": "" }), (400, "invalid_request")),
        ("/api/chat/sessions/", json!({}), (404, "not_found")),
        ("/api/chat/sessions/x/turns/1/2", json!({}), (404, "not_found")),
        ("/api/chat", json!({}), (404, "not_found")),
        ("/api/agent", json!({}), (405, "method_not_allowed")),
        ("/api/chat/sessions/x", json!({}), (405, "method_not_allowed")),
    ] {
        assert_eq!(talk.post(path, &body).problem(), (problem.0, problem.1.to_owned()), "{path} {body:.80}");
    }
    let form = talk.request(&format!("POST {turns}")).header("Content-Type", "text/plain").body(&good.to_string());
    assert_eq!(form.send().status, 415);
    let foreign = talk.with_body(&format!("POST {turns}"), &good).header("Origin", "https://evil.example");
    assert_eq!(foreign.send().status, 403);
}

#[test]
fn the_longest_message_arrives_however_it_is_written() {
    let mut talk = Talk::with("plan");
    let content = "\u{1}".repeat(MAX_CONTENT_BYTES);
    let body = json!({ "content": content, "requestId": REQUEST });
    let (head, _stream) =
        Stream::of(&talk.with_body(&format!("POST /api/chat/sessions/{}/turns", talk.session), &body));
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert_eq!(talk.played().request.conversation[0].content.len(), MAX_CONTENT_BYTES);
}

#[test]
fn a_second_turn_waits_for_the_first() {
    let mut talk = Talk::with("plan");
    let (_, _stream) = Stream::of(&talk.turn("hi", false));
    let _played = talk.played();
    let body = json!({ "content": "me too", "requestId": REQUEST.replace('0', "f") });
    let busy = talk.post(&format!("/api/chat/sessions/{}/turns", talk.session), &body);
    assert_eq!(busy.problem(), (409, "session_busy".to_owned()));
}

#[test]
fn the_agent_and_its_models_are_shown_or_how_to_name_one() {
    let talk = Talk::new();
    assert_eq!(talk.ask("GET /api/agent").json(), json!({ "kind": "openai", "model": "fake" }));
    assert_eq!(talk.ask("GET /api/agent/models").json(), json!({ "models": ["fake"] }));
    let nobody = Port::default();
    for line in ["GET /api/agent", "GET /api/agent/models"] {
        let answer = Request::new(nobody.address, line).send();
        assert_eq!(answer.problem(), (404, "no_agent".to_owned()));
        assert!(answer.body.contains("--agent-url") && answer.body.contains("--agent-command"), "{answer:?}");
    }
}

#[test]
fn d38_a_revoked_device_is_cut_off_in_the_middle_of_its_stream() {
    let mut talk = Talk::of(Plan { settings: behind_a_tunnel(), ..Plan::default() });
    let token = talk.port.exchange(&talk.port.code()).json()["token"].as_str().unwrap().to_owned();
    let authorized = |request: Request| request.header("Authorization", &format!("Bearer {token}"));
    let anonymous = talk.post("/api/chat/sessions", &json!({}));
    assert_eq!(anonymous.status, 401, "there is nothing without a token");
    let created = authorized(talk.with_body("POST /api/chat/sessions", &json!({}))).send().json();
    assert_eq!(created["createdBy"], "laptop");
    created["id"].as_str().unwrap().clone_into(&mut talk.session);
    let (_, mut stream) = Stream::of(&authorized(talk.turn("hi", true)));
    let mut played = talk.played();
    assert_eq!(played.request.device.as_ref().unwrap().as_str(), "laptop");
    stream.next().unwrap();
    assert_eq!(authorized(talk.request("DELETE /api/pair/device")).send().status, 204);
    assert!(stream.next().is_none());
    talk.port.runtime.block_on(played.gone());
    assert_eq!(authorized(talk.request("GET /api/chat/sessions")).send().status, 401);
}

#[test]
fn d38_a_client_that_does_not_read_its_answer_is_cut_off_too() {
    let output = 64 * 1024 * 1024;
    let agent = AgentSettings { max_output_bytes: output as u64, ..AgentSettings::default() };
    let settings = Settings { agent, allow_plaintext: AllowPlaintext::Always, ..Settings::default() };
    let mut talk = Talk::of(Plan { settings, ..Plan::default() });
    talk.session = talk.post("/api/chat/sessions", &json!({})).json()["id"].as_str().unwrap().to_owned();
    let (id, token) = talk.port.device("laptop", 3);
    let authorization = format!("Bearer {token}");
    let (_, stream) = Stream::of(&talk.turn("hi", true).header("Authorization", &authorization));
    let played = talk.played();
    // More than the buffers of both sides take.
    (0..output / 0x10_0000).for_each(|_| played.say(&"x".repeat(0x10_0000)));
    let arrived = || stream.0.get_ref().peek(&mut vec![0; output]).unwrap();
    let mut before = 0;
    while before == 0 || arrived() > before {
        before = arrived();
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(talk.port.open.count(), 1);
    talk.port.open.end_all_of(id);
    let open = Arc::clone(&talk.port.open);
    let gone = async move {
        while open.count() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let gone = async { tokio::time::timeout(Duration::from_secs(30), gone).await };
    assert!(talk.port.runtime.block_on(gone).is_ok(), "the connection is still there");
    drop(stream);
}

/// A daemon that lets each caller have one request open.
fn narrow() -> Talk {
    let gateway = GatewaySettings { requests_per_device: 1, ..GatewaySettings::default() };
    let settings = Settings { gateway, allow_plaintext: AllowPlaintext::Always, ..Settings::default() };
    let mut talk = Talk::of(Plan { settings, ..Plan::default() });
    talk.session = talk.post("/api/chat/sessions", &json!({})).json()["id"].as_str().unwrap().to_owned();
    talk
}

#[test]
fn one_place_is_enough_to_chat_and_what_is_beyond_it_is_refused_like_anywhere() {
    let mut talk = narrow();
    let (head, mut stream) = Stream::of(&talk.turn("hi", false));
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let played = talk.played();
    played.say("a");
    assert_eq!((stream.next().unwrap().0, stream.next().unwrap().0), (0, 1));
    let other = talk.post("/api/chat/sessions", &json!({})).json()["id"].as_str().unwrap().to_owned();
    let body = json!({ "content": "me too", "requestId": REQUEST.replace('0', "f") });
    for refused in [
        talk.ask(&format!("GET /api/chat/sessions/{}/turns/1", talk.session)),
        talk.post(&format!("/api/chat/sessions/{other}/turns"), &body),
    ] {
        assert_eq!(refused.problem(), (429, "too_many_requests".to_owned()));
        assert_eq!(refused.header("retry-after"), Some("1"));
    }
    // What is no stream needs no place, and neither does a stop.
    let said = talk.ask(&format!("GET /api/chat/sessions/{}", talk.session)).json();
    assert_eq!(said["messageCount"], 1);
    assert_eq!(talk.ask(&format!("DELETE /api/chat/sessions/{}/turns/1", talk.session)).status, 204);
    assert_eq!(stream.next().unwrap().1, "stopped");
    assert!(stream.next().is_none());
    // A session in which nothing could be said can be taken away again.
    assert_eq!(talk.ask(&format!("DELETE /api/chat/sessions/{other}")).status, 204);
    assert_eq!(talk.ask("GET /api/chat/sessions").json()["sessions"].as_array().unwrap().len(), 1);
}

#[test]
fn a_device_with_too_many_turns_is_told_to_wait() {
    let mut talk = Talk::new();
    let begin = |talk: &Talk, number: usize| {
        let session = talk.post("/api/chat/sessions", &json!({})).json()["id"].as_str().unwrap().to_owned();
        let body = json!({ "content": "hi", "requestId": format!("{number:032x}") });
        (talk.with_body(&format!("POST /api/chat/sessions/{session}/turns"), &body), session)
    };
    let mut running = Vec::new();
    for number in 0..MAX_TURNS_PER_DEVICE {
        running.push((Stream::of(&begin(&talk, number).0), talk.played()));
    }
    let (request, session) = begin(&talk, MAX_TURNS_PER_DEVICE);
    let refused = request.send();
    assert_eq!(refused.problem(), (429, "rate_limited".to_owned()));
    assert_eq!(refused.header("retry-after"), Some("5"));
    assert_eq!(talk.ask(&format!("DELETE /api/chat/sessions/{session}")).status, 204);
}

#[test]
fn a_session_in_which_no_agent_could_answer_can_be_deleted() {
    let nobody = Port::default();
    let request = |line: &str, body: &Value| {
        let request = Request::new(nobody.address, line).header("Content-Type", "application/json");
        request.body(&body.to_string()).send()
    };
    let session = request("POST /api/chat/sessions", &json!({})).json()["id"].as_str().unwrap().to_owned();
    let turn = json!({ "content": "hi", "requestId": REQUEST });
    let refused = request(&format!("POST /api/chat/sessions/{session}/turns"), &turn);
    assert_eq!(refused.problem(), (404, "no_agent".to_owned()));
    assert_eq!(Request::new(nobody.address, &format!("DELETE /api/chat/sessions/{session}")).send().status, 204);
    let listed = Request::new(nobody.address, "GET /api/chat/sessions").send().json();
    assert_eq!(listed, json!({ "sessions": [] }));
}

/// A mode in which loopback needs a token.
fn behind_a_tunnel() -> Settings {
    Settings { mode: ExposureMode::CloudflareTunnel, ..Settings::default() }
}
