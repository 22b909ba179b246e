//! Chats of scripts where something is in the way: an agent that says how its answers end, and connections that break.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

use serde_json::json;

use super::chat_command::{configure, host_with_agent, json as read};
use super::raw_http::Request;
use super::world::{Daemon, Finished, NETCLAW, NETCLAWD, World};

/// A server that speaks the OpenAI API just enough. Its answers end for the reason that is the model's name.
fn provider() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let asked = request(&mut BufReader::new(stream.try_clone().unwrap()));
            let reason = asked.split_once("\r\n\r\n").map(|(_, body)| read(body)["model"].clone()).unwrap();
            let usage = json!({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7});
            let pieces = [
                json!({"choices": [{"index": 0, "delta": {"content": "so far"}}]}),
                json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}),
                json!({"choices": [], "usage": usage}),
            ];
            let body: String = pieces.iter().map(|piece| format!("data: {piece}\n\n")).collect();
            let body = body + "data: [DONE]\n\n";
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\nContent-Length: ";
            let _ = stream.write_all(format!("{head}{}\r\n\r\n{body}", body.len()).as_bytes());
        }
    });
    address
}

/// A request, head and body; what there is of it when the connection ends before.
fn request(stream: &mut impl BufRead) -> String {
    let (mut text, mut length) = (String::new(), 0);
    while !text.ends_with("\r\n\r\n") {
        let begun = text.len();
        if stream.read_line(&mut text).unwrap_or(0) == 0 {
            return text;
        }
        if let Some((name, value)) = text[begun..].split_once(": ")
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    text + &String::from_utf8(body).unwrap()
}

#[test]
fn what_an_answer_cost_and_why_it_ended_is_told() {
    let host = World::default();
    let agent = json!({"Kind": "openai", "BaseUrl": format!("http://{}/v1", provider()), "Model": "stop"});
    configure(&host, agent);
    let _daemon = host.daemon();
    for (reason, warning) in [
        ("length", "warning: the answer is cut off: it has as many tokens as the agent allows\n"),
        ("content_filter", "warning: the answer is cut off by the agent's content filter\n"),
        ("stop", ""),
        ("eos_token", ""),
    ] {
        let asked = host.netclaw(&["chat", "--model", reason, "-p", "hi"]).succeeded();
        assert_eq!((asked.stdout.as_str(), asked.stderr.as_str()), ("so far\n", warning));
        let asked = host.netclaw(&["chat", "--model", reason, "-p", "hi", "--json"]).succeeded();
        let document = read(&asked.stdout);
        let told = if reason == "stop" { None } else { Some(&json!(reason)).cloned() };
        assert_eq!((document.get("finishReason").cloned(), asked.stderr.as_str()), (told, ""));
        assert_eq!(document["usage"], json!({"promptTokens": 3, "completionTokens": 4, "totalTokens": 7}));
    }
}

/// Passes connections on to the daemon. The first one it cuts when the daemon has begun a turn, before the client hears of it.
fn cutting_the_first(daemon: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut near, _) = listener.accept().unwrap();
        let mut far = TcpStream::connect(daemon).unwrap();
        let asked = request(&mut BufReader::new(near.try_clone().unwrap()));
        far.write_all(asked.as_bytes()).unwrap();
        let begun = BufReader::new(&far).lines().any(|line| line.unwrap().starts_with("event: turn"));
        assert!(begun);
        let _ = far.shutdown(Shutdown::Both);
        let _ = near.flush().and_then(|()| near.shutdown(Shutdown::Both));
        for near in listener.incoming() {
            let (mut near, mut far) = (near.unwrap(), TcpStream::connect(daemon).unwrap());
            let (mut back, mut forth) = (far.try_clone().unwrap(), near.try_clone().unwrap());
            thread::spawn(move || std::io::copy(&mut forth, &mut far));
            thread::spawn(move || std::io::copy(&mut back, &mut near));
        }
    });
    address
}

#[test]
fn a_script_whose_answer_was_lost_says_so_and_blames_nobody() {
    let host = host_with_agent();
    let _daemon = host.daemon();
    host.netclaw(&["chat", "--resume", "plans", "-p", "hello"]).succeeded();
    let mut command = host.command(NETCLAW);
    let command = command.args(["chat", "--resume", "plans", "-p", "wait"]);
    command.env("NETCLAW_DAEMON_ENDPOINT", format!("http://{}", cutting_the_first(host.address)));
    let asked = Finished::of(command.output().unwrap());
    let asked = asked.failed(1, "the connection was lost in the middle of the answer");
    assert!(!asked.stderr.contains("another device"), "{asked:?}");
    let shown = read(&host.netclaw(&["sessions", "show", "plans", "--json"]).succeeded().stdout);
    let messages = shown["messages"].as_array().unwrap();
    assert_eq!((messages.len(), &messages[3]["outcome"]), (4, &json!("stopped")), "it was asked once");
}

#[test]
fn colours_of_the_log_can_be_forced() {
    for (force, is_coloured) in [("1", true), ("0", false)] {
        let host = World::default();
        let mut command = host.command(NETCLAWD);
        command.env_remove("NO_COLOR").env("CLICOLOR_FORCE", force);
        let daemon = Daemon::of(command).unwrap();
        assert_eq!(Request::new(host.address, "GET /api/health/live").send().status, 200);
        assert_eq!(daemon.terminate().contains('\u{1b}'), is_coloured);
    }
}
