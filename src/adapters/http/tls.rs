//! The daemon's own TLS: one key, one certificate made for it at each start, HTTP/1.1 only.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use thiserror::Error;

use super::certificate::{CertificateError, Names, certificate};
use crate::ports::rng::Rng;
use crate::ports::storage::StorageError;
use crate::ports::tls_keys::{TlsKey, TlsTerminator};

/// The one protocol above TLS (RFC 7301). A client that knows others only is refused.
const HTTP_1_1: &[u8] = b"http/1.1";

/// Why a key cannot be used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// There is no certificate for it.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The TLS library refuses it.
    #[error("the key cannot be used for TLS: {0}")]
    Refused(#[from] rustls::Error),
}

/// Where the TLS of clients ends: what new connections shake hands with.
///
/// # Security
///
/// TLS 1.2 and 1.3 are spoken: `rustls` has only suites with forward secrecy and authenticated encryption for both, and some
/// systems still come with clients that know no 1.3. Nothing is sent before a handshake is over (no early data), and each
/// key has its own memory of sessions, so that none outlives its key.
pub struct OwnTls {
    names: Names,
    rng: Arc<dyn Rng>,
    config: RwLock<Arc<ServerConfig>>,
}

impl OwnTls {
    /// Shakes hands with this key, in certificates for these names.
    ///
    /// # Errors
    ///
    /// [`TlsError`].
    pub fn new(names: Names, key: &TlsKey, rng: Arc<dyn Rng>) -> Result<Self, TlsError> {
        let config = RwLock::new(config(&names, key, rng.as_ref())?);
        Ok(Self { names, rng, config })
    }

    /// What the next connection shakes hands with.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        // It is replaced whole, so a lock that a panic left behind is as good as new.
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl TlsTerminator for OwnTls {
    fn present(&self, key: &TlsKey) -> Result<(), StorageError> {
        let config = config(&self.names, key, self.rng.as_ref()).map_err(|error| StorageError(error.to_string()))?;
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }
}

fn config(names: &Names, key: &TlsKey, rng: &dyn Rng) -> Result<Arc<ServerConfig>, TlsError> {
    let certificate = certificate(names, key, rng)?;
    let private_key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.pkcs8.to_vec()));
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions()?.with_no_client_auth();
    let mut config = builder.with_single_cert(vec![certificate], private_key)?;
    config.alpn_protocols = vec![HTTP_1_1.to_vec()];
    Ok(Arc::new(config))
}
