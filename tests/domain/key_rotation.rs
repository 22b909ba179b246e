//! Announcing and switching TLS keys.

use std::time::Duration;

use netclaw::domain::identity::{IdentityKey, WrongSignature};
use netclaw::domain::key_rotation::{Announcement, NOTICE, NotYet, Step, Urgency, next_step};
use netclaw::domain::pin::Pin;

const MOMENT: Duration = Duration::from_millis(1);

fn identity(seed: u8) -> IdentityKey {
    IdentityKey::from_seed(&[seed; 32]).unwrap()
}

fn announcement(daemon: &IdentityKey) -> Announcement {
    Announcement { daemon: daemon.id(), current: Pin::from_bytes([1; 32]), next: Pin::from_bytes([2; 32]) }
}

#[test]
fn a_key_is_announced_first_and_used_after_a_week() {
    assert_eq!(next_step(Urgency::InTime, None), Ok(Step::Announce));
    for (announced_for, expected) in [
        (Duration::ZERO, Err(NotYet::TooSoon { remaining: NOTICE })),
        (NOTICE - MOMENT, Err(NotYet::TooSoon { remaining: MOMENT })),
        (NOTICE, Ok(Step::Switch)),
        (NOTICE + MOMENT, Ok(Step::Switch)),
        (Duration::MAX, Ok(Step::Switch)),
    ] {
        assert_eq!(next_step(Urgency::InTime, Some(announced_for)), expected, "{announced_for:?}");
    }
}

#[test]
fn in_a_hurry_the_week_is_not_waited_for_but_the_announcement_is() {
    assert_eq!(next_step(Urgency::Now, Some(Duration::ZERO)), Ok(Step::Switch));
    assert_eq!(next_step(Urgency::Now, None), Err(NotYet::NothingAnnounced));
}

#[test]
fn the_statement_is_a_label_the_daemons_id_and_both_pins() {
    let identity = identity(7);
    let expected =
        [b"netclaw tls key rotation v1", identity.id().as_str().as_bytes(), &[1; 32][..], &[2; 32][..]].concat();
    let statement = announcement(&identity).statement();
    assert_eq!((statement.len(), statement), (27 + 26 + 32 + 32, expected));
}

#[test]
fn an_announcement_is_believed_from_the_daemon_itself_only() {
    let (daemon, other) = (identity(7), identity(8));
    let good = announcement(&daemon);
    let signature = good.sign(&daemon);
    assert_eq!(good.verify(&daemon.public_key(), &signature), Ok(()));

    let refused = Err(WrongSignature);
    assert_eq!(good.verify(&other.public_key(), &signature), refused);
    assert_eq!(good.verify(&other.public_key(), &good.sign(&other)), refused);
    assert_eq!(good.verify(&daemon.public_key(), &good.sign(&other)), refused);
    let turned = Announcement { current: good.next, next: good.current, ..good.clone() };
    let another_next = Announcement { next: Pin::from_bytes([3; 32]), ..good.clone() };
    let another_current = Announcement { current: Pin::from_bytes([3; 32]), ..good.clone() };
    let another_daemon = Announcement { daemon: other.id(), ..good.clone() };
    for changed in [turned, another_next, another_current, another_daemon] {
        assert_eq!(changed.verify(&daemon.public_key(), &signature), refused, "{changed:?}");
    }
    for length in [0, 63] {
        assert_eq!(good.verify(&daemon.public_key(), &signature[..length]), refused);
    }
    for bit in 0..512 {
        let mut changed = signature;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(good.verify(&daemon.public_key(), &changed), refused, "bit {bit}");
    }
    // What the identity signs elsewhere is no announcement.
    let bare = daemon.sign(&good.statement()[27..]);
    assert_eq!(good.verify(&daemon.public_key(), &bare), refused);
}
