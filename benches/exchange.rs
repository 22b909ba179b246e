//! A whole exchange: count, compare, make the device, store it durably.

use std::sync::Arc;

use divan::Bencher;
use netclaw::adapters::file::tls_key_files::TlsKeyFiles;
use netclaw::adapters::system::rng::SystemRng;
use netclaw::app::daemon::DaemonPorts;
use netclaw::app::daemon::exchange::{Exchange, ExchangeRequest};
use netclaw::app::daemon::open_pairing::OpenPairing;
use netclaw::domain::client_address::ClientAddress;
use netclaw::domain::settings::Settings;
use netclaw::domain::terms::Terms;

use crate::fixtures::{ManyDevices, runtime};

#[divan::bench(sample_count = 100, sample_size = 1)]
fn right_code(bencher: Bencher<'_, '_>) {
    let home = ManyDevices::new(10);
    let ports = home.ports();
    let (open, exchange) = (quiet(&home, ports.clone()), Exchange::new(ports));
    let runtime = runtime();
    let mut number = 0u32;
    bencher
        .with_inputs(|| {
            number += 1;
            let code = runtime.block_on(open.open(Terms::default())).expect("a code").code.reveal();
            let request = ExchangeRequest::read(Some(&code), Some(format!("laptop {number}"))).expect("a request");
            // Another address each time, because one may only try five times a minute.
            (ClientAddress::of(std::net::Ipv4Addr::from(number).into()), request)
        })
        .bench_local_values(|(client, request)| runtime.block_on(exchange.run(client, request)).expect("a token"));
}

/// Pairings whose codes are not logged.
fn quiet(home: &ManyDevices, ports: DaemonPorts) -> OpenPairing {
    let settings = Settings { log_pairing_code: false, ..Settings::default() };
    let keys = TlsKeyFiles::open(&home.home, Box::new(SystemRng::default())).expect("a key");
    OpenPairing::new(ports, &settings, Arc::new(keys))
}
