//! TLS that is believed for its key alone: no name, no issuer and no end of a certificate is looked at.
//!
//! Who signs the handshake is checked as always, with the key in the certificate: a certificate that was copied from
//! someone else's connection proves nothing.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, OtherError, SignatureScheme};

use crate::domain::link::Pins;
use crate::domain::pin::Pin;

/// The key that a connection showed first. All later ones must show the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen(Arc<OnceLock<Pin>>);

/// Checks the key.
#[derive(Debug)]
pub(super) struct KeyVerifier {
    expected: Expected,
    algorithms: WebPkiSupportedAlgorithms,
}

#[derive(Debug)]
enum Expected {
    OneOf(Pins),
    Whoever(Seen),
}

/// The key is another one.
#[derive(Clone, Copy, Debug)]
pub(super) struct ForeignKey {
    pub(super) expected: Pins,
    pub(super) found: Pin,
}

impl Seen {
    /// The key, once a connection has been made.
    pub(super) fn pin(&self) -> Option<Pin> {
        self.0.get().copied()
    }
}

impl KeyVerifier {
    /// Believes these keys and no other.
    pub(super) fn of(pins: Pins) -> Self {
        Self::new(Expected::OneOf(pins))
    }

    /// Believes whichever key comes first, and writes it down.
    ///
    /// # Security
    ///
    /// Nothing secret may be sent over such a connection: it tells who to ask for a proof, and proves nothing.
    pub(super) fn recording(seen: &Seen) -> Self {
        Self::new(Expected::Whoever(seen.clone()))
    }

    fn new(expected: Expected) -> Self {
        Self { expected, algorithms: ring::default_provider().signature_verification_algorithms }
    }

    fn check(&self, found: Pin) -> Result<(), ForeignKey> {
        let expected = match &self.expected {
            Expected::OneOf(pins) => *pins,
            Expected::Whoever(seen) => Pins { current: *seen.0.get_or_init(|| found), next: None },
        };
        if expected.accept(&found) { Ok(()) } else { Err(ForeignKey { expected, found }) }
    }
}

impl ServerCertVerifier for KeyVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let spki = ParsedCertificate::try_from(end_entity)?.subject_public_key_info();
        self.check(Pin::of_spki(&spki))
            .map_err(|foreign| CertificateError::Other(OtherError(Arc::new(foreign))))
            .map_err(rustls::Error::InvalidCertificate)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl ForeignKey {
    /// The key that a TLS error is about, if it is about one.
    pub(super) fn within(error: &rustls::Error) -> Option<&Self> {
        match error {
            rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(why))) => why.downcast_ref(),
            _ => None,
        }
    }
}

impl fmt::Display for ForeignKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another key than the one that is stored")
    }
}

impl Error for ForeignKey {}
