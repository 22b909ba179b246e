//! The messages of a handshake in JSON (`POST /api/pair/v2/start` and `/finish`). Bytes are base64url without padding (RFC 4648
//! section 5) of exactly their length.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::domain::binding::{Binding, Origin, OriginError};
use crate::domain::identity::IdentityPublicKey;
use crate::domain::link_secret::LinkId;
use crate::domain::pake::{
    ClientHello, Confirmation, DaemonHello, FinishAnswer, FinishRequest, Nonce, PakeError, PakeMessage, ReceivedHello,
    Suite,
};
use crate::domain::pin::Pin;

/// Why a message is not of its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FormError {
    /// A field of bytes is missing, has another length, or another spelling.
    #[error("the field \"{0}\" must be {1} bytes in base64url without padding")]
    Bytes(&'static str, usize),
    /// The suite is missing or unknown.
    #[error("the suite is not known; this one is: {}", Suite::Spake2Ed25519.name())]
    Suite,
    /// The kind of binding is missing or unknown.
    #[error("the binding must be of kind \"spki\" or \"origin\"")]
    BindingKind,
    /// The origin in the binding is none.
    #[error("the origin of the binding is refused: {0}")]
    Origin(#[from] OriginError),
    /// The point in the message is refused.
    #[error(transparent)]
    Message(#[from] PakeError),
}

/// `{"suite","binding","nonce","message"}`, and `"link"` with the id of a pairing link
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StartForm {
    suite: String,
    /// Absent for a typed code.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    binding: BindingForm,
    nonce: String,
    message: String,
}

/// `{"kind","value"}`
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BindingForm {
    kind: String,
    value: String,
}

/// `{"nonce","message","identity"}`
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StartedForm {
    nonce: String,
    message: String,
    identity: String,
}

/// `{"handshake","sequence","confirmation","sealed"}`
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct FinishForm {
    #[serde(default)]
    handshake: String,
    sequence: u8,
    #[serde(default)]
    confirmation: String,
    #[serde(default)]
    sealed: String,
}

/// `{"confirmation","sealed"}`
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FinishedForm {
    confirmation: String,
    sealed: String,
}

impl StartForm {
    /// Reads the message. Its point is not looked at.
    ///
    /// # Errors
    ///
    /// [`FormError`].
    pub fn read(&self) -> Result<ReceivedHello, FormError> {
        Ok(ReceivedHello {
            suite: Suite::parse(&self.suite).ok_or(FormError::Suite)?,
            link: self.link.as_deref().map(|link| bytes("link", link).map(LinkId::from_bytes)).transpose()?,
            binding: self.binding.read()?,
            nonce: Nonce(bytes("nonce", &self.nonce)?),
            message: bytes("message", &self.message)?,
        })
    }
}

impl BindingForm {
    fn read(&self) -> Result<Binding, FormError> {
        match self.kind.as_str() {
            "spki" => Ok(Binding::Spki(Pin::from_bytes(bytes("binding.value", &self.value)?))),
            "origin" => Ok(Binding::Origin(Origin::parse(&self.value)?)),
            _ => Err(FormError::BindingKind),
        }
    }
}

impl From<&ClientHello> for StartForm {
    fn from(hello: &ClientHello) -> Self {
        let value = match &hello.binding {
            Binding::Spki(pin) => text(pin.as_bytes()),
            Binding::Origin(origin) => origin.as_str().to_owned(),
        };
        Self {
            suite: hello.suite.name().to_owned(),
            link: hello.link.map(|link| text(link.as_bytes())),
            binding: BindingForm { kind: hello.binding.kind().to_owned(), value },
            nonce: text(&hello.nonce.0),
            message: text(hello.message.as_bytes()),
        }
    }
}

impl StartedForm {
    /// Reads the message.
    ///
    /// # Errors
    ///
    /// [`FormError`].
    pub fn read(&self) -> Result<DaemonHello, FormError> {
        Ok(DaemonHello {
            nonce: Nonce(bytes("nonce", &self.nonce)?),
            message: PakeMessage::parse(&bytes::<32>("message", &self.message)?)?,
            identity: IdentityPublicKey::from_bytes(bytes("identity", &self.identity)?),
        })
    }
}

impl From<&DaemonHello> for StartedForm {
    fn from(hello: &DaemonHello) -> Self {
        Self {
            nonce: text(&hello.nonce.0),
            message: text(hello.message.as_bytes()),
            identity: text(hello.identity.as_bytes()),
        }
    }
}

impl FinishForm {
    /// Reads the message.
    ///
    /// # Errors
    ///
    /// [`FormError`].
    pub fn read(&self) -> Result<FinishRequest, FormError> {
        Ok(FinishRequest {
            handshake: Nonce(bytes("handshake", &self.handshake)?),
            sequence: self.sequence,
            confirmation: Confirmation::from_bytes(bytes("confirmation", &self.confirmation)?),
            sealed: Box::new(bytes("sealed", &self.sealed)?),
        })
    }
}

impl From<&FinishRequest> for FinishForm {
    fn from(request: &FinishRequest) -> Self {
        Self {
            handshake: text(&request.handshake.0),
            sequence: request.sequence,
            confirmation: text(request.confirmation.as_bytes()),
            sealed: text(request.sealed.as_slice()),
        }
    }
}

impl FinishedForm {
    /// Reads the message.
    ///
    /// # Errors
    ///
    /// [`FormError`].
    pub fn read(&self) -> Result<FinishAnswer, FormError> {
        Ok(FinishAnswer {
            confirmation: Confirmation::from_bytes(bytes("confirmation", &self.confirmation)?),
            sealed: Box::new(bytes("sealed", &self.sealed)?),
        })
    }
}

impl From<&FinishAnswer> for FinishedForm {
    fn from(answer: &FinishAnswer) -> Self {
        Self { confirmation: text(answer.confirmation.as_bytes()), sealed: text(answer.sealed.as_slice()) }
    }
}

fn text(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

fn bytes<const N: usize>(field: &'static str, text: &str) -> Result<[u8; N], FormError> {
    let wrong = FormError::Bytes(field, N);
    BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| wrong)?.try_into().map_err(|_| wrong)
}
