//! Every configuration value: its key, how it is read, and what is allowed.

mod agent;
mod gateway;

use ipnet::IpNet;
use serde_json::{Value, json};

use super::member;
use crate::domain::setting_text;
use crate::domain::settings::{Settings, SettingsError, key};
use crate::domain::transport::AllowPlaintext;

/// The version of the format that this netclaw writes, and the only one it reads.
const VERSION: u64 = 1;

/// A configuration file, value by value.
struct Document<'a>(&'a Value);

impl<'a> Document<'a> {
    /// Looks into a document whose version is known and whose sections are objects.
    fn of(document: &'a Value) -> Result<Self, SettingsError> {
        let top = document.as_object();
        value(top.and_then(|top| member(top, key::VERSION)), |version| {
            let is_known = version.as_u64() == Some(VERSION);
            is_known.then_some(()).ok_or_else(|| invalid(key::VERSION, version, "this netclaw knows version 1 only"))
        })?;
        for name in key::SECTIONS {
            let section = top.and_then(|top| member(top, name)).unwrap_or(&Value::Null);
            if !section.is_object() && !section.is_null() {
                return Err(invalid(name, section, "it must be an object"));
            }
        }
        Ok(Self(document))
    }

    /// The value at a path like `Daemon.Port`.
    fn at(&self, path: &str) -> Option<&'a Value> {
        path.split('.').try_fold(self.0, |place, name| member(place.as_object()?, name))
    }
}

/// Reads all values; one that is absent or null has its default. How they go together is not checked.
pub(super) fn read(document: &Value) -> Result<Settings, SettingsError> {
    let document = Document::of(document)?;
    let found = |path: &str| document.at(path);
    let default = Settings::default();
    Ok(Settings {
        host: text(found(key::HOST), setting_text::host)?.unwrap_or(default.host),
        port: value(found(key::PORT), port)?.unwrap_or(default.port),
        mode: text(found(key::MODE), setting_text::mode)?.unwrap_or(default.mode),
        trusted_proxies: value(found(key::TRUSTED_PROXIES), proxies)?.unwrap_or_default(),
        external_url: text(found(key::EXTERNAL_URL), setting_text::external_url)?,
        allow_plaintext: value(found(key::ALLOW_PLAINTEXT), plaintext)?.unwrap_or_default(),
        log_pairing_code: switch(found(key::LOG_PAIRING_CODE), key::LOG_PAIRING_CODE)?
            .unwrap_or(default.log_pairing_code),
        skip_tunnel_process_check: switch(found(key::SKIP_TUNNEL_PROCESS_CHECK), key::SKIP_TUNNEL_PROCESS_CHECK)?
            .unwrap_or(default.skip_tunnel_process_check),
        agent: agent::read(&document)?,
        gateway: gateway::read(&document)?,
    })
}

/// All values with their paths, as they are written.
pub(super) fn all(settings: &Settings) -> Vec<(&'static str, Value)> {
    let proxies: Vec<String> = settings.trusted_proxies.iter().map(ToString::to_string).collect();
    let daemon = [
        (key::VERSION, json!(VERSION)),
        (key::HOST, json!(settings.host.to_string())),
        (key::PORT, json!(settings.port)),
        (key::MODE, json!(settings.mode.name())),
        (key::TRUSTED_PROXIES, json!(proxies)),
        (key::EXTERNAL_URL, json!(settings.external_url.as_ref().map(ToString::to_string))),
        (key::ALLOW_PLAINTEXT, plaintext_value(&settings.allow_plaintext)),
        (key::LOG_PAIRING_CODE, json!(settings.log_pairing_code)),
        (key::SKIP_TUNNEL_PROCESS_CHECK, json!(settings.skip_tunnel_process_check)),
    ];
    daemon.into_iter().chain(agent::all(&settings.agent)).chain(gateway::all(&settings.gateway)).collect()
}

/// Whether a new file shows a value although it is the default: all that every host decides on.
pub(super) fn is_always_written(path: &str) -> bool {
    path == key::VERSION || path.starts_with("Daemon.")
}

fn value<T>(
    found: Option<&Value>,
    read: impl FnOnce(&Value) -> Result<T, SettingsError>,
) -> Result<Option<T>, SettingsError> {
    // An empty variable counts as unset.
    let present = found.filter(|value| !value.is_null() && value.as_str() != Some(""));
    present.map(read).transpose()
}

fn text<T>(
    found: Option<&Value>,
    read: impl FnOnce(&str) -> Result<T, SettingsError>,
) -> Result<Option<T>, SettingsError> {
    value(found, |value| read_text(value, read))
}

/// Reads a string. Anything else is refused with the words for an empty one, which no reader here takes.
fn read_text<T>(value: &Value, read: impl FnOnce(&str) -> Result<T, SettingsError>) -> Result<T, SettingsError> {
    read(value.as_str().unwrap_or_default()).map_err(|error| SettingsError { value: value.to_string(), ..error })
}

fn port(value: &Value) -> Result<u16, SettingsError> {
    // The digits of a number; a string keeps its quotes, and is refused.
    let digits = value.to_string();
    setting_text::port(&digits).map_err(|error| SettingsError { value: digits, ..error })
}

/// The list of proxies. An entry that is none is named by itself.
fn proxies(value: &Value) -> Result<Vec<IpNet>, SettingsError> {
    let allowed = "it must be a list of IP addresses and networks like \"10.0.0.0/24\"";
    let list = value.as_array().ok_or_else(|| invalid(key::TRUSTED_PROXIES, value, allowed))?;
    list.iter().map(|entry| read_text(entry, setting_text::proxy)).collect()
}

/// A switch, or the list of networks that it is on for.
fn plaintext(value: &Value) -> Result<AllowPlaintext, SettingsError> {
    match value {
        Value::Bool(true) => Ok(AllowPlaintext::Always),
        Value::Bool(false) => Ok(AllowPlaintext::Never),
        Value::Array(list) if list.is_empty() => Ok(AllowPlaintext::Never),
        Value::Array(list) => {
            let networks = list.iter().map(|entry| read_text(entry, setting_text::plaintext_network));
            networks.collect::<Result<_, _>>().map(AllowPlaintext::From)
        }
        other => {
            let allowed =
                "it must be true, false, or a list of networks like \"100.64.0.0/10\" that are encrypted below";
            Err(invalid(key::ALLOW_PLAINTEXT, other, allowed))
        }
    }
}

fn plaintext_value(allowed: &AllowPlaintext) -> Value {
    match allowed {
        AllowPlaintext::Never => json!(false),
        AllowPlaintext::Always => json!(true),
        AllowPlaintext::From(networks) => json!(networks.iter().map(ToString::to_string).collect::<Vec<_>>()),
    }
}

/// A whole number of these bounds, both included.
fn number(found: Option<&Value>, key: &'static str, least: u64, most: u64) -> Result<Option<u64>, SettingsError> {
    value(found, |value| {
        let number = value.as_u64().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| invalid(key, value, &format!("it must be a whole number from {least} to {most}")))
    })
}

/// One of a few names, read without regard to case and dashes.
fn choice<T: Copy>(
    found: Option<&Value>,
    key: &'static str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<Option<T>, SettingsError> {
    let plain = |text: &str| text.replace('-', "").to_ascii_lowercase();
    value(found, |value| {
        let text = value.as_str().map(plain);
        let chosen = all.iter().copied().find(|choice| text.as_ref().is_some_and(|text| *text == plain(name(*choice))));
        let names = || all.iter().map(|choice| format!("\"{}\"", name(*choice))).collect::<Vec<_>>().join(", ");
        chosen.ok_or_else(|| invalid(key, value, &format!("it must be one of {}", names())))
    })
}

/// Any text that is not blank.
fn words(found: Option<&Value>, key: &'static str) -> Result<Option<String>, SettingsError> {
    value(found, |value| {
        let text = value.as_str().filter(|text| !text.trim().is_empty() && !text.contains(char::is_control));
        text.map(str::to_owned).ok_or_else(|| invalid(key, value, "it must be a text on one line"))
    })
}

fn switch(found: Option<&Value>, key: &'static str) -> Result<Option<bool>, SettingsError> {
    value(found, |value| value.as_bool().ok_or_else(|| invalid(key, value, "it must be true or false")))
}

fn invalid(key: &'static str, value: &Value, allowed: &str) -> SettingsError {
    SettingsError { key, value: value.to_string(), allowed: allowed.to_owned() }
}
