//! Every configuration value: its key, how it is read, and what is allowed.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use serde_json::{Value, json};

use super::member;
use crate::domain::endpoint::Endpoint;
use crate::domain::exposure::ExposureMode;
use crate::domain::settings::{Settings, SettingsError};

/// The version of the format that this netclaw writes, and the only one it reads.
const VERSION: u64 = 1;

/// The key of the list of proxies, whose entries are named one by one.
const PROXIES: &str = "Daemon.TrustedProxies";

/// Reads all values; one that is absent or null has its default.
pub(super) fn read(document: &Value) -> Result<Settings, SettingsError> {
    let top = document.as_object();
    let daemon = top.and_then(|top| member(top, "Daemon")).unwrap_or(&Value::Null);
    value(
        top.and_then(|top| member(top, "configVersion")),
        "configVersion",
        "this netclaw knows version 1 only",
        |v| (v.as_u64() == Some(VERSION)).then_some(()),
    )?;
    if !daemon.is_object() && !daemon.is_null() {
        return Err(invalid("Daemon", daemon, "it must be an object"));
    }
    let key = |name: &str| daemon.as_object().and_then(|daemon| member(daemon, name));
    let default = Settings::default();
    let modes = ExposureMode::ALL.iter().map(|mode| format!("\"{mode}\"")).collect::<Vec<_>>().join(", ");
    let modes = format!("it must be one of {modes}");
    let settings = Settings {
        host: value(key("Host"), "Daemon.Host", "it must be an IP address or \"localhost\"", host)?
            .unwrap_or(default.host),
        port: value(key("Port"), "Daemon.Port", "it must be a number from 1 to 65535", port)?.unwrap_or(default.port),
        mode: value(key("ExposureMode"), "Daemon.ExposureMode", &modes, |v| v.as_str()?.parse().ok())?
            .unwrap_or(default.mode),
        trusted_proxies: networks(key("TrustedProxies"))?,
        external_url: value(key("ExternalUrl"), "Daemon.ExternalUrl", "it must be an http or https URL", |v| {
            Endpoint::parse(v.as_str()?).ok()
        })?,
        log_pairing_code: value(
            key("LogPairingCode"),
            "Daemon.LogPairingCode",
            "it must be true or false",
            Value::as_bool,
        )?
        .unwrap_or(default.log_pairing_code),
        skip_tunnel_process_check: value(
            key("SkipTunnelProcessCheck"),
            "Daemon.SkipTunnelProcessCheck",
            "it must be true or false",
            Value::as_bool,
        )?
        .unwrap_or(default.skip_tunnel_process_check),
    };
    settings.check()
}

/// All values with their paths, as they are written.
pub(super) fn all(settings: &Settings) -> [(&'static str, Value); 8] {
    let proxies: Vec<String> = settings.trusted_proxies.iter().map(ToString::to_string).collect();
    [
        ("configVersion", json!(VERSION)),
        ("Daemon.Host", json!(settings.host.to_string())),
        ("Daemon.Port", json!(settings.port)),
        ("Daemon.ExposureMode", json!(settings.mode.name())),
        (PROXIES, json!(proxies)),
        ("Daemon.ExternalUrl", json!(settings.external_url.as_ref().map(ToString::to_string))),
        ("Daemon.LogPairingCode", json!(settings.log_pairing_code)),
        ("Daemon.SkipTunnelProcessCheck", json!(settings.skip_tunnel_process_check)),
    ]
}

fn value<'a, T>(
    found: Option<&'a Value>,
    key: &'static str,
    allowed: &str,
    read: impl FnOnce(&'a Value) -> Option<T>,
) -> Result<Option<T>, SettingsError> {
    // An empty variable counts as unset.
    let present = found.filter(|value| !value.is_null() && value.as_str() != Some(""));
    present.map(|value| read(value).ok_or_else(|| invalid(key, value, allowed))).transpose()
}

fn invalid(key: &'static str, value: &Value, allowed: &str) -> SettingsError {
    SettingsError { key, value: value.to_string(), allowed: allowed.to_owned() }
}

fn host(value: &Value) -> Option<IpAddr> {
    match value.as_str()? {
        name if name.eq_ignore_ascii_case("localhost") => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        text => text.trim_matches(['[', ']']).parse().ok(),
    }
}

fn port(value: &Value) -> Option<u16> {
    u16::try_from(value.as_u64()?).ok().filter(|port| *port != 0)
}

/// The list of proxies. An entry that is none is named by itself.
fn networks(found: Option<&Value>) -> Result<Vec<IpNet>, SettingsError> {
    let list =
        value(found, PROXIES, "it must be a list of IP addresses and networks like \"10.0.0.0/24\"", Value::as_array)?;
    list.into_iter().flatten().map(network).collect()
}

fn network(entry: &Value) -> Result<IpNet, SettingsError> {
    let refused = |allowed| invalid(PROXIES, entry, allowed);
    let text = entry.as_str().unwrap_or_default();
    let network = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    match network {
        None => Err(refused("each entry must be an IP address, or a network like \"10.0.0.0/24\"")),
        // Whoever trusts everyone lets every client choose its own address.
        Some(network) if network.prefix_len() == 0 => Err(refused("an entry must not be the whole internet")),
        Some(network) => Ok(network),
    }
}
