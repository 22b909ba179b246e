//! A chat on a terminal, and its one-turn form for scripts.

mod editor;
mod notices;
pub mod output;
pub mod screen;
pub mod script;

use std::io;

use crate::ports::chat_screen::Gone;

fn unwritten(error: &io::Error) -> Gone {
    let cause = format!("the answer cannot be written: {error}");
    Gone { cause, is_closed: error.kind() == io::ErrorKind::BrokenPipe }
}
