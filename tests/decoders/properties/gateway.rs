//! The gateway: which way a path goes, what goes along, and what comes back.

use bytes::BytesMut;
use http::{HeaderMap, Method, StatusCode};
use netclaw::adapters::relay::BadAnswer;
use netclaw::adapters::relay::framing::{Decoder, Framing, Piece};
use netclaw::adapters::relay::response::Head;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::gateway::fields::{Field, may_become};
use netclaw::domain::gateway::path::PlainPath;
use netclaw::domain::gateway::{Destination, GatewayRoute, RoutePath, Routes};

use super::place;

/// What the daemon answers itself.
const OWN: [&str; 4] = ["/", "/api/", "/v1/", "/metrics/"];

/// A path, and routes in the lines after it. What passes goes to the same route and never out of it, however often others decode
/// it.
pub fn gateway_path(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let mut lines = text.split('\n');
    let path = lines.next().unwrap_or_default();
    let routes: Vec<RoutePath> = lines.filter_map(RoutePath::parse).collect();
    for route in &routes {
        let shown = route.as_str().to_ascii_lowercase();
        assert!(!OWN.contains(&shown.as_str()) && !OWN[1..].iter().any(|own| shown.starts_with(own)), "{shown}");
        assert_eq!(RoutePath::parse(route.as_str()).as_ref(), Some(route));
        assert_eq!(PlainPath::parse(route.as_str()).map(PlainPath::as_str), Ok(route.as_str()));
    }
    if let Ok(plain) = PlainPath::parse(path) {
        assert_eq!(plain.as_str(), path);
        check_readings(path);
    }
    let target = Endpoint::parse("http://127.0.0.1:1").unwrap();
    let routes = Routes::new(routes.into_iter().map(|path| GatewayRoute { path, target: target.clone() }).collect());
    match routes.find(path) {
        Ok(Some(Destination::Target { route, rest })) => {
            let below = routes.all()[route].path.as_str();
            assert_eq!(format!("{below}{rest}"), path);
            check_readings(path);
            let once = String::from_utf8(decoded(path.as_bytes())).unwrap();
            assert!(once.starts_with(below), "{once}");
            let longer = routes.all().iter().filter(|other| once.starts_with(other.path.as_str()));
            assert!(longer.max_by_key(|other| other.path.as_str().len()).is_some_and(|it| it.path.as_str() == below));
        }
        Ok(Some(Destination::Slash)) => {
            assert!(routes.all().iter().any(|route| route.path.as_str().strip_suffix('/') == Some(path)));
        }
        Ok(None) => assert!(!routes.all().iter().any(|route| path.starts_with(route.path.as_str()))),
        Err(_) => {}
    }
}

/// Whoever decodes the path, and again, finds the same segments, and no step to another folder.
fn check_readings(path: &str) {
    let mut reading = path.as_bytes().to_vec();
    for _ in 0..3 {
        let text = str::from_utf8(&reading).expect("text");
        assert!(!text.contains('\\') && !text.chars().any(|c| c.is_ascii_control()), "{path} is {text:?}");
        assert_eq!(text.split('/').count(), path.split('/').count(), "{path} is {text:?}");
        let names = text.split('/').map(|segment| segment.split(';').next().unwrap_or_default());
        assert!(names.into_iter().all(|name| !matches!(name, "." | "..")), "{path} is {text:?}");
        assert!(!text.contains("//"), "{path} is {text:?}");
        reading = decoded(&reading);
    }
}

/// The bytes without their escapes; what begins none stays.
pub fn decoded(bytes: &[u8]) -> Vec<u8> {
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let (mut decoded, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let escape = digit(at + 1).zip(digit(at + 2)).filter(|_| bytes[at] == b'%');
        decoded.push(escape.map_or(bytes[at], |(high, low)| (high * 16 + low) as u8));
        at += if escape.is_some() { 3 } else { 1 };
    }
    decoded
}

/// The name of a field in the first line, a protocol in the second. What is this daemon's goes nowhere, however it is spelled,
/// and no connection becomes one whose requests nobody checks.
pub fn header_field(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let (name, protocol) = text.split_once('\n').unwrap_or((text, ""));
    let dashed = name.to_ascii_lowercase().replace('_', "-");
    let field = Field::of(&dashed);
    for sign in ["_", ".", "!"] {
        assert_eq!(Field::of(&dashed.replace('-', sign)), field, "{dashed}");
    }
    assert!(!field.goes_to_agents() || field.goes_to_targets(), "{dashed}");
    let is_ours = ["authorization", "host", "expect", "content-length", "transfer-encoding"].contains(&&*dashed)
        || ["connection", "keep-alive", "te", "upgrade", "forwarded", "via"].contains(&&*dashed)
        || ["proxy-", "x-netclaw-", "x-forwarded-"].iter().any(|start| dashed.starts_with(start));
    assert!(!is_ours || !field.goes_to_targets(), "{dashed}");
    assert!(!["cookie", "origin", "referer"].contains(&&*dashed) || !field.goes_to_agents(), "{dashed}");
    let may = may_become(protocol);
    assert_eq!(may_become(&protocol.to_ascii_uppercase()), may, "{protocol}");
    if may {
        let name = protocol.split('/').next().unwrap_or_default().to_ascii_lowercase();
        assert!(protocol.bytes().all(|byte| byte.is_ascii_graphic() && byte != b','), "{protocol}");
        assert!(!matches!(&*name, "" | "http" | "h2" | "h2c" | "h3" | "tls"), "{protocol}");
    }
}

/// The head of an answer. The first byte says whether the request was `HEAD`. It is the same however it arrives, it says once
/// how long the answer is, and what belongs to its connection stays there.
pub fn upstream_head(bytes: &[u8]) {
    let Some((choice, said)) = bytes.split_first() else { return };
    let method = if choice & 1 == 0 { Method::GET } else { Method::HEAD };
    let taken = |pieces: &[&[u8]]| {
        let mut arrived = BytesMut::new();
        for piece in pieces {
            arrived.extend_from_slice(piece);
            match Head::take(&mut arrived, &method) {
                Ok(None) => {}
                Ok(Some(Head { status, fields, framing, keeps_alive, .. })) => {
                    return Ok(Some((status, fields, framing, keeps_alive)));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    };
    let (first, second) = said.split_at(place(said));
    let whole = taken(&[said]);
    assert_eq!(taken(&[first, second]), whole);
    assert_eq!(taken(&said.chunks(1).collect::<Vec<_>>()), whole);
    let Ok(Some((status, fields, framing, keeps_alive))) = whole else { return };
    let is_change = status == StatusCode::SWITCHING_PROTOCOLS;
    for name in fields.keys().map(http::HeaderName::as_str) {
        assert!(Field::of(name).comes_back() || (is_change && name == "upgrade"), "{name}");
        assert!(!matches!(name, "connection" | "transfer-encoding"), "{name}");
    }
    let lengths: Vec<&str> = fields.get_all("content-length").iter().map(|value| value.to_str().unwrap()).collect();
    match framing {
        Framing::Length(length) => {
            assert!(lengths.len() == 1 && lengths[0].parse() == Ok(length), "{length} {lengths:?}");
        }
        Framing::None => assert!(lengths.len() <= 1),
        Framing::Chunked => assert!(lengths.is_empty()),
        Framing::UntilClose => assert!(lengths.is_empty() && !keeps_alive),
    }
    assert!(method != Method::HEAD || framing == Framing::None);
}

/// What is taken out of a body: its bytes, its trailers, and how that ended, with what follows.
type Taken = (Vec<u8>, HeaderMap, Result<Option<BytesMut>, BadAnswer>);

/// The body of an answer. The first byte says how it ends. It is the same however it arrives, and whether chunks that came
/// together are taken together or not.
pub fn upstream_body(bytes: &[u8]) {
    let Some((choice, said)) = bytes.split_first() else { return };
    let framing = match choice {
        0..=127 => Framing::Chunked,
        128 => Framing::UntilClose,
        length => Framing::Length(u64::from(length - 129)),
    };
    let whole = taken(framing, &[said], false);
    let (first, second) = said.split_at(place(said));
    let single: Vec<&[u8]> = said.chunks(1).collect();
    for pieces in [&[said][..], &[first, second], &single] {
        for is_gathered in [false, true] {
            assert_eq!(taken(framing, pieces, is_gathered), whole, "{} pieces", pieces.len());
        }
    }
    let (body, trailers, ended) = whole;
    assert!(trailers.keys().all(|name| Field::of(name.as_str()) == Field::EndToEnd), "{trailers:?}");
    match framing {
        Framing::Length(length) => {
            let length = usize::try_from(length).unwrap();
            assert_eq!(body, said[..said.len().min(length)]);
            assert_eq!(ended.is_ok(), said.len() >= length);
        }
        Framing::UntilClose => assert!(body == said && ended.is_ok()),
        Framing::Chunked | Framing::None => assert!(body.len() < said.len().max(1)),
    }
}

fn taken(framing: Framing, pieces: &[&[u8]], is_gathered: bool) -> Taken {
    let (mut decoder, mut arrived) = (Decoder::new(framing), BytesMut::new());
    let (mut body, mut trailers) = (Vec::new(), HeaderMap::new());
    let mut pieces = pieces.iter();
    loop {
        match decoder.next(&mut arrived) {
            Ok(Piece::Data(data)) => {
                assert!(!data.is_empty());
                let data = if is_gathered { decoder.gather(data, &mut arrived) } else { data };
                body.extend_from_slice(&data);
            }
            Ok(Piece::Trailers(fields)) => {
                assert!(!fields.is_empty() && decoder.has_ended());
                trailers = fields;
            }
            Ok(Piece::End) => {
                // What follows is another answer.
                pieces.for_each(|piece| arrived.extend_from_slice(piece));
                return (body, trailers, Ok(Some(arrived)));
            }
            Ok(Piece::More) => match pieces.next() {
                Some(piece) => arrived.extend_from_slice(piece),
                None => {
                    let ended = decoder.end().map(|()| None);
                    return (body, trailers, ended);
                }
            },
            Err(error) => return (body, trailers, Err(error)),
        }
    }
}
