//! A configuration that has changed since the daemon read it.

use std::sync::Arc;

use netclaw::app::daemon::pending_restart::PendingRestart;
use netclaw::domain::settings::Settings;
use netclaw::ports::settings_store::SettingsStore;

use crate::fakes::settings_store::FakeSettingsStore;

#[test]
fn a_change_is_seen_at_the_next_look_and_so_is_its_end() {
    let stored = Arc::new(FakeSettingsStore::with(Settings::default()));
    let pending = PendingRestart::new(stored.clone(), Settings::default());
    assert!(!pending.look() && !pending.is_pending());
    stored.save(&Settings { port: 6000, ..Settings::default() }).unwrap();
    assert!(!pending.is_pending());
    assert!(pending.look() && pending.is_pending() && pending.look());
    stored.save(&Settings::default()).unwrap();
    assert!(!pending.look() && !pending.is_pending());
}

#[test]
fn a_configuration_that_cannot_be_read_any_more_is_a_change() {
    let stored = Arc::new(FakeSettingsStore::with(Settings::default()));
    let pending = PendingRestart::new(stored.clone(), Settings::default());
    stored.faults.set(true);
    assert!(pending.look());
}
