//! Whom an `https` server is believed to be.

use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt;

/// What is spoken in TLS (RFC 7301).
const HTTP_1_1: &[u8] = b"http/1.1";

/// TLS to a server.
#[derive(Clone)]
pub struct Trust {
    /// Which certificates are believed.
    pub config: Arc<ClientConfig>,
    /// The name that they must be for.
    pub name: ServerName<'static>,
}

/// Believes the certificates that the operating system trusts.
///
/// # Errors
///
/// When they cannot be read.
pub fn trusting_the_platform() -> Result<Arc<ClientConfig>, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let mut config = builder.with_safe_default_protocol_versions()?.with_platform_verifier()?.with_no_client_auth();
    config.alpn_protocols = vec![HTTP_1_1.to_vec()];
    Ok(Arc::new(config))
}
