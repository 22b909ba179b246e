//! Where bodies end (RFC 9112 sections 6 and 7).

use bytes::{Buf, Bytes, BytesMut};
use http::HeaderMap;
use httparse::Status;

use super::BadAnswer;
use super::response::field;
use crate::domain::gateway::fields::Field;

/// Bytes of the line before a chunk, its extensions included: nobody uses those.
const MAX_CHUNK_LINE: usize = 1024;

/// Bytes of the trailer section.
const MAX_TRAILER_BYTES: usize = 8 * 1024;

/// Fields of the trailer section.
const MAX_TRAILERS: usize = 32;

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    None,
    /// After so many bytes.
    Length(u64),
    /// With an empty chunk.
    Chunked,
    /// With the connection.
    UntilClose,
}

/// Takes a body out of what arrives.
#[derive(Debug)]
pub struct Decoder(State);

#[derive(Debug)]
enum State {
    Length(u64),
    UntilClose,
    ChunkLine,
    Chunk(u64),
    ChunkEnd,
    Trailers,
    Ended,
}

/// The next thing in a body.
#[derive(Debug)]
pub enum Piece {
    /// Some of its bytes, never none.
    Data(Bytes),
    /// Its trailers, at least one. Nothing but the end follows.
    Trailers(HeaderMap),
    /// More must arrive first.
    More,
    /// The body has ended.
    End,
}

impl Decoder {
    /// For a body that ends so.
    pub const fn new(framing: Framing) -> Self {
        Self(match framing {
            Framing::None | Framing::Length(0) => State::Ended,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::ChunkLine,
            Framing::UntilClose => State::UntilClose,
        })
    }

    /// Whether the whole body has been taken.
    pub const fn has_ended(&self) -> bool {
        matches!(self.0, State::Ended)
    }

    /// Bytes still to come, where that is known.
    pub const fn remaining(&self) -> Option<u64> {
        match self.0 {
            State::Length(remaining) => Some(remaining),
            State::Ended => Some(0),
            _ => None,
        }
    }

    /// Takes the next thing out of `arrived`.
    ///
    /// # Errors
    ///
    /// [`BadAnswer::Chunk`].
    pub fn next(&mut self, arrived: &mut BytesMut) -> Result<Piece, BadAnswer> {
        loop {
            match &mut self.0 {
                State::Ended => return Ok(Piece::End),
                State::UntilClose if arrived.is_empty() => return Ok(Piece::More),
                State::UntilClose => return Ok(Piece::Data(arrived.split().freeze())),
                State::Length(remaining) => {
                    let data = take(arrived, remaining);
                    if *remaining == 0 {
                        self.0 = State::Ended;
                    }
                    return Ok(data.map_or(Piece::More, Piece::Data));
                }
                State::ChunkLine | State::Chunk(_) | State::ChunkEnd => {
                    if let Some(data) = self.chunk(arrived)? {
                        return Ok(Piece::Data(data));
                    }
                    if !matches!(self.0, State::Trailers) {
                        return Ok(Piece::More);
                    }
                }
                State::Trailers => {
                    let Some(trailers) = trailers(arrived)? else { return Ok(Piece::More) };
                    self.0 = State::Ended;
                    return Ok(if trailers.is_empty() { Piece::End } else { Piece::Trailers(trailers) });
                }
            }
        }
    }

    /// Takes as much of the next chunk out of `arrived` as there is; `None` when more must arrive first, or no chunk follows.
    fn chunk(&mut self, arrived: &mut BytesMut) -> Result<Option<Bytes>, BadAnswer> {
        loop {
            match &mut self.0 {
                State::ChunkLine => match chunk_line(arrived)? {
                    None => return Ok(None),
                    Some(0) => self.0 = State::Trailers,
                    Some(length) => self.0 = State::Chunk(length),
                },
                State::Chunk(remaining) => {
                    let data = take(arrived, remaining);
                    if *remaining == 0 {
                        self.0 = State::ChunkEnd;
                    }
                    return Ok(data);
                }
                State::ChunkEnd if arrived.len() < 2 => return Ok(None),
                State::ChunkEnd => {
                    if !arrived.starts_with(b"\r\n") {
                        return Err(BadAnswer::Chunk);
                    }
                    arrived.advance(2);
                    self.0 = State::ChunkLine;
                }
                _ => return Ok(None),
            }
        }
    }

    /// Adds the chunks that follow in `arrived` to `first`, which was taken before them: what came together goes on together.
    /// What cannot be read is left to [`Decoder::next`].
    pub fn gather(&mut self, first: Bytes, arrived: &mut BytesMut) -> Bytes {
        let Ok(Some(second)) = self.chunk(arrived) else { return first };
        let mut gathered = BytesMut::with_capacity(first.len() + second.len() + arrived.len());
        gathered.extend_from_slice(&first);
        gathered.extend_from_slice(&second);
        while let Ok(Some(data)) = self.chunk(arrived) {
            gathered.extend_from_slice(&data);
        }
        gathered.freeze()
    }

    /// What the end of the connection means.
    ///
    /// # Errors
    ///
    /// [`BadAnswer::Truncated`] unless the body ends with the connection, or has ended.
    pub const fn end(&mut self) -> Result<(), BadAnswer> {
        match self.0 {
            State::UntilClose | State::Ended => {
                self.0 = State::Ended;
                Ok(())
            }
            _ => Err(BadAnswer::Truncated),
        }
    }
}

/// As much of the remaining bytes as there is.
fn take(arrived: &mut BytesMut, remaining: &mut u64) -> Option<Bytes> {
    let length = usize::try_from(*remaining).unwrap_or(usize::MAX).min(arrived.len());
    if length == 0 {
        return None;
    }
    *remaining -= length as u64;
    Some(arrived.split_to(length).freeze())
}

fn chunk_line(arrived: &mut BytesMut) -> Result<Option<u64>, BadAnswer> {
    // The parser takes no digit at all for a zero.
    if arrived.first().is_some_and(|first| !first.is_ascii_hexdigit()) {
        return Err(BadAnswer::Chunk);
    }
    match httparse::parse_chunk_size(arrived) {
        Ok(Status::Complete((line, length))) if line <= MAX_CHUNK_LINE => {
            arrived.advance(line);
            Ok(Some(length))
        }
        Ok(Status::Partial) if arrived.len() < MAX_CHUNK_LINE => Ok(None),
        Ok(_) | Err(_) => Err(BadAnswer::Chunk),
    }
}

/// The trailers that may be passed on: what ends a message, or belongs to a connection, has no meaning there
/// (RFC 9110 section 6.5.1).
fn trailers(arrived: &mut BytesMut) -> Result<Option<HeaderMap>, BadAnswer> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_TRAILERS];
    let length = match httparse::parse_headers(arrived, &mut fields) {
        Ok(Status::Complete((length, _))) if length <= MAX_TRAILER_BYTES => length,
        Ok(Status::Partial) if arrived.len() < MAX_TRAILER_BYTES => return Ok(None),
        Ok(_) | Err(_) => return Err(BadAnswer::Chunk),
    };
    let mut trailers = HeaderMap::new();
    for parsed in fields.iter().take_while(|field| !field.name.is_empty()) {
        let (name, value) = field(parsed).ok_or(BadAnswer::Chunk)?;
        if Field::of(name.as_str()) == Field::EndToEnd {
            trailers.append(name, value);
        }
    }
    arrived.advance(length);
    Ok(Some(trailers))
}
