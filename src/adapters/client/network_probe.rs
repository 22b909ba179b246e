//! The way to an endpoint, one step at a time.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use http::header::DATE;
use hyper_util::client::proxy::matcher::Matcher;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::tls::TlsInfo;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use x509_cert::Certificate;
use x509_cert::der::Decode;

use super::key_verifier::ForeignKey;
use super::{HttpDaemonApi, cause, tls};
use crate::domain::endpoint::Endpoint;
use crate::domain::link::{Guard, Link};
use crate::domain::pin::Pin;
use crate::domain::text::shown_safely;
use crate::domain::time::WallTime;
use crate::ports::daemon_api::ApiError;
use crate::ports::network_probe::{HandshakeError, ListenError, NetworkProbe, Proof, StepError};

/// Time for one step.
const PATIENCE: Duration = Duration::from_secs(3);

#[async_trait]
impl NetworkProbe for HttpDaemonApi {
    async fn resolve(&self, endpoint: &Endpoint) -> Result<Vec<IpAddr>, StepError> {
        let found = in_time(tokio::net::lookup_host(place(endpoint))).await?;
        let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
        addresses.sort_unstable();
        addresses.dedup();
        if addresses.is_empty() { Err(StepError("it has no address".to_owned())) } else { Ok(addresses) }
    }

    async fn connect(&self, endpoint: &Endpoint) -> Result<(), StepError> {
        in_time(TcpStream::connect(place(endpoint))).await.map(drop)
    }

    async fn handshake(&self, link: &Link) -> Result<Proof, HandshakeError> {
        let certificate = match self.proxy(link) {
            Some(_) => self.certificate_by_request(link).await?,
            None => certificate_of(link).await?,
        };
        let certificate = certificate.as_ref();
        Ok(match link.guard() {
            Guard::Pinned(_) => {
                let pin = certificate.and_then(pin_of);
                Proof::Key(pin.ok_or_else(|| StepError("its key cannot be read".to_owned()))?)
            }
            Guard::PublicCertificate | Guard::Machine | Guard::Nothing => {
                Proof::Certificate { expires_at: certificate.and_then(end_of) }
            }
        })
    }

    fn proxy(&self, link: &Link) -> Option<String> {
        if link.endpoint().is_loopback() {
            return None;
        }
        let proxy = Matcher::from_system().intercept(&link.url("/").parse().ok()?)?;
        let uri = proxy.uri();
        // Without the name and password that may be in it.
        let port = uri.port().map(|port| format!(":{port}")).unwrap_or_default();
        Some(shown_safely(&format!("{}://{}{port}", uri.scheme_str().unwrap_or("http"), uri.host()?)))
    }

    async fn time_at(&self, link: &Link) -> Option<WallTime> {
        let request = self.request(Method::GET, link, "/api/health/live").ok()?;
        let response = request.timeout(PATIENCE).send().await.ok()?;
        let date = response.headers().get(DATE)?.to_str().ok()?;
        let time = DateTimeParser::new().parse_timestamp(date).ok()?;
        Some(WallTime::from_unix_millis(time.as_millisecond()))
    }

    async fn can_listen(&self, address: SocketAddr) -> Result<(), ListenError> {
        TcpListener::bind(address).await.map(drop).map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => ListenError::Taken,
            io::ErrorKind::AddrNotAvailable => ListenError::NotOurs,
            io::ErrorKind::PermissionDenied => ListenError::Forbidden,
            _ => ListenError::Other(error.to_string()),
        })
    }
}

impl HttpDaemonApi {
    /// The certificate that a request over this link was answered with. What the answer says does not matter.
    async fn certificate_by_request(&self, link: &Link) -> Result<Option<CertificateDer<'static>>, HandshakeError> {
        let request = self.request(Method::GET, link, "/api/health/live").map_err(of_api)?;
        let sent = request.timeout(PATIENCE).send().await;
        let response = sent.map_err(|error| of_api(cause::of(&error, self.patience)))?;
        let info = response.extensions().get::<TlsInfo>();
        Ok(info.and_then(TlsInfo::peer_certificate).map(|der| CertificateDer::from(der.to_vec())))
    }
}

fn of_api(error: ApiError) -> HandshakeError {
    match error {
        ApiError::WrongKey { expected, found } => HandshakeError::WrongKey { expected, found },
        other => StepError(other.to_string()).into(),
    }
}

/// The certificate that the server of this link has shown in a handshake that was believed.
async fn certificate_of(link: &Link) -> Result<Option<CertificateDer<'static>>, HandshakeError> {
    let config = tls::guarding(link.guard()).map_err(|error| StepError(shown_safely(&error.to_string())))?;
    let place = place(link.endpoint());
    let name = ServerName::try_from(place.0.clone());
    let name = name.map_err(|_| StepError("its name cannot be in a certificate".to_owned()))?;
    let stream = in_time(TcpStream::connect(place)).await?;
    let shaken = tokio::time::timeout(PATIENCE, TlsConnector::from(Arc::new(config)).connect(name, stream)).await;
    let stream = shaken.map_err(|_| late())?.map_err(|error| match cause::foreign_key(&error) {
        Some(ForeignKey { expected, found }) => HandshakeError::WrongKey { expected: *expected, found: *found },
        None => StepError(cause::of_io(&error)).into(),
    })?;
    let leaf = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    Ok(leaf.map(|leaf| leaf.clone().into_owned()))
}

/// Host and port, an IPv6 address without its brackets.
fn place(endpoint: &Endpoint) -> (String, u16) {
    let host = endpoint.host().unwrap_or_default();
    (host.trim_matches(['[', ']']).to_owned(), endpoint.port())
}

async fn in_time<T>(step: impl Future<Output = io::Result<T>>) -> Result<T, StepError> {
    match tokio::time::timeout(PATIENCE, step).await {
        Ok(taken) => taken.map_err(|error| StepError(cause::of_io(&error))),
        Err(_) => Err(late()),
    }
}

fn late() -> StepError {
    StepError(format!("no answer within {} seconds", PATIENCE.as_secs()))
}

fn pin_of(certificate: &CertificateDer<'_>) -> Option<Pin> {
    let certificate = ParsedCertificate::try_from(certificate).ok()?;
    Some(Pin::of_spki(&certificate.subject_public_key_info()))
}

fn end_of(certificate: &CertificateDer<'_>) -> Option<WallTime> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let end = certificate.tbs_certificate().validity().not_after.to_unix_duration();
    i64::try_from(end.as_millis()).ok().map(WallTime::from_unix_millis)
}
