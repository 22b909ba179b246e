//! What the host decides about a device before it pairs.

use std::time::Duration;

use netclaw::domain::device::{DEVICE_RANDOM_BYTES, Device};
use netclaw::domain::device_name::NameError;
use netclaw::domain::session::PairingSession;
use netclaw::domain::terms::{CredentialLife, LifeError, MAX_LIFE, MIN_LIFE, Terms};
use netclaw::domain::time::WallTime;

use crate::fakes::rng::SeededRng;
use crate::fakes::samples::{MONOTONIC, NOW, WALL, name};

const HOUR: Duration = Duration::from_secs(3_600);

fn terms() -> Terms {
    Terms { life: Some(CredentialLife::new(HOUR).unwrap()), name: Some(name("ci-runner")), confirm: false }
}

#[test]
fn a_life_has_bounds_that_are_allowed_themselves() {
    let millisecond = Duration::from_millis(1);
    for (span, expected) in [
        (Duration::ZERO, Err(LifeError::TooShort)),
        (MIN_LIFE - millisecond, Err(LifeError::TooShort)),
        (MIN_LIFE, Ok(MIN_LIFE)),
        (MIN_LIFE + millisecond, Ok(MIN_LIFE)),
        (MAX_LIFE, Ok(MAX_LIFE)),
        (MAX_LIFE + millisecond, Err(LifeError::TooLong)),
        (Duration::MAX, Err(LifeError::TooLong)),
    ] {
        assert_eq!(CredentialLife::new(span).map(CredentialLife::duration), expected, "{span:?}");
    }
}

#[test]
fn the_longest_life_ends_after_ten_years_from_any_moment() {
    let longest = CredentialLife::new(MAX_LIFE).unwrap();
    assert_eq!(longest.from(WALL).since(WALL), MAX_LIFE);
    assert_eq!(longest.from(WallTime::from_unix_millis(i64::MAX)).unix_millis(), i64::MAX);
}

#[test]
fn the_host_decides_the_name_or_the_device_does() {
    assert_eq!(Terms::default().name_for(" Laptop "), Ok(name("Laptop")));
    assert_eq!(Terms::default().name_for("a\u{202e}b"), Err(NameError::Forbidden('\u{202e}')));
    assert_eq!(terms().name_for("Laptop"), Ok(name("ci-runner")));
    assert_eq!(terms().name_for("a\u{202e}b"), Ok(name("ci-runner")));
}

#[test]
fn the_proof_carries_the_terms_again_after_a_release() {
    let opened = PairingSession::open(SeededRng::new(1).bytes(), terms(), NOW);
    let (session, proof) = opened.session.redeem(&opened.code, MONOTONIC);
    assert_eq!(proof.unwrap().terms(), &terms());
    let (_, proof) = session.release(opened.generation).redeem(&opened.code, MONOTONIC);
    assert_eq!(proof.unwrap().terms(), &terms());
}

#[test]
fn a_life_begins_when_the_device_is_made() {
    let opened = PairingSession::open(SeededRng::new(1).bytes(), terms(), NOW);
    let proof = opened.session.redeem(&opened.code, MONOTONIC).1.unwrap();
    let redeemed_at = WALL.plus(Duration::from_secs(200));
    let random: [u8; DEVICE_RANDOM_BYTES] = SeededRng::new(2).bytes();
    let (device, _) = Device::enrol(proof, name("ci-runner"), &random, redeemed_at);
    assert_eq!(device.record().expires_at, Some(redeemed_at.plus(HOUR)));
    for (offset, expired) in [(-1, false), (0, true), (1, true)] {
        let now = WallTime::from_unix_millis(redeemed_at.plus(HOUR).unix_millis() + offset);
        assert_eq!(device.has_expired(now), expired, "{offset} ms from the end");
    }
}
