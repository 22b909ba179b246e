//! What is inside of sealed messages: fields, each a tag, its length in two bytes, big-endian, and its value; then zeros up to a
//! fixed length, so that the length of a message tells nothing.

use zeroize::Zeroizing;

/// Bytes before each value.
const HEAD_BYTES: usize = 3;

/// Writes fields into a buffer of zeros.
pub(super) struct Writer<const N: usize> {
    buffer: Zeroizing<[u8; N]>,
    length: usize,
}

impl<const N: usize> Writer<N> {
    pub(super) fn new() -> Self {
        Self { buffer: Zeroizing::new([0; N]), length: 0 }
    }

    /// Adds a field, or says that it does not fit.
    pub(super) fn push(&mut self, tag: u8, value: &[u8]) -> bool {
        let Ok(length) = u16::try_from(value.len()) else { return false };
        let room = self.buffer.get_mut(self.length..).and_then(|rest| rest.get_mut(..HEAD_BYTES + value.len()));
        let Some((head, place)) = room.and_then(|room| room.split_first_chunk_mut::<HEAD_BYTES>()) else {
            return false;
        };
        let [high, low] = length.to_be_bytes();
        *head = [tag, high, low];
        place.copy_from_slice(value);
        self.length += HEAD_BYTES + value.len();
        true
    }

    pub(super) fn finish(self) -> Zeroizing<[u8; N]> {
        self.buffer
    }
}

/// The fields of an opened message are not of this form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MalformedFields;

/// The fields of an opened message, checked as a whole.
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// Reads all fields. Tag 0 begins the zeros at the end.
    pub(super) fn parse(content: &'a [u8]) -> Result<Self, MalformedFields> {
        let mut rest = content;
        while let Some((_, _, after)) = split(rest)? {
            rest = after;
        }
        if rest.iter().all(|byte| *byte == 0) { Ok(Self(content)) } else { Err(MalformedFields) }
    }

    /// Every value with this tag, in order. Other tags are passed over: later versions may add some.
    pub(super) fn all(&self, tag: u8) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            let (found, value, after) = split(rest).ok()??;
            rest = after;
            Some((found, value))
        })
        .filter_map(move |(found, value)| (found == tag).then_some(value))
    }

    /// The one value with this tag, or none; two are malformed.
    pub(super) fn one(&self, tag: u8) -> Result<Option<&'a [u8]>, MalformedFields> {
        let mut values = self.all(tag);
        let value = values.next();
        if values.next().is_some() { Err(MalformedFields) } else { Ok(value) }
    }
}

/// The first field and what comes after it; `None` where the zeros begin.
#[expect(clippy::type_complexity, reason = "three parts of one slice")]
fn split(content: &[u8]) -> Result<Option<(u8, &[u8], &[u8])>, MalformedFields> {
    match content {
        [] | [0, ..] => Ok(None),
        [tag, high, low, rest @ ..] => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            let (value, after) = rest.split_at_checked(length).ok_or(MalformedFields)?;
            Ok(Some((*tag, value, after)))
        }
        _ => Err(MalformedFields),
    }
}
