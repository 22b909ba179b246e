//! Answers of a server: their heads, read strictly.

use std::mem::MaybeUninit;

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::{HeaderMap, Method, StatusCode};
use httparse::{Header, ParserConfig};

use super::BadAnswer;
use super::framing::Framing;
use crate::domain::gateway::fields::Field;

/// Bytes of the head of an answer.
pub const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Header fields of an answer.
pub const MAX_FIELDS: usize = 100;

/// Interim answers (1xx) before the one that counts.
pub const MAX_INTERIM: usize = 16;

/// The head of an answer, without what belongs to the connection it came on.
#[derive(Debug)]
pub struct Head {
    /// Its status.
    pub status: StatusCode,
    /// What is to be passed back.
    pub fields: HeaderMap,
    /// The lines of `Connection`: what they name does not go on, in the trailers neither.
    pub(super) nominated: Vec<HeaderValue>,
    /// How its body ends.
    pub framing: Framing,
    /// Whether the connection can be used again after it.
    pub keeps_alive: bool,
}

impl Head {
    /// Takes a head out of what has arrived of an answer to a request with this method; `None` while it is not complete.
    ///
    /// # Errors
    ///
    /// [`BadAnswer`].
    pub fn take(arrived: &mut BytesMut, method: &Method) -> Result<Option<Self>, BadAnswer> {
        let length = match end_of_head(arrived) {
            Some(length) if length <= MAX_HEAD_BYTES => length,
            None if arrived.len() < MAX_HEAD_BYTES => return Ok(None),
            _ => return Err(BadAnswer::HeadTooLarge),
        };
        let bytes = arrived.split_to(length).freeze();
        let mut fields = [const { MaybeUninit::uninit() }; MAX_FIELDS];
        let mut response = httparse::Response::new(&mut []);
        let parsed = ParserConfig::default().parse_response_with_uninit_headers(&mut response, &bytes, &mut fields);
        match parsed {
            Ok(status) if status.is_complete() => {}
            Err(httparse::Error::TooManyHeaders) => return Err(BadAnswer::HeadTooLarge),
            Ok(_) | Err(_) => return Err(BadAnswer::Head),
        }
        let status = response.code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(BadAnswer::Head)?;
        Self::of(status, response.version == Some(1), response.headers, &bytes, method).map(Some)
    }

    fn of(
        status: StatusCode,
        is_1_1: bool,
        parsed: &[Header<'_>],
        bytes: &Bytes,
        method: &Method,
    ) -> Result<Self, BadAnswer> {
        let mut fields = HeaderMap::with_capacity(parsed.len() + 2);
        let (mut framing, mut nominated) = (Stated::default(), Vec::new());
        for Header { name, value } in parsed {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| BadAnswer::Head)?;
            let value = HeaderValue::from_maybe_shared(bytes.slice_ref(value)).map_err(|_| BadAnswer::Head)?;
            match name {
                CONNECTION => nominated.push(value),
                TRANSFER_ENCODING => framing.add_coding(&value)?,
                CONTENT_LENGTH => {
                    // Twice the same is once.
                    if framing.add_length(&value)? {
                        fields.append(name, value);
                    }
                }
                name => {
                    // The new protocol of a connection is told to whoever asked for it.
                    let is_new_protocol = status == StatusCode::SWITCHING_PROTOCOLS && name == http::header::UPGRADE;
                    if Field::of(name.as_str()).comes_back() || is_new_protocol {
                        fields.append(name, value);
                    }
                }
            }
        }
        let mut keeps_alive = is_1_1;
        for name in nominated.iter().flat_map(|line| tokens(line.as_bytes())) {
            keeps_alive &= !name.eq_ignore_ascii_case("close");
            // What the framing is, is not for the server to take away.
            if !name.eq_ignore_ascii_case("content-length") && status != StatusCode::SWITCHING_PROTOCOLS {
                fields.remove(name);
            }
        }
        let framing = framing.decide(status, is_1_1, method)?;
        keeps_alive &= framing != Framing::UntilClose;
        if matches!(framing, Framing::Chunked | Framing::UntilClose) {
            fields.remove(CONTENT_LENGTH);
        }
        Ok(Self { status, fields, nominated, framing, keeps_alive })
    }

    /// Whether another answer follows it.
    pub fn is_interim(&self) -> bool {
        self.status.is_informational() && self.status != StatusCode::SWITCHING_PROTOCOLS
    }
}

/// What an answer says of its length.
#[derive(Default)]
struct Stated {
    is_chunked: bool,
    length: Option<u64>,
}

impl Stated {
    fn add_coding(&mut self, value: &HeaderValue) -> Result<(), BadAnswer> {
        // No other coding was asked for, and none can be passed on.
        let is_chunked = value.as_bytes().eq_ignore_ascii_case(b"chunked") && !self.is_chunked;
        self.is_chunked = true;
        is_chunked.then_some(()).ok_or(BadAnswer::Length)
    }

    /// Whether it is the first one.
    fn add_length(&mut self, value: &HeaderValue) -> Result<bool, BadAnswer> {
        let digits = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let length = digits.and_then(|digits| digits.parse().ok()).ok_or(BadAnswer::Length)?;
        match self.length.replace(length) {
            None => Ok(true),
            Some(before) if before == length => Ok(false),
            Some(_) => Err(BadAnswer::Length),
        }
    }

    /// RFC 9112 section 6.3; two lengths at once are refused rather than one of them believed.
    fn decide(&self, status: StatusCode, is_1_1: bool, method: &Method) -> Result<Framing, BadAnswer> {
        if self.is_chunked && (self.length.is_some() || !is_1_1) {
            return Err(BadAnswer::Length);
        }
        let is_bodiless = status.is_informational()
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
            || method == Method::HEAD;
        Ok(match self.length {
            _ if is_bodiless => Framing::None,
            _ if self.is_chunked => Framing::Chunked,
            Some(length) => Framing::Length(length),
            None => Framing::UntilClose,
        })
    }
}

/// Where the head ends: behind the first empty line.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\n', bytes).find_map(|line_end| match bytes.get(line_end + 1..) {
        Some([b'\n', ..]) => Some(line_end + 2),
        Some([b'\r', b'\n', ..]) => Some(line_end + 3),
        _ => None,
    })
}

/// The words of a list (RFC 9110 section 5.6.1).
pub(super) fn tokens(list: &[u8]) -> impl Iterator<Item = &str> {
    list.split(|byte| *byte == b',').filter_map(|word| std::str::from_utf8(word.trim_ascii()).ok())
}

/// A parsed field, with a copy of its value.
pub(super) fn field(parsed: &Header<'_>) -> Option<(HeaderName, HeaderValue)> {
    Some((HeaderName::from_bytes(parsed.name.as_bytes()).ok()?, HeaderValue::from_bytes(parsed.value).ok()?))
}
