//! The configuration files of `cloudflared`.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tokio::io::AsyncReadExt;
use tracing::warn;

use super::ingress::Rule;

/// Bytes of a file: a thousand rules with every option.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Its folders below the home of a user (its `config/configuration.go`).
const USER_FOLDERS: [&str; 3] = [".cloudflared", ".cloudflare-warp", "cloudflare-warp"];

/// Its folders for everyone.
const SYSTEM_FOLDERS: [&str; 2] = ["/etc/cloudflared", "/usr/local/etc/cloudflared"];

const FILE_NAMES: [&str; 2] = ["config.yml", "config.yaml"];

/// What the files say that there are.
///
/// `cloudflared` itself reads only the first. But which one that is depends on the user who runs it, who is often another
/// than the daemon's, so that all are read, the first in front.
#[derive(Debug, Default)]
pub(super) struct Configuration {
    metrics: Option<String>,
    /// All rules, in their order.
    pub(super) ingress: Vec<Rule>,
}

/// What is of use in one file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    metrics: Option<String>,
    ingress: Option<Vec<Rule>>,
}

/// Where `cloudflared` looks for its configuration when a user with this home folder starts it, in that order.
pub(super) fn files(home: Option<&Path>) -> Vec<PathBuf> {
    let user = home.into_iter().flat_map(|home| USER_FOLDERS.map(|folder| home.join(folder)));
    let folders = user.chain(SYSTEM_FOLDERS.map(PathBuf::from));
    folders.flat_map(|folder| FILE_NAMES.map(|name| folder.join(name))).collect()
}

impl Configuration {
    /// Reads all of `files` that there are. One that cannot be read says nothing: it may well be another user's.
    pub(super) async fn read(files: &[PathBuf]) -> Self {
        let mut whole = Self::default();
        for path in files {
            match read(path).await {
                Ok(file) => {
                    whole.metrics = whole.metrics.or(file.metrics);
                    whole.ingress.extend(file.ingress.into_iter().flatten());
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => warn!(file = %path.display(), %error, "a configuration of cloudflared is passed over"),
            }
        }
        whole
    }

    /// Where its metrics server is on this machine, or `None` when the files do not say.
    ///
    /// # Security
    ///
    /// Loopback only. A wildcard is reached there too; any other address is not asked, and gives none.
    pub(super) fn metrics(&self) -> Option<Vec<SocketAddr>> {
        let (host, port) = self.metrics.as_ref()?.rsplit_once(':')?;
        // `localhost:` and `localhost:0` leave the choice to the program.
        let port: u16 = port.parse().ok().filter(|port| *port != 0)?;
        let addresses: Vec<IpAddr> = match host.trim_start_matches('[').trim_end_matches(']') {
            "" | "localhost" | "::" => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
            "0.0.0.0" => vec![Ipv4Addr::LOCALHOST.into()],
            literal => literal.parse().into_iter().filter(IpAddr::is_loopback).collect(),
        };
        Some(addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect())
    }
}

async fn read(path: &Path) -> io::Result<File> {
    // Opening a pipe would wait for whoever writes into it.
    if !tokio::fs::metadata(path).await?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut content = Vec::new();
    tokio::fs::File::open(path).await?.take(MAX_FILE_BYTES + 1).read_to_end(&mut content).await?;
    if content.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::other(format!("it is larger than {MAX_FILE_BYTES} bytes")));
    }
    // The error itself would quote the file.
    serde_saphyr::from_slice(&content).map_err(|_| io::Error::other("it is not YAML in the form of cloudflared"))
}
