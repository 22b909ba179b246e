//! Devices: how they are made, and when a token is theirs.

use std::time::Duration;

use netclaw::domain::device::{DEVICE_RANDOM_BYTES, Device, DeviceId, is_authentic};
use netclaw::domain::time::WallTime;
use netclaw::domain::token::BearerToken;

use crate::fakes::samples::{WALL, device_and_token, name, redeemed_code};

#[test]
fn a_new_device_is_made_from_its_random_bytes() {
    let random: [u8; DEVICE_RANDOM_BYTES] = std::array::from_fn(|at| at as u8);
    let (device, token) = Device::enrol(redeemed_code(), name("Laptop"), &random, WALL);
    let record = device.record();
    assert_eq!(record.id, DeviceId::from_random(random[..10].try_into().unwrap()));
    assert_eq!(record.salt.0, random[42..]);
    assert_eq!(token.reveal(), BearerToken::issue(record.id, random[10..42].try_into().unwrap()).reveal());
    assert!(record.token_hash.matches(&token.hash(&record.salt)));
    assert_eq!((record.created_at, record.expires_at), (WALL, None));
    assert_eq!((device.id(), device.name()), (record.id, &name("Laptop")));
}

#[test]
fn its_own_token_is_authentic_at_any_time() {
    let (device, token) = device_and_token("Laptop", 1);
    for moment in [i64::MIN, 0, WALL.unix_millis(), i64::MAX] {
        assert!(is_authentic(&token, Some(&device), WallTime::from_unix_millis(moment)));
    }
}

#[test]
fn another_secret_for_the_same_device_is_not_authentic() {
    let (device, _) = device_and_token("Laptop", 1);
    let forged = BearerToken::issue(device.id(), &[7; 32]);
    assert!(!is_authentic(&forged, Some(&device), WALL));
}

#[test]
fn the_token_of_another_device_is_not_authentic() {
    let (device, _) = device_and_token("Laptop", 1);
    let (_, other_token) = device_and_token("Phone", 2);
    assert!(!is_authentic(&other_token, Some(&device), WALL));
}

#[test]
fn an_unknown_device_is_not_authentic() {
    let (_, token) = device_and_token("Laptop", 1);
    assert!(!is_authentic(&token, None, WALL));
}

#[test]
fn d39_a_replaced_secret_is_not_authentic() {
    let (device, old_token) = device_and_token("Laptop", 1);
    let mut record = device.record().clone();
    let new_token = BearerToken::issue(record.id, &[9; 32]);
    record.token_hash = new_token.hash(&record.salt);
    let device = Device::restore(record);
    assert!(!is_authentic(&old_token, Some(&device), WALL));
    assert!(is_authentic(&new_token, Some(&device), WALL));
}

#[test]
fn a_credential_ends_at_its_expiry() {
    let (device, token) = device_and_token("Laptop", 1);
    let mut record = device.record().clone();
    let end = WALL.plus(Duration::from_secs(3600));
    record.expires_at = Some(end);
    let device = Device::restore(record);
    for (offset, authentic) in [(-1, true), (0, false), (1, false)] {
        let now = WallTime::from_unix_millis(end.unix_millis() + offset);
        assert_eq!(is_authentic(&token, Some(&device), now), authentic, "{offset} ms from the end");
    }
}

#[test]
fn a_renamed_device_keeps_everything_else() {
    let (device, token) = device_and_token("Laptop", 1);
    let renamed = device.renamed(name("Notebook"));
    assert_eq!((renamed.id(), renamed.name()), (device.id(), &name("Notebook")));
    assert!(is_authentic(&token, Some(&renamed), WALL));
}

#[test]
fn ids_have_one_spelling() {
    let id = DeviceId::from_random(std::array::from_fn(|at| at as u8));
    assert_eq!((id.as_str(), DeviceId::parse("aaaqeayeaudaocaj")), ("aaaqeayeaudaocaj", Some(id)));
    assert_eq!(format!("{id} {id:?}"), "aaaqeayeaudaocaj DeviceId(aaaqeayeaudaocaj)");
    for text in [
        "",
        "aaaqeayeaudaoca",
        "aaaqeayeaudaocaja",
        "AAAQEAYEAUDAOCAJ",
        "aaaqeayeaudaoca1",
        "aaaqeayeaudaoca=",
        "äaaqeayeaudaoca",
    ] {
        assert_eq!(DeviceId::parse(text), None, "{text:?}");
    }
}

#[test]
fn d45_debug_of_a_device_does_not_show_its_token() {
    let (device, token) = device_and_token("Laptop", 1);
    let secret = &token.reveal()[20..72];
    assert!(!format!("{device:?}").contains(secret));
}
