//! Requests to the real daemon on connections that are kept: in the clear, and over its own TLS.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned};

use crate::fixtures::ManyDevices;
use crate::start::Started;

const REQUEST: &[u8] = b"GET /api/status HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Requests on each connection, in a row.
const REQUESTS: usize = 200;

const CONNECTIONS: [usize; 2] = [1, 32];

#[divan::bench(args = CONNECTIONS, sample_count = 20, sample_size = 1)]
fn plain(bencher: Bencher<'_, '_>, connections: usize) {
    measure(bencher, connections, connect);
}

#[divan::bench(args = CONNECTIONS, sample_count = 20, sample_size = 1)]
fn tls(bencher: Bencher<'_, '_>, connections: usize) {
    let config = Arc::new(trusting_anyone());
    measure(bencher, connections, |to| {
        let name = ServerName::try_from("localhost").expect("a name");
        StreamOwned::new(ClientConnection::new(Arc::clone(&config), name).expect("a client"), connect(to))
    });
}

fn measure<S: Read + Write + Send>(bencher: Bencher<'_, '_>, connections: usize, open: impl Fn(SocketAddr) -> S) {
    let home = ManyDevices::new(1);
    let daemon = Started::on(&home);
    bencher
        .counter(ItemsCount::new(connections * REQUESTS))
        .with_inputs(|| {
            let mut streams: Vec<S> = (0..connections).map(|_| open(daemon.address)).collect();
            // The handshake is not part of what is measured.
            streams.iter_mut().for_each(ask);
            streams
        })
        .bench_local_values(|mut streams| {
            std::thread::scope(|scope| {
                for stream in &mut streams {
                    scope.spawn(|| (0..REQUESTS).for_each(|_| ask(stream)));
                }
            });
        });
}

fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).expect("a connection");
    stream.set_nodelay(true).expect("a socket");
    stream
}

/// One request, and its answer to the last byte.
fn ask<S: Read + Write>(stream: &mut S) {
    stream.write_all(REQUEST).expect("sent");
    stream.flush().expect("sent");
    let (mut answer, mut filled) = ([0; 2048], 0);
    loop {
        filled += stream.read(&mut answer[filled..]).expect("an answer");
        let text = std::str::from_utf8(&answer[..filled]).expect("text");
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            assert!(head.starts_with("HTTP/1.1 200"), "{head}");
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
            if body.len() == length.parse::<usize>().expect("a number") {
                return;
            }
        }
    }
}

fn trusting_anyone() -> ClientConfig {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("versions");
    builder.dangerous().with_custom_certificate_verifier(Arc::new(Anyone)).with_no_client_auth()
}

/// Measures and does not protect.
#[derive(Debug)]
struct Anyone;

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}
