//! Event streams, piece by piece.

use netclaw::adapters::wire::events::{EventTooLarge, KEEP_ALIVE, MAX_EVENT_BYTES, StreamDecoder, StreamEvent};
use proptest::prelude::*;

fn event(id: Option<u64>, name: &str, data: &str) -> StreamEvent {
    StreamEvent { id, name: name.to_owned(), data: data.to_owned() }
}

fn read_all(pieces: &[&[u8]]) -> Vec<StreamEvent> {
    let (mut decoder, mut events) = (StreamDecoder::default(), Vec::new());
    pieces.iter().try_for_each(|piece| decoder.read(piece, &mut events)).unwrap();
    events
}

#[test]
fn events_are_spelt_as_the_standard_has_it() {
    assert_eq!(event(Some(7), "text", "{}").to_text(), "id: 7\nevent: text\ndata: {}\n\n");
    assert_eq!(event(None, "text", "a\nb").to_text(), "event: text\ndata: a\ndata: b\n\n");
}

#[test]
fn what_the_standard_allows_is_read() {
    for (text, expected) in [
        ("\u{feff}event: a\ndata: x\n\n", event(None, "a", "x")),
        ("id:3\r\nevent:a\r\ndata:x\r\n\r\n", event(Some(3), "a", "x")),
        ("id: 3\revent: a\rdata: x\r\r", event(Some(3), "a", "x")),
        ("data: x\ndata\ndata:  y\n\n", event(None, "message", "x\n\n y")),
        (": a comment\n\n\nretry: 5\nunknown: z\ndata: x\n\n", event(None, "message", "x")),
        ("id: no number\ndata: x\n\n", event(None, "message", "x")),
        ("event: only a name\n\ndata: x\n\n", event(None, "message", "x")),
    ] {
        assert_eq!(read_all(&[text.as_bytes()]), [expected], "{text:?}");
    }
    assert!(read_all(&[KEEP_ALIVE.as_bytes(), b"data: never ended\n"]).is_empty());
    assert_eq!(read_all(&[b"data: \xff\n\n"])[0].data, "\u{fffd}");
}

#[test]
fn an_event_is_bounded_however_it_comes() {
    let line = "x".repeat(MAX_EVENT_BYTES);
    let read = |text: &str| {
        let (mut decoder, mut events) = (StreamDecoder::default(), Vec::new());
        text.as_bytes().chunks(1000).try_for_each(|piece| decoder.read(piece, &mut events))
    };
    assert_eq!(read(&line), Ok(()));
    assert_eq!(read(&format!("{line}x")), Err(EventTooLarge));
    assert_eq!(read(&"data: one of many lines\n".repeat(100_000)), Err(EventTooLarge));
    assert_eq!(read(&"data: x\n\n".repeat(1_000_000)), Ok(()), "many events are fine");
    let (mut decoder, mut events) = (StreamDecoder::default(), Vec::new());
    assert_eq!(decoder.read(format!("data: x\n\n{line}xx").as_bytes(), &mut events), Err(EventTooLarge));
    assert_eq!(events, [event(None, "message", "x")], "what was complete before it is there");
}

#[test]
fn a_field_that_says_what_went_wrong_is_read_where_it_is_known() {
    let text = b"error: {}\n\nerror:\nevent: a\ndata: x\n\ndata: y\n\n";
    assert_eq!(read_all(&[text]), [event(None, "a", "x"), event(None, "message", "y")]);
    let (mut decoder, mut events) = (StreamDecoder::of_agents(), Vec::new());
    decoder.read(text, &mut events).unwrap();
    assert_eq!(events, [event(None, "error", "{}"), event(None, "a", "\nx"), event(None, "message", "y")]);
}

proptest! {
    #[test]
    fn any_cut_through_the_stream_gives_the_same_events(
        events in prop::collection::vec((any::<Option<u64>>(), "[a-z]{1,8}", "[^\r]{0,40}"), 0..8),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        crlf in any::<bool>(),
    ) {
        let events: Vec<StreamEvent> = events.iter().map(|(id, name, data)| event(*id, name, data)).collect();
        let text: String = events.iter().map(StreamEvent::to_text).collect();
        let text = if crlf { text.replace('\n', "\r\n") } else { text };
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).chain([0, text.len()]).collect();
        ends.sort_unstable();
        let pieces: Vec<&[u8]> = ends.windows(2).map(|ends| &text.as_bytes()[ends[0]..ends[1]]).collect();
        prop_assert_eq!(read_all(&pieces), events);
    }
}
