//! The contract of [`ChatSessions`].

use std::sync::Arc;
use std::time::Duration;

use netclaw::adapters::file::chat_sessions::FileChatSessions;
use netclaw::domain::chat::message::{MAX_CONTENT_BYTES, Outcome};
use netclaw::domain::chat::model::ModelName;
use netclaw::domain::chat::name::SessionName;
use netclaw::domain::chat::session::{ChatSession, MAX_SESSION_BYTES, MAX_SESSIONS, SessionChange};
use netclaw::ports::chat_sessions::{AppendError, ChangeSessionError, ChatSessions};

use super::{Subject, breaking, in_parallel};
use crate::fakes::chat_sessions::{FakeChatSessions, agent_says, session, user_says};
use crate::fakes::samples::WALL;

type Store = Subject<dyn ChatSessions>;

fn named(name: &str) -> SessionChange {
    SessionChange { name: Some(Some(SessionName::parse(name).unwrap())), model: None }
}

async fn names(store: &dyn ChatSessions) -> Vec<Option<String>> {
    let listed = store.list().await.unwrap();
    listed.iter().map(|session| session.name.as_ref().map(ToString::to_string)).collect()
}

async fn a_session_is_found_by_its_id_and_by_its_name(subject: Store) {
    let store = &*subject.port;
    let (plan, other) = (session(1, Some("My plan")), session(2, None));
    store.create(plan.clone()).await.unwrap();
    store.create(other.clone()).await.unwrap();
    for key in [plan.id.as_str(), "My plan", "MY PLAN", " my plan "] {
        assert_eq!(store.find(key).await.unwrap(), Some(plan.clone()), "{key}");
    }
    assert_eq!(store.find(other.id.as_str()).await.unwrap(), Some(other));
    for key in ["plan", "", "aaaaaaaaaaaaaaaa", "../x"] {
        assert_eq!(store.find(key).await.unwrap(), None, "{key}");
    }
}

async fn a_name_is_taken_without_regard_to_case(subject: Store) {
    let store = &*subject.port;
    store.create(session(1, Some("plan"))).await.unwrap();
    assert_eq!(store.create(session(2, Some("PLAN"))).await, Err(ChangeSessionError::NameTaken));
    let like_an_id = session(1, None).id.to_string();
    assert_eq!(store.create(session(2, Some(&like_an_id))).await, Err(ChangeSessionError::NameTaken));
    store.create(session(2, None)).await.unwrap();
    let id = session(2, None).id;
    assert_eq!(store.change(id, named("Plan"), WALL).await, Err(ChangeSessionError::NameTaken));
    let own = store.change(session(1, None).id, named("PLAN"), WALL).await.unwrap();
    assert_eq!(own.name.unwrap().as_str(), "PLAN");
    let listed = names(store).await;
    assert!(listed.len() == 2 && listed.contains(&None) && listed.contains(&Some("PLAN".to_owned())), "{listed:?}");
}

async fn what_was_said_is_read_in_its_order(subject: Store) {
    let store = &*subject.port;
    let id = session(1, None).id;
    store.create(session(1, None)).await.unwrap();
    let said =
        [user_says("a\nb\u{0}\u{1b}[2J \u{2028} ü", 1), agent_says("c", Some(Outcome::Stopped)), user_says("d", 2)];
    let mut last = None;
    for message in &said {
        last = Some(store.append(id, message.clone()).await.unwrap());
    }
    let (found, messages) = store.read(id).await.unwrap().unwrap();
    assert_eq!((Some(&found), messages), (last.as_ref(), said.to_vec()));
    assert_eq!((found.messages, found.turns, found.preview.as_str()), (3, 2, "a"));
    assert_eq!(store.read(session(9, None).id).await.unwrap(), None);
    assert_eq!(store.append(session(9, None).id, said[0].clone()).await, Err(AppendError::NoSession));
}

async fn the_newest_activity_comes_first(subject: Store) {
    let store = &*subject.port;
    for (seed, name) in [(1, "one"), (2, "two"), (3, "three")] {
        store.create(session(seed, Some(name))).await.unwrap();
    }
    let mut message = user_says("hi", 1);
    message.at = WALL.plus(Duration::from_secs(5));
    store.append(session(2, None).id, message).await.unwrap();
    store.change(session(3, None).id, named("tres"), WALL.plus(Duration::from_secs(9))).await.unwrap();
    assert_eq!(names(store).await, ["tres", "two", "one"].map(|name| Some(name.to_owned())));
}

async fn a_turn_is_kept_only_while_there_is_room_and_an_answer_always(subject: Store) {
    let store = &*subject.port;
    let id = session(1, None).id;
    store.create(session(1, None)).await.unwrap();
    let part = "x".repeat(MAX_CONTENT_BYTES);
    for number in 0..MAX_SESSION_BYTES / MAX_CONTENT_BYTES as u64 {
        store.append(id, user_says(&part, u8::try_from(number).unwrap())).await.unwrap();
    }
    assert!(matches!(store.append(id, user_says("x", 200)).await, Err(AppendError::Full(_))));
    store.append(id, agent_says(&part, None)).await.unwrap();
}

async fn there_are_so_many_and_no_more(subject: Store) {
    let store = &subject.port;
    for number in 0..MAX_SESSIONS {
        let [low, high, ..] = number.to_le_bytes();
        let id = netclaw::domain::chat::id::ChatSessionId::from_random([low, high, 0, 0, 0, 0, 0, 0, 0, 0]);
        store.create(ChatSession { id, ..session(1, None) }).await.unwrap();
    }
    assert_eq!(store.create(session(77, None)).await, Err(ChangeSessionError::TooMany));
    let first = store.list().await.unwrap().pop().unwrap().id;
    assert_eq!(store.delete(first).await, Ok(true));
    assert_eq!(store.create(session(77, None)).await, Ok(()));
}

async fn of_many_at_once_one_gets_the_name(subject: Store) {
    let created = in_parallel(16, |number| {
        let store = Arc::clone(&subject.port);
        async move { store.create(session(u8::try_from(number).unwrap(), Some("plan"))).await }
    });
    assert_eq!(created.await.iter().filter(|created| created.is_ok()).count(), 1);
}

async fn what_is_deleted_is_gone(subject: Store) {
    let store = &*subject.port;
    let id = session(1, None).id;
    store.create(session(1, Some("plan"))).await.unwrap();
    assert_eq!((store.delete(id).await, store.delete(id).await), (Ok(true), Ok(false)));
    assert_eq!(store.find("plan").await.unwrap(), None);
    assert_eq!(store.change(id, named("x"), WALL).await, Err(ChangeSessionError::NoSession));
    assert_eq!(store.append(id, user_says("x", 1)).await, Err(AppendError::NoSession));
    store.create(session(2, Some("plan"))).await.unwrap();
}

async fn everything_survives_a_restart(subject: Store) {
    let (store, Some(reopen)) = (&*subject.port, subject.reopen) else { return };
    let (one, two) = (session(1, Some("plan")), session(2, None));
    store.create(one.clone()).await.unwrap();
    store.create(two.clone()).await.unwrap();
    store.append(one.id, user_says("hi", 1)).await.unwrap();
    store.append(one.id, agent_says("ho", None)).await.unwrap();
    let change = SessionChange { model: Some(ModelName::parse("m").ok()), ..named("Plan B") };
    store.change(one.id, change, WALL.plus(Duration::from_secs(1))).await.unwrap();
    store.delete(two.id).await.unwrap();
    let (listed, read) = (store.list().await.unwrap(), store.read(one.id).await.unwrap());
    let again = reopen();
    assert_eq!((again.list().await.unwrap(), again.read(one.id).await.unwrap()), (listed, read));
}

async fn a_turn_that_a_restart_cut_off_has_failed(subject: Store) {
    let (store, Some(reopen)) = (&*subject.port, subject.reopen) else { return };
    let id = session(1, None).id;
    store.create(session(1, None)).await.unwrap();
    store.append(id, user_says("hi", 1)).await.unwrap();
    for store in [reopen(), reopen()] {
        let (found, messages) = store.read(id).await.unwrap().unwrap();
        assert_eq!(messages, [user_says("hi", 1), agent_says("", Some(Outcome::Failed))]);
        assert_eq!((found.messages, found.turns), (2, 1));
    }
}

async fn what_could_not_be_stored_is_not_there(subject: Store) {
    let (store, Some(set_broken)) = (&*subject.port, subject.set_broken) else { return };
    let id = session(1, None).id;
    store.create(session(1, None)).await.unwrap();
    set_broken(true);
    let created = store.create(session(2, None)).await;
    let said = store.append(id, user_says("lost", 1)).await;
    let changed = store.change(id, named("lost"), WALL).await;
    set_broken(false);
    assert!(matches!(created, Err(ChangeSessionError::Storage(_))));
    assert!(matches!(said, Err(AppendError::Storage(_))));
    assert!(matches!(changed, Err(ChangeSessionError::Storage(_))));
    assert_eq!(names(store).await, [None]);
    store.append(id, user_says("kept", 1)).await.unwrap();
    let (_, messages) = store.read(id).await.unwrap().unwrap();
    assert_eq!(messages, [user_says("kept", 1)]);
}

fn fake() -> Store {
    let store = Arc::new(FakeChatSessions::default());
    let faults = Arc::clone(&store);
    let set_broken: Box<dyn Fn(bool) + Send + Sync> = Box::new(move |broken| faults.faults.set(broken));
    Subject { port: store, reopen: None, set_broken: Some(set_broken) }
}

fn file() -> Store {
    let home = Arc::new(tempfile::tempdir().unwrap());
    let folder = home.path().join("state/sessions");
    let open = {
        let folder = folder.clone();
        // Kept, so that the folder stays.
        move || -> Arc<dyn ChatSessions> {
            let _home = &home;
            Arc::new(FileChatSessions::new(folder.clone()))
        }
    };
    Subject { port: open(), reopen: Some(Box::new(open)), set_broken: Some(breaking(folder)) }
}

macro_rules! holds_for {
    ($implementation:ident) => {
        promises! { $implementation:
            a_session_is_found_by_its_id_and_by_its_name,
            a_name_is_taken_without_regard_to_case,
            what_was_said_is_read_in_its_order,
            the_newest_activity_comes_first,
            a_turn_is_kept_only_while_there_is_room_and_an_answer_always,
            there_are_so_many_and_no_more,
            of_many_at_once_one_gets_the_name,
            what_is_deleted_is_gone,
            everything_survives_a_restart,
            a_turn_that_a_restart_cut_off_has_failed,
            what_could_not_be_stored_is_not_there,
        }
    };
}

holds_for!(fake);
holds_for!(file);
