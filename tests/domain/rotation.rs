//! A new secret beside the old one, and in its place.

use std::time::Duration;

use netclaw::domain::device::{DEVICE_RANDOM_BYTES, Device, DeviceRecord, is_authentic};
use netclaw::domain::rotation::{CONFIRMATION_TIME, PendingSecret, Standing, standing};
use netclaw::domain::rotation_limit::RotationTable;
use netclaw::domain::time::WallTime;
use netclaw::domain::token::BearerToken;

use crate::fakes::rng::SeededRng;
use crate::fakes::samples::{MONOTONIC, WALL, after, device_and_token, name};

/// A device with a pending secret, its token, and the one that is to replace it.
fn rotating() -> (Device, BearerToken, BearerToken) {
    let (device, old) = device_and_token("Laptop", 1);
    let (pending, new) = next(&device, 2);
    let staged = device.staging(&device.record().token_hash, pending).unwrap();
    (staged, old, new)
}

fn next(device: &Device, seed: u64) -> (PendingSecret, BearerToken) {
    let random: [u8; DEVICE_RANDOM_BYTES] = SeededRng::new(seed).bytes();
    device.next_secret(&random, WALL)
}

/// `current`, `pending` or nothing.
fn word(token: &BearerToken, device: &Device, now: WallTime) -> &'static str {
    match standing(token, Some(device), now) {
        Some(Standing::Current) => "current",
        Some(Standing::Pending(_)) => "pending",
        None => "nothing",
    }
}

#[test]
fn a_staged_secret_opens_no_door_and_the_old_one_does() {
    let (device, old, new) = rotating();
    assert!(is_authentic(&old, Some(&device), WALL) && !is_authentic(&new, Some(&device), WALL));
    assert_eq!((word(&old, &device, WALL), word(&new, &device, WALL)), ("current", "pending"));
}

#[test]
fn d39_a_confirmed_secret_is_the_only_one() {
    let (device, old, new) = rotating();
    let Some(Standing::Pending(hash)) = standing(&new, Some(&device), WALL) else { panic!("not pending") };
    let device = device.confirming(&hash).unwrap();
    assert!(is_authentic(&new, Some(&device), WALL) && !is_authentic(&old, Some(&device), WALL));
    assert_eq!((word(&old, &device, WALL), word(&new, &device, WALL)), ("nothing", "current"));
    assert!(device.confirming(&hash).is_none(), "there is nothing left to confirm");
}

#[test]
fn only_the_latest_staged_secret_can_be_confirmed() {
    let (device, old, new) = rotating();
    let (pending, newer) = next(&device, 3);
    let device = device.staging(&device.record().token_hash, pending).unwrap();
    assert_eq!(word(&new, &device, WALL), "nothing");
    assert_eq!((word(&old, &device, WALL), word(&newer, &device, WALL)), ("current", "pending"));
}

#[test]
fn a_secret_that_was_replaced_stages_nothing() {
    let (device, _, _) = rotating();
    let old_hash = device.record().token_hash;
    let confirmed = device.confirming(&device.record().pending.unwrap().token_hash).unwrap();
    assert!(confirmed.staging(&old_hash, next(&confirmed, 3).0).is_none());
}

#[test]
fn a_secret_is_pending_for_a_day_and_not_a_millisecond_more() {
    let (device, old, new) = rotating();
    for (offset, expected) in [(-1, "pending"), (0, "nothing"), (1, "nothing")] {
        let now = WallTime::from_unix_millis(WALL.plus(CONFIRMATION_TIME).unix_millis() + offset);
        assert_eq!((word(&new, &device, now), word(&old, &device, now)), (expected, "current"), "{offset} ms");
    }
}

#[test]
fn a_rotation_does_not_move_the_end_of_a_credential_and_ends_with_it() {
    let (device, old, new) = rotating();
    let end = WALL.plus(Duration::from_secs(3_600));
    let device = Device::restore(DeviceRecord { expires_at: Some(end), ..device.record().clone() });
    assert_eq!((word(&old, &device, end), word(&new, &device, end)), ("nothing", "nothing"));
    let confirmed = device.confirming(&device.record().pending.unwrap().token_hash).unwrap();
    assert_eq!(confirmed.record().expires_at, Some(end));
    assert_eq!(word(&new, &confirmed, end), "nothing");
}

#[test]
fn a_rename_keeps_the_pending_secret_and_a_new_secret_from_the_host_drops_it() {
    let (device, _, new) = rotating();
    assert_eq!(word(&new, &device.renamed(name("Notebook")), WALL), "pending");
    let record = device.record();
    assert_eq!(word(&new, &device.with_secret(record.salt, record.token_hash), WALL), "nothing");
}

#[test]
fn what_is_no_secret_of_the_device_is_nothing() {
    let (device, _, new) = rotating();
    assert_eq!(word(&BearerToken::issue(device.id(), &[7; 32]), &device, WALL), "nothing");
    assert!(standing(&new, None, WALL).is_none());
}

#[test]
fn a_device_is_admitted_five_times_in_ten_minutes() {
    let mut table = RotationTable::default();
    let (device, other) = (device_and_token("a", 1).0.id(), device_and_token("b", 2).0.id());
    for _ in 0..5 {
        table.admit(device, MONOTONIC).unwrap();
    }
    assert_eq!(table.admit(device, after(1)), Err(Duration::from_millis(599_999)));
    table.admit(other, after(1)).unwrap();
    assert_eq!(table.admit(device, after(599_999)), Err(Duration::from_millis(1)));
    table.admit(device, after(600_000)).unwrap();
}
