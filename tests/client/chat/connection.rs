//! The connection under a chat: what is sent, and what of an answer is believed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use netclaw::adapters::client::{HttpDaemonApi, Patience};
use netclaw::adapters::wire::events::MAX_EVENT_BYTES;
use netclaw::domain::chat::id::{ChatSessionId, RequestId};
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::link::Link;
use netclaw::ports::chat_api::{
    Access, ChatApi, ChatError, Completion, Numbered, Question, Refusal, SessionWish, TurnEvent, TurnStream, Usage,
};
use netclaw::ports::daemon_api::{ApiError, Rejection};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::client::scripted_server::{Act, ScriptedServer, read_request, response};
use crate::fakes::chat_api::{begun, numbered, session_id, text};
use crate::fakes::samples::token;

fn api() -> HttpDaemonApi {
    HttpDaemonApi::new(Patience::default())
}

fn question() -> Question {
    let request = RequestId::from_random([0xab; 16]);
    Question { content: "why?".to_owned(), request, model: Some("large".to_owned()), resumable: true }
}

async fn ask(server: &ScriptedServer) -> Result<TurnStream, ChatError> {
    let link = Link::of_endpoint(&server.endpoint);
    api().ask(Access { link: &link, token: None }, "plans", &question()).await
}

async fn heard(stream: TurnStream) -> Vec<Result<Numbered, ChatError>> {
    stream.collect().await
}

/// A stream of events and then the end of the connection.
fn stream(events: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n{events}").into_bytes()
}

fn begun_text() -> String {
    format!("id: 0\nevent: turn\ndata: {{\"sessionId\":\"{}\",\"turn\":1}}\n\n", session_id())
}

fn problem(status: &str, code: &str) -> Vec<u8> {
    let body = format!(
        r#"{{"type":"about:blank","title":"t","status":1,"code":"{code}","detail":"the \u001b daemon says no"}}"#
    );
    response(status, "application/problem+json", &body)
}

#[tokio::test]
async fn a_question_is_sent_as_the_contract_has_it_and_its_events_are_read() {
    let events = begun_text()
        + ": \n\nid: 1\nevent: text\ndata: {\"text\":\"so\"}\n\nid: 2\nevent: later\ndata: new\n\n"
        + "id: 3\nevent: done\ndata: {\"response\":null,\"usage\":{\"promptTokens\":1,\"completionTokens\":2,\"totalTokens\":3},\"ttftMs\":1,\"totalMs\":2,\"finishReason\":null}\n\nignored";
    let server = ScriptedServer::answering(stream(&events)).await;
    let (link, credential) = (Link::of_endpoint(&server.endpoint), token(4));
    let access = Access { link: &link, token: Some(&credential) };
    let events = heard(api().ask(access, "my plans/..", &question()).await.unwrap()).await;
    let usage = Some(Usage { prompt: 1, completion: 2, total: 3 });
    let done = TurnEvent::Done(Completion { usage, finish_reason: None });
    let mut expected = numbered(0, [begun(), text("so")]);
    expected.extend(numbered(3, [done]));
    assert_eq!(events, expected.into_iter().map(Ok).collect::<Vec<_>>());
    let request = &server.requests()[0];
    assert!(request.starts_with("POST /api/chat/sessions/my%20plans%2F%2E%2E/turns HTTP/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("\r\nauthorization: Bearer {}\r\n", credential.reveal())), "{request}");
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    let id = "ab".repeat(16);
    let expected = serde_json::json!({"content": "why?", "requestId": id, "model": "large", "resumable": true});
    assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap(), expected);
}

#[tokio::test]
async fn coming_back_names_the_last_event_and_stopping_names_the_turn() {
    let server = ScriptedServer::start(vec![
        Act::Send(stream("id: 8\nevent: stopped\ndata: {\"ttftMs\":null,\"totalMs\":2}\n\n")),
        Act::Send(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".to_vec()),
    ])
    .await;
    let link = Link::of_endpoint(&server.endpoint);
    let (api, access) = (api(), Access { link: &link, token: None });
    let events = heard(api.listen(access, session_id(), 3, 7).await.unwrap()).await;
    assert_eq!(events, [Ok(Numbered { number: 8, event: TurnEvent::Stopped })]);
    api.stop(access, session_id(), 3).await.unwrap();
    let requests = server.requests();
    let path = format!("/api/chat/sessions/{}/turns/3 HTTP/1.1\r\n", session_id());
    assert!(requests[0].starts_with(&format!("GET {path}")) && requests[0].contains("\r\nlast-event-id: 7\r\n"));
    assert!(requests[1].starts_with(&format!("DELETE {path}")));
}

#[tokio::test]
async fn a_lost_answer_is_told_apart_from_a_daemon_that_is_not_there() {
    let server = ScriptedServer::start(vec![Act::Send(Vec::new())]).await;
    assert!(matches!(ask(&server).await, Err(ChatError::Lost { .. })));
    let link = Link::of_endpoint(&Endpoint::of_listener(([127, 0, 0, 1], 1).into()));
    let refused = api().ask(Access { link: &link, token: None }, "plans", &question()).await;
    assert!(matches!(refused, Err(ChatError::Api(ApiError::Unreachable { .. }))));
}

#[tokio::test]
async fn a_stream_that_breaks_off_ends_without_a_last_event() {
    let cut = stream(&(begun_text() + "id: 1\nevent: te"));
    let events = heard(ask(&ScriptedServer::answering(cut).await).await.unwrap()).await;
    assert_eq!(events.len(), 1, "{events:?}");
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    let text = begun_text();
    let cut = format!("{head}{:x}\r\n{text}\r\n40\r\nid: 1", text.len()).into_bytes();
    let events = heard(ask(&ScriptedServer::answering(cut).await).await.unwrap()).await;
    assert!(matches!(events.as_slice(), [Ok(_), Err(ChatError::Api(ApiError::Unreachable { .. }))]), "{events:?}");
}

#[tokio::test]
async fn a_stream_that_is_silent_for_45_seconds_is_lost() {
    let server = ScriptedServer::start(vec![Act::SendAndHang(stream(&begun_text()))]).await;
    let mut stream = ask(&server).await.unwrap();
    stream.next().await.unwrap().unwrap();
    tokio::time::pause();
    let began = moment();
    let next = stream.next().await;
    assert!(matches!(next, Some(Err(ChatError::Api(ApiError::Unreachable { .. })))), "{next:?}");
    assert!((45..46).contains(&began.elapsed().as_secs()));
}

#[expect(clippy::disallowed_methods, reason = "time of a test, which it moves itself")]
fn moment() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

#[tokio::test]
async fn why_an_answer_ended_is_told_where_it_says_something() {
    let long = "x".repeat(100);
    for (sent, told) in [
        ("null", None),
        ("\"stop\"", None),
        ("\"length\"", Some("length")),
        ("\"content_filter\"", Some("content_filter")),
        ("\"a\\u001bb\"", Some("a?b")),
        (&format!("\"{long}\""), Some(&long[..64])),
    ] {
        let done = format!("id: 1\nevent: done\ndata: {{\"totalMs\":2,\"finishReason\":{sent}}}\n\n");
        let server = ScriptedServer::answering(stream(&(begun_text() + &done))).await;
        let events = heard(ask(&server).await.unwrap()).await;
        let finish_reason = told.map(str::to_owned);
        let event = TurnEvent::Done(Completion { usage: None, finish_reason });
        assert_eq!(events[1], Ok(Numbered { number: 1, event }), "{sent}");
    }
}

#[tokio::test]
async fn problems_of_chats_have_their_own_names() {
    let shown = "the ? daemon says no".to_owned();
    for (status, code, why) in [
        ("404 Not Found", "no_agent", Refusal::NoAgent),
        ("404 Not Found", "no_session", Refusal::NoSession),
        ("404 Not Found", "no_turn", Refusal::NoTurn),
        ("409 Conflict", "session_busy", Refusal::SessionBusy),
        ("409 Conflict", "session_full", Refusal::SessionFull),
        ("409 Conflict", "too_many_sessions", Refusal::TooManySessions),
        ("409 Conflict", "name_taken", Refusal::NameTaken),
        ("400 Bad Request", "invalid_session_name", Refusal::InvalidSessionName),
        ("413 Content Too Large", "payload_too_large", Refusal::TooLong),
        ("502 Bad Gateway", "agent_failed", Refusal::AgentFailed),
        ("504 Gateway Timeout", "agent_timeout", Refusal::AgentTimeout),
        ("503 Service Unavailable", "storage_unavailable", Refusal::StorageUnavailable),
    ] {
        let server = ScriptedServer::answering(problem(status, code)).await;
        let expected = ChatError::Refused { why, detail: shown.clone() };
        assert_eq!(ask(&server).await.err(), Some(expected.clone()));
        let link = Link::of_endpoint(&server.endpoint);
        let access = Access { link: &link, token: None };
        assert_eq!(api().create(access, &SessionWish::default()).await, Err(expected.clone()));
        assert_eq!(api().delete(access, "plans").await, Err(expected));
    }
    for (status, code, why) in [
        ("401 Unauthorized", "unauthorized", Rejection::Unauthorized),
        ("404 Not Found", "not_found", Rejection::NotFound),
        ("500 Internal Server Error", "internal_error", Rejection::Failed),
    ] {
        let server = ScriptedServer::answering(problem(status, code)).await;
        let expected = ChatError::Api(ApiError::Rejected { why, detail: shown.clone() });
        assert_eq!(ask(&server).await.err(), Some(expected));
    }
}

#[tokio::test]
async fn what_no_daemon_sends_is_not_believed() {
    let huge = format!("data: {}", "x".repeat(MAX_EVENT_BYTES + 1));
    for events in [
        huge.as_str(),
        "id: 0\nevent: turn\ndata: {}\n\n",
        "id: 0\nevent: turn\ndata: {\"sessionId\":\"../../x\",\"turn\":1}\n\n",
        "id: 0\nevent: text\ndata: text\n\n",
        "event: text\ndata: {\"text\":\"no number\"}\n\n",
    ] {
        let server = ScriptedServer::answering(stream(events)).await;
        let events = heard(ask(&server).await.unwrap()).await;
        assert!(matches!(events.as_slice(), [Err(ChatError::Api(ApiError::NotADaemon { .. }))]), "{events:?}");
    }
    for answer in [
        response("200 OK", "text/html", "<p>hello"),
        response("302 Found", "text/plain", ""),
        response("418 I'm a teapot", "text/plain", "short and stout"),
    ] {
        let error = ask(&ScriptedServer::answering(answer).await).await.err();
        assert!(matches!(error, Some(ChatError::Api(ApiError::NotADaemon { .. }))), "{error:?}");
    }
}

#[tokio::test]
async fn what_a_daemon_tells_of_sessions_is_safe_to_show() {
    let moment = "2026-11-23T14:32:15.250Z";
    let session = format!(
        r#"{{"id":"{}","name":"a\u001bb","model":"m\u202e","createdAt":"{moment}","updatedAt":"{moment}","messageCount":1,"createdBy":"d\u0007","preview":"p\u009b","messages":[{{"role":"user","content":"c\u001b","at":"{moment}","device":"d\u001b","model":null,"outcome":null}}]}}"#,
        session_id()
    );
    let server = ScriptedServer::answering(response("200 OK", "application/json", &session)).await;
    let link = Link::of_endpoint(&server.endpoint);
    let found = api().transcript(Access { link: &link, token: None }, "x").await.unwrap();
    let shown = format!("{:?}", found.session) + &format!("{:?}", found.messages[0].speaker);
    assert!(["a?b", "m?", "d?", "p?"].iter().all(|text| shown.contains(text)) && !shown.contains("\\u"), "{shown}");
}

#[tokio::test]
async fn dots_alone_lead_nowhere() {
    let server = ScriptedServer::answering(Vec::new()).await;
    let link = Link::of_endpoint(&server.endpoint);
    let access = Access { link: &link, token: None };
    for key in ["", " ", ".", "..", " .. "] {
        let error = api().delete(access, key).await.unwrap_err();
        assert!(matches!(error, ChatError::Refused { why: Refusal::NoSession, .. }), "{key:?}: {error:?}");
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn b26_a_credential_is_not_sent_where_nothing_protects_it() {
    let link = Link::of_endpoint(&Endpoint::parse("http://my-server:5199").unwrap());
    let credential = token(4);
    for token in [Some(&credential), None] {
        let access = Access { link: &link, token };
        let error = api().ask(access, "x", &question()).await.err();
        assert!(matches!(error, Some(ChatError::Api(ApiError::Unprotected(_)))), "{error:?}");
        let error = api().transcript(access, "x").await.unwrap_err();
        assert!(matches!(error, ChatError::Api(ApiError::Unprotected(_))), "{error:?}");
    }
}

#[tokio::test]
async fn b30_an_error_that_drips_is_over_in_the_time_of_an_answer() {
    let brief = Patience { answer: Duration::from_millis(300), ..Patience::default() };
    let head =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nContent-Length: 4000\r\n\r\n";
    let server = ScriptedServer::start(vec![Act::Drip(head.as_bytes().to_vec())]).await;
    let link = Link::of_endpoint(&server.endpoint);
    let (api, access) = (HttpDaemonApi::new(brief), Access { link: &link, token: None });
    for error in [
        api.ask(access, "x", &question()).await.err(),
        api.listen(access, session_id(), 1, 0).await.err(),
        api.transcript(access, "x").await.err(),
        api.sessions(access).await.err(),
    ] {
        assert!(matches!(error, Some(ChatError::Lost { .. })), "{error:?}");
    }
}

fn transcript(content: &str) -> String {
    let (id, moment) = (session_id(), "2026-11-23T14:32:15.250Z");
    format!(
        r#"{{"id":"{id}","createdAt":"{moment}","updatedAt":"{moment}","messages":[{{"role":"user","content":"{content}","at":"{moment}"}}]}}"#
    )
}

/// Answers one request with these pieces, each this much later than the one before, by the clock of the runtime.
async fn answering_slowly(pieces: Vec<Vec<u8>>, pause: Duration) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::of_listener(listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        // From here on nothing but the clock goes on.
        tokio::time::pause();
        for piece in pieces {
            if stream.write_all(&piece).await.is_err() {
                return;
            }
            tokio::time::sleep(pause).await;
        }
    });
    endpoint
}

#[tokio::test]
async fn a_long_conversation_may_come_slowly_and_a_silent_one_is_lost() {
    let content = "x".repeat(4000);
    let answer = response("200 OK", "application/json", &transcript(&content));
    let pieces: Vec<Vec<u8>> = answer.chunks(500).map(<[u8]>::to_vec).collect();
    let link = Link::of_endpoint(&answering_slowly(pieces.clone(), Duration::from_secs(14)).await);
    let found = api().transcript(Access { link: &link, token: None }, "x").await.unwrap();
    assert_eq!(found.messages[0].content, content);
    tokio::time::resume();
    let link = Link::of_endpoint(&answering_slowly(pieces, Duration::from_secs(16)).await);
    let error = api().transcript(Access { link: &link, token: None }, "x").await.unwrap_err();
    assert_eq!(error.to_string(), "nothing was heard for 15 seconds");
}

#[tokio::test]
async fn a_conversation_that_drips_is_given_up_after_ten_minutes() {
    let answer = response("200 OK", "application/json", &transcript("hello"));
    let (head, drops) = answer.split_at(answer.len() - 100);
    let pieces = std::iter::once(head).chain(drops.chunks(1)).map(<[u8]>::to_vec).collect();
    let link = Link::of_endpoint(&answering_slowly(pieces, Duration::from_secs(10)).await);
    let error = api().transcript(Access { link: &link, token: None }, "x").await.unwrap_err();
    assert_eq!(error.to_string(), "no complete answer within 600 seconds");
}

#[tokio::test]
async fn one_connection_serves_a_session_and_its_turns() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::of_listener(listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                while read_request(&mut stream).await.is_some() {
                    let events = begun_text() + "id: 1\nevent: stopped\ndata: {}\n\n";
                    let head =
                        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
                    let first = format!("{head}{:x}\r\n{events}\r\n", events.len());
                    stream.write_all(first.as_bytes()).await.unwrap();
                    stream.flush().await.unwrap();
                    stream.write_all(b"0\r\n\r\n").await.unwrap();
                }
            });
        }
    });
    let (api, link) = (api(), Link::of_endpoint(&endpoint));
    let access = Access { link: &link, token: None };
    for _ in 0..3 {
        let id = ChatSessionId::from_random([1; 10]);
        let events = heard(api.ask(access, id.as_str(), &question()).await.unwrap()).await;
        assert_eq!(events.len(), 2);
        // The end of the stream is read beside. A person's pause, and a short one.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}
