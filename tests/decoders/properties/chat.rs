//! Chat: event streams, what sessions and requests are called, and the documents of both sides.

use netclaw::adapters::wire::chat::{
    AgentForm, AskForm, DoneForm, ErrorForm, ModelsForm, SessionChangeForm, SessionForm, SessionsForm, StoppedForm,
    TextForm, TranscriptForm, TurnForm,
};
use netclaw::adapters::wire::events::{EventTooLarge, StreamDecoder, StreamEvent};
use netclaw::domain::chat::id::{ChatSessionId, RequestId};
use netclaw::domain::chat::message::Content;
use netclaw::domain::chat::model::ModelName;
use netclaw::domain::chat::name::SessionName;
use netclaw::domain::device_name::NameKey;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{is_showable, place};

/// A stream of events is the same however it is cut, and an event is read as it was written.
pub fn stream_events(bytes: &[u8]) {
    for decoder in [StreamDecoder::default, StreamDecoder::of_agents] {
        let (whole, ended) = events(decoder(), [bytes]);
        let (first, second) = bytes.split_at(place(bytes));
        assert_eq!(events(decoder(), [first, second]), (whole.clone(), ended));
        assert_eq!(events(decoder(), bytes.chunks(1)), (whole.clone(), ended));
        for event in whole {
            let text = event.to_text();
            assert!(!event.name.is_empty() && !event.name.contains(['\r', '\n']) && !event.data.contains('\r'));
            assert_eq!(events(decoder(), [text.as_bytes()]), (vec![event], Ok(())), "{text:?}");
        }
    }
}

fn events<'a>(
    mut decoder: StreamDecoder,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<StreamEvent>, Result<(), EventTooLarge>) {
    let mut events = Vec::new();
    let ended = pieces.into_iter().try_for_each(|piece| decoder.read(piece, &mut events));
    (events, ended)
}

/// What sessions, models and requests are called is safe to show, fits into one segment of a URL, and has one spelling.
pub fn chat_names(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Ok(name) = SessionName::parse(text) {
        let shown = name.as_str();
        assert!(is_showable(shown) && shown.trim() == shown && !shown.is_empty(), "{shown:?}");
        assert!(!matches!(shown, "." | "..") && !shown.contains(['/', '\\', '%', '?', '#', ';']), "{shown:?}");
        assert!(name.key() == NameKey::of_typed(shown) && name.key() == NameKey::of_typed(text), "{shown:?}");
        assert_eq!(SessionName::parse(shown), Ok(name));
    }
    if let Ok(model) = ModelName::parse(text) {
        let shown = model.as_str();
        assert!(is_showable(shown) && shown == text.trim() && !shown.is_empty(), "{shown:?}");
        assert_eq!(ModelName::parse(shown), Ok(model));
    }
    if let Some(id) = ChatSessionId::parse(text) {
        assert_eq!(id.as_str(), text);
    }
    if let Some(id) = RequestId::parse(text) {
        assert_eq!(id.as_str(), text);
    }
    let content = Content::parse(text.to_owned()).map(Content::into_text);
    assert_eq!(content.ok().as_deref(), Some(text).filter(|text| !text.trim().is_empty()));
}

/// What daemon and device say to each other: what is read is written the same.
pub fn chat_documents(bytes: &[u8]) {
    check::<TurnForm>(bytes);
    check::<TextForm>(bytes);
    check::<DoneForm>(bytes);
    check::<StoppedForm>(bytes);
    check::<ErrorForm>(bytes);
    check::<AgentForm>(bytes);
    check::<ModelsForm>(bytes);
    check::<SessionChangeForm>(bytes);
    check::<SessionForm>(bytes);
    check::<SessionsForm>(bytes);
    check::<TranscriptForm>(bytes);
    check::<AskForm>(bytes);
}

fn check<F: Serialize + DeserializeOwned>(bytes: &[u8]) {
    let Ok(form) = serde_json::from_slice::<F>(bytes) else { return };
    let written = serde_json::to_string(&form).unwrap();
    // An event, and a line of a file, may have it as it is.
    assert!(!written.contains(['\r', '\n']), "{written}");
    let again: F = serde_json::from_str(&written).unwrap_or_else(|error| panic!("{written}: {error}"));
    assert_eq!(serde_json::to_string(&again).unwrap(), written);
}
