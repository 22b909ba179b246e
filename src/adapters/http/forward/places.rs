//! What requests and answers say of places, as each side has to read it.

use hyper::header::{CONTENT_LOCATION, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, LOCATION, ORIGIN, REFERER};
use hyper::http::request::Parts;

use crate::adapters::http::request_head::only;
use crate::adapters::relay::request::{Hop, Outgoing};
use crate::domain::forward::moved_here;
use crate::domain::gateway::fields::Field;
use crate::domain::link::Link;

/// What both sides of the forwarder call themselves.
pub(super) struct Places {
    /// As the client does: scheme, host and port.
    here: String,
    /// As the daemon does, with the path of its endpoint.
    there: String,
    /// The same without the path.
    origin: String,
}

impl Places {
    /// For a request with this head, on its way over this link.
    pub(super) fn of(parts: &Parts, link: &Link) -> Self {
        let place = link.place();
        let here = format!("http://{}", only(&parts.headers, HOST).unwrap_or_default());
        Self { here, there: place.to_string(), origin: place.origin() }
    }

    /// Adds the fields of a request that are for the daemon and who is behind it. To them the request comes from a page of
    /// the daemon, as it was checked to come from a page of this forwarder, if from any.
    pub(super) fn put_fields(&self, head: &mut Outgoing, parts: &Parts, hop: &Hop<'_>) {
        let fields = &parts.headers;
        head.fields(fields, hop, |field| matches!(field, Field::EndToEnd | Field::ProviderCredential));
        if !hop.nominates(COOKIE.as_str()) {
            fields.get_all(COOKIE).iter().for_each(|cookies| head.field(COOKIE.as_str(), cookies));
        }
        if fields.contains_key(ORIGIN) {
            head.line(ORIGIN.as_str(), &[self.origin.as_bytes()]);
        }
        if let Some(referer) = only(fields, REFERER).and_then(|page| moved_here(page, &self.here, &self.there)) {
            head.line(REFERER.as_str(), &[referer.as_bytes()]);
        }
    }

    /// Changes what an answer says of places, and takes away what would let pages of other sites read it: none of them gets
    /// this far, and none shall.
    pub(super) fn clean(&self, fields: &mut HeaderMap) {
        let opens = |name: &&HeaderName| name.as_str().starts_with("access-control-");
        let opening: Vec<HeaderName> = fields.keys().filter(opens).cloned().collect();
        opening.iter().for_each(|name| drop(fields.remove(name)));
        for name in [LOCATION, CONTENT_LOCATION] {
            let moved = only(fields, name.clone()).and_then(|there| moved_here(there, &self.there, &self.here));
            if let Some(here) = moved.and_then(|here| HeaderValue::try_from(here).ok()) {
                fields.insert(name, here);
            }
        }
    }
}
