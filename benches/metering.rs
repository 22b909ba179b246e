//! Counting a request: two readings of the clock, and a few atomic numbers.

use divan::Bencher;
use netclaw::adapters::metrics::PrometheusMeter;
use netclaw::adapters::system::clock::SystemClock;
use netclaw::ports::clock::Clock;
use netclaw::ports::metrics::{Meter, RouteClass};

/// By one thread, and by two that count the same.
#[divan::bench(threads = [1, 2])]
fn one_request(bencher: Bencher<'_, '_>) {
    let meter = PrometheusMeter::new("0.0.0");
    bencher.bench(|| {
        let arrived = SystemClock.fine();
        meter.authenticated(true);
        meter.answered(RouteClass::Verify, 204, SystemClock.fine().saturating_sub(arrived));
    });
}
