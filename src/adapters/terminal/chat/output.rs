//! The way of an answer to its reader, on a thread of its own: a reader that does not read holds up that thread, and neither
//! the signals nor the connection.

use std::io::{self, Write};
use std::sync::mpsc;
use std::thread;

use tokio::sync::mpsc as results;

use super::unwritten;
use crate::ports::chat_screen::Gone;

/// Where answers are written.
pub struct Output {
    pieces: mpsc::Sender<Vec<u8>>,
    results: results::UnboundedReceiver<io::Result<()>>,
    /// Pieces that are not written yet.
    under_way: usize,
}

impl Output {
    /// Starts the thread.
    pub fn start(mut out: Box<dyn Write + Send>) -> Self {
        let (pieces, written) = mpsc::channel::<Vec<u8>>();
        let (result, results) = results::unbounded_channel();
        // Nobody waits for its end: a process that ends takes it along, in the middle of a write too.
        thread::spawn(move || {
            while let Ok(piece) = written.recv() {
                if result.send(out.write_all(&piece).and_then(|()| out.flush())).is_err() {
                    return;
                }
            }
        });
        Self { pieces, results, under_way: 0 }
    }

    /// Writes this, and returns when it is written. Given up, it is written as soon as someone reads.
    ///
    /// # Errors
    ///
    /// [`Gone`] when it cannot be.
    pub async fn write(&mut self, piece: Vec<u8>) -> Result<(), Gone> {
        let ended = || unwritten(&io::ErrorKind::BrokenPipe.into());
        self.pieces.send(piece).map_err(|_| ended())?;
        self.under_way += 1;
        while self.under_way > 0 {
            let result = self.results.recv().await.ok_or_else(ended)?;
            self.under_way -= 1;
            result.map_err(|error| unwritten(&error))?;
        }
        Ok(())
    }
}
