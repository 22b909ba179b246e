//! Where answers end, however they arrive.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode};
use netclaw::adapters::relay::BadAnswer;
use netclaw::adapters::relay::framing::{Decoder, Framing, Piece};
use netclaw::adapters::relay::response::Head;
use proptest::prelude::*;

/// What is taken out of a body that arrives in these pieces: its bytes, its trailers, and what is left behind it. It makes no
/// difference whether chunks are taken together.
fn taken(framing: Framing, pieces: &[&[u8]]) -> Result<(Vec<u8>, HeaderMap, BytesMut), BadAnswer> {
    let one_by_one = taken_out(framing, pieces, |_, data, _| data);
    assert_eq!(taken_out(framing, pieces, Decoder::gather), one_by_one);
    one_by_one
}

fn taken_out(
    framing: Framing,
    pieces: &[&[u8]],
    gather: impl Fn(&mut Decoder, Bytes, &mut BytesMut) -> Bytes,
) -> Result<(Vec<u8>, HeaderMap, BytesMut), BadAnswer> {
    let (mut decoder, mut arrived) = (Decoder::new(framing), BytesMut::new());
    let (mut body, mut trailers) = (Vec::new(), HeaderMap::new());
    for piece in pieces {
        arrived.extend_from_slice(piece);
        loop {
            match decoder.next(&mut arrived)? {
                Piece::Data(data) => {
                    assert!(!data.is_empty());
                    let data = gather(&mut decoder, data, &mut arrived);
                    body.extend_from_slice(&data);
                }
                Piece::Trailers(fields) => trailers = fields,
                Piece::More => break,
                Piece::End => return Ok((body, trailers, arrived)),
            }
        }
    }
    decoder.end()?;
    Ok((body, trailers, arrived))
}

/// These bytes in pieces that end at these places.
fn cut<'a>(bytes: &'a [u8], places: &[usize]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = places.iter().map(|place| place % (bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|ends| &bytes[ends[0]..ends[1]]).collect()
}

#[test]
fn chunks_that_came_together_are_taken_together_as_far_as_they_are_good() {
    let gathered = |bytes: &[u8]| {
        let (mut decoder, mut arrived) = (Decoder::new(Framing::Chunked), BytesMut::from(bytes));
        let Ok(Piece::Data(first)) = decoder.next(&mut arrived) else { panic!("no chunk") };
        let data = decoder.gather(first, &mut arrived);
        (data, decoder.next(&mut arrived).map(|piece| matches!(piece, Piece::End)))
    };
    let data = |bytes: &'static [u8]| Bytes::from_static(bytes);
    assert_eq!(gathered(b"1\r\na\r\n2\r\nbc\r\n1\r\nd\r\n0\r\n\r\n"), (data(b"abcd"), Ok(true)));
    assert_eq!(gathered(b"1\r\na\r\n2\r\nb"), (data(b"ab"), Ok(false)));
    assert_eq!(gathered(b"1\r\na\r\n2\r\nbcX"), (data(b"abc"), Ok(false)));
    assert_eq!(gathered(b"1\r\na\r\n2\r\nbcXY"), (data(b"abc"), Err(BadAnswer::Chunk)));
    assert_eq!(gathered(b"1\r\na\r\nno"), (data(b"a"), Err(BadAnswer::Chunk)));
}

proptest! {
    #[test]
    fn chunks_are_the_same_however_they_arrive(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6),
        places in prop::collection::vec(any::<usize>(), 0..12),
        trailer in any::<bool>(),
    ) {
        let mut bytes = Vec::new();
        for chunk in &chunks {
            bytes.extend(format!("{:X};x=\"y\"\r\n", chunk.len()).as_bytes());
            bytes.extend(chunk);
            bytes.extend(b"\r\n");
        }
        bytes.extend(if trailer { &b"0\r\nX-Sum: 1\r\n\r\n"[..] } else { &b"0\r\n\r\n"[..] });
        let length = bytes.len();
        bytes.extend(b"HTTP/1.1 next");
        let mut pieces = cut(&bytes[..length], &places);
        pieces.push(&bytes[length..]);
        let (body, trailers, _) = taken(Framing::Chunked, &pieces).unwrap();
        prop_assert_eq!(body, chunks.concat());
        prop_assert_eq!(trailers.len(), usize::from(trailer));
        // Cut short anywhere, it is no whole body.
        for end in 0..length {
            let short = taken(Framing::Chunked, &[&bytes[..end]]);
            prop_assert_eq!(short.err(), Some(BadAnswer::Truncated));
        }
    }

    #[test]
    fn nothing_that_arrives_panics_or_is_taken_twice(bytes in prop::collection::vec(any::<u8>(), 0..200), places in prop::collection::vec(any::<usize>(), 0..5)) {
        for framing in [Framing::None, Framing::Length(7), Framing::Chunked, Framing::UntilClose] {
            let pieces = cut(&bytes, &places);
            prop_assert_eq!(taken(framing, &pieces).map(|(body, ..)| body), taken(framing, &[&bytes]).map(|(body, ..)| body));
        }
        let _ = Head::take(&mut BytesMut::from(&bytes[..]), &Method::GET);
    }

    #[test]
    fn a_head_is_the_same_however_it_arrives(place in 0_usize..80) {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-One: 1\r\nX-Two:  2 \r\n\r\nabc";
        let end = bytes.len() - 3;
        let mut arrived = BytesMut::from(&bytes[..place.min(end - 1)]);
        prop_assert!(Head::take(&mut arrived, &Method::GET).unwrap().is_none());
        arrived.extend_from_slice(&bytes[arrived.len()..]);
        let head = Head::take(&mut arrived, &Method::GET).unwrap().unwrap();
        prop_assert_eq!((head.status, head.framing, head.keeps_alive), (StatusCode::OK, Framing::Length(3), true));
        prop_assert_eq!(head.fields.get("x-two").unwrap(), "2");
        prop_assert_eq!(&arrived[..], b"abc");
    }
}

#[test]
fn chunks_that_are_none_are_refused() {
    for bytes in
        ["x\r\n", "\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", "1\na", "1\r\nab\r\n", "1\r\na\nb", "11111111111111111\r\n"]
    {
        assert_eq!(taken(Framing::Chunked, &[bytes.as_bytes()]).err(), Some(BadAnswer::Chunk), "{bytes:?}");
    }
    let line = format!("1;{}\r\na\r\n", "x".repeat(2000));
    let trailers = format!("0\r\nX: {}\r\n\r\n", "x".repeat(9000));
    let many = format!("0\r\n{}\r\n", "X: 1\r\n".repeat(33));
    let folded = "0\r\nX: 1\r\n y\r\n\r\n".to_owned();
    for bytes in [line, trailers, many, folded] {
        assert_eq!(taken(Framing::Chunked, &[bytes.as_bytes()]).err(), Some(BadAnswer::Chunk), "{bytes:.20}");
    }
}

#[test]
fn trailers_that_would_change_the_message_are_dropped() {
    let bytes = b"0\r\nX-Sum: 1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: x\r\nAuthorization: y\r\n\r\n";
    let (_, trailers, _) = taken(Framing::Chunked, &[bytes]).unwrap();
    assert_eq!(trailers.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["x-sum"]);
}

#[test]
fn a_body_of_known_length_ends_there() {
    let (body, _, left) = taken(Framing::Length(3), &[b"ab", b"cde"]).unwrap();
    assert_eq!((body, left), (b"abc".to_vec(), BytesMut::from("de")));
    assert_eq!(taken(Framing::Length(3), &[b"ab"]).err(), Some(BadAnswer::Truncated));
    assert_eq!(taken(Framing::UntilClose, &[b"ab", b"c"]).unwrap().0, b"abc");
    assert_eq!(taken(Framing::None, &[b"ab"]).unwrap().2, Bytes::from("ab"));
}
