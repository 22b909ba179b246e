//! Reading one value of the configuration from text, whether it is typed, a flag or in the file.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::endpoint::Endpoint;
use super::exposure::ExposureMode;
use super::settings::{SettingsError, key};

/// What a person says, and reads, for no value.
pub const NONE: &str = "none";

/// `Daemon.Host`: an address, an IPv6 one in brackets or without, or `localhost`.
///
/// # Errors
///
/// [`SettingsError`] when it is none.
pub fn host(text: &str) -> Result<IpAddr, SettingsError> {
    if text.eq_ignore_ascii_case("localhost") {
        return Ok(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    let address = text.trim_matches(['[', ']']).parse();
    address.map_err(|_| refused(key::HOST, text, "it must be an IP address or \"localhost\""))
}

/// `Daemon.Port`.
///
/// # Errors
///
/// [`SettingsError`] when it is no number from 1 to 65535.
pub fn port(text: &str) -> Result<u16, SettingsError> {
    let number = text.parse().ok().filter(|number| *number != 0);
    number.ok_or_else(|| refused(key::PORT, text, "it must be a number from 1 to 65535"))
}

/// `Daemon.ExposureMode`.
///
/// # Errors
///
/// [`SettingsError`] with all modes when it names none.
pub fn mode(text: &str) -> Result<ExposureMode, SettingsError> {
    text.parse().map_err(|_| {
        let names: Vec<String> = ExposureMode::ALL.iter().map(|mode| alloc::format!("\"{mode}\"")).collect();
        refused(key::MODE, text, &alloc::format!("it must be one of {}", names.join(", ")))
    })
}

/// An entry of `Daemon.TrustedProxies`: an address or a network.
///
/// # Errors
///
/// [`SettingsError`] when it is neither, or covers every address.
///
/// # Security
///
/// Whoever trusts everyone lets every client choose its own address, so a network of all addresses is refused.
pub fn proxy(text: &str) -> Result<IpNet, SettingsError> {
    network(key::TRUSTED_PROXIES, text)
}

/// An entry of `Daemon.AllowPlaintext`: an address or a network that is encrypted below.
///
/// # Errors
///
/// [`SettingsError`] when it is neither, or covers every address: who means that says `true`.
pub fn plaintext_network(text: &str) -> Result<IpNet, SettingsError> {
    network(key::ALLOW_PLAINTEXT, text)
}

/// All of `Daemon.TrustedProxies`, separated by commas or white space.
///
/// # Errors
///
/// As for [`proxy`], for the first entry that is none.
pub fn proxies(text: &str) -> Result<Vec<IpNet>, SettingsError> {
    text.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| !entry.is_empty()).map(proxy).collect()
}

/// `Daemon.ExternalUrl`.
///
/// # Errors
///
/// [`SettingsError`] when it is no endpoint.
pub fn external_url(text: &str) -> Result<Endpoint, SettingsError> {
    url(key::EXTERNAL_URL, text)
}

/// `Agent.BaseUrl`.
///
/// # Errors
///
/// [`SettingsError`] when it is no endpoint.
pub fn agent_url(text: &str) -> Result<Endpoint, SettingsError> {
    url(key::AGENT_BASE_URL, text)
}

/// `Daemon.ExternalUrl` as a person says it: nothing, or `none`, for no URL.
///
/// # Errors
///
/// As for [`external_url`].
pub fn external_url_or_none(text: &str) -> Result<Option<Endpoint>, SettingsError> {
    let is_none = text.is_empty() || text.eq_ignore_ascii_case(NONE);
    if is_none { Ok(None) } else { external_url(text).map(Some) }
}

fn url(key: &'static str, text: &str) -> Result<Endpoint, SettingsError> {
    Endpoint::parse(text)
        .map_err(|error| refused(key, text, &alloc::format!("it must be an http or https URL ({error})")))
}

fn network(key: &'static str, text: &str) -> Result<IpNet, SettingsError> {
    let network = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    let refused = |allowed| refused(key, text, allowed);
    match network {
        None => Err(refused("each entry must be an IP address, or a network like \"10.0.0.0/24\"")),
        Some(network) if network.prefix_len() == 0 => Err(refused("an entry must not be the whole internet")),
        Some(network) => Ok(network),
    }
}

fn refused(key: &'static str, text: &str, allowed: &str) -> SettingsError {
    SettingsError { key, value: alloc::format!("{text:?}"), allowed: allowed.to_owned() }
}
