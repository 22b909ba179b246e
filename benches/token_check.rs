//! Checking a bearer token: parse, look up, hash, compare, note the use.

use divan::Bencher;
use netclaw::app::daemon::authenticate::Authenticate;
use netclaw::domain::client_address::ClientAddress;

use crate::fixtures::{ManyDevices, device, runtime};

const DEVICES: [u64; 4] = [1, 1_000, 100_000, 1_000_000];

/// Tokens that take turns, so that not one record alone is warm in the processor's caches.
const TOKENS: u64 = 1_000;

#[divan::bench(args = DEVICES)]
fn valid(bencher: Bencher<'_, '_>, devices: u64) {
    let home = ManyDevices::new(devices);
    let authenticate = Authenticate::new(home.ports());
    let client = client();
    let step = (devices / TOKENS).max(1);
    let tokens: Vec<String> =
        (0..devices).step_by(usize::try_from(step).expect("small")).map(|n| device(n).1.reveal().to_owned()).collect();
    let mut turn = tokens.iter().cycle();
    let runtime = runtime();
    bencher.bench_local(|| {
        let token = turn.next().expect("an endless turn");
        runtime.block_on(authenticate.device(token, client)).expect("a valid token")
    });
}

#[divan::bench(args = DEVICES)]
fn unknown(bencher: Bencher<'_, '_>, devices: u64) {
    let home = ManyDevices::new(devices);
    let authenticate = Authenticate::new(home.ports());
    let token = device(u64::MAX).1.reveal().to_owned();
    let (client, runtime) = (client(), runtime());
    bencher.bench_local(|| runtime.block_on(authenticate.device(&token, client)).expect_err("an unknown token"));
}

fn client() -> ClientAddress {
    "192.0.2.7".parse().expect("an address")
}
