//! What has been heard of a turn so far, over however many connections.

use crate::domain::agent::MAX_OUTPUT_BYTES;
use crate::domain::chat::id::ChatSessionId;
use crate::domain::chat::message::Outcome;
use crate::domain::terminal_text::{PlainText, TextCleaner};
use crate::domain::time::MonotonicTime;
use crate::ports::chat_api::{Completion, Numbered, Refusal, Said, Speaker, Transcript, TurnEvent};
use crate::ports::chat_screen::{AnswerListener, Gone, Remains};

use super::turn::TurnError;

/// How a turn ended that can still be heard of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Well.
    Done(Completion),
    /// Stopped, and not by us.
    Stopped,
}

/// A turn as it is heard.
pub(super) struct Hearing<'a> {
    listener: &'a mut dyn AnswerListener,
    cleaner: TextCleaner,
    /// The session and number of the turn, once it has begun.
    pub(super) begun: Option<(ChatSessionId, u64)>,
    /// The number of the last event.
    pub(super) seen: Option<u64>,
    /// What was said, as the agent said it.
    pub(super) text: String,
    /// When the first of it came.
    pub(super) first_at: Option<MonotonicTime>,
}

impl<'a> Hearing<'a> {
    pub(super) fn new(listener: &'a mut dyn AnswerListener) -> Self {
        let cleaner = TextCleaner::default();
        Self { listener, cleaner, begun: None, seen: None, text: String::new(), first_at: None }
    }

    pub(super) fn listener(&mut self) -> &mut dyn AnswerListener {
        self.listener
    }

    /// Takes the next event. One that was seen before is passed over: a turn that is asked for again begins anew.
    pub(super) async fn take(&mut self, numbered: Numbered, now: MonotonicTime) -> Result<Option<End>, TurnError> {
        let Numbered { number, event } = numbered;
        if self.seen.is_some_and(|seen| number <= seen) {
            return Ok(None);
        }
        self.seen = Some(number);
        match event {
            TurnEvent::Begun { session, turn } => self.begun = Some((session, turn)),
            TurnEvent::Text(text) => self.hear(&text, now).await?,
            TurnEvent::Done(completion) => return Ok(Some(End::Done(completion))),
            TurnEvent::Stopped => return Ok(Some(End::Stopped)),
            TurnEvent::Failed { why, detail } => return Err(TurnError::Failed { why, detail }),
        }
        Ok(None)
    }

    async fn hear(&mut self, text: &str, now: MonotonicTime) -> Result<(), TurnError> {
        if (self.text.len() + text.len()) as u64 > MAX_OUTPUT_BYTES {
            let detail = format!("the answer is longer than {MAX_OUTPUT_BYTES} bytes");
            return Err(TurnError::Failed { why: Refusal::AgentOutputLimit, detail });
        }
        self.first_at.get_or_insert(now);
        self.text.push_str(text);
        let plain = self.cleaner.clean(text);
        self.show(&plain).await?;
        Ok(())
    }

    async fn show(&mut self, plain: &PlainText) -> Result<(), Gone> {
        if plain.as_str().is_empty() { Ok(()) } else { self.listener.text(plain).await }
    }

    /// Ends the text with its line. An answer that came to its end has one even when it is empty.
    pub(super) async fn close(&mut self, is_whole: bool) -> Result<(), Gone> {
        if !is_whole && self.text.is_empty() {
            return Ok(());
        }
        let end = std::mem::take(&mut self.cleaner).finish();
        self.show(&end).await
    }

    /// Takes what the session has of a turn that the daemon has forgotten.
    ///
    /// # Errors
    ///
    /// [`TurnError::Forgotten`] when that is not a whole answer; [`TurnError::Gone`].
    pub(super) async fn take_rest(
        &mut self,
        kept: &Transcript,
        asked: &str,
        now: MonotonicTime,
    ) -> Result<End, TurnError> {
        let Some((answer, outcome)) = answer_to(kept, asked) else {
            return Err(TurnError::Forgotten(self.remains(false)));
        };
        let is_kept = answer.starts_with(&self.text);
        match answer.strip_prefix(&self.text) {
            Some("") => {}
            Some(rest) => self.hear(rest, now).await?,
            // A crash has taken away the end of what was heard.
            None if outcome.is_some() && self.text.starts_with(answer) => {}
            None => self.hear(&format!("\n{answer}"), now).await?,
        }
        match outcome {
            None => Ok(End::Done(Completion::default())),
            Some(Outcome::Stopped | Outcome::Failed) => Err(TurnError::Forgotten(self.remains(is_kept))),
        }
    }

    fn remains(&self, is_kept: bool) -> Remains {
        match is_kept {
            _ if self.text.is_empty() => Remains::Nothing,
            true => Remains::Kept,
            false => Remains::Lost,
        }
    }
}

/// What a session has of the answer to the last question of these words, and how that ended.
fn answer_to<'a>(kept: &'a Transcript, asked: &str) -> Option<(&'a str, Option<Outcome>)> {
    let is_ours = |said: &Said| matches!(said.speaker, Speaker::User { .. }) && said.content == asked;
    let index = kept.messages.iter().rposition(is_ours)?;
    let said = kept.messages.get(index + 1)?;
    match &said.speaker {
        Speaker::Agent { outcome, .. } => Some((&said.content, *outcome)),
        Speaker::User { .. } => None,
    }
}
