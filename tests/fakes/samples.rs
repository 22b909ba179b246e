//! Values that tests need to exist and do not care about.

use std::net::IpAddr;
use std::time::Duration;

use netclaw::domain::acquaintance::Acquaintance;
use netclaw::domain::client_address::{ClientAddress, LimitKey};
use netclaw::domain::code::PairingCode;
use netclaw::domain::daemon_id::DaemonId;
use netclaw::domain::device::{DEVICE_RANDOM_BYTES, Device, DeviceId, ID_BYTES};
use netclaw::domain::device_name::DeviceName;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::link_secret::LinkSecret;
use netclaw::domain::pairing_link::PairingLink;
use netclaw::domain::pin::Pin;
use netclaw::domain::session::{OpenedSession, PairingSession, RedeemedCode};
use netclaw::domain::terms::Terms;
use netclaw::domain::time::{MonotonicTime, Now, WallTime};
use netclaw::domain::token::{BearerToken, SECRET_BYTES};
use netclaw::ports::control_channel::OpenedPairing;
use netclaw::ports::credential_store::Pairing;
use netclaw::ports::daemon_api::{ApiError, DaemonReport, Rejection};

use super::rng::SeededRng;

/// A Tuesday in 2026.
pub const WALL: WallTime = WallTime::from_unix_millis(1_790_000_000_000);

/// A moment some days after boot.
pub const MONOTONIC: MonotonicTime = MonotonicTime::from_millis(345_600_000);

pub const NOW: Now = Now { wall: WALL, monotonic: MONOTONIC };

/// The moment `milliseconds` after [`MONOTONIC`].
pub fn after(milliseconds: u64) -> MonotonicTime {
    MONOTONIC.plus(Duration::from_millis(milliseconds))
}

/// A session opened at [`NOW`].
pub fn opened(seed: u64) -> OpenedSession {
    PairingSession::open(SeededRng::new(seed).bytes(), Terms::default(), NOW)
}

/// A session for a link, opened at [`NOW`].
pub fn opened_link(seed: u64) -> OpenedSession<LinkSecret> {
    PairingSession::open_link(&SeededRng::new(seed).bytes(), Terms::default(), NOW)
}

/// The same pairing, with a link in the place of the code.
pub fn as_link(opened: OpenedPairing) -> OpenedPairing<PairingLink> {
    let OpenedPairing { generation, expires_at, expires_in, endpoint, caveats, terms, .. } = opened;
    let code = PairingLink::new(endpoint.clone(), Pin::from_bytes([7; 32]), LinkSecret::from_random([5; 16]));
    OpenedPairing { code, generation, expires_at, expires_in, endpoint, caveats, terms }
}

/// A code that is not this one: its first symbol is another.
pub fn other_than(code: &PairingCode) -> PairingCode {
    let shown = code.reveal();
    let first = if shown.starts_with('A') { "B" } else { "A" };
    PairingCode::parse(&(first.to_owned() + &shown[1..])).unwrap()
}

/// The proof that a new device is made from.
pub fn redeemed_code() -> RedeemedCode {
    let opened = opened(1);
    opened.session.redeem(&opened.code, MONOTONIC).1.unwrap()
}

pub fn name(text: &str) -> DeviceName {
    DeviceName::parse(text).unwrap()
}

/// A device of this name, all its own for each seed, and its token.
pub fn device_and_token(text: &str, seed: u64) -> (Device, BearerToken) {
    let random: [u8; DEVICE_RANDOM_BYTES] = SeededRng::new(seed).bytes();
    Device::enrol(redeemed_code(), name(text), &random, WALL)
}

pub fn device(text: &str, seed: u64) -> Device {
    device_and_token(text, seed).0
}

pub fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub fn address(text: &str) -> ClientAddress {
    ClientAddress::of(ip(text))
}

/// The key of the `number`th address of a documentation-sized network.
pub fn limit_key(number: u32) -> LimitKey {
    ClientAddress::of(IpAddr::V4((0x0a00_0000 + number).into())).limit_key()
}

/// The number of the device, token and daemon that a scripted daemon grants.
pub const GRANTED: u8 = 9;

pub fn endpoint(text: &str) -> Endpoint {
    Endpoint::parse(text).unwrap()
}

pub fn daemon_id(number: u8) -> DaemonId {
    DaemonId::of_public_key(&[number; 32])
}

pub fn device_id(number: u8) -> DeviceId {
    DeviceId::from_random([number; ID_BYTES])
}

pub fn token(number: u8) -> BearerToken {
    BearerToken::issue(device_id(number), &[number; SECRET_BYTES])
}

pub fn pairing(daemon: u8, at: &str) -> Pairing {
    Pairing {
        daemon_id: daemon_id(daemon),
        endpoint: endpoint(at),
        device_name: name("laptop"),
        paired_at: WallTime::from_unix_millis(1_790_000_000_000 + i64::from(daemon)),
        known: Acquaintance::default(),
    }
}

pub fn rejected(why: Rejection) -> ApiError {
    ApiError::Rejected { why, detail: "the daemon's words".to_owned() }
}

pub fn unreachable() -> ApiError {
    ApiError::Unreachable { cause: "connection refused".to_owned() }
}

pub fn daemon_report(daemon: u8) -> DaemonReport {
    DaemonReport {
        id: daemon_id(daemon),
        version: "0.1.0".to_owned(),
        exposure_mode: "local".to_owned(),
        started_at: WallTime::from_unix_millis(1_790_000_000_000),
        uptime: Duration::from_secs(3700),
        restart_pending: false,
    }
}
