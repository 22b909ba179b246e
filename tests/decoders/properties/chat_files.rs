//! The files of chat, and the key of the agent's provider.

use std::path::Path;

use netclaw::adapters::file::chat_history::FileChatHistory;
use netclaw::adapters::file::chat_sessions::FileChatSessions;
use netclaw::adapters::file::credentials::FileCredentialStore;
use netclaw::domain::chat::id::ChatSessionId;
use netclaw::domain::chat::message::{Message, Speaker};
use netclaw::domain::chat::session::{ChatSession, MAX_PREVIEW_CHARS, SessionChange};
use netclaw::domain::provider_key::ProviderKey;
use netclaw::domain::time::WallTime;
use netclaw::ports::agent_key_store::AgentKeyStore;
use netclaw::ports::chat_history::{ChatHistory, MAX_ENTRIES, MAX_ENTRY_BYTES};
use netclaw::ports::chat_sessions::ChatSessions;

use super::files::{make_private, scratch, wait, write};
use super::place;

/// The session that the seeds of its file are about.
const SESSION: &str = "aaaaaaaaaaaaaaaa";

/// Messages that are written anew: each one is synced.
const REWRITTEN: usize = 8;

/// What is known of a session, and what was said in it.
type Known = (ChatSession, Vec<Message>);

fn id() -> ChatSessionId {
    ChatSessionId::parse(SESSION).unwrap()
}

/// The file of a session: one that is read is written the same, what was cut off takes only itself along, and one that is
/// refused is left as it is.
pub fn session_file(bytes: &[u8]) {
    scratch(|home| {
        let folder = home.sessions_folder();
        make_private(&folder);
        let path = folder.join(format!("{SESSION}.jsonl"));
        write(&path, bytes);
        let Some((session, messages)) = opened(&folder) else {
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
            assert!(wait(FileChatSessions::new(folder).delete(id())).unwrap() && !path.exists());
            return;
        };
        check_counts(&session, &messages);
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let stored = std::fs::read(&path).unwrap();
        // A turn that was cut off has failed, and the file says so.
        assert!(stored == bytes || stored.starts_with(&bytes[..whole]) && stored.ends_with(b"\"failed\"}\n"));
        check_torn(&path, bytes, &messages);
        write(&path, bytes);
        check_growing(&folder, &session, &messages);
        check_rewritten(&folder, &path, &session, &messages);
    });
}

/// The session of this folder, if it can be used, as a daemon finds it that starts.
fn opened(folder: &Path) -> Option<Known> {
    let store = FileChatSessions::new(folder.to_owned());
    wait(store.open()).unwrap();
    let listed = wait(store.list()).unwrap();
    let Ok(found) = wait(store.read(id())) else {
        assert!(listed.is_empty() && wait(store.find(SESSION)).is_err());
        return None;
    };
    let (session, messages) = found.expect("a file is a session");
    assert_eq!(listed, std::slice::from_ref(&session));
    assert_eq!(wait(store.find(SESSION)), Ok(Some(session.clone())));
    if let Some(name) = &session.name {
        assert_eq!(wait(store.find(name.as_str())), Ok(Some(session.clone())));
    }
    Some((session, messages))
}

fn check_counts(session: &ChatSession, messages: &[Message]) {
    let turns = messages.iter().filter(|message| message.is_of_user()).count();
    let bytes: usize = messages.iter().map(|message| message.content.len()).sum();
    assert_eq!((session.messages, session.turns, session.bytes), (messages.len(), turns as u64, bytes as u64));
    assert!(session.preview.chars().count() <= MAX_PREVIEW_CHARS);
    assert!(messages.last().is_none_or(|last| !last.is_of_user()), "a turn without an end");
}

/// A file that ends anywhere has what is whole in it.
fn check_torn(path: &Path, bytes: &[u8], messages: &[Message]) {
    let torn = &bytes[..place(bytes)];
    write(path, torn);
    let Some((_, found)) = opened(path.parent().unwrap()) else {
        assert!(!torn.contains(&b'\n'), "a whole line is lost");
        return;
    };
    let Some((last, before)) = found.split_last() else { return };
    assert!(messages.starts_with(before));
    let is_end = before.last().is_some_and(|asked| *last == Message::cut_off(asked.at));
    assert!(messages.get(before.len()) == Some(last) || is_end, "{last:?}");
}

/// What comes later changes nothing of what was there.
fn check_growing(folder: &Path, session: &ChatSession, messages: &[Message]) {
    let store = FileChatSessions::new(folder.to_owned());
    let at = WallTime::from_unix_millis(1_700_000_000_000);
    let answer =
        Message { speaker: Speaker::Agent { model: None, outcome: None }, content: "\u{0}\n\"é".to_owned(), at };
    wait(store.append(id(), answer.clone())).unwrap();
    // With which many changes before it are written anew as one.
    let changed = wait(store.change(id(), SessionChange::default(), at)).unwrap();
    assert_eq!((&changed.name, &changed.model), (&session.name, &session.model));
    let (found, grown) = opened(folder).unwrap();
    assert_eq!((&found, grown.split_last()), (&changed, Some((&answer, messages))));
}

/// The same session, said anew, is read as the same.
fn check_rewritten(folder: &Path, path: &Path, session: &ChatSession, messages: &[Message]) {
    std::fs::remove_file(path).unwrap();
    let store = FileChatSessions::new(folder.to_owned());
    let (updated_at, preview) = (session.created_at, String::new());
    let new = ChatSession { updated_at, preview, messages: 0, turns: 0, bytes: 0, ..session.clone() };
    wait(store.create(new)).unwrap();
    let said = &messages[..messages.len().min(REWRITTEN)];
    said.iter().for_each(|message| drop(wait(store.append(id(), message.clone())).unwrap()));
    let (found, again) = wait(store.read(id())).unwrap().unwrap();
    assert_eq!(again, said);
    let (now, then) = (found, session);
    assert_eq!((&now.name, &now.model, now.created_at), (&then.name, &then.model, then.created_at));
    assert_eq!((&now.created_by, &now.preview), (&then.created_by, &then.preview));
}

/// `state/chat_history`: entries that are known stay known, within the bounds.
pub fn chat_history(bytes: &[u8]) {
    scratch(|home| {
        let path = home.chat_history_file();
        write(&path, bytes);
        let history = FileChatHistory::new(path);
        let mut entries = history.entries().unwrap();
        history.add("\u{0}\n\"é").unwrap();
        entries.push("\u{0}\n\"é".to_owned());
        entries.dedup_by(|last, before| last == before && last == "\u{0}\n\"é");
        let known = history.entries().unwrap();
        assert!(known.len() <= MAX_ENTRIES && known.iter().all(|entry| entry.len() <= MAX_ENTRY_BYTES));
        assert!(entries.ends_with(&known) && entries.len() <= known.len() + 1);
    });
}

/// The key of the agent's provider fits into a header, is read as it was stored, and is in no message.
pub fn provider_key(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let key = ProviderKey::parse(text);
    if let Some(key) = &key {
        assert!(key.reveal() == text.trim() && key.reveal().bytes().all(|byte| byte.is_ascii_graphic()));
        assert!(ProviderKey::parse(key.reveal()).is_some_and(|again| again.reveal() == key.reveal()));
        assert_eq!(format!("{key:?}"), "ProviderKey(…)");
    }
    scratch(|home| {
        let path = home.secrets_file();
        let document = serde_json::json!({ "version": 1, "tokens": {}, "agentKey": text }).to_string();
        write(&path, document.as_bytes());
        let store = FileCredentialStore::new(home.clone());
        match (store.agent_key(), key) {
            (Ok(Some(stored)), Some(key)) => {
                assert_eq!(stored.reveal(), key.reveal());
                store.set_agent_key(None).unwrap();
                assert!(store.agent_key().unwrap().is_none());
                store.set_agent_key(Some(&key)).unwrap();
                assert_eq!(store.agent_key().unwrap().unwrap().reveal(), key.reveal());
            }
            (Err(error), None) => {
                let is_told = text.len() > 8 && format!("{error} {error:?}").contains(text);
                assert!(!is_told && std::fs::read_to_string(&path).unwrap() == document);
            }
            (found, _) => panic!("{found:?} of {text:?}"),
        }
    });
}
