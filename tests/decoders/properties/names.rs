//! Names, and other text that is shown.

use netclaw::domain::device_name::{DeviceName, NameKey};
use netclaw::domain::text::shown_safely;

use super::is_showable;

/// A device name is short, can be shown, and reads back as itself; what is none is none with white space around it.
pub fn device_name(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let padded = format!(" \t{text}\n ");
    match DeviceName::parse(text) {
        Ok(name) => {
            check_name(&name);
            assert_eq!(DeviceName::parse(&padded).as_ref(), Ok(&name));
            assert_eq!(NameKey::of_typed(text), name.key());
            let following = name.following().unwrap();
            check_name(&following);
            assert_ne!(following.key(), name.key());
        }
        Err(_) => assert!(DeviceName::parse(&padded).is_err()),
    }
    if let Some(near) = DeviceName::nearest(text) {
        check_name(&near);
        assert_eq!(DeviceName::nearest(near.as_str()), Some(near));
    }
}

fn check_name(name: &DeviceName) {
    let text = name.as_str();
    assert!((1..=64).contains(&text.chars().count()), "{text:?}");
    assert!(is_showable(text) && shown_safely(text) == text && text.trim() == text, "{text:?}");
    assert_eq!(DeviceName::parse(text).as_ref(), Ok(name));
    assert_eq!(name.to_string(), text);
    // Case does not matter, as far as the other case is a name.
    for other in [text.to_lowercase(), text.to_uppercase()] {
        assert!(
            DeviceName::parse(&other).is_ok_and(|other| other.key() == name.key())
                || DeviceName::parse(&other).is_err()
        );
    }
}

/// Foreign text is cut and cleaned, and stays what it is when that is done again.
pub fn shown_text(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let shown = shown_safely(&text);
    assert!(is_showable(&shown) && shown.chars().count() <= 301, "{shown:?}");
    assert!(!shown.contains(['\u{1b}', '\u{200b}', '\u{feff}', '\u{2028}']));
    assert_eq!(shown_safely(&shown), shown);
}
