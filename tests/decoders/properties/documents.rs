//! The JSON that a daemon answers with: what is read is safe to show, and is written the same.

use netclaw::adapters::wire::control::{
    DeviceSummaryForm, LockoutForm, OpenedPairingForm, OperatorReportForm, RevokedForm, TermsForm,
};
use netclaw::adapters::wire::keys::{KeysForm, RotatedForm};
use netclaw::adapters::wire::moment::{from_text, to_text};
use netclaw::adapters::wire::outcome::OutcomeForm;
use netclaw::adapters::wire::report::StatusForm;
use netclaw::adapters::wire::sighting::SightingForm;
use netclaw::ports::control_channel::OpenedPairing;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::is_showable;

/// A moment is read to the millisecond.
pub fn moment(bytes: &[u8]) {
    if let Some(moment) = str::from_utf8(bytes).ok().and_then(from_text) {
        let text = to_text(moment);
        assert_eq!(from_text(&text), Some(moment), "{text}");
        assert!(text.ends_with('Z'), "{text}");
    }
}

/// The answer to `GET /api/status`.
pub fn status(bytes: &[u8]) {
    let Some(report) = read::<StatusForm, _>(bytes, |form| form.read()) else { return };
    let daemon = &report.daemon;
    assert!(is_showable(&daemon.version) && is_showable(&daemon.exposure_mode), "{daemon:?}");
    // A moment that has no four-digit year cannot be written.
    assert_eq!(rewritten(&StatusForm::from(&report), |form: StatusForm| form.read()), Some(report));
}

/// The answers of the control socket.
pub fn control_documents(bytes: &[u8]) {
    if let Some(terms) = read::<TermsForm, _>(bytes, |form| form.read().ok()) {
        assert_eq!(rewritten(&TermsForm::from(&terms), |form: TermsForm| form.read().ok()), Some(terms));
    }
    if let Some(opened) = read::<OpenedPairingForm, OpenedPairing>(bytes, |form| form.read()) {
        assert!(opened.caveats.iter().all(|caveat| is_showable(caveat)));
        assert!(!format!("{opened:?}").contains(&opened.code.reveal()));
        let parts =
            |opened: OpenedPairing| (opened.code.reveal(), opened.generation, opened.expires_at, opened.endpoint);
        let again = rewritten(&OpenedPairingForm::from(&opened), |form: OpenedPairingForm| form.read());
        assert_eq!(again.map(parts), Some(parts(opened)));
    }
    if let Some(outcome) = read(bytes, OutcomeForm::read) {
        assert_eq!(rewritten(&OutcomeForm::from(&outcome), OutcomeForm::read), Some(outcome));
    }
    if let Some(device) = read(bytes, DeviceSummaryForm::read) {
        assert_eq!(rewritten(&DeviceSummaryForm::from(&device), DeviceSummaryForm::read), Some(device));
    }
    if let Some(revoked) = read(bytes, RevokedForm::read) {
        assert_eq!(rewritten(&RevokedForm::from(&revoked), RevokedForm::read), Some(revoked));
    }
    if let Some(lockout) = read(bytes, LockoutForm::read) {
        assert_eq!(rewritten(&LockoutForm::from(&lockout), LockoutForm::read), Some(lockout));
    }
    if let Some(report) = read(bytes, OperatorReportForm::read) {
        assert_eq!(rewritten(&OperatorReportForm::from(&report), OperatorReportForm::read), Some(report));
    }
    if let Some(keys) = read::<KeysForm, _>(bytes, |form| form.read()) {
        assert_eq!(rewritten(&KeysForm::from(&keys), |form: KeysForm| form.read()), Some(keys));
    }
    if let Some(rotated) = read::<RotatedForm, _>(bytes, |form| form.read()) {
        assert_eq!(rewritten(&RotatedForm::from(&rotated), |form: RotatedForm| form.read()), Some(rotated));
    }
    if let Some(sighting) = read::<SightingForm, _>(bytes, |form| form.read()) {
        assert_eq!(rewritten(&SightingForm::from(&sighting), |form: SightingForm| form.read()), Some(sighting));
    }
}

fn read<F: DeserializeOwned, T>(bytes: &[u8], read: impl FnOnce(F) -> Option<T>) -> Option<T> {
    read(serde_json::from_slice(bytes).ok()?)
}

fn rewritten<F: Serialize + DeserializeOwned, T>(form: &F, reading: impl FnOnce(F) -> Option<T>) -> Option<T> {
    read(&serde_json::to_vec(form).unwrap(), reading)
}
