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
    #[serde(skip_serializing_if = "Option::is_none")]
    finish_reason: Option<&'a str>,
}

/// `{"sessionId","response","usage":null|{"promptTokens","completionTokens","totalTokens"},"ttftMs","totalMs"}`. The times
/// are this machine's, from the beginning of the first request on; `ttftMs` is null where nothing was said. `"finishReason"`
/// is there where the agent gives another one than having nothing more to say.
pub fn document(reply: &Reply) -> impl Serialize + '_ {
    Document {
        session_id: reply.session.as_ref().map(|id| id.as_str()),
        response: &reply.text,
        usage: reply.completion.usage.map(usage),
        ttft_ms: reply.first_after.map(milliseconds),
        total_ms: milliseconds(reply.took),
        finish_reason: reply.completion.finish_reason.as_deref(),
    }
}

/// What a person has to know of an answer that ended for this reason: those of the OpenAI API that leave something out.
pub fn cut_off(reason: &str) -> Option<&'static str> {
    match reason {
        "length" => Some("the answer is cut off: it has as many tokens as the agent allows"),
        "content_filter" => Some("the answer is cut off by the agent's content filter"),
        _ => None,
    }
}

const fn usage(usage: Usage) -> UsageForm {
    UsageForm { prompt_tokens: usage.prompt, completion_tokens: usage.completion, total_tokens: usage.total }
}

fn milliseconds(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
