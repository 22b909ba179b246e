//! Every configuration value: its key, how it is read, and what is allowed.

use ipnet::IpNet;
use serde_json::{Value, json};

use super::member;
use crate::domain::setting_text;
use crate::domain::settings::{Settings, SettingsError, key};
use crate::domain::transport::AllowPlaintext;

/// The version of the format that this netclaw writes, and the only one it reads.
const VERSION: u64 = 1;

/// Reads all values; one that is absent or null has its default. How they go together is not checked.
pub(super) fn read(document: &Value) -> Result<Settings, SettingsError> {
    let top = document.as_object();
    let daemon = top.and_then(|top| member(top, "Daemon")).unwrap_or(&Value::Null);
    value(top.and_then(|top| member(top, "configVersion")), |version| {
        let is_known = version.as_u64() == Some(VERSION);
        is_known.then_some(()).ok_or_else(|| invalid("configVersion", version, "this netclaw knows version 1 only"))
    })?;
    if !daemon.is_object() && !daemon.is_null() {
        return Err(invalid("Daemon", daemon, "it must be an object"));
    }
    let found = |path: &str| {
        let name = path.rsplit('.').next().unwrap_or(path);
        daemon.as_object().and_then(|daemon| member(daemon, name))
    };
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
    })
}

/// All values with their paths, as they are written.
pub(super) fn all(settings: &Settings) -> [(&'static str, Value); 9] {
    let proxies: Vec<String> = settings.trusted_proxies.iter().map(ToString::to_string).collect();
    [
        ("configVersion", json!(VERSION)),
        (key::HOST, json!(settings.host.to_string())),
        (key::PORT, json!(settings.port)),
        (key::MODE, json!(settings.mode.name())),
        (key::TRUSTED_PROXIES, json!(proxies)),
        (key::EXTERNAL_URL, json!(settings.external_url.as_ref().map(ToString::to_string))),
        (key::ALLOW_PLAINTEXT, plaintext_value(&settings.allow_plaintext)),
        (key::LOG_PAIRING_CODE, json!(settings.log_pairing_code)),
        (key::SKIP_TUNNEL_PROCESS_CHECK, json!(settings.skip_tunnel_process_check)),
    ]
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

fn switch(found: Option<&Value>, key: &'static str) -> Result<Option<bool>, SettingsError> {
    value(found, |value| value.as_bool().ok_or_else(|| invalid(key, value, "it must be true or false")))
}

fn invalid(key: &'static str, value: &Value, allowed: &str) -> SettingsError {
    SettingsError { key, value: value.to_string(), allowed: allowed.to_owned() }
}
