//! The answer to one question, for a script.

use std::time::Duration;

use serde::Serialize;

use crate::adapters::wire::chat::UsageForm;
use crate::app::client::chat::errand::Reply;
use crate::ports::chat_api::Usage;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    session_id: Option<&'a str>,
    response: &'a str,
    usage: Option<UsageForm>,
    ttft_ms: Option<u64>,
    total_ms: u64,
}

/// `{"sessionId","response","usage":null|{"promptTokens","completionTokens","totalTokens"},"ttftMs","totalMs"}`. The times
/// are this machine's, from the beginning of the first request on; `ttftMs` is null where nothing was said.
pub fn document(reply: &Reply) -> impl Serialize + '_ {
    Document {
        session_id: reply.session.as_ref().map(|id| id.as_str()),
        response: &reply.text,
        usage: reply.usage.map(usage),
        ttft_ms: reply.first_after.map(milliseconds),
        total_ms: milliseconds(reply.took),
    }
}

const fn usage(usage: Usage) -> UsageForm {
    UsageForm { prompt_tokens: usage.prompt, completion_tokens: usage.completion, total_tokens: usage.total }
}

fn milliseconds(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
