//! A whole pairing by protocol v2: both sides' computing, and the device made durable.

use std::net::Ipv4Addr;
use std::sync::Arc;

use divan::Bencher;
use netclaw::adapters::file::tls_key_files::TlsKeyFiles;
use netclaw::adapters::system::rng::SystemRng;
use netclaw::app::daemon::open_pairing::OpenPairing;
use netclaw::app::daemon::pair_v2::{Introduction, PairV2};
use netclaw::domain::binding::Binding;
use netclaw::domain::client_address::ClientAddress;
use netclaw::domain::code::PairingCode;
use netclaw::domain::identity::IdentityKey;
use netclaw::domain::pake::{ClientStart, HANDSHAKE_RANDOM_BYTES, Outcome, ReceivedHello};
use netclaw::domain::pin::Pin;
use netclaw::domain::settings::Settings;
use netclaw::domain::terms::Terms;
use netclaw::ports::rng::Rng;
use netclaw::ports::tls_keys::TlsKeyStore;

use crate::fixtures::{ManyDevices, runtime};

#[divan::bench(sample_count = 100, sample_size = 1)]
fn right_code(bencher: Bencher<'_, '_>) {
    let home = ManyDevices::new(10);
    let (ports, settings) = (home.ports(), Settings { log_pairing_code: false, ..Settings::default() });
    let keys = Arc::new(TlsKeyFiles::open(&home.home, Box::new(SystemRng::default())).expect("a key"));
    let pin = keys.keys().current.pin;
    let identity = Arc::new(IdentityKey::from_seed(&[9; 32]).expect("a key"));
    let open = OpenPairing::new(ports.clone(), &settings, keys.clone());
    let pair = PairV2::new(ports, Introduction { identity, name: None, keys }, &settings);
    let runtime = runtime();
    let mut number = 0u32;
    bencher
        .with_inputs(|| {
            number += 1;
            // Another address each time, because one may only try five times a minute.
            (
                runtime.block_on(open.open(Terms::default())).expect("a code").code,
                ClientAddress::of(Ipv4Addr::from(number).into()),
                number,
            )
        })
        .bench_local_values(|(code, client, number)| {
            let outcome = runtime.block_on(pairing(&pair, &code, pin, client, &format!("laptop {number}")));
            assert!(matches!(outcome, Outcome::Paired(_)));
        });
}

async fn pairing(pair: &PairV2, code: &PairingCode, pin: Pin, client: ClientAddress, name: &str) -> Outcome {
    let mut random = [0; HANDSHAKE_RANDOM_BYTES];
    SystemRng::default().fill(&mut random).expect("randomness");
    let (begun, hello) = ClientStart::begin(code, Binding::Spki(pin), &random).expect("a message");
    let message = *hello.message.as_bytes();
    let (suite, link, binding, nonce) = (hello.suite, hello.link, hello.binding, hello.nonce);
    let hello = ReceivedHello { suite, link, binding, nonce, message };
    let reply = pair.start(client, hello).await.expect("a reply");
    let (asked, request) = begun.receive(&reply).expect("keys").ask(name).expect("a short name");
    asked.receive(&pair.finish(client, request).await.expect("an answer")).expect("a daemon with the code")
}
