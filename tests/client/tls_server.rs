//! Servers whose TLS is whatever a test wants it to be.

use std::sync::Arc;

use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::pin::Pin;
use rcgen::{CertificateParams, KeyPair, PublicKeyData, date_time_ymd};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, SupportedProtocolVersion, version};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A certificate and the key that signs with it, which need not belong together.
#[derive(Clone, Debug)]
pub struct Shown {
    pub certificate: CertificateDer<'static>,
    pub key: Arc<KeyPair>,
}

impl Shown {
    /// A certificate of its own for this name, which has expired.
    pub fn expired(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2020, 1, 2));
        Self { certificate: params.self_signed(&key).unwrap().der().clone(), key: Arc::new(key) }
    }

    pub fn pin(&self) -> Pin {
        Pin::of_spki(&self.key.subject_public_key_info())
    }

    /// The configuration of a server that shows it.
    pub fn config(&self, versions: &[&'static SupportedProtocolVersion]) -> Arc<ServerConfig> {
        let provider = Arc::new(ring::default_provider());
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let key = provider.key_provider.load_private_key(key).unwrap();
        let shown = Arc::new(CertifiedKey::new(vec![self.certificate.clone()], key));
        let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        Arc::new(builder.with_no_client_auth().with_cert_resolver(Arc::new(Always(shown))))
    }

    /// Answers everything that comes over TLS with `response`.
    pub async fn answering(&self, response: Vec<u8>) -> Endpoint {
        self.answering_over(&[&version::TLS13, &version::TLS12], response).await
    }

    /// The same over these versions of TLS only.
    pub async fn answering_over(&self, versions: &[&'static SupportedProtocolVersion], response: Vec<u8>) -> Endpoint {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Endpoint::of_listener(listener.local_addr().unwrap());
        let acceptor = TlsAcceptor::from(self.config(versions));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, response) = (acceptor.clone(), response.clone());
                tokio::spawn(async move {
                    // A client that does not want this certificate goes away.
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let _ = stream.read(&mut [0; 4096]).await;
                    let _ = stream.write_all(&response).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        endpoint
    }
}

#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}
