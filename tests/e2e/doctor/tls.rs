//! Certificates on the way in: trusted, soon over, of another name, of nobody that this machine knows.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use super::Report;
use crate::e2e::world::{NETCLAW, World};

/// A day, the measure of certificates.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What a certificate that is made now is good for.
#[derive(Clone, Copy)]
enum Life {
    Days(u32),
    OverSinceYesterday,
}

impl Life {
    fn end(self) -> SystemTime {
        match self {
            Self::Days(days) => now() + DAY * days,
            Self::OverSinceYesterday => now() - DAY,
        }
    }
}

/// An authority of this test's own, and the file that makes a machine trust it.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    fn new() -> Self {
        let (key, mut params) = (KeyPair::generate().unwrap(), CertificateParams::default());
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        Self { issuer: Issuer::new(params, key), folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A server with a certificate for `name` that is good for this time.
    fn server(&self, name: &str, life: Life) -> SocketAddr {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_after = life.end().into();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let chain = vec![CertificateDer::from(certificate)];
        let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key.into()).unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = StreamOwned::new(connection, stream.unwrap());
                // Whoever does not trust the certificate goes away.
                let _ = stream.read(&mut [0; 1024]).and_then(|_| stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n"));
            }
        });
        address
    }
}

#[expect(clippy::disallowed_methods, reason = "certificates are judged by the real time")]
fn now() -> SystemTime {
    SystemTime::now()
}

#[test]
fn a_certificate_is_judged_by_authority_name_and_end() {
    let (known, stranger) = (Authority::new(), Authority::new());
    let cases = [
        (&known, "127.0.0.1", Life::Days(30), "pass", "another 29 days"),
        (&known, "127.0.0.1", Life::Days(5), "warn", "expires in 4 days"),
        (&known, "127.0.0.1", Life::OverSinceYesterday, "fail", "certificate"),
        (&known, "elsewhere.example", Life::Days(30), "fail", "certificate"),
        (&stranger, "127.0.0.1", Life::Days(30), "fail", "certificate"),
    ];
    for (authority, name, life, verdict, words) in cases {
        let host = World::default();
        let mut netclaw = host.command(NETCLAW);
        let url = format!("https://{}", authority.server(name, life));
        netclaw.env("NETCLAW_Daemon__ExternalUrl", url).env("SSL_CERT_FILE", known.file()).env_remove("SSL_CERT_DIR");
        Report::of(netclaw, &[]).finds("external-tls", verdict, &[words]);
    }
}
