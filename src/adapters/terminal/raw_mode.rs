//! A terminal that is left as it was, also by a signal in the middle of a question.

use std::io::{self, Write};
use std::sync::{Once, mpsc};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};

/// What shells add to the number of the signal that a program was ended by.
const BY_SIGNAL: i32 = 128;

/// Shows the cursor again, and begins a new line below the question.
const AFTERWARDS: &[u8] = b"\x1b[?25h\r\n";

/// From the first call on, SIGTERM and SIGHUP end the program with the terminal as it is at that call. To be called before
/// raw mode, in which nobody else would restore it.
pub(super) fn restore_when_ended() {
    static WATCH: Once = Once::new();
    WATCH.call_once(|| {
        let Ok(before) = tcgetattr(rustix::stdio::stdin()) else { return };
        let (installed, is_installed) = mpsc::channel();
        let watcher = std::thread::Builder::new().name("signals".to_owned());
        // Without a watcher the system ends the program as ever.
        if watcher.spawn(move || watch(&before, installed)).is_ok() {
            // An error means that the watcher has given up.
            let _ = is_installed.recv();
        }
    });
}

fn watch(before: &Termios, installed: mpsc::Sender<()>) {
    let Ok(number) = signalled(installed) else { return };
    let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, before);
    let _ = io::stderr().write_all(AFTERWARDS);
    std::process::exit(BY_SIGNAL + number);
}

/// Waits for a signal, and gives its number.
fn signalled(installed: mpsc::Sender<()>) -> io::Result<i32> {
    let (terminate, hangup) = (SignalKind::terminate(), SignalKind::hangup());
    tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(async {
        let (mut terminated, mut hung_up) = (signal(terminate)?, signal(hangup)?);
        drop(installed);
        tokio::select! {
            _ = terminated.recv() => Ok(terminate.as_raw_value()),
            _ = hung_up.recv() => Ok(hangup.as_raw_value()),
        }
    })
}
