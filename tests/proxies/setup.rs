//! From nothing to a paired device, with the commands of the manual.

use super::lan::{Lan, Machine, PUBLIC_NAME};
use super::proxy::Scheme;
use super::site::{client_on, usable_proxies};
use crate::e2e::world::{Finished, NETCLAW};

#[test]
fn a_host_is_set_up_in_one_command_and_doctor_sees_the_way_from_outside() {
    for proxy in usable_proxies() {
        let lan = Lan::default();
        let (host, url) = (client_on(&lan, Machine::Daemon), format!("https://{PUBLIC_NAME}"));
        let [daemon, trusted] = [Machine::Daemon, Machine::Proxy].map(|machine| machine.v4().to_string());
        let place = ["init", "--yes", "--no-service", "--exposure", "reverse-proxy", "--host", &daemon];
        let proxied = ["--trusted-proxy", &trusted, "--external-url", &url];
        host.netclaw(&[&place[..], &proxied].concat()).succeeded();
        let opened = host.netclaw(&["daemon", "pair"]).succeeded();
        assert!(opened.stdout.ends_with(&format!("netclaw pair {url}\n")), "{opened:?}");

        let running = proxy.start(&lan, Scheme::Https);
        let mut doctor = host.command(NETCLAW);
        let doctor = doctor.arg("doctor").env("SSL_CERT_FILE", running.certificate());
        let found = Finished::of(doctor.output().unwrap()).succeeded().stdout;
        assert!(found.contains("this daemon answers there"), "{found}");
        assert!(found.contains(&format!("the daemon sees this client as {daemon}, through {trusted}")), "{found}");
        host.netclaw(&["daemon", "stop"]).succeeded();
    }
}
