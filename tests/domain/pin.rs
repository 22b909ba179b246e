//! Pins, as they are shown and read.

use netclaw::domain::pin::Pin;

/// The hash of nothing (FIPS 180-4).
const EMPTY: &str = "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

#[test]
fn a_pin_is_shown_as_curl_wants_it_and_reads_back() {
    let pin = Pin::of_spki(b"");
    assert_eq!(pin.to_string(), EMPTY);
    assert_eq!(EMPTY.parse(), Ok(pin));
    assert_eq!(Pin::from_bytes(*pin.as_bytes()), pin);
    assert_eq!(format!("{pin:?}"), format!("Pin({EMPTY})"));
}

#[test]
fn a_fingerprint_is_short_enough_to_compare() {
    assert_eq!(Pin::of_spki(b"").fingerprint(), "4oym-iquy-7qob-jgx3");
    assert_ne!(Pin::of_spki(b"a").fingerprint(), Pin::of_spki(b"").fingerprint());
}

#[test]
fn other_texts_are_no_pins() {
    for text in [
        "",
        "sha256//",
        "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
        "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=",
        "sha256//47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=",
        "SHA256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        " sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU= ",
        "sha256//AAAA",
        // Two pieces of base64, 32 bytes together.
        "sha256//AQwdHh8=sha256//Asha12A256/ha256//QoLDA0ODxs",
    ] {
        assert!(text.parse::<Pin>().is_err(), "{text:?}");
    }
}
