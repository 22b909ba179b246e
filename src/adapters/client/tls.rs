//! Whom an `https` endpoint is believed to be.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt;

use super::key_verifier::KeyVerifier;
use crate::domain::link::Guard;

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
