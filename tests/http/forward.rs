//! A forwarder without a process, and a daemon that has no answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use netclaw::adapters::http::connections::serve;
use netclaw::adapters::http::forward::door::listen;
use netclaw::adapters::http::forward::{Forwarder, Lock, OPEN_FILES, limits};
use netclaw::adapters::relay::upstream::Waits;
use netclaw::app::client::forward::Forwarding;
use netclaw::app::client::target::{Choice, Rule, Target};
use netclaw::domain::forward::guard::Guard;
use netclaw::domain::forward::key::{ForwardKey, KEY_BYTES};
use netclaw::domain::link::Link;
use netclaw::ports::credential_store::CredentialStore;
use netclaw::ports::daemon_api::StatusReport;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::watch;

use super::gateway::Server;
use crate::e2e::raw_http::Request;
use crate::fakes::clock::FakeClock;
use crate::fakes::credential_store::FakeCredentialStore;
use crate::fakes::daemon_api::ScriptedDaemonApi;
use crate::fakes::samples::{daemon_id, daemon_report, pairing, token};

const LONG: Duration = Duration::from_secs(600);

/// A forwarder to a server, which bears so much.
struct Door {
    address: SocketAddr,
    key: ForwardKey,
    /// Dropping these would end it.
    _stop: watch::Sender<bool>,
    _runtime: Runtime,
}

impl Door {
    fn to(server: &Server, waits: Waits) -> Self {
        let runtime = Runtime::new().unwrap();
        let key = ForwardKey::of(&[7; KEY_BYTES]);
        let (stop, stopped) = watch::channel(false);
        let address = runtime.block_on(async {
            let (api, store) = (Arc::new(ScriptedDaemonApi::default()), Arc::new(FakeCredentialStore::default()));
            let pairing = pairing(1, &server.url(""));
            store.save(&pairing, &token(1)).unwrap();
            let report = StatusReport { daemon: daemon_report(1), device: None, expires_at: None, transport: None };
            api.statuses.lock().unwrap().push_back(Ok(report));
            let target = Target {
                link: Link::of_pairing(&pairing.endpoint, None),
                choice: Choice { endpoint: pairing.endpoint.clone(), rule: Rule::Pairing(daemon_id(1)) },
                credential: Some((pairing, token(1))),
            };
            let clock = Arc::new(FakeClock::default());
            let (forwarding, _) =
                Forwarding::open(api, store, clock, target, unbounded_channel().0).await.ok().unwrap();
            let listener = listen(None).await.unwrap();
            let address = listener.local_addr().unwrap();
            let lock = Lock { guard: Guard::of_port(address.port()), key: key.clone() };
            let forwarder = Forwarder::with_waits(Arc::new(forwarding), Some(lock), |_| Ok(None), waits);
            tokio::spawn(serve(listener, Arc::new(forwarder), limits(OPEN_FILES), stopped));
            address
        });
        Self { address, key, _stop: stop, _runtime: runtime }
    }

    fn keyed(&self, line: &str) -> Request {
        Request::new(self.address, line).header("Authorization", &format!("Bearer {}", self.key.reveal()))
    }
}

#[test]
fn a_daemon_that_does_not_answer_in_time_is_named_and_the_wait_is_over() {
    let server = Server::new();
    let short = Duration::from_millis(50);
    let door = Door::to(&server, Waits { connect: LONG, answer: short, silence: LONG, tunnel: LONG });
    let expected = format!("the daemon at {} has no answer: it did not answer in time", server.url(""));
    let answer = door.keyed("GET /app/x").send();
    assert_eq!(answer.problem(), (504, "gateway_timeout".to_owned()), "{answer:?}");
    assert_eq!(answer.json()["detail"], expected);
    let answer = door.keyed("POST /v1/chat/completions").send();
    let error = &answer.json()["error"];
    assert_eq!((answer.status, &error["code"], &error["message"]), (504, &"gateway_timeout".into(), &expected.into()));
}

#[test]
fn a_daemon_that_closes_without_an_answer_is_named() {
    let server = Server::new();
    let door = Door::to(&server, Waits { connect: LONG, answer: LONG, silence: LONG, tunnel: LONG });
    std::thread::scope(|scope| {
        let answer = scope.spawn(|| door.keyed("POST /app/x").body("x").send());
        let mut served = server.accept();
        served.head();
        drop(served);
        let answer = answer.join().unwrap();
        assert_eq!(answer.problem(), (502, "bad_gateway".to_owned()), "{answer:?}");
        let expected = format!("the daemon at {} has no answer: ", server.url(""));
        assert!(answer.json()["detail"].as_str().unwrap().starts_with(&expected), "{answer:?}");
    });
}

#[test]
fn a_forwarder_has_as_many_connections_as_it_may_have_files_for() {
    for (files, connections) in [(OPEN_FILES, 256), (OPEN_FILES - 2, 255), (256, 64), (130, 1), (0, 1), (1 << 20, 256)]
    {
        assert_eq!(limits(files).connections, connections, "{files}");
    }
}
