//! Pairing through a reverse proxy, as two people at two machines do it.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::lan::{Lan, Machine, PUBLIC_NAME};
use super::site::{PUBLIC_URL, behind_each_proxy, behind_each_secure_proxy, client_on};
use crate::e2e::world::{Finished, NETCLAW, World};

/// A client, and the certificates that its machine trusts.
pub struct Client {
    pub home: World,
    trusted: PathBuf,
}

impl Client {
    pub fn on(lan: &Lan, trusted: &Path) -> Self {
        Self { home: client_on(lan, Machine::Alice), trusted: trusted.to_owned() }
    }

    pub fn netclaw(&self, arguments: &[&str]) -> Finished {
        self.netclaw_reading(arguments, "")
    }

    pub fn netclaw_reading(&self, arguments: &[&str], input: &str) -> Finished {
        self.home.write("input", input, 0o600);
        let input = File::open(self.home.path("input")).unwrap();
        let mut command = self.home.command(NETCLAW);
        Finished::of(command.args(arguments).env("SSL_CERT_FILE", &self.trusted).stdin(input).output().unwrap())
    }
}

pub fn secure_url() -> String {
    format!("https://{PUBLIC_NAME}")
}

#[test]
fn a_client_pairs_with_the_printed_command_gets_its_status_and_unpairs() {
    behind_each_secure_proxy(|site| {
        let (client, url) = (Client::on(&site.lan, &site.proxy.certificate()), secure_url());
        let opened = site.host.netclaw(&["daemon", "pair", "--json"]).succeeded();
        let opened: Value = serde_json::from_str(&opened.stdout).unwrap();
        assert_eq!(opened["command"], format!("netclaw pair {url}"));
        let code = format!("{}\n", opened["code"].as_str().unwrap());
        client.netclaw_reading(&["pair", &url, "--name", "laptop"], &code).succeeded();

        let status = client.netclaw(&["status", "--json"]).succeeded();
        let status: Value = serde_json::from_str(&status.stdout).unwrap();
        assert_eq!(status["endpoint"], url);
        assert_eq!(status["device"]["name"], "laptop");
        assert_eq!(status["daemon"]["exposureMode"], "reverse-proxy");
        assert_eq!(site.last_address("laptop"), Machine::Alice.v4().to_string());
        // A proxy may have another key tomorrow.
        let stored: Value = serde_json::from_str(&client.home.read("client/config.json")).unwrap();
        let pairing = stored["daemons"].as_object().unwrap().values().next().unwrap();
        assert!(pairing.get("pin").is_none() && pairing["identityKey"].is_string(), "{stored}");

        client.netclaw(&["unpair"]).succeeded();
        assert!(!site.host.device_names().contains(&"laptop".to_owned()));
    });
}

#[test]
fn b22_a_client_sends_no_code_through_a_proxy_without_tls() {
    behind_each_proxy(|site| {
        let client = client_on(&site.lan, Machine::Alice);
        let code = format!("{}\n", site.host.code());
        client.netclaw_reading(&["pair", PUBLIC_URL, "--name", "laptop"], &code).failed(1, "does not speak TLS");
        assert!(!site.host.device_names().contains(&"laptop".to_owned()));
    });
}

#[test]
fn a_client_is_told_how_long_to_wait_and_that_it_was_revoked() {
    behind_each_secure_proxy(|site| {
        let (client, url) = (Client::on(&site.lan, &site.proxy.certificate()), secure_url());
        let pair = |code: &str| client.netclaw_reading(&["pair", &url, "--name", "laptop"], &format!("{code}\n"));
        pair(&site.host.code()).succeeded();
        site.host.netclaw(&["daemon", "devices", "revoke", "laptop"]).succeeded();
        let refused = client.netclaw(&["status"]);
        refused.failed(3, "Authentication failed: the daemon rejected the bearer token");
        let code = site.host.code();
        let wrong = if code.starts_with('2') { "3333-3333" } else { "2222-2222" };
        for _ in 0..4 {
            pair(wrong).failed(3, "wrong pairing code");
        }
        pair(wrong).failed(5, "too many attempts; try again in");
    });
}

#[test]
fn b19_a_certificate_that_the_client_does_not_trust_ends_a_link_that_is_not_the_daemons() {
    behind_each_secure_proxy(|site| {
        let (certificate, url) = (site.proxy.certificate(), secure_url());
        let code = format!("{}\n", site.host.code());
        let arguments = ["pair", &url, "--name", "laptop"];
        let distrustful = Client::on(&site.lan, Path::new("/dev/null"));
        distrustful.netclaw_reading(&arguments, &code).failed(1, "someone may be in between");
        assert!(!distrustful.home.path("client/config.json").exists());
        // The code is as good as before.
        Client::on(&site.lan, &certificate).netclaw_reading(&arguments, &code).succeeded();
        assert_eq!(site.last_address("laptop"), Machine::Alice.v4().to_string());
    });
}
