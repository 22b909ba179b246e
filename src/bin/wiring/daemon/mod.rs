//! The daemon: started, ready, and stopped.
//!
//! `opened` is what the home holds, `doors` is where clients and the operator come in, and `assembly` is everything that
//! answers them.

pub mod agent;
mod assembly;
pub mod doors;
pub mod opened;
mod provider_key;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use netclaw::adapters::file::home::Home;
use netclaw::adapters::system::clock::SystemClock;
use netclaw::adapters::system::daemon_lock::DaemonLock;
use netclaw::adapters::system::log::{self, Destination};
use netclaw::adapters::system::service_notifier::{Heartbeat, ServiceNotifier};
use netclaw::adapters::system::{background, signals};
use netclaw::adapters::terminal::failure::Failure;
use netclaw::app::daemon::housekeeping::{HOUSEKEEPING_INTERVAL, Housekeeping};
use tokio::sync::watch;
use tracing::info;

use super::{shared, start_failure as failure};
use assembly::{Front, Services};
use doors::Doors;
use opened::Opened;

/// How the daemon is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// By a person, a service manager or a container: it logs to stderr.
    Foreground,
    /// By `netclaw daemon start`: it leaves the terminal and logs to its file.
    Background,
}

/// Runs the daemon of this environment's home until it is told to stop. With `recover`, the host gets a new credential of
/// its own first, whatever became of the old one.
pub fn run(ground: Ground, recover: bool) -> Result<(), Failure> {
    let manager = match ground {
        Ground::Foreground => ServiceNotifier::of_process(),
        Ground::Background => ServiceNotifier::silent(),
    };
    let ended = run_under(&manager, ground, recover);
    if let Err(Failure { message: Some(why), .. }) = &ended {
        manager.failed(why);
    }
    ended
}

fn run_under(manager: &ServiceNotifier, ground: Ground, recover: bool) -> Result<(), Failure> {
    let home = shared::home()?;
    let log_file = home.log_file();
    let destination = match ground {
        Ground::Foreground => Destination::Stderr,
        Ground::Background => {
            background::leave_terminal();
            Destination::File(&log_file)
        }
    };
    log::start(destination, SystemClock).map_err(|error| failure::log(&log_file, &error))?;
    let lock = DaemonLock::take(&home.lock_file()).map_err(|error| failure::lock(&home, &error))?;
    let opened = Opened::of(&home)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| failure::runtime(&error))?;
    let ended = runtime.block_on(serve_home(&home, opened, recover, ground, manager));
    // The runtime ends after the writes that have begun. Until then no other daemon may read or write these files.
    drop(runtime);
    drop(lock);
    ended
}

async fn serve_home(
    home: &Home,
    opened: Opened,
    recover: bool,
    ground: Ground,
    manager: &ServiceNotifier,
) -> Result<(), Failure> {
    let signal = signals::stop_requested().map_err(|error| failure::runtime(&error))?;
    // First of all: where the host's own credential is sent to must be ours before it is stored for there.
    let address = opened.settings.listen_address();
    let network = doors::bind(address).await?;
    opened.bootstrap(home, recover).await?;
    let mode = opened.settings.mode;
    let front = Front::of(home, &opened).await?;
    let doors = Doors::open(home, network, Arc::clone(&front.tls))?;
    let Services { public, control, chat, housekeeping, ready, stop } =
        assembly::assemble(home, opened, front, doors.listening.clone());
    let stopped = stop.subscribe();
    let mut doors = doors.serve(public, control, &stopped);
    info!("the daemon is ready");
    if ground == Ground::Background {
        background::announce_ready().map_err(|error| failure::runtime(&error))?;
    }
    manager.ready(&format!("Listening on {address}, exposure mode {mode}"));
    until_stopped(&housekeeping, manager.heartbeat(), signal, stopped).await;
    manager.stopping();
    ready.store(false, Ordering::Release);
    stop.send_replace(true);
    // Before the doors, so that whoever listens hears the end.
    chat.close().await;
    doors.drained().await;
    housekeeping.round().await;
    doors.remove_socket();
    info!("the daemon has stopped");
    Ok(())
}

/// Does the housekeeping, and gives signs of life, until a signal comes or the operator asks for a stop.
async fn until_stopped(
    housekeeping: &Housekeeping,
    mut heartbeat: Heartbeat<'_>,
    signal: impl Future<Output = &'static str>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut rounds = tokio::time::interval(HOUSEKEEPING_INTERVAL);
    let mut signal = std::pin::pin!(signal);
    let mut expiry = std::pin::pin!(housekeeping.watch_expiry());
    loop {
        tokio::select! {
            name = &mut signal => {
                info!(signal = name, "a signal asked the daemon to stop");
                return;
            }
            _ = stopped.wait_for(|stopped| *stopped) => return,
            _ = rounds.tick() => housekeeping.round().await,
            () = heartbeat.beat() => {}
            () = &mut expiry => {}
        }
    }
}
