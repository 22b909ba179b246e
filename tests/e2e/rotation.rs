//! Rotation with the real programs, and kill -9 of either of them in the middle (attacks.md D39, D42).

use std::process::Stdio;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::crashes::Seeded;
use super::raw_http::Request;
use super::world::{Daemon, NETCLAW, NETCLAWD, World, client_of};

/// Rotations that are interrupted.
const ROUNDS: u32 = 100;

/// The stored token of the only daemon, and whether another is staged.
fn stored(client: &World) -> (String, Option<String>) {
    let document: Value = serde_json::from_str(&client.read("config/secrets.json")).unwrap();
    let only = |tokens: &Value| {
        let tokens = tokens.as_object()?;
        assert_eq!(tokens.len(), 1);
        tokens.values().next()?.as_str().map(str::to_owned)
    };
    (only(&document["tokens"]).unwrap(), only(&document["staged"]))
}

fn status(host: &World, token: &str) -> u16 {
    Request::status(host.address, token).send().status
}

fn paired(host: &World) -> World {
    let client = client_of(host);
    let code = format!("{}\n", host.code());
    client.netclaw_reading(&["pair", &host.endpoint(), "--name", "laptop"], &code).succeeded();
    client
}

#[test]
fn d39_after_a_rotation_the_old_secret_is_refused_for_ever() {
    let host = World::default();
    let daemon = host.daemon();
    let client = paired(&host);
    let (old, _) = stored(&client);
    let rotated = client.netclaw(&["rotate"]).succeeded();
    assert!(rotated.stdout.contains("\"laptop\" has a new credential"), "{rotated:?}");
    let (new, staged) = stored(&client);
    assert_eq!((status(&host, &old), status(&host, &new), staged), (401, 200, None));
    let devices: Value = serde_json::from_str(&host.read("config/devices.json")).unwrap();
    assert_eq!(devices["devices"][0].get("pending"), None);
    let log = daemon.terminate();
    assert!(!log.contains(&old[20..72]) && !log.contains(&new[20..72]), "{log}");
    let _daemon = host.daemon();
    assert_eq!((status(&host, &old), status(&host, &new)), (401, 200));
    let document = client.netclaw(&["rotate", "--json"]).succeeded().stdout;
    assert_eq!(serde_json::from_str::<Value>(&document).unwrap()["deviceName"], "laptop");
    client.netclaw(&["status"]).succeeded();
}

#[test]
fn the_host_rotates_its_own_credential_and_starts_again_with_it() {
    let host = World::default();
    let start = || {
        let mut command = host.command(NETCLAWD);
        command.env("NETCLAW_Daemon__ExposureMode", "cloudflare-tunnel");
        command.env("NETCLAW_Daemon__SkipTunnelProcessCheck", "true");
        Daemon::of(command).unwrap_or_else(|finished| panic!("{finished:?}"))
    };
    let first = start();
    let (old, _) = stored(&host);
    host.netclaw(&["rotate"]).succeeded();
    first.terminate();
    let _daemon = start();
    let (new, _) = stored(&host);
    assert_eq!((status(&host, &old), status(&host, &new)), (401, 200));
}

#[test]
fn d42_exactly_one_credential_works_and_the_client_has_it_whoever_is_killed_during_a_rotation() {
    let host = World::default();
    let mut random = Seeded::new("rotation");
    let first = host.daemon();
    let client = paired(&host);
    first.terminate();
    let (mut old_ones, mut replaced, mut left_open): (Vec<String>, _, _) = (Vec::new(), 0, 0);
    for round in 0..ROUNDS {
        let mut daemon = Some(host.daemon());
        let before = stored(&client).0;
        let mut command = client.command(NETCLAW);
        let command = command.arg("rotate").stdout(Stdio::null()).stderr(Stdio::null());
        let mut rotation = command.spawn().unwrap();
        thread::sleep(Duration::from_micros(random.below(60_000)));
        let is_client = random.below(2) == 0;
        if is_client {
            rotation.kill().unwrap();
        } else {
            daemon.take().unwrap().kill();
        }
        rotation.wait().unwrap();
        drop(daemon);

        let _daemon = host.daemon();
        let (_, staged) = stored(&client);
        left_open += u32::from(staged.is_some());
        let shown = client.netclaw(&["status"]);
        assert_eq!(shown.code, 0, "round {round}, client killed: {is_client}: {shown:?}");
        let (now, unsettled) = stored(&client);
        assert_eq!((unsettled, status(&host, &now)), (None, 200), "round {round}");
        if now != before {
            replaced += 1;
            old_ones.push(before);
        }
        let others = old_ones.iter().rev().take(3).chain(&staged).filter(|token| **token != now);
        others.for_each(|token| assert_eq!(status(&host, token), 401, "round {round}"));
    }
    println!("{replaced} of {ROUNDS} rotations came to their end; the next command settled {left_open}");
    assert!((1..ROUNDS).contains(&replaced), "the moments were too early or too late");
}
