//! Proxies that this machine's tools are told to use. A forwarder is on the machine itself, where no proxy leads.
//!
//! Tools find proxies in variables like `HTTP_PROXY`, and many of them (curl; httpx, requests and websockets of Python) send
//! there what is for 127.0.0.1 as well, key and prompts included, unless `NO_PROXY` names it.

use alloc::borrow::ToOwned;
use alloc::string::String;

/// Where a forwarder listens.
const HERE: &str = "127.0.0.1";

/// Goes to no proxy, whatever it is for.
const EVERYTHING: &str = "*";

/// The two variables that say what goes to no proxy. Some tools read only one of them, and if both, not in the same order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemptions {
    /// `NO_PROXY`.
    pub upper: String,
    /// `no_proxy`.
    pub lower: String,
}

impl Exemptions {
    /// What the two variables have to be, beside these variables of the environment, so that a forwarder is reached directly.
    /// What they exempt stays exempt. `None` when no proxy is named, or nothing has to change.
    pub fn beside<'a>(variables: impl Iterator<Item = (&'a str, &'a str)>) -> Option<Self> {
        let (mut upper, mut lower, mut is_proxied) = (None, None, false);
        for (name, value) in variables {
            match name {
                "NO_PROXY" => upper = Some(value),
                "no_proxy" => lower = Some(value),
                _ => is_proxied |= names_a_proxy(name) && !value.trim().is_empty(),
            }
        }
        let is_missing = [upper, lower].iter().any(|list| !list.is_some_and(exempts));
        let with_here = |list: Option<&str>| and_here(list.unwrap_or_default());
        (is_proxied && is_missing)
            .then(|| Self { upper: with_here(upper.or(lower)), lower: with_here(lower.or(upper)) })
    }
}

/// `HTTP_PROXY`, `all_proxy` and the like, in any case: Python reads all that end so.
fn names_a_proxy(name: &str) -> bool {
    let end = name.len().checked_sub("_proxy".len()).and_then(|start| name.get(start..));
    end.is_some_and(|end| end.eq_ignore_ascii_case("_proxy")) && !name.eq_ignore_ascii_case("no_proxy")
}

fn exempts(list: &str) -> bool {
    // Commas only: most tools take spaces for nothing.
    list.trim() == EVERYTHING || list.split(',').any(|place| place.trim() == HERE)
}

fn and_here(list: &str) -> String {
    let list = list.trim().trim_end_matches(',');
    match list {
        "" => HERE.to_owned(),
        list if exempts(list) => list.to_owned(),
        list => list.to_owned() + "," + HERE,
    }
}
