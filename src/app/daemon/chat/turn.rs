//! One turn: what the agent says, kept for whoever listens and for whoever comes back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::app::daemon::open_requests::{OpenRequest, Watch};
use crate::domain::chat::id::{ChatSessionId, RequestId};
use crate::domain::chat::model::ModelName;
use crate::domain::device::DeviceId;
use crate::domain::time::MonotonicTime;
use crate::ports::agent::{Answered, AtWork, Listener};
use crate::ports::clock::Clock;

/// Time that a resumable turn goes on without anyone who listens.
pub const ABANDONED_AFTER: Duration = Duration::from_secs(30);

/// Longest piece of an event, in bytes: no client has to hold more at once.
const MAX_PIECE_BYTES: usize = 64 * 1024;

/// What happens in a turn. The first event has the number 0, every piece of text has one, and so has the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TurnEvent {
    /// The message is kept, and the agent is asked.
    Began {
        /// The session.
        session: ChatSessionId,
        /// Which of its turns this is; the first is 1.
        number: u64,
    },
    /// A piece of the answer.
    Text(String),
    /// The last event.
    Ended(TurnEnd),
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnEnd {
    /// What became of it.
    pub how: Ending,
    /// Time from the start to the first piece of text, if there was any.
    pub first_text: Option<Duration>,
    /// Time from the start to the end.
    pub total: Duration,
}

/// What became of a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The agent has said all that it had to say.
    Done(Answered),
    /// Someone stopped it, or nobody listened any more.
    Stopped,
    /// It failed.
    Failed(TurnFailure),
}

/// Why a turn failed. The texts are safe to show to a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TurnFailure {
    /// The agent failed.
    Agent(String),
    /// It took too long.
    TimedOut(String),
    /// Its answer is longer than the daemon lets it be: this many bytes.
    TooMuch(u64),
    /// The answer could not be kept.
    Storage,
}

/// Who asked for a turn, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub(super) session: ChatSessionId,
    pub(super) number: u64,
    pub(super) request: RequestId,
    /// `None` for this machine without a credential.
    pub(super) device: Option<DeviceId>,
    /// Whether it waits for its listeners to come back.
    pub(super) is_resumable: bool,
}

/// A turn that runs, or has run a moment ago.
pub(super) struct Turn {
    pub(super) origin: Origin,
    clock: Arc<dyn Clock>,
    started_at: MonotonicTime,
    max_bytes: u64,
    said: Mutex<Said>,
    /// Rung at every sign of life, and at the end.
    news: watch::Sender<()>,
    followers: watch::Sender<usize>,
    /// How much of the agent's work goes on.
    work: Arc<watch::Sender<usize>>,
    stop: watch::Sender<bool>,
}

#[derive(Default)]
struct Said {
    text: String,
    /// Where each piece of the text ends.
    pieces: Vec<u32>,
    model: Option<ModelName>,
    first_text: Option<Duration>,
    is_too_much: bool,
    end: Option<TurnEnd>,
}

/// Someone who listens to a turn, from one event on. It keeps no event to itself, however slow it is.
pub struct Follower {
    turn: Arc<Turn>,
    next: u64,
    news: watch::Receiver<()>,
    place: OpenRequest,
}

impl Turn {
    /// A turn that begins now, whose answer may have `max_bytes`.
    pub(super) fn begin(origin: Origin, max_bytes: u64, clock: Arc<dyn Clock>) -> Arc<Self> {
        let started_at = clock.now().monotonic;
        let (news, followers, stop) = (watch::Sender::new(()), watch::Sender::new(0), watch::Sender::new(false));
        let (said, work) = (Mutex::default(), Arc::new(watch::Sender::new(0)));
        Arc::new(Self { origin, clock, started_at, max_bytes, said, news, followers, work, stop })
    }

    /// Listens from the event `next` on, for as long as `place` is there.
    pub(super) fn follow(self: &Arc<Self>, next: u64, place: OpenRequest) -> Follower {
        self.followers.send_modify(|count| *count = count.saturating_add(1));
        Follower { turn: Arc::clone(self), next, news: self.news.subscribe(), place }
    }

    /// Asks for its end.
    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Returns when someone has asked for its end.
    pub(super) async fn stopped(&self) {
        // The sender is this turn's own.
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// Returns when nobody listens any more, and nobody comes back in time.
    pub(super) async fn abandoned(&self) {
        let mut followers = self.followers.subscribe();
        loop {
            let _ = followers.wait_for(|count| *count == 0).await;
            if !self.origin.is_resumable {
                return;
            }
            let back = followers.wait_for(|count| *count > 0);
            if tokio::time::timeout(ABANDONED_AFTER, back).await.is_err() {
                return;
            }
        }
    }

    /// Returns after a silence of this length.
    pub(super) async fn silent_for(&self, silence: Duration) {
        let mut news = self.news.subscribe();
        while tokio::time::timeout(silence, news.changed()).await.is_ok() {}
    }

    /// Returns when more was said than may be.
    pub(super) async fn too_much(&self) {
        let mut news = self.news.subscribe();
        while !self.is_too_much() {
            let _ = news.changed().await;
        }
    }

    /// Returns when it has ended.
    pub(super) async fn ended(&self) {
        let mut news = self.news.subscribe();
        while !self.has_ended() {
            let _ = news.changed().await;
        }
    }

    /// Returns when it has ended, and nothing of the agent's work goes on.
    pub(super) async fn over(&self) {
        self.ended().await;
        let _ = self.work.subscribe().wait_for(|work| *work == 0).await;
    }

    pub(super) fn is_too_much(&self) -> bool {
        self.said().is_too_much
    }

    pub(super) fn has_ended(&self) -> bool {
        self.said().end.is_some()
    }

    /// Whether it has ended, and nothing of the agent's work goes on.
    pub(super) fn is_over(&self) -> bool {
        self.has_ended() && *self.work.borrow() == 0
    }

    /// All that was said, and the model that said it.
    pub(super) fn answer(&self) -> (String, Option<ModelName>) {
        let said = self.said();
        (said.text.clone(), said.model.clone())
    }

    /// Bytes that it takes in memory.
    pub(super) fn size(&self) -> usize {
        let said = self.said();
        said.text.capacity().saturating_add(said.pieces.capacity().saturating_mul(size_of::<u32>()))
    }

    /// Ends it.
    pub(super) fn end(&self, how: Ending) {
        let total = self.elapsed();
        {
            let mut said = self.said();
            let first_text = said.first_text;
            said.end = Some(TurnEnd { how, first_text, total });
        }
        self.news.send_replace(());
    }

    fn elapsed(&self) -> Duration {
        self.clock.now().monotonic.since(self.started_at)
    }

    /// Whole at every moment, so that a panic of whoever held it does no harm.
    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn event(&self, number: u64) -> Option<TurnEvent> {
        let Some(piece) = number.checked_sub(1) else {
            return Some(TurnEvent::Began { session: self.origin.session, number: self.origin.number });
        };
        let (said, piece) = (self.said(), usize::try_from(piece).ok()?);
        match said.pieces.get(piece) {
            Some(end) => {
                let start = piece.checked_sub(1).and_then(|before| said.pieces.get(before)).copied().unwrap_or(0);
                let text = said.text.get(start as usize..*end as usize).unwrap_or_default();
                Some(TurnEvent::Text(text.to_owned()))
            }
            None if piece == said.pieces.len() => said.end.clone().map(TurnEvent::Ended),
            None => None,
        }
    }

    /// Whether the end has this number, or a lower one.
    fn is_over_before(&self, number: u64) -> bool {
        let said = self.said();
        said.end.is_some() && number > (said.pieces.len() as u64).saturating_add(1)
    }
}

impl Listener for Turn {
    fn model(&self, model: &ModelName) {
        self.said().model = Some(model.clone());
    }

    fn text(&self, text: &str) {
        let elapsed = self.elapsed();
        {
            let mut said = self.said();
            let room = usize::try_from(self.max_bytes).unwrap_or(usize::MAX).saturating_sub(said.text.len());
            let mut kept = text.get(..text.floor_char_boundary(room)).unwrap_or_default();
            said.is_too_much |= kept.len() < text.len();
            while !kept.is_empty() {
                let (piece, rest) = kept.split_at(kept.floor_char_boundary(MAX_PIECE_BYTES));
                said.text.push_str(piece);
                let end = u32::try_from(said.text.len()).unwrap_or(u32::MAX);
                said.pieces.push(end);
                said.first_text.get_or_insert(elapsed);
                kept = rest;
            }
        }
        self.news.send_replace(());
    }

    fn alive(&self) {
        self.news.send_replace(());
    }

    fn at_work(&self) -> AtWork {
        self.work.send_modify(|work| *work = work.saturating_add(1));
        Box::new(Work(Arc::clone(&self.work)))
    }
}

/// A part of the agent's work, until it is dropped.
struct Work(Arc<watch::Sender<usize>>);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.send_modify(|work| *work = work.saturating_sub(1));
    }
}

impl Follower {
    /// The turn that this is, within its session.
    pub fn turn(&self) -> u64 {
        self.turn.origin.number
    }

    /// What tells when whoever listens is let in no more, for whoever keeps the connection.
    pub fn watch(&self) -> Watch {
        self.place.watch()
    }

    /// The next event and its number, as soon as there is one; `None` after the end, and when whoever listens is let in no
    /// more.
    pub async fn next(&mut self) -> Option<(u64, TurnEvent)> {
        loop {
            if self.place.has_ended() {
                return None;
            }
            self.news.mark_unchanged();
            if let Some(event) = self.turn.event(self.next) {
                let number = self.next;
                self.next = number.saturating_add(1);
                return Some((number, event));
            }
            if self.turn.is_over_before(self.next) {
                return None;
            }
            tokio::select! {
                // The sender is this turn's own, which lives as long as this.
                _ = self.news.changed() => {}
                () = self.place.ended() => {}
            }
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.turn.followers.send_modify(|count| *count = count.saturating_sub(1));
    }
}
