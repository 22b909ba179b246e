//! The certificate around the daemon's TLS key.
//!
//! Clients know the key by its pin and look at nothing else, so it is signed by itself and made anew at each start. It says
//! what it can for clients that look all the same.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rcgen::string::Ia5String;
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType,
    SerialNumber, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use thiserror::Error;

use crate::domain::daemon_id::DaemonId;
use crate::ports::rng::{RandomUnavailable, Rng};
use crate::ports::tls_keys::TlsKey;

/// Bytes of a serial number: the most that RFC 5280 section 4.1.2.2 allows is 20.
const SERIAL_BYTES: usize = 16;

/// The end of the name that stands for a daemon's id: reserved for private use, so that nobody can own what is below it.
const ID_SUFFIX: &str = "netclaw.internal";

/// Whom the certificate names.
#[derive(Clone, Debug)]
pub struct Names {
    /// The daemon.
    pub daemon_id: DaemonId,
    /// The machine's own name.
    pub host_name: String,
    /// Where the daemon listens; a wildcard names nobody.
    pub listening: IpAddr,
}

/// Why there is no certificate.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// There is no randomness for its serial number.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// It cannot be made.
    #[error("no certificate can be made: {0}")]
    Unmade(#[from] rcgen::Error),
}

/// A certificate of `key` for these names.
///
/// It is valid from long ago until 9999-12-31, which RFC 5280 section 4.1.2.5 has for "no end": a client whose clock is wrong
/// gets through, and nothing has to be renewed. The serial number is random, because some clients refuse two certificates that
/// share one.
///
/// # Errors
///
/// [`CertificateError`].
pub(super) fn certificate(
    names: &Names,
    key: &TlsKey,
    rng: &dyn Rng,
) -> Result<CertificateDer<'static>, CertificateError> {
    let pkcs8 = PrivatePkcs8KeyDer::from(key.pkcs8.as_slice());
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8, &PKCS_ECDSA_P256_SHA256)?;
    let mut serial = [0; SERIAL_BYTES];
    rng.fill(&mut serial)?;
    // A positive number whose first byte is not zero (RFC 5280 section 4.1.2.2).
    let [first, ..] = &mut serial;
    *first = *first & 0x7f | 0x40;
    let mut params = CertificateParams::default();
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(9999, 12, 31);
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.distinguished_name = Default::default();
    params.distinguished_name.push(DnType::CommonName, format!("netclaw {}", names.daemon_id));
    params.subject_alt_names = alternative_names(names);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params.self_signed(&key)?.der().clone())
}

/// A host name that no certificate can hold is left out.
fn alternative_names(names: &Names) -> Vec<SanType> {
    let own = format!("{}.{ID_SUFFIX}", names.daemon_id);
    let host = names.host_name.to_ascii_lowercase();
    let hosts = [host, "localhost".to_owned(), own];
    let hosts = hosts.into_iter().filter(|host| is_host_name(host));
    let hosts = hosts.filter_map(|host| Ia5String::try_from(host).ok()).map(SanType::DnsName);
    let mut addresses = vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    if !names.listening.is_unspecified() && !addresses.contains(&names.listening) {
        addresses.push(names.listening);
    }
    hosts.chain(addresses.into_iter().map(SanType::IpAddress)).collect()
}

/// Letters, digits, dashes and dots (RFC 1123 section 2.1).
fn is_host_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
    !text.is_empty() && text.bytes().all(is_allowed)
}
