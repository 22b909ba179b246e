//! A chat on a terminal, and its one-turn form for scripts.

mod editor;
mod notices;
pub mod screen;
pub mod script;

use std::io;

use crate::ports::chat_screen::Gone;

fn gone(error: &io::Error) -> Gone {
    Gone { cause: error.to_string(), is_closed: error.kind() == io::ErrorKind::BrokenPipe }
}
