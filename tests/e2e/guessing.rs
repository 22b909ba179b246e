//! Guessing the code: attacks.md A, against the real daemon. What needs minutes to pass is in `tests/http`, on a fake
//! clock.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr};

use super::raw_http::{Request, answers, connect};
use super::world::World;

/// A code that is not `code`.
fn other_than(code: &str) -> &'static str {
    if code.starts_with('2') { "3333-3333" } else { "2222-2222" }
}

#[test]
fn a01_the_sixth_attempt_in_a_minute_waits_and_the_code_stays_valid() {
    let host = World::default();
    let _daemon = host.daemon();
    let code = host.code();
    let wrong = Request::exchange(host.address, other_than(&code), "x");
    for _ in 0..5 {
        assert_eq!(wrong.send().problem(), (401, "wrong_code".to_owned()));
    }
    let refused = Request::exchange(host.address, &code, "x").send();
    assert_eq!(refused.problem(), (429, "rate_limited".to_owned()));
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(Request::exchange(host.address, &code, "x").from(1).send().status, 200);
}

#[test]
fn a03_a_hundred_addresses_with_one_guess_each_end_the_code_and_the_operator_is_told() {
    let host = World::default();
    let daemon = host.daemon();
    let code = host.code();
    let wrong = Request::exchange(host.address, other_than(&code), "x");
    for guesser in 0..100 {
        assert_eq!(wrong.clone().from(guesser).send().problem(), (401, "wrong_code".to_owned()));
    }
    let right = Request::exchange(host.address, &code, "x").from(1000).send();
    assert_eq!(right.problem(), (404, "no_pairing_code".to_owned()));
    assert!(host.netclaw(&["daemon", "status"]).succeeded().stdout.contains("too many wrong ones"));
    let log = daemon.terminate();
    assert!(log.contains("ERROR") && log.contains("netclaw daemon pair"), "{log}");
}

#[test]
fn a06_forwarding_headers_do_not_make_another_client() {
    let host = World::default();
    // Otherwise a guess that shows signs of a hop is not looked at.
    host.write("config/netclaw.json", r#"{"Daemon":{"AllowPlaintext":true}}"#, 0o600);
    let _daemon = host.daemon();
    let code = host.code();
    let wrong = other_than(&code);
    let long = ["203.0.113.9"; 900].join(", ");
    let spoofs = [
        ("X-Forwarded-For", "203.0.113.1"),
        ("Forwarded", "for=203.0.113.2"),
        ("X-Real-IP", "203.0.113.3"),
        ("CF-Connecting-IP", "203.0.113.4"),
        ("X-Forwarded-For", long.as_str()),
        ("True-Client-IP", "203.0.113.6"),
    ];
    let send = |(name, value): (&str, &str)| {
        let spoofed = Request::exchange(host.address, wrong, "x").header(name, value).header(name, "127.0.0.1");
        spoofed.send().status
    };
    assert_eq!(spoofs.map(send), [401, 401, 401, 401, 401, 429]);
}

#[test]
fn a09_a_credential_or_unknown_fields_beside_the_guess_do_not_hide_it() {
    let host = World::default();
    let _daemon = host.daemon();
    let code = host.code();
    let body = format!(r#"{{"code":"{}","deviceName":"x","admin":true}}"#, other_than(&code));
    let guess = Request::exchange(host.address, "", "").body(&body).header("Authorization", "Bearer nct_nonsense");
    let statuses: Vec<u16> = (0..6).map(|_| guess.send().status).collect();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429]);
}

#[test]
fn a10_two_hundred_parallel_exchanges_of_one_code_give_one_token() {
    let host = World::default();
    let _daemon = host.daemon();
    let code = host.code();
    let answers: Vec<(u16, String)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..200)
            .map(|number| {
                let exchange = Request::exchange(host.address, &code, &format!("device {number}")).from(number);
                scope.spawn(move || {
                    let answer = exchange.send();
                    (answer.status, answer.json()["code"].as_str().unwrap_or("token").to_owned())
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut counts = BTreeMap::new();
    for answer in &answers {
        *counts.entry(answer.clone()).or_insert(0) += 1;
    }
    assert_eq!(counts, BTreeMap::from([((200, "token".to_owned()), 1), ((404, "no_pairing_code".to_owned()), 199)]));
    assert_eq!(host.device_names().len(), 1);
}

#[test]
fn a11_two_hundred_guesses_on_one_connection_are_counted_before_they_are_compared() {
    let host = World::default();
    let _daemon = host.daemon();
    let code = host.code();
    let guess = Request::exchange(host.address, other_than(&code), "x");
    let mut stream = connect(IpAddr::V4(Ipv4Addr::UNSPECIFIED), host.address).unwrap();
    let pipelined = guess.bytes("keep-alive").repeat(199) + &guess.bytes("close");
    let mut writer = stream.try_clone().unwrap();
    let sender = std::thread::spawn(move || writer.write_all(pipelined.as_bytes()));
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    sender.join().unwrap().unwrap();
    let statuses: Vec<u16> = answers(&text).iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.len(), 200);
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 5);
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 195);
}

#[test]
fn a14_a_code_is_read_forgivingly_or_refused_without_spending_an_attempt() {
    let host = World::default();
    let _daemon = host.daemon();
    let code = host.code();
    let full_width: String = code.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
    for unreadable in ["0000-0000", "OOOO-OOOO", &full_width, "ABCD-EF2", "ABCD-EF234", "ABCD_EF23"] {
        for _ in 0..3 {
            let answer = Request::exchange(host.address, unreadable, "x").send();
            assert_eq!(answer.problem(), (400, "invalid_request".to_owned()), "{unreadable}");
        }
    }
    let typed = format!(" {}\u{a0}{}\t", &code[..4].to_lowercase(), &code[5..].replace('L', "1"));
    assert_eq!(Request::exchange(host.address, &typed, "x").send().status, 200);
}

#[test]
fn a16_a_newer_code_ends_the_older_one() {
    let host = World::default();
    let _daemon = host.daemon();
    let (old, new) = (host.code(), host.code());
    assert_eq!(Request::exchange(host.address, &old, "x").send().problem(), (401, "wrong_code".to_owned()));
    assert_eq!(Request::exchange(host.address, &new, "x").send().status, 200);
}

#[test]
fn d41_a_wrong_code_does_not_tell_which_names_exist() {
    let host = World::default();
    let _daemon = host.daemon();
    assert_eq!(Request::exchange(host.address, &host.code(), "laptop").send().status, 200);
    let wrong = other_than(&host.code());
    let probe = |name: &str| {
        let answer = Request::exchange(host.address, wrong, name).send();
        (answer.status, answer.body)
    };
    assert_eq!(probe("laptop"), probe("no such name"));
    assert_eq!(probe("laptop"), probe("\u{1b}[31m not a name"));
}

#[test]
fn d40_a_bad_name_is_refused_and_the_code_survives() {
    let host = World::default();
    let _daemon = host.daemon();
    let code = host.code();
    let bad = ["../../etc/passwd", "zero\u{200b}width", "right\u{202e}left", "\u{1b}[2J"];
    for (name, number) in bad.iter().zip(0..) {
        let answer = Request::exchange(host.address, &code, name).from(number).send();
        assert_eq!(answer.problem(), (400, "invalid_device_name".to_owned()), "{name:?}");
        assert!(!answer.body.chars().any(|c| c.is_control() || c == '\u{202e}'), "{:?}", answer.body);
    }
    let huge = "x".repeat(10_000);
    let answer = Request::exchange(host.address, &code, &huge).from(20).send();
    assert_eq!(answer.problem(), (413, "payload_too_large".to_owned()));
    assert_eq!(Request::exchange(host.address, &code, " Büro-Laptop ").from(21).send().status, 200);
    assert_eq!(host.device_names(), ["Büro-Laptop"]);
}
