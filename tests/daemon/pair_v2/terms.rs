//! What the host has decided holds in both protocols.

use std::time::Duration;

use netclaw::app::daemon::exchange::ExchangeError;
use netclaw::app::daemon::open_pairing::OpenPairingError;
use netclaw::domain::code::PairingCode;
use netclaw::domain::pake::Outcome;
use netclaw::domain::pake::answer::NotPaired;
use netclaw::domain::terms::{CredentialLife, Terms};
use netclaw::ports::device_store::DeviceStore;

use super::World;
use crate::fakes::samples::{WALL, device, name};

const HOUR: Duration = Duration::from_secs(3_600);

fn terms() -> Terms {
    Terms { life: Some(CredentialLife::new(HOUR).unwrap()), name: Some(name("ci-runner")), confirm: false }
}

impl World {
    async fn code_under(&self, terms: Terms) -> PairingCode {
        self.open.open(terms).await.unwrap().code
    }

    /// The names of the devices, and when they end.
    async fn ends(&self) -> Vec<(String, Option<Duration>)> {
        let devices = self.devices.list().await.unwrap();
        let end = |end: netclaw::domain::time::WallTime| end.since(WALL);
        devices.iter().map(|device| (device.name().to_string(), device.record().expires_at.map(end))).collect()
    }
}

#[tokio::test]
async fn both_protocols_give_the_device_the_name_and_the_end_that_the_host_has_decided() {
    for is_exchange in [true, false] {
        let world = World::default();
        let code = world.code_under(terms()).await;
        if is_exchange {
            world.exchange(&code, "laptop", 1).await.unwrap();
        } else {
            let Outcome::Paired(enrolment) = world.pair(&code, "laptop", 1).await.unwrap() else {
                panic!("not paired")
            };
            assert_eq!(enrolment.grant.device_name, name("ci-runner"));
        }
        assert_eq!(world.ends().await, [("ci-runner".to_owned(), Some(HOUR))], "exchange: {is_exchange}");
    }
}

#[tokio::test]
async fn without_terms_the_device_chooses_and_its_credential_has_no_end() {
    let world = World::default();
    let code = world.code().await;
    world.exchange(&code, "laptop", 1).await.unwrap();
    assert_eq!(world.ends().await, [("laptop".to_owned(), None)]);
}

#[tokio::test]
async fn a_name_that_is_taken_gets_no_code() {
    let world = World::default();
    world.devices.insert(device("CI-Runner", 99)).await.unwrap();
    let earlier = world.code().await;
    let refused = world.open.open(terms()).await.map(|_| ()).unwrap_err();
    assert_eq!(refused, OpenPairingError::NameTaken(name("ci-runner")));
    world.exchange(&earlier, "laptop", 1).await.unwrap();
}

#[tokio::test]
async fn a_name_that_became_taken_is_refused_and_the_code_stays_valid() {
    let world = World::default();
    let code = world.code_under(terms()).await;
    let other = device("ci-runner", 99);
    world.devices.insert(other.clone()).await.unwrap();
    assert_eq!(world.exchange(&code, "laptop", 1).await, Err(ExchangeError::NameTaken(name("ci-runner"))));
    let outcome = world.pair(&code, "laptop", 2).await.unwrap();
    assert!(matches!(outcome, Outcome::Ended(NotPaired::FixedNameTaken)), "no name helps: {outcome:?}");
    world.devices.remove(other.id()).await.unwrap();
    world.exchange(&code, "laptop", 1).await.unwrap();
    assert_eq!(world.names().await, ["ci-runner"]);
}
