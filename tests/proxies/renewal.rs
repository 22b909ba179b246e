//! The certificate of the proxy is another one tomorrow: attacks.md B29.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::Value;

use super::lan::PUBLIC_NAME;
use super::pairing::{Client, secure_url};
use super::site::behind_each_secure_proxy;
use crate::e2e::world::World;

/// Whom the machines of a test trust for certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A certificate for this name, and its new key.
    fn issue(&self, name: &str) -> (String, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key)
    }
}

/// What the client knows of its one daemon.
fn pairing(home: &World) -> Value {
    let stored: Value = serde_json::from_str(&home.read("client/config.json")).unwrap();
    stored["daemons"].as_object().unwrap().values().next().unwrap().clone()
}

#[test]
fn b29_a_renewed_certificate_of_the_proxy_breaks_nothing_and_one_for_another_name_is_refused() {
    behind_each_secure_proxy(|site| {
        let authority = Authority::new();
        let roots = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(roots.path(), authority.0.pem()).unwrap();
        let show = |name: &str| {
            let (certificate, key) = authority.issue(name);
            site.proxy.renew(&site.lan, &certificate, &key)
        };
        if !show(PUBLIC_NAME) {
            println!("skipped: this proxy is only ever started again");
            return;
        }
        let (client, url) = (Client::on(&site.lan, roots.path()), secure_url());
        let pair =
            |name: &str| client.netclaw_reading(&["pair", &url, "--name", name], &format!("{}\n", site.host.code()));
        pair("laptop").succeeded();
        let before = pairing(&client.home);
        for command in ["status", "rotate", "status"] {
            assert!(show(PUBLIC_NAME));
            client.netclaw(&[command]).succeeded();
        }
        assert_eq!(pairing(&client.home), before);
        assert!(before.get("pin").is_none() && before.get("nextPin").is_none(), "{before}");

        // Of the same authority, which is not what makes it the right one.
        show("elsewhere.example.com");
        for command in ["status", "rotate"] {
            let refused = client.netclaw(&[command]).failed(4, "its certificate is not trusted here");
            assert!(refused.stderr.contains(PUBLIC_NAME), "{refused:?}");
        }
        pair("phone").failed(1, "someone may be in between");
        assert_eq!(pairing(&client.home), before);
        assert!(!site.host.device_names().contains(&"phone".to_owned()));
        assert!(show(PUBLIC_NAME));
        client.netclaw(&["status"]).succeeded();
    });
}
