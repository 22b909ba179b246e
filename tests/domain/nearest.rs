//! What a mistyped word was meant to be.

use netclaw::domain::nearest::nearest;

const WORDS: [&str; 4] = ["Daemon.Host", "Daemon.Port", "Daemon.TrustedProxies", "configVersion"];

#[test]
fn the_nearest_word_is_meant_unless_more_than_a_third_differs() {
    for (typed, meant) in [
        ("Daemon.TrustedProxys", Some("Daemon.TrustedProxies")),
        ("daemon.prot", Some("Daemon.Port")),
        ("CONFIGVERSON", Some("configVersion")),
        ("Daemon.Host", Some("Daemon.Host")),
        ("colour", None),
        ("", None),
        ("configXXXXion", Some("configVersion")),
        ("configXXXXXon", None),
    ] {
        assert_eq!(nearest(typed, WORDS), meant, "{typed}");
    }
    assert_eq!(nearest("abc", ["abd"]), Some("abd"));
    assert_eq!(nearest("abc", ["add"]), None);
    assert_eq!(nearest("abc", []), None);
}
