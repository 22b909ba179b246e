//! Panics, which must cost one request and nothing else.

use std::io::Write;
use std::panic::{catch_unwind, set_hook, take_hook};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use netclaw::adapters::http::connections::ConnectionLimits;
use netclaw::adapters::system::log::log_panics;
use netclaw::domain::device::DEVICE_RANDOM_BYTES;
use netclaw::domain::settings::Settings;
use netclaw::ports::rng::{RandomUnavailable, Rng};

use super::Port;
use crate::fakes::rng::SeededRng;

/// Panics the first time that a device is made.
pub struct PanickingRng(pub SeededRng, pub AtomicBool);

impl Rng for PanickingRng {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomUnavailable> {
        let is_first = bytes.len() == DEVICE_RANDOM_BYTES && !self.1.swap(true, Ordering::SeqCst);
        assert!(!is_first, "this test wants a panic in the middle of an exchange");
        self.0.fill(bytes)
    }
}

#[test]
fn a_panic_in_an_exchange_leaves_the_code_valid() {
    let rng = PanickingRng(SeededRng::new(7), AtomicBool::new(false));
    let port = Port::of(Settings::default(), ConnectionLimits::DAEMON, Arc::new(rng));
    let code = port.code();
    assert_eq!(port.exchange(&code).problem(), (503, "storage_unavailable".to_owned()));
    assert_eq!(port.exchange(&code).status, 200);
    assert_eq!(port.exchange(&code).problem(), (404, "no_pairing_code".to_owned()));
}

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_panic_is_in_the_log_with_its_place_and_without_control_characters() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let usual = take_hook();
    log_panics();
    tracing::subscriber::with_default(subscriber, || {
        let _ = catch_unwind(|| panic!("this test wants \x1b[2J a panic"));
    });
    set_hook(usual);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("ERROR") && text.contains("tests/http/panics.rs:"), "{text}");
    assert!(text.contains("this test wants ?[2J a panic"), "{text}");
}
