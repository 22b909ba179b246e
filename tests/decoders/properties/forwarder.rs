//! The forwarder of a paired device: who is let in, and where to.

use data_encoding::BASE64;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::forward::guard::{Claims, Guard};
use netclaw::domain::forward::key::ForwardKey;
use netclaw::domain::forward::{moved_here, reserved};

use super::gateway::decoded;

/// The host, the origin and the site of a request, in a line each; an empty line is none. Only this port of this machine, and no
/// page of another site, gets through.
pub fn forward_guard(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let mut lines = text.split('\n').map(|line| Some(line).filter(|line| !line.is_empty()));
    let mut next = || lines.next().flatten();
    let claims = Claims { host: next(), origin: next(), fetch_site: next() };
    for port in [80, 7654] {
        if Guard::of_port(port).check(&claims).is_err() {
            continue;
        }
        let host = claims.host.expect("a host");
        let url = Endpoint::parse(&format!("http://{host}")).expect("a place");
        assert!(url.is_loopback() && url.port() == port, "{claims:?}");
        let own = format!("http://{host}");
        assert!(claims.origin.is_none_or(|origin| origin.eq_ignore_ascii_case(&own)), "{claims:?}");
        assert!(matches!(claims.fetch_site, None | Some("none" | "same-origin")), "{claims:?}");
    }
}

/// What a request shows in `Authorization`, with the key in place of `KEY`: only who has the key shows it.
pub fn forward_key(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let key = ForwardKey::of(&[7; 16]);
    let text = text.replace("KEY", key.reveal());
    let is_shown = key.is_shown_by(&text);
    assert!(!ForwardKey::of(&[8; 16]).is_shown_by(&text) || !is_shown, "both keys");
    let (scheme, shown) = text.split_once(' ').unwrap_or_default();
    let password = BASE64.decode(shown.trim().as_bytes()).unwrap_or_default();
    let password = password.splitn(2, |byte| *byte == b':').nth(1);
    let has_it = match &*scheme.to_ascii_lowercase() {
        "bearer" => shown.trim() == key.reveal(),
        "basic" => password == Some(key.reveal().as_bytes()),
        _ => false,
    };
    assert_eq!(is_shown, has_it, "{text:?}");
    assert!(!format!("{key:?}").contains(key.reveal()));
}

/// A place in the first line, and how each side calls itself in the two after it. What is moved here is what there was, and can be
/// moved back.
pub fn forward_place(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let (location, there, here) = (next(), next(), next());
    let Some(moved) = moved_here(location, there, here) else {
        assert!(location != there && !location.starts_with(&format!("{there}/")), "{location} {there}");
        return;
    };
    let rest = moved.strip_prefix(here).expect("here");
    assert!(rest.is_empty() || rest.starts_with(['/', '?', '#']), "{moved}");
    assert!(location.ends_with(rest) && location.len() == there.len() + rest.len(), "{location} {moved}");
    assert_eq!(moved_here(&moved, here, there), Some(format!("{there}{rest}")));
}

/// A path that is asked for with the credential: however often it is decoded on its way, it is not about the credential.
pub fn reserved_path(bytes: &[u8]) {
    let Ok(path) = str::from_utf8(bytes) else { return };
    if reserved::check(path).is_err() {
        return;
    }
    let mut reading = path.as_bytes().to_vec();
    for _ in 0..3 {
        let text = str::from_utf8(&reading).expect("text").to_ascii_lowercase();
        let names: Vec<&str> = text.split('/').map(|segment| segment.split(';').next().unwrap_or_default()).collect();
        assert!(!matches!(names.as_slice(), ["", "api", "pair" | "device", ..]), "{path} is {text}");
        assert!(!names.iter().any(|name| matches!(*name, "." | "..")), "{path} is {text}");
        reading = decoded(&reading);
    }
}
