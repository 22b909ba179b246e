//! The key of a forwarder where it is not asked for: tools send what they take for an API key in several ways at once. It is
//! of no use to the daemon or to whoever is behind it, and would stay in their logs.

use hyper::header::{HeaderName, HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use hyper::http::request::Parts;

use crate::adapters::http::gateway::invalid;
use crate::adapters::http::problem::Problem;
use crate::domain::forward::key::ForwardKey;

/// Takes the key out of all fields of a request.
///
/// # Errors
///
/// When it is in the path or the query, which say what is asked for: there is nothing to ask for without it.
pub(super) fn take_out(key: &ForwardKey, parts: &mut Parts) -> Result<(), Problem> {
    if parts.uri.path_and_query().is_some_and(|target| key.is_in(target.as_str().as_bytes())) {
        return Err(invalid(
            "the key of this forwarder is in the path or the query, which logs keep; send it as the API key, or as the \
             password of any user",
        ));
    }
    let fields = &mut parts.headers;
    let has_key = |(name, value): (&HeaderName, &HeaderValue)| key.is_in(value.as_bytes()).then(|| name.clone());
    let strays: Vec<HeaderName> = fields.iter().filter_map(has_key).collect();
    for name in strays {
        let kept: Vec<_> = fields.get_all(&name).iter().filter_map(|value| without(key, &name, value)).collect();
        fields.remove(&name);
        for value in kept {
            fields.append(&name, value);
        }
    }
    Ok(())
}

/// A value that does not have the key in it. Of the protocols that a WebSocket may speak, the one that is made of the key goes
/// (`openai-insecure-api-key.…`), and the others stay.
fn without(key: &ForwardKey, name: &HeaderName, value: &HeaderValue) -> Option<HeaderValue> {
    if !key.is_in(value.as_bytes()) {
        return Some(value.clone());
    }
    if name != SEC_WEBSOCKET_PROTOCOL {
        return None;
    }
    let protocols = value.to_str().ok()?.split(',').map(str::trim);
    let kept: Vec<&str> =
        protocols.filter(|protocol| !protocol.is_empty() && !key.is_in(protocol.as_bytes())).collect();
    HeaderValue::try_from(kept.join(", ")).ok().filter(|kept| !kept.is_empty())
}
