//! Reading values of the configuration from text.

use netclaw::domain::setting_text::{external_url, external_url_or_none, host, mode, port, proxies, proxy};
use netclaw::domain::settings::{SettingsError, key};

use crate::fakes::samples::ip;

fn words(error: &SettingsError) -> String {
    error.to_string()
}

#[test]
fn a_host_is_an_address_or_localhost() {
    for (text, expected) in
        [("127.0.0.1", "127.0.0.1"), ("LocalHost", "127.0.0.1"), ("[::1]", "::1"), ("fd00::7", "fd00::7")]
    {
        assert_eq!(host(text), Ok(ip(expected)));
    }
    for text in ["", "my-server", "127.0.0.1:80", "10.0.0.0/8", " ::1"] {
        assert_eq!(host(text).unwrap_err().key, key::HOST, "{text}");
    }
    let expected = "Daemon.Host is \"my\\u{1b}\", but it must be an IP address or \"localhost\"";
    assert_eq!(words(&host("my\x1b").unwrap_err()), expected);
}

#[test]
fn a_port_is_never_0() {
    assert_eq!((port("1"), port("65535")), (Ok(1), Ok(65535)));
    for text in ["", "0", "65536", "-1", "http", "5199 ", "5199.0"] {
        assert!(words(&port(text).unwrap_err()).ends_with("it must be a number from 1 to 65535"), "{text}");
    }
}

#[test]
fn an_unknown_mode_is_answered_with_all_of_them() {
    let error = words(&mode("public").unwrap_err());
    assert!(error.starts_with("Daemon.ExposureMode is \"public\", but it must be one of \"local\", \""), "{error}");
}

#[test]
fn proxies_are_separated_by_commas_and_white_space_and_a_wrong_one_is_named() {
    let read = proxies(" 10.0.0.2,fd00::/64  192.0.2.0/24,\t").unwrap();
    assert_eq!(read.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.2/32", "fd00::/64", "192.0.2.0/24"]);
    assert_eq!(proxies(" , "), Ok(Vec::new()));
    let error = proxies("10.0.0.2, proxy.lan, nonsense").unwrap_err();
    assert_eq!((error.key, error.value.as_str()), (key::TRUSTED_PROXIES, "\"proxy.lan\""));
}

#[test]
fn nobody_trusts_the_whole_internet() {
    for text in ["0.0.0.0/0", "::/0"] {
        assert!(words(&proxy(text).unwrap_err()).ends_with("an entry must not be the whole internet"));
    }
    assert!(proxy("0.0.0.0/1").is_ok());
}

#[test]
fn an_external_url_may_be_taken_away() {
    for text in ["", "none", "NONE"] {
        assert_eq!(external_url_or_none(text), Ok(None));
    }
    let url = external_url_or_none("https://claw.example/").unwrap().unwrap();
    assert_eq!(url.to_string(), "https://claw.example");
    let error = words(&external_url("claw.example").unwrap_err());
    let expected = "it must be an http or https URL (it does not begin with http:// or https://)";
    assert!(error.ends_with(expected), "{error}");
    assert!(external_url("").is_err() && external_url("none").is_err());
}
