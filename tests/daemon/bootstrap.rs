//! The host's own credential: seeded once, followed, missed, and made anew.

use std::sync::Arc;

use netclaw::app::daemon::bootstrap::{Bootstrap, BootstrapError};
use netclaw::domain::acquaintance::Acquaintance;
use netclaw::domain::bootstrap::NoWayIn;
use netclaw::domain::daemon_id::DaemonId;
use netclaw::domain::device::{Device, DeviceRecord, is_authentic};
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::exposure::ExposureMode;
use netclaw::domain::settings::Settings;
use netclaw::domain::time::WallTime;
use netclaw::ports::credential_store::{CredentialStore, Pairing};
use netclaw::ports::device_store::DeviceStore;

use crate::fakes::clock::FakeClock;
use crate::fakes::credential_store::FakeCredentialStore;
use crate::fakes::device_store::FakeDeviceStore;
use crate::fakes::rng::SeededRng;
use crate::fakes::samples::{WALL, ip, name};

struct Host {
    devices: Arc<FakeDeviceStore>,
    credentials: Arc<FakeCredentialStore>,
    bootstrap: Bootstrap,
}

impl Default for Host {
    fn default() -> Self {
        Self::with(FakeDeviceStore::default())
    }
}

impl Host {
    fn with(devices: FakeDeviceStore) -> Self {
        let (devices, credentials) = (Arc::new(devices), Arc::new(FakeCredentialStore::default()));
        let bootstrap = Bootstrap {
            clock: Arc::new(FakeClock::default()),
            rng: Arc::new(SeededRng::new(11)),
            devices: devices.clone(),
            credentials: credentials.clone(),
            daemon_id: daemon(),
            known: Acquaintance::default(),
            host_name: "my-server.example.org".to_owned(),
        };
        Self { devices, credentials, bootstrap }
    }

    async fn list(&self) -> Vec<Arc<Device>> {
        self.devices.list().await.unwrap()
    }

    /// The device that the host's stored token is the live credential of.
    async fn own_device(&self) -> Option<Arc<Device>> {
        let (_, token) = self.credentials.credential_of(&daemon()).unwrap()?;
        let device = self.devices.find(token.device()).await.unwrap();
        device.filter(|device| is_authentic(&token, Some(device), WallTime::from_unix_millis(0)))
    }
}

fn daemon() -> DaemonId {
    DaemonId::of_public_key(&[1; 32])
}

fn settings(mode: ExposureMode) -> Settings {
    Settings { mode, host: ip("192.0.2.9"), ..Settings::default() }
}

fn others() -> impl Iterator<Item = ExposureMode> {
    ExposureMode::ALL.iter().copied().filter(|mode| *mode != ExposureMode::Local)
}

fn laptop() -> Device {
    let (device, _) = Device::bootstrap(name("laptop"), &[5; 58], WallTime::from_unix_millis(0));
    Device::restore(DeviceRecord { bootstrap: false, ..device.record().clone() })
}

#[tokio::test]
async fn the_first_start_of_every_mode_but_local_pairs_the_host_with_itself() {
    for mode in others() {
        let host = Host::default();
        host.bootstrap.ensure(&settings(mode)).await.unwrap();
        let own = host.own_device().await.expect("a device of its own");
        assert_eq!((own.name().as_str(), own.record().bootstrap), ("my-server-host", true), "{mode}");
        let pairing = host.credentials.current().unwrap().unwrap();
        assert_eq!(pairing.endpoint.to_string(), "http://192.0.2.9:5199");
        // Every later start finds it and changes nothing.
        host.bootstrap.ensure(&settings(mode)).await.unwrap();
        assert_eq!(host.list().await.len(), 1);
        assert_eq!(host.own_device().await.unwrap().id(), own.id());
    }
}

#[tokio::test]
async fn local_mode_needs_no_credential() {
    let host = Host::default();
    host.bootstrap.ensure(&settings(ExposureMode::Local)).await.unwrap();
    assert!(host.list().await.is_empty() && host.credentials.current().unwrap().is_none());
    let emptied = Host::with(FakeDeviceStore::with([]));
    emptied.bootstrap.ensure(&settings(ExposureMode::Local)).await.unwrap();
}

#[tokio::test]
async fn a_set_that_has_become_empty_is_no_first_start() {
    for mode in others() {
        let host = Host::with(FakeDeviceStore::with([]));
        let refused = host.bootstrap.ensure(&settings(mode)).await;
        assert_eq!(refused, Err(BootstrapError::NoWayIn(NoWayIn::NoDevice)), "{mode}");
    }
}

#[tokio::test]
async fn devices_that_have_all_expired_are_no_way_in() {
    let expired = DeviceRecord { expires_at: Some(WallTime::from_unix_millis(0)), ..laptop().record().clone() };
    let host = Host::with(FakeDeviceStore::with([Device::restore(expired)]));
    let refused = host.bootstrap.ensure(&settings(ExposureMode::Direct)).await;
    assert_eq!(refused, Err(BootstrapError::NoWayIn(NoWayIn::NoDevice)));
}

#[tokio::test]
async fn a_host_whose_own_credential_is_gone_or_stale_does_not_start() {
    let host = Host::default();
    host.bootstrap.ensure(&settings(ExposureMode::Direct)).await.unwrap();
    let (pairing, token) = host.credentials.credential_of(&daemon()).unwrap().unwrap();
    host.credentials.forget(&daemon()).unwrap();
    let gone = Err(BootstrapError::NoWayIn(NoWayIn::CredentialGone));
    assert_eq!(host.bootstrap.ensure(&settings(ExposureMode::Direct)).await, gone);

    host.bootstrap.renew(&settings(ExposureMode::Direct)).await.unwrap();
    host.bootstrap.ensure(&settings(ExposureMode::Direct)).await.unwrap();
    // The token that was lost and found again is not the one of now.
    host.credentials.save(&pairing.unwrap(), &token).unwrap();
    assert_eq!(host.bootstrap.ensure(&settings(ExposureMode::Direct)).await, gone);
}

#[tokio::test]
async fn paired_devices_are_a_way_in_without_one_of_the_host() {
    let host = Host::with(FakeDeviceStore::with([laptop()]));
    host.bootstrap.ensure(&settings(ExposureMode::Direct)).await.unwrap();
    assert_eq!(host.list().await.len(), 1);
}

#[tokio::test]
async fn renewing_replaces_the_secret_and_keeps_the_device() {
    let host = Host::default();
    host.bootstrap.ensure(&settings(ExposureMode::Direct)).await.unwrap();
    let (_, old) = host.credentials.credential_of(&daemon()).unwrap().unwrap();
    host.bootstrap.renew(&settings(ExposureMode::Direct)).await.unwrap();
    let device = host.own_device().await.expect("the new token is good");
    assert_eq!(device.id(), old.device());
    assert!(!is_authentic(&old, Some(&device), WallTime::from_unix_millis(0)));
}

#[tokio::test]
async fn renewing_without_a_device_seeds_one_beside_the_others() {
    let taken = DeviceRecord { name: name("My-Server-Host"), ..laptop().record().clone() };
    let host = Host::with(FakeDeviceStore::with([Device::restore(taken)]));
    host.bootstrap.renew(&settings(ExposureMode::Direct)).await.unwrap();
    let names: Vec<String> = host.list().await.iter().map(|device| device.name().to_string()).collect();
    assert_eq!(names, ["My-Server-Host", "my-server-host-2"]);
    assert!(host.own_device().await.is_some());
}

#[tokio::test]
async fn the_token_is_stored_before_its_device_so_that_a_crash_in_between_is_a_first_start_again() {
    let host = Host::default();
    host.devices.faults.set(true);
    let failed = host.bootstrap.ensure(&settings(ExposureMode::Direct)).await;
    assert!(matches!(failed, Err(BootstrapError::Storage(_))), "{failed:?}");
    assert!(host.credentials.credential_of(&daemon()).unwrap().is_some());
    host.devices.faults.set(false);
    host.bootstrap.ensure(&settings(ExposureMode::Direct)).await.unwrap();
    assert!(host.own_device().await.is_some());
}

#[tokio::test]
async fn nothing_is_seeded_when_the_token_cannot_be_stored() {
    let host = Host::default();
    host.credentials.faults.set(true);
    let failed = host.bootstrap.ensure(&settings(ExposureMode::Direct)).await;
    assert!(matches!(failed, Err(BootstrapError::Credentials(_))), "{failed:?}");
    assert!(host.devices.is_untouched().await.unwrap());
}

#[tokio::test]
async fn the_hosts_own_pairing_follows_the_daemon_and_leaves_the_current_one_alone() {
    let host = Host::default();
    let elsewhere = Pairing {
        daemon_id: DaemonId::of_public_key(&[2; 32]),
        endpoint: Endpoint::parse("http://other:5199").unwrap(),
        device_name: name("laptop"),
        paired_at: WallTime::from_unix_millis(0),
        known: Acquaintance::default(),
    };
    let (_, token) = Device::bootstrap(name("x"), &[6; 58], WallTime::from_unix_millis(0));
    host.credentials.save(&elsewhere, &token).unwrap();
    host.bootstrap.ensure(&settings(ExposureMode::Direct)).await.unwrap();
    let moved = Settings { port: 6000, ..settings(ExposureMode::Direct) };
    host.bootstrap.ensure(&moved).await.unwrap();
    let (pairing, _) = host.credentials.credential_of(&daemon()).unwrap().unwrap();
    assert_eq!(pairing.unwrap().endpoint.to_string(), "http://192.0.2.9:6000");
    assert_eq!(host.credentials.current().unwrap(), Some(elsewhere));
}

#[tokio::test]
async fn a_rotation_that_was_confirmed_and_then_interrupted_does_not_lock_the_host_out() {
    let host = Host::default();
    let settings = settings(ExposureMode::Direct);
    host.bootstrap.ensure(&settings).await.unwrap();
    let device = Arc::clone(&host.list().await[0]);
    let (pending, new) = device.next_secret(&[8; 58], WALL);
    let (id, current) = (device.id(), device.record().token_hash);
    assert!(host.credentials.stage(&daemon(), &new).unwrap());
    assert!(host.devices.stage_secret(id, current, pending).await.unwrap());
    host.bootstrap.ensure(&settings).await.unwrap();
    assert!(
        host.credentials.staged(&daemon()).unwrap().is_some(),
        "a rotation that is not confirmed is not the start's"
    );
    assert!(host.devices.confirm_secret(id, pending.token_hash).await.unwrap());
    host.bootstrap.ensure(&settings).await.unwrap();
    assert!(host.own_device().await.is_some());
    assert!(host.credentials.staged(&daemon()).unwrap().is_none());
}
