//! Exposure modes and what they allow.

use netclaw::domain::exposure::ExposureMode;
use netclaw::domain::settings::Settings;

use crate::fakes::samples::ip;

#[test]
fn every_mode_reads_back_from_its_name() {
    for mode in ExposureMode::ALL {
        assert_eq!(mode.name().parse(), Ok(*mode));
        assert_eq!(mode.to_string(), mode.name());
    }
}

#[test]
fn spelling_forgives_case_dashes_and_underscores() {
    for mode in ExposureMode::ALL {
        let name = mode.name();
        for spelling in [name.to_uppercase(), name.replace('-', "_"), name.replace('-', ""), format!("-{name}_")] {
            assert_eq!(spelling.parse(), Ok(*mode), "{spelling}");
        }
    }
}

#[test]
fn other_words_are_no_mode() {
    for text in ["", "-", " local", "local ", "loca", "locale", "public", "lоcal", "ＬＯＣＡＬ"] {
        assert!(text.parse::<ExposureMode>().is_err(), "{text:?}");
    }
}

#[test]
fn local_and_tunnel_modes_listen_on_loopback_and_the_others_on_anything_else() {
    use ExposureMode::{CloudflareTunnel, Direct, Local, ReverseProxy, TailscaleFunnel, TailscaleServe};
    let loopback = ["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1"];
    let others =
        ["0.0.0.0", "::", "192.168.1.5", "10.0.0.1", "169.254.1.1", "fe80::1", "::ffff:192.168.1.5", "128.0.0.1"];
    for (modes, allowed, refused) in [
        (&[Local, TailscaleServe, TailscaleFunnel, CloudflareTunnel][..], &loopback[..], &others[..]),
        (&[ReverseProxy, Direct], &others, &loopback),
    ] {
        for binds in modes.iter().map(|mode| mode.profile().binds) {
            assert!(allowed.iter().all(|host| binds.allow(ip(host))));
            assert!(refused.iter().all(|host| !binds.allow(ip(host))));
        }
    }
}

#[test]
fn only_local_mode_is_of_use_without_a_device() {
    for mode in ExposureMode::ALL {
        assert_eq!(mode.profile().trusts_loopback, *mode == ExposureMode::Local, "{mode}");
    }
}

#[test]
fn behind_a_reverse_proxy_there_must_be_one() {
    let mode = ExposureMode::ReverseProxy;
    let error = Settings { mode, host: ip("0.0.0.0"), ..Settings::default() }.check().unwrap_err();
    assert_eq!(
        error.to_string(),
        "Daemon.TrustedProxies is [], but exposure mode \"reverse-proxy\" needs the address of each proxy, \
         like \"10.0.0.2\" or \"10.0.0.0/24\""
    );
}

#[test]
fn settings_name_the_key_the_value_and_what_is_allowed() {
    assert_eq!(Settings::default().check(), Ok(Settings::default()));
    let open = Settings { host: ip("0.0.0.0"), ..Settings::default() };
    let error = open.check().unwrap_err();
    assert_eq!((error.key, error.value.as_str()), ("Daemon.Host", "\"0.0.0.0\""));
    assert_eq!(
        error.to_string(),
        "Daemon.Host is \"0.0.0.0\", but exposure mode \"local\" listens on loopback only: 127.0.0.1, ::1 or localhost"
    );
}

#[test]
fn settings_listen_on_host_and_port() {
    assert_eq!(Settings::default().listen_address().to_string(), "127.0.0.1:5199");
    let settings = Settings { host: ip("::1"), port: 80, ..Settings::default() };
    assert_eq!(settings.listen_address().to_string(), "[::1]:80");
}

#[test]
fn every_mode_has_a_usual_address_that_it_allows() {
    for binds in ExposureMode::ALL.iter().map(|mode| mode.profile().binds) {
        assert!(binds.usual().iter().all(|address| binds.allow(*address)));
        assert_eq!(binds.nearest(binds.usual()[1]), binds.usual()[1], "what is allowed stays");
    }
    let near = |mode: ExposureMode, host: &str| mode.profile().binds.nearest(ip(host)).to_string();
    assert_eq!(near(ExposureMode::Local, "192.0.2.7"), "127.0.0.1");
    assert_eq!(near(ExposureMode::Direct, "127.0.0.1"), "0.0.0.0");
    assert_eq!(near(ExposureMode::Direct, "192.0.2.7"), "192.0.2.7");
}

#[test]
fn whoever_opens_the_daemon_to_strangers_is_warned() {
    let warned: Vec<&str> = ExposureMode::ALL
        .iter()
        .filter(|mode| mode.profile().reach.warning().is_some())
        .map(|mode| mode.name())
        .collect();
    assert_eq!(warned, ["reverse-proxy", "tailscale-funnel", "cloudflare-tunnel", "direct"]);
    let direct = ExposureMode::Direct.profile().reach.warning().unwrap();
    assert!(direct.contains("every machine of the network"), "{direct}");
}

#[test]
fn a_tunnel_is_set_up_with_one_command() {
    let command = |mode: ExposureMode, listening: &str| {
        mode.profile().tunnel.map(|tunnel| tunnel.set_up_command(listening.parse().unwrap()))
    };
    let serve = ExposureMode::TailscaleServe;
    assert_eq!(command(serve, "127.0.0.1:5199").unwrap(), "tailscale serve --bg 5199");
    assert_eq!(command(serve, "[::1]:5199").unwrap(), "tailscale serve --bg http://[::1]:5199");
    assert_eq!(command(ExposureMode::TailscaleFunnel, "127.0.0.1:80").unwrap(), "tailscale funnel --bg 80");
    let cloudflare = command(ExposureMode::CloudflareTunnel, "127.0.0.1:5199").unwrap();
    assert_eq!(cloudflare, "cloudflared tunnel --url http://127.0.0.1:5199");
    assert_eq!(command(ExposureMode::Direct, "0.0.0.0:5199"), None);
}
