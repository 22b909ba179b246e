//! Whom an `https` endpoint is believed to be.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt;

use super::key_verifier::KeyVerifier;
use crate::domain::link::{Guard, Link};

/// What a link with this guard is believed by.
///
/// # Errors
///
/// Those of [`trusting_the_platform`].
pub(super) fn guarding(guard: Guard) -> Result<ClientConfig, rustls::Error> {
    match guard {
        Guard::PublicCertificate => trusting_the_platform(),
        Guard::Pinned(pins) => trusting_keys(KeyVerifier::of(pins)),
        Guard::Machine | Guard::Nothing => trusting_nobody(),
    }
}

/// The keys that `verifier` believes.
///
/// # Errors
///
/// None that could happen.
pub(super) fn trusting_keys(verifier: KeyVerifier) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions()?;
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

/// The certificates that the operating system trusts.
///
/// # Errors
///
/// When the system's certificates cannot be read.
pub(super) fn trusting_the_platform() -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    Ok(builder.with_safe_default_protocol_versions()?.with_platform_verifier()?.with_no_client_auth())
}

/// No certificate: for `http`, where TLS is never spoken and loading the system's certificates would only cost time.
///
/// # Errors
///
/// None that could happen.
pub(super) fn trusting_nobody() -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

/// The one protocol that is spoken above TLS (RFC 7301) where requests are passed on.
const HTTP_1_1: &[u8] = b"http/1.1";

/// TLS over a link, for passing requests on over it; `None` where none is spoken.
///
/// # Errors
///
/// When the system's certificates cannot be read.
pub fn of_link(link: &Link) -> Result<Option<Arc<ClientConfig>>, rustls::Error> {
    if !link.place().is_https() {
        return Ok(None);
    }
    let mut config = guarding(link.guard())?;
    config.alpn_protocols = vec![HTTP_1_1.to_vec()];
    Ok(Some(Arc::new(config)))
}
