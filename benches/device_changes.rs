//! Changing the set of devices, each change durable before the next.

use divan::Bencher;
use netclaw::ports::device_store::DeviceStore;

use crate::fixtures::{ManyDevices, device, runtime};

const DEVICES: [u64; 3] = [10, 1_000, 100_000];

#[divan::bench(args = DEVICES, sample_count = 30, sample_size = 1)]
fn insert(bencher: Bencher<'_, '_>, devices: u64) {
    let home = ManyDevices::new(devices);
    let (store, runtime) = (home.store(), runtime());
    let mut next = devices;
    bencher
        .with_inputs(|| {
            next += 1;
            device(next).0
        })
        .bench_local_values(|device| runtime.block_on(store.insert(device)).expect("a new device"));
}

#[divan::bench(args = DEVICES, sample_count = 30, sample_size = 1)]
fn revoke(bencher: Bencher<'_, '_>, devices: u64) {
    let home = ManyDevices::new(devices);
    let (store, runtime) = (home.store(), runtime());
    let mut next = devices;
    bencher
        .with_inputs(|| {
            next += 1;
            let device = device(next).0;
            let id = device.id();
            runtime.block_on(store.insert(device)).expect("a new device");
            id
        })
        .bench_local_values(|id| runtime.block_on(store.remove(id)).expect("a durable change").expect("the device"));
}
