//! The commands' side of the control socket.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::handshake;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;

use crate::adapters::platform::ROOT;
use crate::adapters::wire::control::{
    ClearForm, ClearedForm, DeviceSummaryForm, LockoutForm, Offered, OpenedPairingForm, OperatorReportForm,
    RefusedForm, RenameForm, RevokeForm, RevokedForm, TermsForm,
};
use crate::adapters::wire::keys::{KeysForm, RotateForm, RotatedForm};
use crate::adapters::wire::outcome::{DecidedForm, DecisionForm, OutcomeForm};
use crate::adapters::wire::report::DeviceForm;
use crate::adapters::wire::sighting::BeaconForm;
use crate::domain::beacon::Beacon;
use crate::domain::client_address::LimitKey;
use crate::domain::device_name::DeviceName;
use crate::domain::key_rotation::Urgency;
use crate::domain::pairing_link::PairingLink;
use crate::domain::session::Generation;
use crate::domain::terms::Terms;
use crate::domain::text::shown_safely;
use crate::ports::control_channel::{
    ControlChannel, ControlError, DeviceSummary, KeysReport, LockoutSummary, OpenedPairing, OperatorReport,
    PairingOutcome, Revoked, RotationOutcome,
};
use crate::ports::daemon_api::DeviceIdentity;

/// Time for a request and its answer. Rewriting the device file of 100 000 devices takes well under a second.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Why the code of a daemon that ignored the terms is not shown.
const OTHER_TERMS: &str = "it made a code without the limits that were asked for; it is older than this command";

/// What is said of an answer that is not what it should be.
const GARBLED: &str = "the daemon's answer is not understood; are both of the same version?";

/// Bytes of an answer: a list of 250 000 devices.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// The [`ControlChannel`] to the daemon behind a socket.
#[derive(Debug)]
pub struct SocketControlChannel {
    socket: PathBuf,
    daemon_uid: u32,
}

impl SocketControlChannel {
    /// The channel to the daemon that listens on `socket`, as the user `daemon_uid` or as root: whoever else does is not
    /// it, and is asked nothing.
    pub const fn new(socket: PathBuf, daemon_uid: u32) -> Self {
        Self { socket, daemon_uid }
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, body: Bytes) -> Result<T, Refusal> {
        let content = self.answer(method, path, body).await?;
        serde_json::from_slice(&content).map_err(|_| broken(GARBLED.to_owned()))
    }

    /// The content of an answer that says yes.
    async fn answer(&self, method: Method, path: &str, body: Bytes) -> Result<Bytes, Refusal> {
        let asked = tokio::time::timeout(TIMEOUT, self.exchange(method, path, body));
        let late = |_| broken(format!("the daemon did not answer within {} seconds", TIMEOUT.as_secs()));
        let (status, content) = asked.await.map_err(late)??;
        if status.is_success() {
            return Ok(content);
        }
        let refused = serde_json::from_slice(&content);
        let RefusedForm { error } = refused.map_err(|_| broken(GARBLED.to_owned()))?;
        Err(Refusal { status, error: ControlError::Failed(shown_safely(&error)) })
    }

    async fn exchange(&self, method: Method, path: &str, body: Bytes) -> Result<(StatusCode, Bytes), Refusal> {
        let stream = UnixStream::connect(&self.socket).await.map_err(|error| self.unreachable(&error))?;
        self.check_peer(&stream)?;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(interrupted)?;
        // Ends when the sender is dropped.
        tokio::spawn(connection);
        let request = Request::builder().method(method).uri(path);
        let request = request.header(HOST, "netclaw").header(CONTENT_TYPE, "application/json");
        let request = request.body(Full::new(body)).map_err(|error| broken(error.to_string()))?;
        let answer = sender.send_request(request).await.map_err(interrupted)?;
        let status = answer.status();
        let content = Limited::new(answer.into_body(), MAX_ANSWER_BYTES).collect().await;
        Ok((status, content.map_err(interrupted)?.to_bytes()))
    }

    fn check_peer(&self, stream: &UnixStream) -> Result<(), Refusal> {
        let whose = match stream.peer_cred().map(|peer| peer.uid()) {
            Ok(uid) if uid == self.daemon_uid || uid == ROOT => return Ok(()),
            Ok(uid) => format!("another user's (uid {uid})"),
            Err(error) => format!("an unknown user's ({error})"),
        };
        Err(broken(format!("the control socket {} is {whose}", self.socket.display())))
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Refusal> {
        self.ask(Method::GET, path, Bytes::new()).await
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, form: &impl Serialize) -> Result<T, Refusal> {
        let body = serde_json::to_vec(form).map_err(|error| broken(error.to_string()))?;
        self.ask(Method::POST, path, body.into()).await
    }

    async fn open<S: Offered>(&self, path: &str, terms: &Terms) -> Result<OpenedPairing<S>, ControlError> {
        let opened: Result<OpenedPairingForm, Refusal> = self.post(path, &TermsForm::from(terms)).await;
        let opened = opened.map_err(|refusal| match (refusal.status, &terms.name) {
            (StatusCode::CONFLICT, Some(name)) => ControlError::NameTaken(name.clone()),
            _ => refusal.error,
        })?;
        let opened = understood(opened.read())?;
        // An older daemon does not know terms and would pair without them.
        if opened.terms == *terms { Ok(opened) } else { Err(ControlError::Broken(OTHER_TERMS.to_owned())) }
    }

    fn unreachable(&self, error: &io::Error) -> Refusal {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => ControlError::NotRunning.into(),
            _ => broken(format!("the control socket {} cannot be opened: {error}", self.socket.display())),
        }
    }
}

/// An answer that says no.
struct Refusal {
    status: StatusCode,
    error: ControlError,
}

impl From<ControlError> for Refusal {
    fn from(error: ControlError) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, error }
    }
}

impl From<Refusal> for ControlError {
    fn from(refusal: Refusal) -> Self {
        refusal.error
    }
}

fn broken(what: String) -> Refusal {
    ControlError::Broken(what).into()
}

fn interrupted(error: impl std::fmt::Display) -> Refusal {
    broken(format!("the daemon did not answer: {error}"))
}

/// What a form says, unless one of its fields is not what it should be.
fn understood<T>(read: Option<T>) -> Result<T, ControlError> {
    read.ok_or_else(|| ControlError::Broken(GARBLED.to_owned()))
}

/// `text` and one more line, safe to show.
fn with_line(text: String, line: &str) -> String {
    text + &shown_safely(line) + "\n"
}

#[async_trait]
impl ControlChannel for SocketControlChannel {
    async fn open_pairing(&self, terms: &Terms) -> Result<OpenedPairing, ControlError> {
        self.open("/pairing", terms).await
    }

    async fn open_link(&self, terms: &Terms) -> Result<OpenedPairing<PairingLink>, ControlError> {
        self.open("/pairing/link", terms).await
    }

    async fn open_beacon(&self) -> Result<Beacon, ControlError> {
        let form: BeaconForm = self.post("/beacon", &()).await?;
        understood(Beacon::parse(&form.beacon))
    }

    async fn decide_pairing(&self, generation: Generation, agrees: bool) -> Result<bool, ControlError> {
        let path = format!("/pairing/{}/decision", generation.number());
        let decided: DecidedForm = self.post(&path, &DecisionForm { agrees }).await?;
        Ok(decided.was_taken)
    }

    async fn pairing_outcome(&self, generation: Generation) -> Result<PairingOutcome, ControlError> {
        let form: OutcomeForm = self.get(&format!("/pairing/{}", generation.number())).await?;
        understood(form.read())
    }

    async fn devices(&self) -> Result<Vec<DeviceSummary>, ControlError> {
        let forms: Vec<DeviceSummaryForm> = self.get("/devices").await?;
        understood(forms.into_iter().map(DeviceSummaryForm::read).collect())
    }

    async fn revoke(&self, name: &str) -> Result<Revoked, ControlError> {
        let form = RevokeForm { name: name.to_owned() };
        let revoked: Result<RevokedForm, Refusal> = self.post("/devices/revoke", &form).await;
        let revoked = revoked.map_err(|refusal| match refusal.status {
            StatusCode::NOT_FOUND => ControlError::NoSuchDevice(shown_safely(name)),
            _ => refusal.error,
        });
        understood(revoked?.read())
    }

    async fn rename(&self, old: &str, new: &DeviceName) -> Result<DeviceIdentity, ControlError> {
        let form = RenameForm { old: old.to_owned(), new: new.to_string() };
        let renamed: Result<DeviceForm, Refusal> = self.post("/devices/rename", &form).await;
        let renamed = renamed.map_err(|refusal| match refusal.status {
            StatusCode::NOT_FOUND => ControlError::NoSuchDevice(shown_safely(old)),
            StatusCode::CONFLICT => ControlError::NameTaken(new.clone()),
            _ => refusal.error,
        });
        understood(renamed?.read())
    }

    async fn lockouts(&self) -> Result<Vec<LockoutSummary>, ControlError> {
        let forms: Vec<LockoutForm> = self.get("/lockouts").await?;
        understood(forms.into_iter().map(LockoutForm::read).collect())
    }

    async fn clear_lockouts(&self, only: Option<LimitKey>) -> Result<usize, ControlError> {
        let form = ClearForm { address: only.map(|key| key.to_string()) };
        let cleared: ClearedForm = self.post("/lockouts/clear", &form).await?;
        Ok(cleared.lifted)
    }

    async fn keys(&self) -> Result<KeysReport, ControlError> {
        let form: KeysForm = self.get("/keys").await?;
        understood(form.read())
    }

    async fn rotate_keys(&self, urgency: Urgency) -> Result<RotationOutcome, ControlError> {
        let form: RotatedForm = self.post("/keys/rotate", &RotateForm::from(urgency)).await?;
        understood(form.read())
    }

    async fn metrics(&self) -> Result<String, ControlError> {
        let content = self.answer(Method::GET, "/metrics", Bytes::new()).await?;
        understood(str::from_utf8(&content).ok().map(|text| text.lines().fold(String::new(), with_line)))
    }

    async fn status(&self) -> Result<OperatorReport, ControlError> {
        let form: OperatorReportForm = self.get("/status").await?;
        understood(form.read())
    }

    async fn stop(&self) -> Result<(), ControlError> {
        let _: serde_json::Value = self.post("/stop", &()).await?;
        Ok(())
    }
}
