//! A device that waits for the operator's yes, on the control socket.

use serde::{Deserialize, Serialize};

use crate::domain::binding::{Binding, Origin};
use crate::domain::client_address::ClientAddress;
use crate::domain::device_name::DeviceName;
use crate::domain::pin::Pin;
use crate::domain::session::asking::Applicant;
use crate::domain::words::Words;

/// `{"name","address","link","value","words"}`
#[derive(Debug, Serialize, Deserialize)]
pub struct ApplicantForm {
    name: String,
    address: String,
    /// The kind of its binding, and the pin or origin.
    link: String,
    value: String,
    words: String,
}

impl From<&Applicant> for ApplicantForm {
    fn from(applicant: &Applicant) -> Self {
        let value = match &applicant.binding {
            Binding::Spki(pin) => pin.to_string(),
            Binding::Origin(origin) => origin.as_str().to_owned(),
        };
        Self {
            name: applicant.name.to_string(),
            address: applicant.client.to_string(),
            link: applicant.binding.kind().to_owned(),
            value,
            words: applicant.words.to_string(),
        }
    }
}

impl ApplicantForm {
    /// The device, unless a field is not what it should be.
    pub fn read(&self) -> Option<Applicant> {
        let binding = match self.link.as_str() {
            "spki" => Binding::Spki(self.value.parse::<Pin>().ok()?),
            "origin" => Binding::Origin(Origin::parse(&self.value).ok()?),
            _ => return None,
        };
        Some(Applicant {
            name: DeviceName::parse(&self.name).ok()?,
            client: ClientAddress::of(self.address.parse().ok()?),
            binding,
            words: Words::parse(&self.words)?,
        })
    }
}
