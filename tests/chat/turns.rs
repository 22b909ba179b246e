//! Turns: who hears what, who may begin one, and how each can end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use netclaw::adapters::exposure::ListenerExposure;
use netclaw::adapters::memory::{MemoryAttemptLog, MemoryPairingSlot};
use netclaw::app::daemon::DaemonPorts;
use netclaw::app::daemon::authenticate::Caller;
use netclaw::app::daemon::chat::turn::{ABANDONED_AFTER, Ending, Follower, TurnEnd, TurnEvent, TurnFailure};
use netclaw::app::daemon::chat::turns::{KEPT_AFTER_END, MAX_TURNS_PER_DEVICE};
use netclaw::app::daemon::chat::{
    AGENT_END, AccessError, Chat, ChatLimits, FollowError, NewSession, NoAgent, NoTurn, TurnError, TurnRequest,
};
use netclaw::app::daemon::open_requests::OpenRequests;
use netclaw::domain::chat::conversation::Role;
use netclaw::domain::chat::id::ChatSessionId;
use netclaw::domain::chat::message::{Content, Message, Outcome, Speaker};
use netclaw::domain::chat::model::ModelName;
use netclaw::domain::chat::session::{ChatSession, MAX_MESSAGES};
use netclaw::domain::device::Device;
use netclaw::ports::agent::{AgentError, Answered, ChatAgent};
use netclaw::ports::chat_sessions::ChatSessions;
use netclaw::ports::device_store::DeviceStore;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::fakes::activity_log::FakeActivityLog;
use crate::fakes::chat_agent::{Act, FakeChatAgent, Played};
use crate::fakes::chat_sessions::{FakeChatSessions, agent_says, request, user_says};
use crate::fakes::clock::FakeClock;
use crate::fakes::device_store::FakeDeviceStore;
use crate::fakes::meter::{Event, FakeMeter};
use crate::fakes::rng::SeededRng;
use crate::fakes::samples::device;

const LIMITS: ChatLimits = ChatLimits { turn: Duration::from_mins(10), silence: Duration::from_mins(2), output: 1000 };

/// A daemon with an agent that the test plays.
struct Talk {
    chat: Arc<Chat>,
    agent: Arc<FakeChatAgent>,
    meter: Arc<FakeMeter>,
    sessions: Arc<FakeChatSessions>,
    devices: Arc<FakeDeviceStore>,
    open: Arc<OpenRequests>,
    turns: UnboundedReceiver<Played>,
    session: ChatSessionId,
}

impl Talk {
    async fn with(limits: ChatLimits) -> Self {
        Self::of(limits, 16).await
    }

    /// Where each caller may have so many requests open at once.
    async fn of(limits: ChatLimits, places: u32) -> Self {
        let agent = Arc::new(FakeChatAgent::default());
        let turns = agent.turns();
        let (sessions, devices) = (Arc::new(FakeChatSessions::default()), Arc::new(FakeDeviceStore::default()));
        let (open, meter) = (Arc::new(OpenRequests::new(places)), Arc::new(FakeMeter::default()));
        let ports = DaemonPorts { meter: meter.clone(), ..ports(&devices, &open) };
        let chat = Arc::new(Chat::new(ports, sessions.clone(), Some(agent.clone()), limits));
        let session = chat.create(&Caller::ThisMachine, NewSession::default()).await.unwrap().id;
        Self { chat, agent, meter, sessions, devices, open, turns, session }
    }

    async fn new() -> Self {
        Self::with(LIMITS).await
    }

    fn request(&self, content: &str, number: u8) -> TurnRequest {
        let content = Content::parse(content.to_owned()).unwrap();
        TurnRequest { session: self.session, content, request: request(number), model: None, is_resumable: false }
    }

    async fn begin(&self, request: TurnRequest) -> Result<Follower, TurnError> {
        Arc::clone(&self.chat).begin(Caller::ThisMachine, request).await
    }

    /// A turn that has begun, as its listener and as the agent see it.
    async fn turn(&mut self, number: u8) -> (Follower, Played) {
        let follower = self.begin(self.request("hi", number)).await.unwrap();
        (follower, self.turns.recv().await.unwrap())
    }

    async fn resumable(&mut self, number: u8) -> (Follower, Played) {
        let request = TurnRequest { is_resumable: true, ..self.request("hi", number) };
        (self.begin(request).await.unwrap(), self.turns.recv().await.unwrap())
    }

    async fn paired(&self, seed: u64) -> (Caller, Device) {
        let device = device(&format!("device {seed}"), seed);
        self.devices.insert(device.clone()).await.unwrap();
        (Caller::Device(Arc::new(device.clone())), device)
    }

    async fn messages(&self) -> Vec<Message> {
        self.sessions.read(self.session).await.unwrap().unwrap().1
    }

    async fn last_outcome(&self) -> (String, Option<Outcome>) {
        let last = self.messages().await.pop().unwrap();
        let Speaker::Agent { outcome, .. } = last.speaker else { panic!("{last:?}") };
        (last.content, outcome)
    }
}

fn ports(devices: &Arc<FakeDeviceStore>, open: &Arc<OpenRequests>) -> DaemonPorts {
    DaemonPorts {
        clock: Arc::new(FakeClock::default()),
        rng: Arc::new(SeededRng::new(7)),
        devices: devices.clone(),
        activity: Arc::new(FakeActivityLog::default()),
        slot: Arc::new(MemoryPairingSlot::default()),
        attempts: Arc::new(MemoryAttemptLog::default()),
        exposure: Arc::new(ListenerExposure::new("127.0.0.1:5199".parse().unwrap())),
        meter: Arc::new(FakeMeter::default()),
        open: Arc::clone(open),
    }
}

/// The text of a turn to its end, and the end.
async fn listen(follower: &mut Follower) -> (String, Option<Ending>) {
    let (mut text, mut end, mut expected) = (String::new(), None, None);
    while let Some((number, event)) = follower.next().await {
        assert_eq!(number, expected.unwrap_or(number), "events are numbered one by one");
        expected = Some(number + 1);
        match event {
            TurnEvent::Began { .. } => assert_eq!(number, 0),
            TurnEvent::Text(piece) => text.push_str(&piece),
            TurnEvent::Ended(TurnEnd { how, .. }) => end = Some(how),
        }
    }
    (text, end)
}

fn done() -> Option<Ending> {
    Some(Ending::Done(Answered::default()))
}

#[tokio::test]
async fn an_answer_is_heard_as_it_comes_and_kept() {
    let mut talk = Talk::new().await;
    let (mut follower, played) = talk.turn(1).await;
    assert_eq!(talk.messages().await.len(), 1, "what was said is kept before the agent is asked");
    let began = TurnEvent::Began { session: talk.session, number: 1 };
    assert_eq!(follower.next().await, Some((0, began)));
    for (number, piece) in ["he", "y ", "ü\u{1b}[2J"].into_iter().enumerate() {
        played.say(piece);
        assert_eq!(follower.next().await, Some((number as u64 + 1, TurnEvent::Text(piece.to_owned()))));
    }
    played.done();
    assert!(matches!(follower.next().await, Some((4, TurnEvent::Ended(end))) if Some(end.how.clone()) == done()));
    assert_eq!(follower.next().await, None);
    assert_eq!(talk.last_outcome().await, ("hey ü\u{1b}[2J".to_owned(), None));
    let said: Vec<_> = played.request.conversation.iter().map(|said| (said.role, said.content.as_str())).collect();
    assert_eq!(said, [(Role::User, "hi")]);
}

#[tokio::test]
async fn the_same_request_is_the_same_turn_while_it_runs_and_afterwards() {
    let mut talk = Talk::new().await;
    let (mut first, played) = talk.turn(1).await;
    let mut again = talk.begin(talk.request("hi", 1)).await.unwrap();
    played.say("hello");
    played.done();
    let mut late = talk.begin(talk.request("hi", 1)).await.unwrap();
    for follower in [&mut first, &mut again, &mut late] {
        assert_eq!(listen(follower).await, ("hello".to_owned(), done()));
    }
    assert_eq!((talk.messages().await.len(), talk.turns.try_recv().is_err()), (2, true));
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_turn_is_forgotten_does_not_begin_another() {
    let mut talk = Talk::new().await;
    let (mut follower, played) = talk.turn(1).await;
    played.done();
    listen(&mut follower).await;
    let moment = Duration::from_millis(1);
    tokio::time::sleep(KEPT_AFTER_END - moment).await;
    assert!(talk.chat.follow(&Caller::ThisMachine, talk.session, 1, None).await.is_ok());
    tokio::time::sleep(moment * 2).await;
    let gone = talk.chat.follow(&Caller::ThisMachine, talk.session, 1, None).await;
    assert_eq!(gone.err(), Some(FollowError::Over(NoTurn)));
    assert_eq!(talk.begin(talk.request("hi", 1)).await.err(), Some(TurnError::Over(NoTurn)));
    assert_eq!(talk.messages().await.len(), 2);
}

#[tokio::test]
async fn a_listener_goes_on_after_the_event_that_it_names() {
    let mut talk = Talk::new().await;
    let (mut first, played) = talk.turn(1).await;
    for piece in ["a", "b", "c"] {
        played.say(piece);
    }
    played.done();
    listen(&mut first).await;
    for (last, text) in [(None, "abc"), (Some(0), "abc"), (Some(1), "bc"), (Some(3), ""), (Some(4), "")] {
        let mut again = talk.chat.follow(&Caller::ThisMachine, talk.session, 1, last).await.unwrap();
        let ended = listen(&mut again).await;
        let end = if last == Some(4) { None } else { done() };
        assert_eq!(ended, (text.to_owned(), end), "{last:?}");
    }
    let mut beyond = talk.chat.follow(&Caller::ThisMachine, talk.session, 1, Some(u64::MAX)).await.unwrap();
    assert_eq!(listen(&mut beyond).await, (String::new(), None));
    for number in [0, 2, u64::MAX] {
        let none = talk.chat.follow(&Caller::ThisMachine, talk.session, number, None).await;
        assert_eq!(none.err(), Some(FollowError::Over(NoTurn)));
    }
}

#[tokio::test]
async fn a_script_that_goes_away_stops_its_turn_at_once() {
    let mut talk = Talk::new().await;
    let (follower, mut played) = talk.turn(1).await;
    played.say("half");
    let mut other = talk.chat.follow(&Caller::ThisMachine, talk.session, 1, Some(0)).await.unwrap();
    assert_eq!(other.next().await, Some((1, TurnEvent::Text("half".to_owned()))));
    drop(follower);
    played.say(" an");
    assert_eq!(other.next().await, Some((2, TurnEvent::Text(" an".to_owned()))), "someone else still listens");
    drop(other);
    played.gone().await;
    let mut after = talk.chat.follow(&Caller::ThisMachine, talk.session, 1, Some(2)).await.unwrap();
    assert_eq!(listen(&mut after).await, (String::new(), Some(Ending::Stopped)));
    assert_eq!(talk.last_outcome().await, ("half an".to_owned(), Some(Outcome::Stopped)));
}

#[tokio::test(start_paused = true)]
async fn a_resumable_turn_waits_half_a_minute_for_its_listeners() {
    let moment = Duration::from_millis(1);
    let mut talk = Talk::new().await;
    let (follower, mut played) = talk.resumable(1).await;
    drop(follower);
    tokio::time::sleep(ABANDONED_AFTER - moment).await;
    let back = talk.chat.follow(&Caller::ThisMachine, talk.session, 1, None).await.unwrap();
    tokio::time::sleep(ABANDONED_AFTER * 2).await;
    played.say("still here");
    drop(back);
    tokio::time::sleep(ABANDONED_AFTER - moment).await;
    assert!(talk.chat.follow(&Caller::ThisMachine, talk.session, 1, None).await.is_ok(), "and it starts again");
    tokio::time::sleep(ABANDONED_AFTER + moment).await;
    played.gone().await;
    let mut after = talk.chat.follow(&Caller::ThisMachine, talk.session, 1, None).await.unwrap();
    assert_eq!(listen(&mut after).await, ("still here".to_owned(), Some(Ending::Stopped)));
}

#[tokio::test]
async fn whoever_stops_a_turn_keeps_what_was_said() {
    let mut talk = Talk::new().await;
    let (mut follower, mut played) = talk.turn(1).await;
    played.say("one two");
    assert!(matches!(follower.next().await, Some((0, _))));
    assert!(matches!(follower.next().await, Some((1, _))));
    assert_eq!(talk.chat.stop(talk.session, 1).await, Ok(()));
    played.gone().await;
    assert_eq!(talk.last_outcome().await, ("one two".to_owned(), Some(Outcome::Stopped)));
    assert_eq!(listen(&mut follower).await, (String::new(), Some(Ending::Stopped)));
    assert_eq!(talk.chat.stop(talk.session, 1).await, Ok(()), "twice is once");
    assert_eq!(talk.chat.stop(talk.session, 2).await, Err(NoTurn));
    let (_next, played) = talk.turn(2).await;
    assert_eq!(played.request.conversation.len(), 3, "the agent is shown what it had said");
}

#[tokio::test]
async fn a_session_has_one_turn_at_a_time() {
    let mut talk = Talk::new().await;
    let (mut follower, played) = talk.turn(1).await;
    assert_eq!(talk.begin(talk.request("me too", 2)).await.err(), Some(TurnError::Busy));
    played.done();
    listen(&mut follower).await;
    assert!(talk.begin(talk.request("me too", 2)).await.is_ok());
    assert_eq!(talk.messages().await.len(), 3, "what was refused is not kept");
}

#[tokio::test]
async fn of_many_requests_at_once_one_has_its_turn() {
    let talk = Talk::new().await;
    let begun = (1..=16).map(|number| {
        let (chat, request) = (Arc::clone(&talk.chat), talk.request("hi", number));
        tokio::spawn(chat.begin(Caller::ThisMachine, request))
    });
    let mut followers = Vec::new();
    for begun in begun.collect::<Vec<_>>() {
        followers.extend(begun.await.unwrap().ok());
    }
    assert_eq!((followers.len(), talk.messages().await.len()), (1, 1));
}

#[tokio::test]
async fn a_device_has_so_many_turns_at_once_and_others_have_theirs() {
    let talk = Talk::new().await;
    let ((laptop, _), (phone, _)) = (talk.paired(1).await, talk.paired(2).await);
    let begin = async |caller: &Caller, number: u8| {
        let session = talk.chat.create(caller, NewSession::default()).await.unwrap().id;
        let request = TurnRequest { session, ..talk.request("hi", number) };
        Arc::clone(&talk.chat).begin(caller.clone(), request).await
    };
    let mut running = Vec::new();
    for number in 0..MAX_TURNS_PER_DEVICE {
        running.push(begin(&laptop, u8::try_from(number).unwrap()).await.unwrap());
    }
    assert_eq!(begin(&laptop, 100).await.err(), Some(TurnError::TooMany));
    assert!(begin(&phone, 101).await.is_ok());
    let mut first = running.remove(0);
    assert!(matches!(first.next().await, Some((0, TurnEvent::Began { session, .. })) if {
        talk.chat.stop(session, 1).await.unwrap();
        true
    }));
    assert!(begin(&laptop, 102).await.is_ok());
}

#[tokio::test]
async fn two_devices_go_on_with_one_session() {
    let mut talk = Talk::new().await;
    let ((laptop, _), (phone, _)) = (talk.paired(1).await, talk.paired(2).await);
    for (number, caller) in [(1, &laptop), (2, &phone)] {
        let mut follower = Arc::clone(&talk.chat).begin(caller.clone(), talk.request("hi", number)).await.unwrap();
        assert_eq!(follower.turn(), u64::from(number));
        let played = talk.turns.recv().await.unwrap();
        assert_eq!(played.request.device.as_ref().unwrap().as_str(), format!("device {number}"));
        assert_eq!(played.request.conversation.len(), usize::from(number) * 2 - 1);
        played.say("yes");
        played.done();
        listen(&mut follower).await;
    }
    let names: Vec<Option<String>> = talk
        .messages()
        .await
        .into_iter()
        .filter_map(|message| match message.speaker {
            Speaker::User { device, .. } => Some(device.map(|name| name.to_string())),
            Speaker::Agent { .. } => None,
        })
        .collect();
    assert_eq!(names, [Some("device 1".to_owned()), Some("device 2".to_owned())]);
}

#[tokio::test]
async fn a_revoked_device_hears_no_more_and_what_it_began_is_stopped() {
    let mut talk = Talk::new().await;
    let ((laptop, device), (phone, _)) = (talk.paired(1).await, talk.paired(2).await);
    let mut own = Arc::clone(&talk.chat).begin(laptop.clone(), talk.request("hi", 1)).await.unwrap();
    let mut played = talk.turns.recv().await.unwrap();
    let mut other = talk.chat.follow(&phone, talk.session, 1, None).await.unwrap();
    talk.devices.remove(device.id()).await.unwrap();
    talk.open.end_all_of(device.id());
    played.gone().await;
    assert_eq!(listen(&mut own).await.1, None, "it is not even told how it ended");
    assert_eq!(listen(&mut other).await.1, Some(Ending::Stopped));
    let again = talk.chat.follow(&laptop, talk.session, 1, None).await;
    assert_eq!(again.err(), Some(FollowError::Access(AccessError::Ended)));
    let again = Arc::clone(&talk.chat).begin(laptop, talk.request("hi", 2)).await;
    assert_eq!(again.err(), Some(TurnError::Access(AccessError::Ended)));
}

#[tokio::test]
async fn a_revoked_device_hears_no_more_of_what_another_began() {
    let mut talk = Talk::new().await;
    let ((laptop, device), (phone, _)) = (talk.paired(1).await, talk.paired(2).await);
    let mut own = Arc::clone(&talk.chat).begin(phone, talk.request("hi", 1)).await.unwrap();
    let played = talk.turns.recv().await.unwrap();
    let mut revoked = talk.chat.follow(&laptop, talk.session, 1, None).await.unwrap();
    talk.devices.remove(device.id()).await.unwrap();
    talk.open.end_all_of(device.id());
    assert_eq!(listen(&mut revoked).await.1, None);
    played.say("secret");
    played.done();
    assert_eq!(listen(&mut own).await, ("secret".to_owned(), done()));
}

#[tokio::test]
async fn a_device_with_a_new_secret_comes_back_to_its_turn() {
    let mut talk = Talk::new().await;
    let (laptop, device) = talk.paired(1).await;
    let request = TurnRequest { is_resumable: true, ..talk.request("hi", 1) };
    let mut own = Arc::clone(&talk.chat).begin(laptop.clone(), request).await.unwrap();
    let played = talk.turns.recv().await.unwrap();
    let (salt, token) = device.renewed_secret(&SeededRng::new(99).bytes());
    talk.devices.replace_secret(device.id(), salt, token.hash(&salt)).await.unwrap();
    talk.open.end_all_of(device.id());
    assert_eq!(listen(&mut own).await.1, None, "whoever has the old secret hears no more");
    let old = talk.chat.follow(&laptop, talk.session, 1, None).await;
    assert_eq!(old.err(), Some(FollowError::Access(AccessError::Ended)));
    let renewed = Caller::Device(talk.devices.find(device.id()).await.unwrap().unwrap());
    let mut back = talk.chat.follow(&renewed, talk.session, 1, None).await.unwrap();
    played.say("welcome back");
    played.done();
    assert_eq!(listen(&mut back).await, ("welcome back".to_owned(), done()));
}

#[tokio::test]
async fn a_turn_takes_no_place_beside_its_listeners() {
    let mut talk = Talk::of(LIMITS, 1).await;
    let (laptop, device) = talk.paired(1).await;
    let request = TurnRequest { is_resumable: true, ..talk.request("hi", 1) };
    let listening = Arc::clone(&talk.chat).begin(laptop.clone(), request.clone()).await.unwrap();
    let mut played = talk.turns.recv().await.unwrap();
    assert_eq!((talk.open.count_of(&device), talk.meter.take()), (1, vec![Event::RequestOpened]));
    let another = talk.chat.follow(&laptop, talk.session, 1, None).await;
    assert_eq!(another.err(), Some(FollowError::Access(AccessError::TooMany)));
    drop(listening);
    assert_eq!(talk.open.count(), 0, "a turn that nobody listens to takes none");
    let mut again = Arc::clone(&talk.chat).begin(laptop, request).await.unwrap();
    assert_eq!((talk.open.count(), talk.meter.take()), (1, vec![Event::RequestOpened]));
    talk.devices.remove(device.id()).await.unwrap();
    talk.open.end_all_of(device.id());
    played.gone().await;
    assert_eq!(listen(&mut again).await.1, None);
}

#[tokio::test(start_paused = true)]
async fn the_next_turn_of_a_session_waits_for_the_agent_of_the_last_one() {
    let moment = Duration::from_millis(1);
    let mut talk = Talk::new().await;
    talk.agent.is_slow.store(true, Ordering::SeqCst);
    let (mut follower, mut played) = talk.turn(1).await;
    talk.chat.stop(talk.session, 1).await.unwrap();
    played.gone().await;
    assert_eq!(listen(&mut follower).await.1, Some(Ending::Stopped), "whoever listens hears the end at once");
    let again = tokio::time::timeout(moment, talk.begin(talk.request("hi", 1))).await;
    assert!(again.is_ok_and(|again| again.is_ok()), "the same request needs no agent");
    let next = tokio::spawn(Arc::clone(&talk.chat).begin(Caller::ThisMachine, talk.request("next", 2)));
    tokio::time::sleep(AGENT_END - moment).await;
    assert!(!next.is_finished() && talk.turns.try_recv().is_err());
    talk.agent.left.lock().unwrap().clear();
    let _next = next.await.unwrap().unwrap();
    let played = talk.turns.recv().await.unwrap();
    assert_eq!(played.request.message, "next");
    // One that never ends keeps its session to itself.
    talk.chat.stop(talk.session, 2).await.unwrap();
    let never = tokio::spawn(Arc::clone(&talk.chat).begin(Caller::ThisMachine, talk.request("hi", 3)));
    tokio::time::sleep(AGENT_END - moment).await;
    assert!(!never.is_finished());
    assert_eq!(never.await.unwrap().err(), Some(TurnError::Busy));
}

#[tokio::test]
async fn agents_that_have_not_ended_count_against_the_limit() {
    let mut talk = Talk::new().await;
    talk.agent.is_slow.store(true, Ordering::SeqCst);
    let mut turns = std::mem::replace(&mut talk.turns, unbounded_channel().1);
    let begin = async |number: usize| {
        let session = talk.chat.create(&Caller::ThisMachine, NewSession::default()).await.unwrap().id;
        let request = TurnRequest { session, ..talk.request("hi", u8::try_from(number).unwrap()) };
        talk.begin(request).await.map(|follower| (session, follower))
    };
    let mut running = Vec::new();
    for number in 0..MAX_TURNS_PER_DEVICE {
        running.push(begin(number).await.unwrap());
    }
    for _ in &running {
        turns.recv().await.unwrap();
    }
    for (session, follower) in &mut running {
        talk.chat.stop(*session, 1).await.unwrap();
        assert_eq!(listen(follower).await.1, Some(Ending::Stopped));
    }
    assert_eq!(begin(100).await.err(), Some(TurnError::TooMany));
    talk.agent.left.lock().unwrap().pop();
    assert!(begin(101).await.is_ok());
    assert_eq!(begin(102).await.err(), Some(TurnError::TooMany));
}

#[tokio::test]
async fn a_question_is_told_from_those_before_it_that_have_no_answer() {
    let mut talk = Talk::new().await;
    for (number, question) in [(1, "one"), (2, "two")] {
        let mut follower = talk.begin(talk.request(question, number)).await.unwrap();
        talk.turns.recv().await.unwrap().act(Act::End(Err(AgentError::Failed("it is ill".to_owned()))));
        listen(&mut follower).await;
    }
    let _follower = talk.begin(talk.request("three", 3)).await.unwrap();
    let request = talk.turns.recv().await.unwrap().request;
    let shown: Vec<&str> = request.conversation.iter().map(|said| said.content.as_str()).collect();
    assert_eq!((shown, request.message.as_str()), (vec!["one\n\ntwo\n\nthree"], "three"));
}

#[tokio::test]
async fn an_answer_is_limited_to_the_byte() {
    for (pieces, kept, end) in [
        (["x".repeat(999), "y".to_owned()], 1000, done()),
        (["x".repeat(999), "yz".to_owned()], 1000, Some(Ending::Failed(TurnFailure::TooMuch(1000)))),
        (["x".repeat(999), "ü".to_owned()], 999, Some(Ending::Failed(TurnFailure::TooMuch(1000)))),
    ] {
        let mut talk = Talk::new().await;
        let (mut follower, played) = talk.turn(1).await;
        pieces.iter().for_each(|piece| played.say(piece));
        played.done();
        let (text, ended) = listen(&mut follower).await;
        assert_eq!((text.len(), ended), (kept, end));
        assert_eq!(talk.last_outcome().await.0, text);
    }
}

#[tokio::test]
async fn a_long_piece_is_sent_in_several() {
    let mut talk = Talk::with(ChatLimits { output: 1 << 20, ..LIMITS }).await;
    let (mut follower, played) = talk.turn(1).await;
    let long = "ü".repeat(100_000);
    played.say(&long);
    played.done();
    let mut pieces = Vec::new();
    while let Some((_, event)) = follower.next().await {
        if let TurnEvent::Text(piece) = event {
            pieces.push(piece);
        }
    }
    assert!(pieces.len() > 1 && pieces.iter().all(|piece| piece.len() <= 64 * 1024));
    assert!(pieces.concat() == long);
}

#[tokio::test(start_paused = true)]
async fn a_silence_takes_only_so_long() {
    let moment = Duration::from_millis(1);
    let mut talk = Talk::new().await;
    let (mut follower, played) = talk.turn(1).await;
    assert!(matches!(follower.next().await, Some((0, _))));
    tokio::time::sleep(LIMITS.silence - moment).await;
    played.act(Act::Live);
    let early = tokio::time::timeout(LIMITS.silence - moment, follower.next()).await;
    assert!(early.is_err(), "a sign of life begins it anew");
    let words = "the agent said nothing for 120 seconds".to_owned();
    assert_eq!(listen(&mut follower).await.1, Some(Ending::Failed(TurnFailure::TimedOut(words))));
    assert_eq!(talk.last_outcome().await.1, Some(Outcome::Failed));
}

#[tokio::test(start_paused = true)]
async fn a_turn_takes_only_so_long() {
    let mut talk = Talk::new().await;
    let (mut follower, played) = talk.turn(2).await;
    let chatter = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_mins(1)).await;
            played.say(".");
        }
    });
    let early = tokio::time::timeout(LIMITS.turn - Duration::from_millis(1), listen(&mut follower)).await;
    assert!(early.is_err());
    let (_, end) = listen(&mut follower).await;
    chatter.abort();
    let words = "the agent was not done after 600 seconds".to_owned();
    assert_eq!(end, Some(Ending::Failed(TurnFailure::TimedOut(words))));
    assert!(matches!(talk.last_outcome().await.0.len(), 9 | 10));
}

#[tokio::test]
async fn an_agent_that_fails_or_panics_fails_the_turn_and_nothing_else() {
    let failed = |words: &str| Some(Ending::Failed(TurnFailure::Agent(words.to_owned())));
    let table = [
        (Act::End(Err(AgentError::Failed("it is ill".to_owned()))), failed("it is ill")),
        (
            Act::End(Err(AgentError::TimedOut("it sleeps".to_owned()))),
            Some(Ending::Failed(TurnFailure::TimedOut("it sleeps".to_owned()))),
        ),
        (Act::Panic, failed("the turn failed; the daemon's log says why")),
    ];
    let mut talk = Talk::new().await;
    for (number, (act, end)) in table.into_iter().enumerate() {
        let (mut follower, played) = talk.turn(u8::try_from(number).unwrap()).await;
        played.say("well, ");
        played.act(act);
        assert_eq!(listen(&mut follower).await, ("well, ".to_owned(), end));
        assert_eq!(talk.last_outcome().await, ("well, ".to_owned(), Some(Outcome::Failed)));
    }
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_begun_and_not_done() {
    let mut talk = Talk::new().await;
    talk.sessions.faults.set(true);
    assert_eq!(talk.begin(talk.request("hi", 1)).await.err(), Some(TurnError::Storage));
    talk.sessions.faults.set(false);
    let (mut follower, played) = talk.turn(1).await;
    talk.sessions.faults.set(true);
    played.say("lost");
    played.done();
    assert_eq!(listen(&mut follower).await, ("lost".to_owned(), Some(Ending::Failed(TurnFailure::Storage))));
    talk.sessions.faults.set(false);
    let (_follower, played) = talk.turn(2).await;
    assert_eq!(played.request.conversation.len(), 1, "two messages of one side are one");
}

#[tokio::test]
async fn a_full_session_and_a_missing_one_take_no_turn() {
    let talk = Talk::new().await;
    for number in 0..(MAX_MESSAGES - 1) {
        let said = if number % 2 == 0 { user_says("x", 200) } else { agent_says("y", None) };
        talk.sessions.append(talk.session, said).await.unwrap();
    }
    assert!(matches!(talk.begin(talk.request("hi", 1)).await, Err(TurnError::Full(_))));
    let nowhere = TurnRequest { session: ChatSessionId::from_random([9; 10]), ..talk.request("hi", 1) };
    assert_eq!(talk.begin(nowhere).await.err(), Some(TurnError::NoSession));
}

#[tokio::test]
async fn a_deleted_session_ends_its_turn() {
    let mut talk = Talk::new().await;
    let (mut follower, mut played) = talk.turn(1).await;
    talk.chat.delete(talk.session.as_str()).await.unwrap();
    played.gone().await;
    assert_eq!(listen(&mut follower).await.1, Some(Ending::Stopped));
    assert!(talk.chat.list().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_daemon_that_ends_stops_its_turns_and_begins_no_others() {
    let mut talk = Talk::new().await;
    let (mut follower, played) = talk.turn(1).await;
    played.say("so far");
    assert!(matches!(follower.next().await, Some((0, _))));
    assert!(matches!(follower.next().await, Some((1, _))));
    talk.chat.close().await;
    assert_eq!(talk.last_outcome().await, ("so far".to_owned(), Some(Outcome::Stopped)));
    let mut late = talk.begin(talk.request("hi", 2)).await.unwrap();
    assert_eq!(listen(&mut late).await.1, Some(Ending::Stopped));
}

#[tokio::test]
async fn the_model_of_the_turn_comes_before_that_of_the_session() {
    let mut talk = Talk::new().await;
    let model = |text: &str| ModelName::parse(text).ok();
    let session = talk.chat.create(&Caller::ThisMachine, NewSession { name: None, model: model("own") }).await.unwrap();
    for (number, asked, expected) in [(1, None, "own"), (2, model("other"), "other")] {
        let request = TurnRequest { session: session.id, model: asked, ..talk.request("hi", number) };
        let mut follower = talk.begin(request).await.unwrap();
        let played = talk.turns.recv().await.unwrap();
        assert_eq!(played.request.model, model(expected));
        played.done();
        listen(&mut follower).await;
    }
}

#[tokio::test]
async fn without_an_agent_sessions_can_be_read_and_nothing_be_said() {
    let (devices, open) = (Arc::new(FakeDeviceStore::default()), Arc::new(OpenRequests::new(16)));
    let none: Option<Arc<dyn ChatAgent>> = None;
    let chat = Chat::new(ports(&devices, &open), Arc::new(FakeChatSessions::default()), none, LIMITS);
    let chat = Arc::new(chat);
    let session: ChatSession = chat.create(&Caller::ThisMachine, NewSession::default()).await.unwrap();
    assert_eq!(chat.agent(), Err(NoAgent));
    let words = NoAgent.to_string();
    assert!(words.contains("--agent-url") && words.contains("--agent-command"), "{words}");
    let content = Content::parse("hi".to_owned()).unwrap();
    let request = TurnRequest { session: session.id, content, request: request(1), model: None, is_resumable: false };
    assert_eq!(chat.clone().begin(Caller::ThisMachine, request).await.err(), Some(TurnError::NoAgent(NoAgent)));
    assert!(chat.read(session.id.as_str()).await.unwrap().1.is_empty());
}
