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
fn local_mode_listens_on_loopback_only() {
    for loopback in ["127.0.0.1", "127.255.255.254", "::1"] {
        assert!(ExposureMode::Local.allows_bind(ip(loopback)), "{loopback}");
    }
    for other in
        ["0.0.0.0", "::", "192.168.1.5", "10.0.0.1", "169.254.1.1", "fe80::1", "::ffff:192.168.1.5", "128.0.0.1"]
    {
        assert!(!ExposureMode::Local.allows_bind(ip(other)), "{other}");
    }
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
