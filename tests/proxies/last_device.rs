//! A daemon behind a proxy that has lost its last device.

use super::lan::Machine;
use super::site::{PUBLIC_URL, behind_each_proxy, client_on, status};

#[test]
fn d46_when_the_last_device_is_revoked_the_host_warns_and_still_pairs_through_the_proxy() {
    behind_each_proxy(|site| {
        let token = site.pair("laptop");
        let own = site.host.device_names().into_iter().find(|name| name.ends_with("-host")).unwrap();
        let revoke = |name: &str| site.host.netclaw(&["daemon", "devices", "revoke", name]).succeeded();
        assert!(!revoke("laptop").stderr.contains("no device is left"));
        assert!(revoke(&own).stderr.contains("warning: no device is left"));
        assert_eq!(site.send(Machine::Bob, &status(&token)).status, 401);

        let client = client_on(&site.lan, Machine::Alice);
        let code = format!("{}\n", site.host.code());
        client.netclaw_reading(&["pair", PUBLIC_URL, "--name", "phone"], &code).succeeded();
        client.netclaw(&["status"]).succeeded();
        assert_eq!(site.host.device_names(), ["phone"]);
    });
}
