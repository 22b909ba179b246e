//! The way to an endpoint, one step at a time.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use http::header::DATE;
use jiff::fmt::rfc2822::DateTimeParser;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use x509_cert::Certificate;
use x509_cert::der::Decode;

use super::{HttpDaemonApi, cause, tls};
use crate::domain::endpoint::Endpoint;
use crate::domain::link::Link;
use crate::domain::text::shown_safely;
use crate::domain::time::WallTime;
use crate::ports::network_probe::{Certified, ListenError, NetworkProbe, StepError};

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

    async fn handshake(&self, endpoint: &Endpoint) -> Result<Certified, StepError> {
        let config = tls::trusting_the_platform().map_err(|error| StepError(shown_safely(&error.to_string())))?;
        let (host, _) = place(endpoint);
        let name =
            ServerName::try_from(host).map_err(|_| StepError("its name cannot be in a certificate".to_owned()))?;
        let stream = in_time(TcpStream::connect(place(endpoint))).await?;
        let stream = in_time(TlsConnector::from(Arc::new(config)).connect(name, stream)).await?;
        let leaf = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        Ok(Certified { expires_at: leaf.and_then(end_of) })
    }

    async fn time_at(&self, endpoint: &Endpoint) -> Option<WallTime> {
        let request = self.request(Method::GET, &Link::of_endpoint(endpoint), "/api/health/live").ok()?;
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

/// Host and port, an IPv6 address without its brackets.
fn place(endpoint: &Endpoint) -> (String, u16) {
    let host = endpoint.host().unwrap_or_default();
    (host.trim_matches(['[', ']']).to_owned(), endpoint.port())
}

async fn in_time<T>(step: impl Future<Output = io::Result<T>>) -> Result<T, StepError> {
    match tokio::time::timeout(PATIENCE, step).await {
        Ok(taken) => taken.map_err(|error| StepError(cause::of_io(&error))),
        Err(_) => Err(StepError(format!("no answer within {} seconds", PATIENCE.as_secs()))),
    }
}

fn end_of(certificate: &CertificateDer<'_>) -> Option<WallTime> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let end = certificate.tbs_certificate().validity().not_after.to_unix_duration();
    i64::try_from(end.as_millis()).ok().map(WallTime::from_unix_millis)
}
