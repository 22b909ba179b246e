//! What of a session the agent is shown.

use alloc::string::String;
use alloc::vec::Vec;

use super::message::Message;

/// Bytes of a conversation that an agent is shown at most, the latest: about a quarter of a million tokens.
pub const MAX_SHOWN_BYTES: usize = 1024 * 1024;

/// Whose words they are, in the way of the OpenAI API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The user's.
    User,
    /// The agent's own.
    Assistant,
}

/// Words of one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Utterance {
    /// Whose.
    pub role: Role,
    /// What was said.
    pub content: String,
}

impl Role {
    /// Its name in the OpenAI API and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// What the agent is shown: the latest messages that fit, the last of them always, beginning with one of the user.
///
/// What a stopped or failed answer has said is part of it; where it has said nothing, the user's messages around it become
/// one, because the templates of many models only know sides that take turns.
pub fn shown(messages: Vec<Message>) -> Vec<Utterance> {
    let mut room = MAX_SHOWN_BYTES;
    let last = messages.len().saturating_sub(1);
    let fits = |(index, message): &(usize, &Message)| {
        let left = room.checked_sub(message.content.len());
        room = left.unwrap_or_default();
        left.is_some() || *index == last
    };
    let kept = messages.iter().enumerate().rev().take_while(fits).count();
    let mut utterances: Vec<Utterance> = Vec::new();
    for message in messages.into_iter().skip(last.saturating_add(1).saturating_sub(kept)) {
        let role = if message.is_of_user() { Role::User } else { Role::Assistant };
        match utterances.last_mut() {
            _ if message.content.is_empty() => {}
            None if role == Role::Assistant => {}
            Some(before) if before.role == role => {
                before.content.push_str("\n\n");
                before.content.push_str(&message.content);
            }
            _ => utterances.push(Utterance { role, content: message.content }),
        }
    }
    utterances
}
