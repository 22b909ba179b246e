//! One turn, from the question to the end of the answer, whatever happens to the connection.

use std::time::Duration;

use futures_util::StreamExt;
use thiserror::Error;

use super::hearing::{End, Hearing};
use super::line::Line;
use super::loss::{Loss, is_lost};
use super::{Trouble, unless_interrupted};
use crate::domain::chat::id::{ChatSessionId, RequestId};
use crate::domain::time::MonotonicTime;
use crate::ports::chat_api::{ChatError, Completion, Question, Refusal, TurnEvent, TurnStream};
use crate::ports::chat_screen::{AnswerListener, Gone, LinkEvent, Remains};
use crate::ports::clock::Clock;
use crate::ports::daemon_api::ApiError;
use crate::ports::interrupts::{Interrupt, Interrupts};
use crate::ports::rng::{RandomUnavailable, Rng};

/// How long stopping a turn may take. Then the person has the prompt back, and the daemon stops it for want of a listener.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// How long a reader may take for the end of a line after a signal. One that does not read at all is not waited for.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// A person, who would rather wait than lose an answer.
    Person,
    /// A script, which would rather fail than hang: its turn ends with its connection.
    Script,
}

/// Runs turns at one daemon.
#[derive(Clone, Copy)]
pub struct Turns<'a> {
    /// The way to the daemon.
    pub line: &'a Line<'a>,
    /// The time.
    pub clock: &'a dyn Clock,
    /// What ids of requests and waits are made from.
    pub rng: &'a dyn Rng,
    /// Who asks.
    pub asker: Asker,
}

/// What is to be asked.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// The session, by its id or name.
    pub session: &'a str,
    /// The message.
    pub content: String,
    /// The model, if not the session's.
    pub model: Option<String>,
}

/// A turn that came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Its session; unknown when it was stopped before the daemon had answered.
    pub session: Option<ChatSessionId>,
    /// What the agent said, as it said it.
    pub text: String,
    /// When the first of it came.
    pub first_at: Option<MonotonicTime>,
    /// How it ended.
    pub ending: Ending,
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Well.
    Done(Completion),
    /// Someone else has stopped it, or nobody listened for too long.
    Stopped,
    /// A signal has stopped it.
    Interrupted(Interrupt),
}

/// Why a turn did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TurnError {
    /// It did not begin.
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// It failed at the daemon.
    #[error("{detail}")]
    Failed {
        /// Why.
        why: Refusal,
        /// The daemon's words, safe to show.
        detail: String,
    },
    /// The connection was lost in the middle.
    #[error("{0}")]
    Cut(ChatError),
    /// The daemon has forgotten the turn, and the session has no whole answer: it was restarted.
    #[error("the daemon ended in the middle of the answer")]
    Forgotten(Remains),
    /// Nobody listens any more; the turn was stopped.
    #[error(transparent)]
    Gone(#[from] Gone),
    /// There is no randomness.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
}

/// What came of one connection.
enum Leg {
    Ended(End),
    Lost(ChatError),
}

impl Turns<'_> {
    /// Asks, and hears the answer to its end.
    ///
    /// # Errors
    ///
    /// [`TurnError`]. What came of the answer was heard.
    pub async fn run(
        &self,
        ask: Ask<'_>,
        listener: &mut dyn AnswerListener,
        interrupts: &mut dyn Interrupts,
    ) -> Result<Heard, TurnError> {
        let Ask { session, content, model } = ask;
        let resumable = self.asker == Asker::Person;
        let question = Question { content, request: self.request_id()?, model, resumable };
        let mut hearing = Hearing::new(listener);
        let ending = self.hear(session, &question, &mut hearing, interrupts).await;
        let ending = match ending {
            Err(TurnError::Gone(gone)) => {
                self.stop(session, &question, &hearing, interrupts).await;
                Err(TurnError::Gone(gone))
            }
            ending => close(&mut hearing, ending, interrupts).await?,
        };
        let session = hearing.begun.map(|(session, _)| session);
        Ok(Heard { session, text: hearing.text, first_at: hearing.first_at, ending: ending? })
    }

    async fn hear(
        &self,
        key: &str,
        question: &Question,
        hearing: &mut Hearing<'_>,
        interrupts: &mut dyn Interrupts,
    ) -> Result<Ending, TurnError> {
        let mut loss = Loss::default();
        loop {
            let leg = tokio::select! {
                biased;
                interrupt = interrupts.next() => Err(interrupt),
                leg = self.leg(key, question, hearing, &mut loss) => Ok(leg?),
            };
            let interrupted = match leg {
                Ok(Leg::Ended(End::Done(completion))) => return Ok(Ending::Done(completion)),
                Ok(Leg::Ended(End::Stopped)) => return self.stopped(loss.repeated),
                Ok(Leg::Lost(cause)) => {
                    let waited = async {
                        let wait = self.wait_after(cause, hearing, &mut loss).await?;
                        tokio::time::sleep(wait).await;
                        Ok::<_, TurnError>(())
                    };
                    tokio::select! {
                        interrupt = interrupts.next() => Some(interrupt),
                        waited = waited => {
                            waited?;
                            None
                        }
                    }
                }
                Err(interrupt) => Some(interrupt),
            };
            if let Some(interrupt) = interrupted {
                self.stop(key, question, hearing, interrupts).await;
                return Ok(Ending::Interrupted(interrupt));
            }
        }
    }

    /// What it means that a turn was stopped, and not by us. A script's is stopped when its connection is lost: one that the
    /// question had to be repeated for has met that end.
    fn stopped(&self, repeated: Option<ChatError>) -> Result<Ending, TurnError> {
        match repeated {
            Some(cause) if self.asker == Asker::Script => Err(TurnError::Cut(cause)),
            _ => Ok(Ending::Stopped),
        }
    }

    /// Hears what one connection brings.
    async fn leg(
        &self,
        key: &str,
        question: &Question,
        hearing: &mut Hearing<'_>,
        loss: &mut Loss,
    ) -> Result<Leg, TurnError> {
        let mut stream = match self.connect(key, question, hearing).await {
            Ok(stream) => stream,
            Err(ChatError::Refused { why: Refusal::NoTurn, .. }) => return self.recall(question, hearing, loss).await,
            Err(error) if loss.is_passed_by(&error, hearing.begun.is_some()) => return Ok(Leg::Lost(error)),
            // A turn that had begun is over then, whoever is in the way.
            Err(error) => return Err(if hearing.begun.is_some() { TurnError::Cut(error) } else { error.into() }),
        };
        if loss.end() {
            hearing.listener().link(LinkEvent::Restored).await;
        }
        loop {
            match stream.next().await {
                Some(Ok(numbered)) => {
                    loss.forget();
                    if let Some(end) = hearing.take(numbered, self.clock.now().monotonic).await? {
                        return Ok(Leg::Ended(end));
                    }
                }
                Some(Err(error)) if loss.is_passed_by(&error, hearing.begun.is_some()) => return Ok(Leg::Lost(error)),
                Some(Err(error)) => return Err(TurnError::Cut(error)),
                None => {
                    let cause = "the connection was closed in the middle of the answer".to_owned();
                    return Ok(Leg::Lost(ChatError::Api(ApiError::Unreachable { cause })));
                }
            }
        }
    }

    async fn connect(&self, key: &str, question: &Question, hearing: &Hearing<'_>) -> Result<TurnStream, ChatError> {
        match (hearing.begun, hearing.seen) {
            (Some((session, turn)), Some(seen)) => self.line.listen(session, turn, seen).await,
            _ => self.line.ask(key, question).await,
        }
    }

    /// Hears what the session has of a turn that the daemon has forgotten.
    async fn recall(&self, question: &Question, hearing: &mut Hearing<'_>, loss: &Loss) -> Result<Leg, TurnError> {
        let Some((session, _)) = hearing.begun else { return Err(TurnError::Forgotten(Remains::Nothing)) };
        match self.line.transcript(session.as_str()).await {
            Ok(kept) => {
                let now = self.clock.now().monotonic;
                hearing.take_rest(&kept, &question.content, now).await.map(Leg::Ended)
            }
            Err(error) if loss.is_passed_by(&error, hearing.begun.is_some()) => Ok(Leg::Lost(error)),
            Err(error) => Err(TurnError::Cut(error)),
        }
    }

    /// How long to wait after the link was lost, or that it was lost for too long.
    async fn wait_after(
        &self,
        cause: ChatError,
        hearing: &mut Hearing<'_>,
        loss: &mut Loss,
    ) -> Result<Duration, TurnError> {
        let mut random = [0; 2];
        self.rng.fill(&mut random)?;
        let now = self.clock.now().monotonic;
        let Some(wait) = loss.wait(&cause, self.asker, hearing.begun.is_some(), now, random) else {
            return Err(if loss.was_sent { TurnError::Cut(cause) } else { TurnError::Chat(cause) });
        };
        hearing.listener().link(LinkEvent::Lost { cause: &cause, wait }).await;
        Ok(wait)
    }

    /// Stops the turn as well as it can be. A second signal ends the attempt.
    async fn stop(&self, key: &str, question: &Question, hearing: &Hearing<'_>, interrupts: &mut dyn Interrupts) {
        let stopping = tokio::time::timeout(STOP_PATIENCE, async {
            let begun = match hearing.begun {
                Some(begun) => Some(begun),
                // A script's turn ends with its connection, which is closed by now.
                None if self.asker == Asker::Script => None,
                // It may have begun. The same question again is the same turn, and says which one that is.
                None => self.begun(key, question).await?,
            };
            match begun {
                Some((session, turn)) => self.line.stop(session, turn).await,
                None => Ok(()),
            }
        });
        // Without an answer, the daemon stops it for want of a listener.
        match unless_interrupted(interrupts, async { Ok(stopping.await) }).await {
            Ok(_) | Err(Trouble::Interrupted(_) | Trouble::Chat(_)) => {}
        }
    }

    /// Deletes a session that was begun for a turn, if that did not begin: nothing was said in it, and nobody knows of it.
    /// Returns whether it is gone. What was said is asked of the daemon: a question whose answer was not heard may have come
    /// there.
    ///
    /// A signal ends the attempt. Where the daemon is not there, or has no place for this device, there is none.
    pub(super) async fn discard_unused(
        &self,
        session: ChatSessionId,
        heard: &Result<Heard, TurnError>,
        interrupts: &mut dyn Interrupts,
    ) -> bool {
        let is_unused = match heard {
            Ok(heard) => heard.session.is_none() && matches!(heard.ending, Ending::Interrupted(_)),
            Err(TurnError::Chat(error)) => !error.is_unauthorized() && !is_lost(error),
            Err(_) => false,
        };
        if !is_unused {
            return false;
        }
        let deleting = tokio::time::timeout(STOP_PATIENCE, self.delete_empty(session));
        let deleted = unless_interrupted(interrupts, async { Ok(deleting.await) }).await;
        matches!(deleted, Ok(Ok(Ok(true))))
    }

    /// Deletes a session in which nothing was said; says whether it was one.
    async fn delete_empty(&self, session: ChatSessionId) -> Result<bool, ChatError> {
        let is_empty = self.line.transcript(session.as_str()).await?.messages.is_empty();
        if is_empty {
            self.line.delete(session.as_str()).await?;
        }
        Ok(is_empty)
    }

    async fn begun(&self, key: &str, question: &Question) -> Result<Option<(ChatSessionId, u64)>, ChatError> {
        let mut stream = self.line.ask(key, question).await?;
        let first = stream.next().await.transpose()?;
        Ok(first.and_then(|numbered| match numbered.event {
            TurnEvent::Begun { session, turn } => Some((session, turn)),
            _ => None,
        }))
    }

    fn request_id(&self) -> Result<RequestId, RandomUnavailable> {
        let mut random = [0; 16];
        self.rng.fill(&mut random)?;
        Ok(RequestId::from_random(random))
    }
}

/// Ends the text with its line. A signal ends the wait for a reader that does not read; after one, there is hardly any.
async fn close(
    hearing: &mut Hearing<'_>,
    ending: Result<Ending, TurnError>,
    interrupts: &mut dyn Interrupts,
) -> Result<Result<Ending, TurnError>, Gone> {
    let is_whole = matches!(ending, Ok(Ending::Done(_)));
    if matches!(ending, Ok(Ending::Interrupted(_))) {
        return match tokio::time::timeout(CLOSE_PATIENCE, hearing.close(is_whole)).await {
            Ok(closed) => closed.map(|()| ending),
            Err(_) => Ok(ending),
        };
    }
    tokio::select! {
        biased;
        closed = hearing.close(is_whole) => closed.map(|()| ending),
        interrupt = interrupts.next() => Ok(Ok(Ending::Interrupted(interrupt))),
    }
}
