//! The files of sessions: what a crash, a person or another program does to them.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::time::Duration;

use netclaw::adapters::file::chat_sessions::FileChatSessions;
use netclaw::domain::chat::message::{Message, Outcome};
use netclaw::domain::chat::model::ModelName;
use netclaw::domain::chat::name::SessionName;
use netclaw::domain::chat::session::{ChatSession, SessionChange};
use netclaw::ports::chat_sessions::{AppendError, ChangeSessionError, ChatSessions};
use tempfile::TempDir;

use crate::e2e::world::mode;
use crate::fakes::chat_sessions::{agent_says, session, user_says};
use crate::fakes::samples::WALL;

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

fn named(name: &str) -> SessionChange {
    SessionChange { name: Some(SessionName::parse(name).ok()), model: None }
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
async fn the_name_of_a_damaged_session_stays_taken_as_far_as_it_can_be_read() {
    let taken = async |folder: &Folder, name: &str| {
        let store = folder.store();
        let (found, made) = (store.find(name).await, store.create(session(4, Some(name))).await);
        let (id, renaming) = (session(2, None).id, named(&name.to_uppercase()));
        let renamed = store.change(id, renaming, WALL).await;
        match found {
            Err(cause) => {
                assert!(cause.to_string().contains(".jsonl"), "{cause}");
                assert_eq!((made, renamed), (Err(ChangeSessionError::NameTaken), Err(ChangeSessionError::NameTaken)));
                true
            }
            Ok(found) => {
                assert_eq!((found, made), (None, Ok(())));
                false
            }
        }
    };
    let (folder, one, _) = Folder::with_two().await;
    folder.store().change(one.id, named("uno"), WALL).await.unwrap();
    let path = folder.file(&one);
    let good = fs::read_to_string(&path).unwrap();
    let (begun, changed) = (good.lines().next().unwrap(), good.lines().last().unwrap());
    for (damage, name, is_taken) in [
        (format!("{good}{{\n"), "uno", true),
        (format!("{good}{{\n"), "one", false),
        (format!("{begun}\nx\n{changed}\n"), "UNO", true),
        (format!("{begun}\nx\n"), "one", true),
        (format!("x\n{changed}\n"), "uno", true),
        (good.replacen("\"version\":1", "\"version\":2", 1), "uno", true),
        (good.replace("\"type\":\"user\"", "\"type\":\"change\",\"name\":\"robot\""), "robot", false),
        (good.replace("\"uno\"", "\"u\\u001bno\""), "uno", false),
        (String::new(), "uno", false),
    ] {
        fs::write(&path, &damage).unwrap();
        assert_eq!(taken(&folder, name).await, is_taken, "{name}: {damage}");
        fs::write(folder.file(&session(4, None)), "").unwrap();
        folder.store().delete(session(4, None).id).await.unwrap();
    }
    fs::write(&path, &good).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(taken(&folder, "uno").await, "though nothing else of it is believed");
    folder.store().delete(one.id).await.unwrap();
    assert!(!taken(&folder, "uno").await);
}

#[tokio::test]
async fn a_file_does_not_grow_with_the_names_that_its_session_had() {
    let (folder, one, _) = Folder::with_two().await;
    let (path, store) = (folder.file(&one), folder.store());
    let rename = async |number: u64| {
        let model = ModelName::parse(&format!("model {number}")).unwrap();
        let change = SessionChange { model: Some(Some(model)), ..named(&format!("name {number}")) };
        store.change(one.id, change, WALL.plus(Duration::from_secs(number))).await.unwrap()
    };
    let changes = || fs::read_to_string(&path).unwrap().lines().filter(|line| line.contains("\"change\"")).count();
    let most = 100;
    for number in 1..=most {
        rename(number).await;
    }
    assert_eq!(changes() as u64, most);
    let mut expected = both();
    for number in most + 1..=3 * most {
        let renamed = rename(number).await;
        assert!(changes() as u64 <= most);
        if number % 50 == 1 {
            let message = agent_says(&format!("{{\"type\":\"change\"}}\n{number}"), None);
            store.append(one.id, message.clone()).await.unwrap();
            expected.push(message);
            assert_eq!(
                (said(&store, &one).await, said(&folder.store(), &one).await),
                (expected.clone(), expected.clone())
            );
        } else {
            assert_eq!(folder.store().find(one.id.as_str()).await, Ok(Some(renamed)), "{number}");
        }
    }
    assert_eq!((mode(&path), fs::read_dir(path.parent().unwrap()).unwrap().count()), (0o600, 2));
}

#[tokio::test]
async fn names_that_cannot_be_forgotten_leave_everything_as_it_was() {
    let (folder, one, _) = Folder::with_two().await;
    let (path, store) = (folder.file(&one), folder.store());
    for number in 0..100 {
        store.change(one.id, named(&format!("name {number}")), WALL).await.unwrap();
    }
    let (before, good) = (store.find(one.id.as_str()).await, fs::read(&path).unwrap());
    // A file where the folder should be.
    let (place, aside) = (path.parent().unwrap(), folder.0.path().join("aside"));
    fs::rename(place, &aside).unwrap();
    fs::write(place, "in the way").unwrap();
    let refused = store.change(one.id, named("lost"), WALL).await;
    assert!(matches!(refused, Err(ChangeSessionError::Storage(_))), "{refused:?}");
    fs::remove_file(place).unwrap();
    fs::rename(&aside, place).unwrap();
    assert_eq!((store.find(one.id.as_str()).await, fs::read(&path).unwrap()), (before, good));
    assert_eq!(said(&store, &one).await, both());
    // What a daemon that was killed meanwhile leaves is not the session.
    fs::write(path.with_file_name(format!(".{}.jsonl.x.tmp", one.id)), "{").unwrap();
    let again = folder.store();
    again.change(one.id, named("kept"), WALL).await.unwrap();
    assert_eq!(again.find("kept").await.unwrap().unwrap().id, one.id);
    assert_eq!(fs::read_dir(place).unwrap().count(), 2);
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
