//! Following a daemon when its TLS key changes.

use netclaw::domain::acquaintance::Acquaintance;
use netclaw::domain::identity::IdentityKey;
use netclaw::domain::key_rotation::Announcement;
use netclaw::domain::link::Pins;
use netclaw::domain::pin::Pin;

const FIRST: Pin = Pin::from_bytes([1; 32]);
const SECOND: Pin = Pin::from_bytes([2; 32]);
const THIRD: Pin = Pin::from_bytes([3; 32]);

fn identity(seed: u8) -> IdentityKey {
    IdentityKey::from_seed(&[seed; 32]).unwrap()
}

fn knowing(current: Pin, next: Option<Pin>) -> Acquaintance {
    Acquaintance { name: None, identity: Some(identity(9).public_key()), pins: Some(Pins { current, next }) }
}

fn announced(by: &IdentityKey, current: Pin, next: Pin) -> Option<(Pin, [u8; 64])> {
    Some((next, Announcement { daemon: by.id(), current, next }.sign(by)))
}

#[test]
fn b27_an_announced_next_key_is_learnt_and_then_followed() {
    let learnt = knowing(FIRST, None).told(FIRST, announced(&identity(9), FIRST, SECOND)).unwrap();
    assert_eq!(learnt, knowing(FIRST, Some(SECOND)));
    assert_eq!(learnt.told(FIRST, announced(&identity(9), FIRST, SECOND)), None);
    assert_eq!(learnt.told(SECOND, None), Some(knowing(SECOND, None)));
    let further = learnt.told(SECOND, announced(&identity(9), SECOND, THIRD));
    assert_eq!(further, Some(knowing(SECOND, Some(THIRD))));
}

#[test]
fn b27_what_the_identity_has_not_signed_is_not_learnt() {
    let known = knowing(FIRST, None);
    let another_daemon = announced(&identity(8), FIRST, SECOND);
    let of_another_key = announced(&identity(9), THIRD, SECOND);
    let for_another_key = announced(&identity(9), FIRST, THIRD).map(|(_, signature)| (SECOND, signature));
    for next in [None, Some((SECOND, [0; 64])), another_daemon, of_another_key, for_another_key] {
        assert_eq!(known.told(FIRST, next), None);
    }
    // A key in use that is none of the known ones teaches nothing, however well it is signed.
    assert_eq!(known.told(THIRD, announced(&identity(9), THIRD, SECOND)), None);
}

#[test]
fn a_known_next_key_outlives_an_answer_that_does_not_mention_it() {
    assert_eq!(knowing(FIRST, Some(SECOND)).told(FIRST, None), None);
    let instead = knowing(FIRST, Some(SECOND)).told(FIRST, announced(&identity(9), FIRST, THIRD));
    assert_eq!(instead, Some(knowing(FIRST, Some(THIRD))));
}

#[test]
fn b29_where_no_key_is_pinned_none_is_learnt() {
    let behind_a_proxy = Acquaintance { pins: None, ..knowing(FIRST, None) };
    assert_eq!(behind_a_proxy.told(FIRST, announced(&identity(9), FIRST, SECOND)), None);
    let of_version_1 = Acquaintance { identity: None, ..knowing(FIRST, None) };
    assert_eq!(of_version_1.told(FIRST, announced(&identity(9), FIRST, SECOND)), None);
}
