//! The forwarder of a paired device: which requests on a port of its own machine may go on to the daemon.
//!
//! Whatever goes on carries the device's credential. So neither a web page in a browser of this machine, nor another user of
//! the machine, nor a tool that only wants to use the daemon may do with it what it likes: [`guard`] keeps pages out, [`key`]
//! keeps other users out, and [`reserved`] keeps the credential itself out of reach. What is sent to it is for it alone:
//! [`proxies`] keeps it from going another way.

pub mod guard;
pub mod key;
pub mod proxies;
pub mod reserved;

use alloc::string::String;

/// Where an answer of the daemon sends the client, as the client has to ask for it: below `here` in place of `there`. `None`
/// when it is somewhere else, or relative. Neither has a slash at its end.
pub fn moved_here(location: &str, there: &str, here: &str) -> Option<String> {
    let (start, rest) = location.split_at_checked(there.len())?;
    let is_below = start.eq_ignore_ascii_case(there) && (rest.is_empty() || rest.starts_with(['/', '?', '#']));
    is_below.then(|| String::from(here) + rest)
}
