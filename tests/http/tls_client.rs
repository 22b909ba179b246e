//! A TLS client that looks at the pin and at nothing else.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;

use netclaw::domain::pin::Pin;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned,
    SupportedProtocolVersion, version,
};

use crate::e2e::raw_http::{Answer, Request, answers, connect};

/// A connection whose TLS the test ends.
pub type TlsStream = StreamOwned<ClientConnection, TcpStream>;

/// What a client offers.
#[derive(Clone)]
pub struct Client {
    pub pin: Pin,
    /// The name that it asks for; the address without one.
    pub name: Option<&'static str>,
    pub from: IpAddr,
    pub protocols: Vec<&'static str>,
    pub versions: Vec<&'static SupportedProtocolVersion>,
}

impl Client {
    /// Offers everything, as browsers and curl do.
    pub fn of(pin: Pin) -> Self {
        let versions = vec![&version::TLS13, &version::TLS12];
        Self { pin, name: None, from: [0, 0, 0, 0].into(), protocols: vec!["h2", "http/1.1"], versions }
    }

    pub fn config(&self) -> Arc<ClientConfig> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_protocol_versions(&self.versions).unwrap();
        let verifier = Arc::new(PinVerifier { pin: self.pin, provider });
        let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
        config.alpn_protocols = self.protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    }

    /// A connection after its handshake.
    pub fn connect(&self, to: SocketAddr) -> std::io::Result<TlsStream> {
        self.connect_with(self.config(), to)
    }

    /// The same with what an earlier connection has left in `config`.
    pub fn connect_with(&self, config: Arc<ClientConfig>, to: SocketAddr) -> std::io::Result<TlsStream> {
        let name = match self.name {
            Some(name) => ServerName::try_from(name).map_err(std::io::Error::other)?,
            None => ServerName::IpAddress(to.ip().into()),
        };
        let mut connection = ClientConnection::new(config, name).map_err(std::io::Error::other)?;
        let mut stream = connect(self.from, to)?;
        while connection.is_handshaking() {
            connection.complete_io(&mut stream)?;
        }
        Ok(StreamOwned::new(connection, stream))
    }

    /// The answer to a request over a connection of its own.
    pub fn send(&self, request: &Request) -> Answer {
        let mut stream = self.connect(request.to).unwrap();
        stream.write_all(request.bytes("close").as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        answers(&text).pop().unwrap()
    }
}

/// The next answer on a connection that stays open.
pub fn ask(stream: &mut (impl Read + Write), request: &Request) -> Answer {
    stream.write_all(request.bytes("keep-alive").as_bytes()).unwrap();
    let mut text = String::new();
    loop {
        let mut piece = [0; 4096];
        let length = stream.read(&mut piece).unwrap();
        assert!(length > 0, "the connection ended after {text:?}");
        text += std::str::from_utf8(&piece[..length]).unwrap();
        let is_whole = |answer: &Answer| answer.header("content-length") == Some(&answer.body.len().to_string());
        if let Some(answer) = answers(&text).pop().filter(is_whole) {
            return answer;
        }
    }
}

#[derive(Debug)]
struct PinVerifier {
    pin: Pin,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for PinVerifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let key = ParsedCertificate::try_from(certificate)?.subject_public_key_info();
        match Pin::of_spki(key.as_ref()) == self.pin {
            true => Ok(ServerCertVerified::assertion()),
            false => Err(Error::General("another key".to_owned())),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
