//! An agent behind a server that speaks the OpenAI API, well or badly.

use std::sync::Arc;
use std::time::Duration;

use netclaw::adapters::client::Patience;
use netclaw::adapters::openai::{OpenAiAgent, OpenAiConfig};
use netclaw::domain::agent::AgentKind;
use netclaw::domain::chat::conversation::Role;
use netclaw::domain::chat::model::ModelName;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::provider_key::ProviderKey;
use netclaw::ports::agent::{AgentError, AgentRequest, Answered, ChatAgent, Usage};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::{Heard, asked, heard};
use crate::client::scripted_server::{Act, ScriptedServer, response};

const KEY: &str = "sk-very-secret";

fn agent(server: &ScriptedServer, model: Option<&str>) -> OpenAiAgent {
    at(Endpoint::parse(&format!("{}/v1", server.endpoint)).unwrap(), model)
}

fn at(base_url: Endpoint, model: Option<&str>) -> OpenAiAgent {
    let model = model.map(|model| ModelName::parse(model).unwrap());
    OpenAiAgent::new(OpenAiConfig { base_url, model, key: ProviderKey::parse(KEY), max_output_bytes: 1000 })
}

fn hi() -> AgentRequest {
    asked(&[(Role::User, "one"), (Role::Assistant, "two"), (Role::User, "three")])
}

fn stream(events: &str) -> Vec<u8> {
    response("200 OK", "text/event-stream; charset=utf-8", events)
}

fn piece(text: &str) -> String {
    format!("data: {}\n\n", serde_json::json!({ "choices": [{ "index": 0, "delta": { "content": text } }] }))
}

const END: &str = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
    data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7}}\n\n\
    data: [DONE]\n\n";

fn usual() -> Answered {
    let usage = Usage { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };
    Answered { usage: Some(usage), finish_reason: Some("stop".to_owned()) }
}

async fn answers(bytes: impl Into<Vec<u8>>) -> (String, Result<Answered, AgentError>) {
    let (server, heard) = (ScriptedServer::answering(bytes).await, heard());
    let ended = agent(&server, Some("m")).answer(hi(), &*heard).await;
    (heard.text(), ended)
}

/// The words of a failure, without the place.
async fn fails(bytes: impl Into<Vec<u8>>) -> String {
    let (server, heard) = (ScriptedServer::answering(bytes).await, heard());
    let ended = agent(&server, Some("m")).answer(hi(), &*heard).await;
    let Err(AgentError::Failed(words)) = ended else { panic!("{ended:?}") };
    let place = format!("the agent at {}/v1 ", server.endpoint);
    words.strip_prefix(&place).unwrap_or_else(|| panic!("{words}")).to_owned()
}

#[tokio::test]
async fn it_asks_for_a_stream_with_the_key_and_hears_it() {
    let server = ScriptedServer::answering(stream(&(piece("he") + &piece("llo ü\u{1b}") + END))).await;
    let heard = heard();
    let ended = agent(&server, Some("big")).answer(hi(), &*heard).await;
    assert_eq!((heard.text().as_str(), ended), ("hello ü\u{1b}", Ok(usual())));
    assert_eq!(heard.model().as_deref(), Some("big"));
    let [request] = server.requests().try_into().unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("authorization: Bearer {KEY}\r\n")), "{head}");
    let expected = serde_json::json!({
        "model": "big",
        "messages": [
            { "role": "user", "content": "one" },
            { "role": "assistant", "content": "two" },
            { "role": "user", "content": "three" },
        ],
        "stream": true,
        "stream_options": { "include_usage": true },
    });
    assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap(), expected);
}

#[tokio::test]
async fn it_bears_every_way_of_writing_a_stream() {
    let hello = |events: String| async move {
        let (text, ended) = answers(stream(&events)).await;
        assert_eq!((text.as_str(), ended.is_ok()), ("hello", true), "{events:?}");
    };
    let plain = piece("hel") + &piece("lo") + END;
    hello(plain.replace('\n', "\r\n")).await;
    hello(plain.replace('\n', "\r")).await;
    hello(plain.replace("data: ", "data:")).await;
    hello(format!("\u{feff}: comment\n\n:\n\nretry: 5\nid: 7\nevent: message\n{plain}")).await;
    hello(plain.replace("data: {\"choices\"", "data: {\ndata: \"choices\"")).await;
    hello(plain.replace("data: [DONE]\n\n", "")).await;
    hello(plain.replace("data: [DONE]\n\n", "data: [DONE]")).await;
    hello(plain.replace("\n\ndata: [DONE]\n\n", "").replace("data: {\"choices\":[],", "data: {")).await;
    hello(piece("hel") + &piece("lo") + "data: [DONE]").await;
    let empty = "data: {\"choices\":[{\"delta\":{\"content\":\"hel\"},\"finish_reason\":\"\"}]}\n\n";
    hello(empty.to_owned() + &piece("lo") + END).await;
    hello(piece("hel") + "data: {\"choices\":null,\"usage\":null}\n\n" + &piece("lo") + END).await;
    hello(piece("hello") + "data: [DONE]\n\n" + &piece("ignored")).await;
    let thinking = "data: {\"choices\":[{\"delta\":{\"content\":null,\"reasoning_content\":\"hm\"}}]}\n\n";
    hello(thinking.to_owned() + &plain).await;
    let parts =
        "data: {\"choices\":[{\"delta\":{\"content\":[{\"type\":\"text\",\"text\":\"hello\"},{\"type\":\"x\"}]}}]}\n\n";
    hello(parts.to_owned() + END).await;
}

#[tokio::test]
async fn a_stream_can_be_split_anywhere() {
    let events = (piece("hé") + ": x\n\n" + &piece("llo") + END).replace('\n', "\r\n").into_bytes();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::of_listener(listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n").await.unwrap();
        for byte in events {
            stream.write_all(&[byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    let heard = heard();
    let ended = at(endpoint, Some("m")).answer(hi(), &*heard).await;
    assert_eq!((heard.text().as_str(), ended), ("héllo", Ok(usual())));
    server.await.unwrap();
}

#[tokio::test]
async fn a_server_that_knows_no_streams_is_heard_as_well() {
    let body = r#"{"choices":[{"message":{"role":"assistant","content":"hello"},"finish_reason":"length"}],
        "usage":{"prompt_tokens":3,"completion_tokens":4}}"#;
    let (text, ended) = answers(response("200 OK", "application/json", body)).await;
    let answered = Answered { finish_reason: Some("length".to_owned()), ..usual() };
    assert_eq!((text.as_str(), ended), ("hello", Ok(answered)));
    let long = "x".repeat(6 * 1000 + 64 * 1024);
    let body = format!(r#"{{"choices":[{{"message":{{"content":"{long}"}}}}]}}"#);
    assert_eq!(fails(response("200 OK", "application/json", &body)).await, "gives an answer that is too large");
}

#[tokio::test]
async fn what_went_wrong_is_told_in_the_servers_words_without_the_key() {
    let openai = format!(r#"{{"error":{{"message":"Incorrect key {KEY}\u001b[2J","type":"auth","code":null}}}}"#);
    let refused = response("401 Unauthorized", "application/json", &openai);
    assert_eq!(fails(refused).await, "answered 401 Unauthorized: Incorrect key [key]?[2J");
    for (body, words) in [
        (r#"{"error":"model \"m\" not found"}"#, ": model \"m\" not found"),
        (r#"{"message":"too long"}"#, ": too long"),
        (r#"{"detail":"Not Found"}"#, ": Not Found"),
        (r#"{"error":{"code":5}}"#, ": an error that it does not describe"),
        ("<html>", ""),
        ("", ""),
    ] {
        let words = format!("answered 404 Not Found{words}");
        assert_eq!(fails(response("404 Not Found", "application/json", body)).await, words);
    }
    let huge = "x".repeat(1 << 20);
    assert_eq!(fails(response("500 Oops", "text/plain", &huge)).await, "answered 500 Internal Server Error");
}

#[tokio::test]
async fn an_error_in_the_stream_ends_it() {
    let error = "data: {\"error\":{\"message\":\"out of memory\"}}\n\n";
    let (text, ended) = answers(stream(&(piece("hel") + error + &piece("lo")))).await;
    assert_eq!(text, "hel");
    assert!(matches!(ended, Err(AgentError::Failed(words)) if words.ends_with("failed: out of memory")));
    for (events, words) in [
        ("data: <html>\n\n".to_owned(), "gives an answer that is not the OpenAI API's"),
        (String::new(), "gives an answer that is not the OpenAI API's"),
        ("data: {\"object\":\"list\"}\n\n".to_owned(), "gives an answer that is not the OpenAI API's"),
        (format!("data: {}", "x".repeat(2 << 20)), "cannot be understood: an event is larger than 1048576 bytes"),
    ] {
        assert_eq!(fails(stream(&events)).await, words);
    }
}

#[tokio::test]
async fn an_answer_that_just_ends_is_not_whole() {
    let empty = "data: {\"choices\":[{\"delta\":{\"content\":\"hel\"},\"finish_reason\":\"\"}]}\n\n";
    let cut = "data: {\"choices\":[{\"delta\":{\"content\":\"lo\"},\"finish_re";
    for events in [piece("hel"), piece("hel").trim_end().to_owned(), empty.to_owned(), piece("hel") + cut] {
        let (text, ended) = answers(stream(&events)).await;
        let Err(AgentError::Failed(words)) = ended else { panic!("{events:?}: {ended:?}") };
        assert!(text == "hel" && words.ends_with(" ended in the middle of its answer"), "{events:?}: {text} {words}");
    }
    assert_eq!(fails(stream(cut)).await, "gives an answer that is not the OpenAI API's");
    let length = empty.len() + 1;
    let lost = format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: {length}\r\n\r\n{empty}");
    assert!(fails(lost).await.starts_with("broke off in the middle of its answer: "));
}

#[tokio::test]
async fn a_server_that_is_done_without_an_answer_has_failed() {
    for events in ["data: [DONE]\n\n", ": hi\n\ndata: [DONE]", "data: {\"usage\":null}\n\ndata: [DONE]\n\n"] {
        assert_eq!(fails(stream(events)).await, "ended without an answer", "{events:?}");
    }
    let (text, ended) = answers(stream(END)).await;
    assert_eq!((text.as_str(), ended), ("", Ok(usual())), "it may have nothing to say");
}

#[tokio::test]
async fn an_error_beside_the_answer_is_told() {
    let object = r#"{"code":500,"message":"out of \u001bmemory","type":"server_error"}"#;
    let wrapped = format!(r#"{{"error":{object}}}"#);
    for (events, words) in [
        (format!("error: {object}\n\ndata: [DONE]\n\n"), "failed: out of ?memory"),
        (format!("error:{wrapped}\n\n"), "failed: out of ?memory"),
        (format!("event: error\ndata: {object}\n\n"), "failed: out of ?memory"),
        (format!("event: error\ndata: {wrapped}\n\ndata: [DONE]\n\n"), "failed: out of ?memory"),
        (format!("error: no key but {KEY}\n\ndata: [DONE]\n\n"), "failed: no key but [key]"),
        // Nobody knows what stands in its escapes.
        ("error: {\"code\":401,\"msg\":\"bad key \\u0073\"}\n\n".to_owned(), "failed: it says no more"),
    ] {
        assert_eq!(fails(stream(&events)).await, words, "{events:?}");
        let (text, ended) = answers(stream(&(piece("hel") + &events))).await;
        assert!(text == "hel" && ended.is_err(), "{events:?}: {ended:?}");
    }
}

#[tokio::test]
async fn what_came_before_an_event_that_is_too_large_is_heard() {
    let (text, ended) = answers(stream(&(piece("hello") + "data: " + &"x".repeat(2 << 20)))).await;
    assert!(text == "hello" && ended.is_err(), "{text} {ended:?}");
    let (text, ended) = answers(stream(&(piece("hello") + END + "data: " + &"x".repeat(2 << 20)))).await;
    assert_eq!((text.as_str(), ended), ("hello", Ok(usual())));
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_has_less_time_for_its_models_than_the_client_has() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::of_listener(listener.local_addr().unwrap());
    // With a moment for the way there and back.
    let patience = Patience::default().answer - Duration::from_secs(2);
    let ended = tokio::time::timeout(patience, at(endpoint, None).models()).await;
    assert!(matches!(ended, Ok(Err(AgentError::TimedOut(_)))), "{ended:?}");
}

#[tokio::test]
async fn a_connection_that_is_lost_in_the_middle_fails_unless_the_end_was_said() {
    let cut = |events: &str| {
        let length = events.len() + 100;
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: {length}\r\n\r\n{events}")
    };
    let (text, ended) = answers(cut(&piece("hel"))).await;
    assert!(text == "hel" && matches!(&ended, Err(AgentError::Failed(_))), "{ended:?}");
    let finished = piece("hello") + "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    let (text, ended) = answers(cut(&finished)).await;
    assert!(text == "hello" && ended.is_ok(), "{ended:?}");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = ScriptedServer::answering(stream(&(piece("stolen") + END))).await;
    for status in ["301 Moved Permanently", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let redirect = format!("HTTP/1.1 {status}\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", elsewhere.endpoint);
        assert_eq!(fails(redirect).await, format!("answered {status}, and redirects are not followed"));
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn without_a_model_it_takes_the_first_that_there_is() {
    let models = response("200 OK", "application/json", r#"{"data":[{"id":"a/b:c"},{"id":"\u001b"},{"id":"d"}]}"#);
    let server = ScriptedServer::start(vec![Act::Send(models.clone()), Act::Send(stream(&(piece("x") + END)))]).await;
    let heard = heard();
    assert_eq!(agent(&server, None).answer(hi(), &*heard).await, Ok(usual()));
    assert_eq!(heard.model().as_deref(), Some("a/b:c"));
    let requests = server.requests();
    assert!(requests[0].starts_with("GET /v1/models ") && requests[1].contains("\"model\":\"a/b:c\""), "{requests:?}");

    let server = ScriptedServer::answering(models).await;
    let listed = agent(&server, None).models().await.unwrap();
    assert_eq!(listed.iter().map(ModelName::as_str).collect::<Vec<_>>(), ["a/b:c", "d"]);
    assert_eq!((agent(&server, None).kind(), agent(&server, None).check().await), (AgentKind::OpenAi, Ok(())));
    let none = ScriptedServer::answering(response("200 OK", "application/json", r#"{"data":[]}"#)).await;
    let ended = agent(&none, None).answer(hi(), &Heard::default()).await;
    assert!(matches!(ended, Err(AgentError::Failed(words)) if words.contains("has no model")));
}

#[tokio::test]
async fn nobody_there_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::of_listener(listener.local_addr().unwrap());
    drop(listener);
    let words = format!("the agent at {endpoint} cannot be reached: connection refused, nothing listens there");
    let agent = at(endpoint, Some("m"));
    assert_eq!(agent.answer(hi(), &Heard::default()).await, Err(AgentError::Failed(words.clone())));
    assert_eq!(agent.models().await, Err(AgentError::Failed(words)));
}

#[tokio::test]
async fn when_nobody_waits_for_it_any_more_the_connection_is_closed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::of_listener(listener.local_addr().unwrap());
    let (closed, mut is_closed) = mpsc::channel::<()>(1);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
        stream.write_all(&[head.as_slice(), piece("hi").as_bytes()].concat()).await.unwrap();
        while stream.read(&mut [0; 4096]).await.is_ok_and(|length| length > 0) {}
        drop(closed);
    });
    let (agent, heard) = (at(endpoint, Some("m")), Arc::clone(&heard()));
    tokio::select! {
        ended = agent.answer(hi(), &*heard) => panic!("{ended:?}"),
        () = heard.until("hi") => {}
    }
    assert_eq!(is_closed.recv().await, None);
}
