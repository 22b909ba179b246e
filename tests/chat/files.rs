//! The files of sessions: what a crash, a person or another program does to them.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use netclaw::adapters::file::chat_sessions::FileChatSessions;
use netclaw::domain::chat::message::{Message, Outcome};
use netclaw::domain::chat::session::ChatSession;
use netclaw::ports::chat_sessions::{AppendError, ChatSessions};
use tempfile::TempDir;

use crate::e2e::world::mode;
use crate::fakes::chat_sessions::{agent_says, session, user_says};

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn store(&self) -> FileChatSessions {
        FileChatSessions::new(self.0.path().join("state/sessions"))
    }

    fn file(&self, session: &ChatSession) -> PathBuf {
        self.0.path().join(format!("state/sessions/{}.jsonl", session.id))
    }

    /// A folder with two sessions, in which two things were said each.
    async fn with_two() -> (Self, ChatSession, ChatSession) {
        let (folder, one, two) = (Self::new(), session(1, Some("one")), session(2, Some("two")));
        let store = folder.store();
        for session in [&one, &two] {
            store.create(session.clone()).await.unwrap();
            store.append(session.id, user_says("question", 1)).await.unwrap();
            store.append(session.id, agent_says("answer", None)).await.unwrap();
        }
        (folder, one, two)
    }
}

async fn said(store: &FileChatSessions, session: &ChatSession) -> Vec<Message> {
    store.read(session.id).await.unwrap().unwrap().1
}

fn both() -> Vec<Message> {
    vec![user_says("question", 1), agent_says("answer", None)]
}

#[tokio::test]
async fn files_and_folders_are_the_owners_alone() {
    let (folder, one, _) = Folder::with_two().await;
    let path = folder.file(&one);
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
}

#[tokio::test]
async fn wherever_a_write_is_cut_off_nothing_but_its_line_is_lost() {
    let (folder, one, _) = Folder::with_two().await;
    let path = folder.file(&one);
    let whole = fs::read(&path).unwrap();
    let store = folder.store();
    store.append(one.id, user_says("cut ü off", 2)).await.unwrap();
    let longer = fs::read(&path).unwrap();
    for length in whole.len()..longer.len() {
        fs::write(&path, &longer[..length]).unwrap();
        let store = folder.store();
        assert_eq!(said(&store, &one).await, both(), "{length}");
        store.append(one.id, user_says("next", 3)).await.unwrap();
        let expected = [both(), vec![user_says("next", 3)]].concat();
        assert_eq!(said(&store, &one).await, expected, "{length}");
        let expected = [expected, vec![agent_says("", Some(Outcome::Failed))]].concat();
        assert_eq!(said(&folder.store(), &one).await, expected, "{length}");
    }
    // A power loss can leave zeros where the line should be.
    fs::write(&path, [whole.as_slice(), &[0; 100]].concat()).unwrap();
    assert_eq!(said(&folder.store(), &one).await, both());
}

#[tokio::test]
async fn a_damaged_session_is_refused_and_left_alone_and_others_are_as_they_were() {
    let good = fs::read_to_string({
        let (folder, one, _) = Folder::with_two().await;
        let copy = tempfile::NamedTempFile::new().unwrap().into_temp_path().keep().unwrap();
        fs::copy(folder.file(&one), &copy).unwrap();
        copy
    })
    .unwrap();
    let lines: Vec<&str> = good.lines().collect();
    let damages = [
        String::new(),
        "{".to_owned(),
        "\n".to_owned(),
        good.replacen("\"version\":1", "\"version\":2", 1),
        good.replace(session(1, None).id.as_str(), session(3, None).id.as_str()),
        good.replace("\"type\":\"user\"", "\"type\":\"robot\""),
        good.replace("question", "ques\ntion"),
        good.replace(&format!("{:032x}", 1), "not hexadecimal"),
        format!("{}\n{}\n", lines[1], lines[0]),
        format!("{good}{}\n", lines[0]),
        format!("{}\n\n{}\n", lines[0], lines[1]),
        good.replace("\"name\":\"one\"", "\"name\":\"o\\u001bne\""),
    ];
    for (number, damage) in damages.iter().enumerate() {
        let (folder, one, two) = Folder::with_two().await;
        let path = folder.file(&one);
        fs::write(&path, damage).unwrap();
        let store = folder.store();
        let error = store.find(one.id.as_str()).await.unwrap_err().to_string();
        assert!(error.contains(path.to_str().unwrap()), "{number}: {error}");
        assert!(store.read(one.id).await.is_err(), "{number}");
        let said_more = store.append(one.id, user_says("x", 2)).await;
        assert!(matches!(said_more, Err(AppendError::Storage(_))), "{number}");
        assert_eq!(fs::read_to_string(&path).unwrap(), *damage, "{number}");
        assert_eq!((store.list().await.unwrap().len(), said(&store, &two).await), (1, both()), "{number}");
        assert_eq!((store.delete(one.id).await, path.exists()), (Ok(true), false), "{number}");
    }
}

#[tokio::test]
async fn a_file_that_others_could_have_written_is_refused() {
    let (folder, one, two) = Folder::with_two().await;
    fs::set_permissions(folder.file(&one), fs::Permissions::from_mode(0o640)).unwrap();
    let error = folder.store().find(one.id.as_str()).await.unwrap_err().to_string();
    assert!(error.contains("accessible by others"), "{error}");
    fs::set_permissions(folder.file(&one), fs::Permissions::from_mode(0o600)).unwrap();
    let aside = folder.0.path().join("aside");
    fs::rename(folder.file(&one), &aside).unwrap();
    symlink(&aside, folder.file(&one)).unwrap();
    let store = folder.store();
    let error = store.find(one.id.as_str()).await.unwrap_err().to_string();
    assert!(error.contains("symbolic link"), "{error}");
    assert_eq!(said(&store, &two).await, both());
}

#[tokio::test]
async fn a_link_that_is_put_in_its_place_later_is_not_written_through() {
    let (folder, one, _) = Folder::with_two().await;
    let store = folder.store();
    store.open().await.unwrap();
    let aside = folder.0.path().join("aside");
    fs::rename(folder.file(&one), &aside).unwrap();
    symlink(&aside, folder.file(&one)).unwrap();
    let before = fs::read(&aside).unwrap();
    assert!(matches!(store.append(one.id, user_says("x", 2)).await, Err(AppendError::Storage(_))));
    assert!(store.read(one.id).await.is_err());
    assert_eq!(fs::read(&aside).unwrap(), before);
}

#[tokio::test]
async fn a_file_that_is_gone_or_shorter_is_not_made_again() {
    let (folder, one, two) = Folder::with_two().await;
    let store = folder.store();
    store.open().await.unwrap();
    fs::remove_file(folder.file(&one)).unwrap();
    assert!(matches!(store.append(one.id, user_says("x", 2)).await, Err(AppendError::Storage(_))));
    assert!(!folder.file(&one).exists());
    assert_eq!(store.read(one.id).await, Ok(None));
    assert_eq!(store.delete(one.id).await, Ok(true), "it is what was asked for");
    fs::write(folder.file(&two), "").unwrap();
    assert!(matches!(store.append(two.id, user_says("x", 2)).await, Err(AppendError::Storage(_))));
    assert_eq!(fs::read(folder.file(&two)).unwrap(), b"");
}

#[tokio::test]
async fn what_is_no_session_is_left_alone_and_what_a_crash_left_is_removed() {
    let (folder, one, _) = Folder::with_two().await;
    let place = |name: &str| folder.file(&one).with_file_name(name);
    let leftover = place(&format!(".{}.jsonl.abc.tmp", one.id));
    for path in [&leftover, &place("notes.txt"), &place("UPPERCASE.jsonl"), &place(".hidden.tmp")] {
        fs::write(path, "x").unwrap();
    }
    assert_eq!(folder.store().list().await.unwrap().len(), 2);
    assert!(!leftover.exists());
    for name in ["notes.txt", "UPPERCASE.jsonl", ".hidden.tmp"] {
        assert!(place(name).exists(), "{name}");
    }
}
