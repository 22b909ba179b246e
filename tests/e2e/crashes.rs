//! kill -9 at random moments: what was answered is kept, for ever (S4, attacks.md D42).

use std::thread;
use std::time::Duration;

use super::raw_http::Request;
use super::world::World;

/// Lives of the daemon in each of the two tests.
const ROUNDS: u32 = 150;

/// Random numbers that a failed run can repeat (SplitMix64).
pub(super) struct Seeded(u64);

impl Seeded {
    pub(super) fn new(name: &str) -> Self {
        let chosen = std::env::var("NETCLAW_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = chosen.unwrap_or_else(|| u64::from(std::process::id()));
        println!("{name}: repeat with NETCLAW_TEST_SEED={seed}");
        Self(seed)
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

#[test]
fn d42_no_acknowledged_device_is_lost_whenever_the_daemon_is_killed() {
    let host = World::default();
    let mut random = Seeded::new("pairing");
    let mut acknowledged: Vec<(String, String)> = Vec::new();
    let mut interrupted = 0;
    for round in 0..ROUNDS {
        let daemon = host.daemon();
        let names = host.device_names();
        for (name, token) in &acknowledged {
            assert!(names.contains(name), "round {round}: {name} is gone");
            assert_eq!(Request::status(host.address, token).send().status, 200, "round {round}: {name}");
        }
        let name = format!("device {round}");
        let exchange = Request::exchange(host.address, &host.code(), &name);
        let moment = Duration::from_micros(random.below(4000));
        let answer = thread::scope(|scope| {
            let asked = scope.spawn(|| exchange.try_send());
            thread::sleep(moment);
            daemon.kill();
            asked.join().unwrap()
        });
        match answer {
            Ok(answer) => {
                assert_eq!(answer.status, 200);
                acknowledged.push((name, answer.json()["token"].as_str().unwrap().to_owned()));
                // Kept short, so that a round stays short.
                if acknowledged.len() > 5 {
                    acknowledged.remove(0);
                }
            }
            Err(_) => interrupted += 1,
        }
    }
    println!("{interrupted} of {ROUNDS} exchanges were interrupted");
    assert!((1..ROUNDS).contains(&interrupted), "the moments were too early or too late");
}

#[test]
fn d42_no_revoked_device_comes_back_whenever_the_daemon_is_killed() {
    let host = World::default();
    let mut random = Seeded::new("revoking");
    let mut revoked: Vec<String> = Vec::new();
    let mut interrupted = 0;
    for round in 0..ROUNDS {
        let daemon = host.daemon();
        for token in &revoked {
            assert_eq!(Request::status(host.address, token).send().status, 401, "round {round}");
        }
        let answer = Request::exchange(host.address, &host.code(), &format!("device {round}")).send();
        let token = answer.json()["token"].as_str().unwrap().to_owned();
        let mut revoke = Request::new(host.address, "DELETE /api/pair/device");
        revoke = revoke.header("Authorization", &format!("Bearer {token}"));
        let moment = Duration::from_micros(random.below(4000));
        let answer = thread::scope(|scope| {
            let asked = scope.spawn(|| revoke.try_send());
            thread::sleep(moment);
            daemon.kill();
            asked.join().unwrap()
        });
        match answer {
            Ok(answer) => {
                assert_eq!(answer.status, 204);
                revoked.push(token);
                if revoked.len() > 5 {
                    revoked.remove(0);
                }
            }
            Err(_) => interrupted += 1,
        }
    }
    println!("{interrupted} of {ROUNDS} revocations were interrupted");
    assert!((1..ROUNDS).contains(&interrupted), "the moments were too early or too late");
}
