//! Codes, tokens, ids, pins and keys.

use data_encoding::BASE32_NOPAD;
use netclaw::domain::acquaintance::Acquaintance;
use netclaw::domain::beacon::Beacon;
use netclaw::domain::code::PairingCode;
use netclaw::domain::daemon_id::DaemonId;
use netclaw::domain::device::DeviceId;
use netclaw::domain::identity::{IdentityKey, IdentityPublicKey, SIGNATURE_BYTES};
use netclaw::domain::key_rotation::Announcement;
use netclaw::domain::link::Pins;
use netclaw::domain::pairing_link::PairingLink;
use netclaw::domain::pin::Pin;
use netclaw::domain::token::{BearerToken, Salt};

/// A bearer token has one spelling, which `Debug` does not show.
pub fn token(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    check_token(text);
    // The same with a right checksum, which chance would never find.
    if let Some(unchecked) = text.get(..72).filter(|_| text.len() == 79) {
        let checksum = BASE32_NOPAD.encode(&crc32fast::hash(unchecked.as_bytes()).to_be_bytes());
        check_token(&(unchecked.to_owned() + &checksum.to_ascii_lowercase()));
    }
}

fn check_token(text: &str) {
    let Ok(token) = BearerToken::parse(text) else { return };
    assert_eq!(token.reveal(), text);
    let (id, secret) = (&text[4..20], &text[20..72]);
    assert_eq!(token.device().as_str(), id);
    let decoded = BASE32_NOPAD.decode(secret.to_ascii_uppercase().as_bytes()).unwrap();
    assert!(BearerToken::issue(token.device(), &decoded.try_into().unwrap()).is_same(&token));
    let (one, other) = (token.hash(&Salt([1; 16])), token.hash(&Salt([2; 16])));
    assert!(one.matches(&token.hash(&Salt([1; 16]))) && !one.matches(&other));
    assert_eq!(format!("{token:?}"), format!("BearerToken(nct_{id}…)"));
    for wrong in [text.to_ascii_uppercase(), format!("{text} "), format!(" {text}"), text[..78].to_owned()] {
        assert!(BearerToken::parse(&wrong).is_err(), "{wrong:?}");
    }
}

/// A pairing code is what it is in any case and with any dashes, or is none in all of them.
pub fn pairing_code(bytes: &[u8]) {
    if let Ok(random) = bytes.try_into() {
        let made = PairingCode::from_random(random);
        assert!(PairingCode::parse(&made.reveal()).unwrap().matches(&made));
    }
    let Ok(text) = str::from_utf8(bytes) else { return };
    let code = PairingCode::parse(text);
    let dashed: String = text.chars().flat_map(|c| [c, '-', ' ']).collect();
    for spelling in [text.to_ascii_lowercase(), text.to_ascii_uppercase(), dashed] {
        match (&code, PairingCode::parse(&spelling)) {
            (Ok(code), Ok(same)) => assert!(code.matches(&same)),
            (code, other) => assert!(code.is_err() && other.is_err(), "{text:?} {spelling:?}"),
        }
    }
    let Ok(code) = code else { return };
    let shown = code.reveal();
    let is_symbol = |c: char| "23456789ABCDEFGHJKLMNPQRSTUVWXYZ".contains(c);
    assert!(shown.len() == 9 && shown.as_bytes()[4] == b'-' && shown.replace('-', "").chars().all(is_symbol));
    assert!(PairingCode::parse(&shown).unwrap().matches(&code));
    assert_eq!(format!("{code:?}"), "PairingCode(redacted)");
}

/// A link says one place, one secret and either a pin or https; it is written as it is read, and no message shows its secret.
pub fn pairing_link(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Ok(link) = PairingLink::parse(text) else { return };
    let shown = link.reveal();
    let again = PairingLink::parse(&shown).unwrap();
    assert!(again.endpoint() == link.endpoint() && again.pin() == link.pin());
    assert!(again.secret().id() == link.secret().id() && again.reveal() == shown);
    assert_ne!(link.pin().is_some(), link.endpoint().is_https());
    let secret = link.secret().text();
    let secret = str::from_utf8(secret.as_slice()).unwrap();
    assert!(shown.contains(secret) && text.contains(secret));
    assert_eq!(format!("{link:?}"), format!("PairingLink({}, redacted)", link.endpoint()));
}

/// A beacon has one spelling, which `Debug` does not show.
pub fn beacon(bytes: &[u8]) {
    let Some((text, beacon)) = str::from_utf8(bytes).ok().and_then(|text| Some((text, Beacon::parse(text)?))) else {
        return;
    };
    assert!(beacon.as_str() == text && beacon.matches(&Beacon::parse(text).unwrap()));
    assert!(Beacon::parse(&text.to_ascii_uppercase()).is_none() || text.bytes().all(|byte| byte.is_ascii_digit()));
    assert!(!format!("{beacon:?}").contains(&text[..8]));
}

/// A daemon's id has one spelling.
pub fn daemon_id(bytes: &[u8]) {
    let made = DaemonId::of_public_key(bytes);
    assert_eq!(DaemonId::parse(made.as_str()), Some(made));
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Some(id) = DaemonId::parse(text) {
        assert!(id.as_str() == text && text.len() == 26 && id.to_string() == text);
        assert!(text.bytes().all(|byte| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte)));
    }
}

/// A device's id has one spelling.
pub fn device_id(bytes: &[u8]) {
    if let Ok(random) = bytes.try_into() {
        let made = DeviceId::from_random(random);
        assert_eq!(DeviceId::parse(made.as_str()), Some(made));
    }
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Some(id) = DeviceId::parse(text) {
        assert!(id.as_str() == text && id.to_string() == text && text.len() == 16);
        let decoded = BASE32_NOPAD.decode(text.to_ascii_uppercase().as_bytes()).unwrap();
        assert_eq!(DeviceId::from_random(decoded.try_into().unwrap()), id);
    }
}

/// A pin has one spelling, that of curl.
pub fn pin(bytes: &[u8]) {
    if let Ok(hash) = bytes.try_into() {
        let made = Pin::from_bytes(hash);
        assert_eq!(made.to_string().parse(), Ok(made));
    }
    let Some((text, pin)) = str::from_utf8(bytes).ok().and_then(|text| Some((text, text.parse::<Pin>().ok()?))) else {
        return;
    };
    assert_eq!(pin.to_string(), text);
    assert_eq!((text.len(), pin.fingerprint().len()), (8 + 44, 19));
    assert_eq!(Pin::from_bytes(*pin.as_bytes()), pin);
}

/// A private key that is read signs, and `Debug` shows nothing of it but the daemon's id.
pub fn identity_key(bytes: &[u8]) {
    let read =
        [IdentityKey::from_pkcs8(bytes).ok(), bytes.try_into().ok().and_then(|seed| IdentityKey::from_seed(seed).ok())];
    for key in read.into_iter().flatten() {
        let signature = key.sign(b"message");
        assert_eq!(key.public_key().verify(b"message", &signature), Ok(()));
        assert!(key.public_key().verify(b"massage", &signature).is_err());
        assert_eq!(format!("{key:?}"), format!("IdentityKey({})", key.id()));
    }
}

/// No public key takes a signature for two messages of this kind, whatever key it is: the first 32 bytes, then a signature.
pub fn public_key(bytes: &[u8]) {
    let Some((key, rest)) = bytes.split_first_chunk() else { return };
    let key = IdentityPublicKey::from_bytes(*key);
    assert_eq!((key.as_bytes(), key.id().as_str().len()), (bytes.first_chunk().unwrap(), 26));
    let (signature, message) = rest.split_at(rest.len().min(SIGNATURE_BYTES));
    let verified = key.verify(message, signature);
    assert!(verified.is_err() || signature.len() == SIGNATURE_BYTES);
    let own = IdentityKey::from_seed(&[9; 32]).unwrap();
    let verified = own.public_key().verify(message, signature);
    assert!(verified.is_err() || signature == own.sign(message), "a second signature of one message");
}

/// A device learns a next TLS key from nothing but its daemon's own signature: two pins, then a signature.
pub fn announcement(bytes: &[u8]) {
    let Some((current, rest)) = bytes.split_first_chunk::<32>() else { return };
    let Some((next, rest)) = rest.split_first_chunk::<32>() else { return };
    let (current, next) = (Pin::from_bytes(*current), Pin::from_bytes(*next));
    let signature = rest.first_chunk::<SIGNATURE_BYTES>().copied().unwrap_or([0; SIGNATURE_BYTES]);
    let own = IdentityKey::from_seed(&[9; 32]).unwrap();
    let known = |pins| Acquaintance { name: None, identity: Some(own.public_key()), pins: Some(pins) };
    let before = known(Pins { current, next: None });
    let right = Announcement { daemon: own.id(), current, next }.sign(&own);
    if signature != right {
        assert_eq!(before.told(current, Some((next, signature))), None);
    }
    assert_eq!(before.told(current, Some((next, right))), Some(known(Pins { current, next: Some(next) })));
    let mut flipped = right;
    flipped[usize::from(bytes[0]) % SIGNATURE_BYTES] ^= 1;
    assert_eq!(before.told(current, Some((next, flipped))), None);
    if next != current {
        assert_eq!(before.told(next, Some((current, right))), None);
    }
}
