//! Pairing with a link, from end to end.

use serde_json::Value;

use super::raw_http::Request;
use super::world::{World, client_of};

/// A fresh link, as a script gets it.
fn link(host: &World) -> String {
    let opened = host.netclaw(&["daemon", "pair", "--link", "--json"]).succeeded();
    let document: Value = serde_json::from_str(&opened.stdout).unwrap();
    document["link"].as_str().unwrap().to_owned()
}

#[test]
fn a_pasted_link_pairs_once() {
    let host = World::default();
    let _daemon = host.daemon();
    let client = client_of(&host);
    let link = link(&host);
    let paired = client.netclaw_reading(&["pair"], &format!("{link}\nlaptop\n")).succeeded();
    assert!(paired.stdout.contains(&format!("Paired with {} as \"laptop\".", host.endpoint())), "{paired:?}");
    assert_eq!(host.device_names(), ["laptop"]);
    client.netclaw(&["status"]).succeeded();
    let again = client_of(&host).netclaw_reading(&["pair", "-", "--name", "x"], &format!("{link}\n"));
    let again = again.failed(3, "does not know this link");
    assert!(again.stderr.contains("netclaw daemon pair --link"), "{again:?}");
}

#[test]
fn the_lines_of_a_link_hold_it_once_and_the_command_does_not() {
    let host = World::default();
    let _daemon = host.daemon();
    let opened = host.netclaw(&["daemon", "pair", "--link"]).succeeded();
    let lines: Vec<&str> = opened.stdout.lines().collect();
    let [link, expires, instruction, command] = lines.as_slice() else { panic!("{opened:?}") };
    let link = link.strip_prefix("Pairing link: ").unwrap();
    assert!(link.starts_with(&format!("netclaw://{}/?c=", host.address)) && link.contains("#p="), "{link}");
    assert!(expires.starts_with("Expires at: "), "{expires}");
    assert_eq!([*instruction, *command], ["On the remote device, run this and paste the link:", "netclaw pair"]);
    client_of(&host).netclaw_reading(&["pair", "--name", "laptop"], &format!("{link}\n")).succeeded();
}

#[test]
fn a_qr_code_is_the_link_to_scan() {
    let host = World::default();
    let _daemon = host.daemon();
    let opened = host.netclaw(&["daemon", "pair", "--qr"]).succeeded();
    let link = opened.stdout.lines().next().unwrap().strip_prefix("Pairing link: ").unwrap().to_owned();
    let drawn: Vec<&str> = opened.stderr.lines().filter(|line| !line.starts_with("note: ")).collect();
    assert!(!opened.stderr.contains('\u{1b}'), "no colours where no terminal is");
    assert_eq!(crate::client::qr::scanned(&drawn), link);
}

#[test]
fn the_json_of_a_link_has_no_code() {
    let host = World::default();
    let _daemon = host.daemon();
    let opened = host.netclaw(&["daemon", "pair", "--link", "--json", "--name", "ci", "--ttl", "1h"]).succeeded();
    let document: Value = serde_json::from_str(&opened.stdout).unwrap();
    let keys: Vec<&String> = document.as_object().unwrap().keys().collect();
    let expected = ["link", "expiresAt", "expiresInSeconds", "endpoint", "command", "ttlSeconds", "deviceName"];
    assert_eq!(keys, expected);
    let paired = client_of(&host).netclaw_reading(&["pair"], &format!("{}\n", document["link"].as_str().unwrap()));
    assert!(paired.succeeded().stdout.contains("\"ci\""));
}

#[test]
fn a_link_on_the_command_line_works_and_is_said_to_have_been_seen() {
    let host = World::default();
    let _daemon = host.daemon();
    let link = link(&host);
    let paired = client_of(&host).netclaw(&["pair", &link, "--name", "laptop"]).succeeded();
    assert!(paired.stderr.contains("hint: other users of this machine could see the link"), "{paired:?}");
    assert!(!paired.stderr.contains(link.split_once("c=").unwrap().1));
}

#[test]
fn an_address_on_stdin_asks_for_the_code_on_the_next_line() {
    let host = World::default();
    let _daemon = host.daemon();
    let input = format!("{}\n{}\nlaptop\n", host.endpoint(), host.code());
    client_of(&host).netclaw_reading(&["pair"], &input).succeeded();
    assert_eq!(host.device_names(), ["laptop"]);
}

#[test]
fn what_is_no_link_is_refused_and_not_repeated() {
    let host = World::default();
    let link = "netclaw://my-server:5199/?c=aaaqeayeaudaocajbifqydiob4";
    let cut_off = host.netclaw_reading(&["pair"], &format!("{link}\n")).failed(2, "pin");
    assert!(!cut_off.stderr.contains("aaaq"), "{cut_off:?}");
    let code = host.netclaw_reading(&["pair"], "ABCD-EF23\n").failed(2, "http://");
    assert!(!code.stderr.contains("ABCD"), "{code:?}");
    host.netclaw(&["pair"]).failed(2, "neither a link nor an address");
}

#[test]
fn a_link_works_while_typed_codes_are_burnt_from_the_same_address() {
    let host = World::default();
    let daemon = host.daemon();
    let code = host.code();
    let wrong = if code.starts_with('2') { "3333-3333" } else { "2222-2222" };
    for guesser in 0..100 {
        let guess = Request::exchange(host.address, wrong, "x").from(guesser).send();
        assert_eq!(guess.problem(), (401, "wrong_code".to_owned()));
    }
    let link = link(&host);
    // The client's own address has no attempt left.
    for _ in 0..6 {
        Request::exchange(host.address, wrong, "x").send();
    }
    let limited = Request::exchange(host.address, wrong, "x").send();
    assert_eq!(limited.problem(), (429, "rate_limited".to_owned()));
    client_of(&host).netclaw_reading(&["pair", "--name", "laptop"], &format!("{link}\n")).succeeded();
    assert_eq!(host.device_names(), ["laptop"]);
    let log = daemon.terminate();
    let secret = link.split_once("c=").unwrap().1.split('#').next().unwrap();
    assert!(log.contains("opened for a link") && !log.contains(secret), "{log}");
}

#[test]
fn a_link_does_not_survive_a_restart_of_the_daemon() {
    let host = World::default();
    let daemon = host.daemon();
    let link = link(&host);
    daemon.terminate();
    let _daemon = host.daemon();
    let refused = client_of(&host).netclaw_reading(&["pair", "--name", "x"], &format!("{link}\n"));
    refused.failed(3, "does not know this link");
}
