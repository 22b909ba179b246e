//! Pairing through a reverse proxy, as two people at two machines do it.

use std::fs::File;
use std::path::Path;

use serde_json::Value;

use super::lan::Machine;
use super::site::{PUBLIC_URL, behind_each_proxy, behind_each_secure_proxy, client_on, guess};
use crate::e2e::world::{Finished, NETCLAW};

#[test]
fn a_client_pairs_with_the_printed_command_gets_its_status_and_unpairs() {
    behind_each_proxy(|site| {
        let client = client_on(&site.lan, Machine::Alice);
        let opened = site.host.netclaw(&["daemon", "pair", "--json"]).succeeded();
        let opened: Value = serde_json::from_str(&opened.stdout).unwrap();
        assert_eq!(opened["command"], format!("netclaw pair {PUBLIC_URL}"));
        let code = format!("{}\n", opened["code"].as_str().unwrap());
        client.netclaw_reading(&["pair", PUBLIC_URL, "--name", "laptop"], &code).succeeded();

        let status = client.netclaw(&["status", "--json"]).succeeded();
        let status: Value = serde_json::from_str(&status.stdout).unwrap();
        assert_eq!(status["endpoint"], PUBLIC_URL);
        assert_eq!(status["device"]["name"], "laptop");
        assert_eq!(status["daemon"]["exposureMode"], "reverse-proxy");
        assert_eq!(site.last_address("laptop"), Machine::Alice.v4().to_string());

        client.netclaw(&["unpair"]).succeeded();
        assert!(!site.host.device_names().contains(&"laptop".to_owned()));
    });
}

#[test]
fn a_client_is_told_how_long_to_wait_and_that_it_was_revoked() {
    behind_each_proxy(|site| {
        let client = client_on(&site.lan, Machine::Alice);
        let pair = |code: &str| client.netclaw_reading(&["pair", PUBLIC_URL, "--name", "laptop"], &format!("{code}\n"));
        pair(&site.host.code()).succeeded();
        site.host.netclaw(&["daemon", "devices", "revoke", "laptop"]).succeeded();
        let refused = client.netclaw(&["status"]);
        refused.failed(3, "Authentication failed: the daemon rejected the bearer token");
        let wrong = guess(&site.host.code());
        for _ in 0..4 {
            assert_eq!(site.send(Machine::Alice, &wrong).status, 401);
        }
        pair("2222-2222").failed(5, "too many attempts; try again in");
    });
}

#[test]
fn a_client_pairs_over_https_and_not_with_a_certificate_that_it_does_not_trust() {
    behind_each_secure_proxy(|site| {
        let client = client_on(&site.lan, Machine::Alice);
        let netclaw = |arguments: &[&str], trusted: &Path| {
            client.write("code", &site.host.code(), 0o600);
            let code = File::open(client.path("code")).unwrap();
            let mut command = client.command(NETCLAW);
            Finished::of(command.args(arguments).env("SSL_CERT_FILE", trusted).stdin(code).output().unwrap())
        };
        let (url, certificate) = ("https://netclaw.example.com", site.proxy.certificate());
        netclaw(&["pair", url, "--name", "laptop"], Path::new("/dev/null")).failed(4, url);
        netclaw(&["pair", url, "--name", "laptop"], &certificate).succeeded();
        assert!(netclaw(&["status"], &certificate).succeeded().stdout.contains(url));
        assert_eq!(site.last_address("laptop"), Machine::Alice.v4().to_string());
        netclaw(&["unpair"], &certificate).succeeded();
    });
}
