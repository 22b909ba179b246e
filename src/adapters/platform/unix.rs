//! Linux and macOS.

use std::borrow::Cow;
use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rustix::net::sockopt;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use rustix::time::{ClockId, clock_gettime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{NotPrivate, UnsafeFolder};
use crate::ports::interrupts::Interrupt;

/// Bytes that the path of a Unix socket may have: `sun_path` less its final zero, 108 on Linux and 104 elsewhere.
pub const MAX_SOCKET_PATH_BYTES: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// The user who may do everything.
pub const ROOT: u32 = 0;

/// What a service manager sets for the process that it watches (sd_notify(3)). A child that inherits them would speak in
/// the name of its parent.
pub const SERVICE_MANAGER_VARIABLES: [&str; 3] = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

/// Permission bits that let anyone but the owner in.
const OTHERS: u32 = 0o077;

/// Permission bits that let anyone but the owner change what is in a folder.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Time since boot, time asleep included.
pub fn since_boot() -> Duration {
    // macOS counts time asleep on its monotonic clock, Linux on its own clock for that.
    #[cfg(target_os = "linux")]
    let clock = ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let clock = ClockId::Monotonic;
    let time = clock_gettime(clock);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Asks the other end of a silent connection every half minute whether it is still there, and gives it up after a minute
/// without an answer: it may have gone to sleep, or to another network, without a word. Programs that wait long notice
/// nothing: their system answers.
///
/// # Errors
///
/// What the system says.
pub fn keep_alive(socket: impl AsFd) -> io::Result<()> {
    sockopt::set_tcp_keepidle(&socket, Duration::from_secs(30))?;
    sockopt::set_tcp_keepintvl(&socket, Duration::from_secs(10))?;
    sockopt::set_tcp_keepcnt(&socket, 3)?;
    Ok(sockopt::set_socket_keepalive(&socket, true)?)
}

/// Lets this process have `wanted` files open, or as many as it may without asking anyone; says how many that are.
///
/// The usual limit of 1024 is for programs that look at open files with `select(2)`. This one does not, and what it starts
/// has few.
pub fn allow_open_files(wanted: u64) -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let allowed = current.unwrap_or(u64::MAX);
    let raised = wanted.min(maximum.unwrap_or(u64::MAX));
    let is_raised = raised > allowed && setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum }).is_ok();
    if is_raised { raised } else { allowed }
}

/// Tells which signals, by their numbers, this process ignores: it was started so, by `nohup` or in the background of a
/// script. Nobody can ask that in safe code, so only Linux, which has it in a file, says it; elsewhere none is.
pub fn ignored_signals() -> impl Fn(i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The lowest bit is signal 1 (proc_pid_status(5)).
    let ignored = ignored.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or(0);
    move |signal| (1..=64).contains(&signal) && ignored >> (signal - 1) & 1 == 1
}

/// Makes a folder, and those above it, that only its owner can enter, and makes their names durable: what is stored in
/// them survives a power loss. An existing folder stays as it is.
///
/// # Errors
///
/// What the system says.
pub fn create_private_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().ok_or(io::ErrorKind::NotFound)?;
    create_private_folder(above)?;
    match DirBuilder::new().mode(0o700).create(folder) {
        // Someone was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
        created => created?,
    }
    sync_folder(above)
}

/// Opens a file for reading, refusing to follow a symbolic link at its name.
///
/// # Errors
///
/// What the system says; a link is [`io::ErrorKind::FilesystemLoop`].
pub fn open_without_following(path: &Path) -> io::Result<File> {
    let flags = (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits();
    OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)
}

/// Opens a file that holds a lock, creating it for its owner only, and refusing to follow a symbolic link.
///
/// # Errors
///
/// What the system says; a link is [`io::ErrorKind::FilesystemLoop`].
pub fn open_lock_file(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(flags).open(path)
}

/// Whether a file is a regular one that only `owner` can open, and root.
///
/// # Errors
///
/// [`NotPrivate`], the first reason that applies.
pub fn check_private(metadata: &Metadata, owner: u32) -> Result<(), NotPrivate> {
    if !metadata.is_file() {
        return Err(NotPrivate::NotAFile);
    }
    if metadata.uid() != owner {
        return Err(NotPrivate::Owner { uid: metadata.uid() });
    }
    match metadata.mode() & 0o7777 {
        mode if mode & OTHERS != 0 => Err(NotPrivate::Mode { mode }),
        _ => Ok(()),
    }
}

/// Whether nobody but `owner` and root can change what is in a folder.
///
/// # Errors
///
/// [`UnsafeFolder`], the first reason that applies.
pub fn check_folder(metadata: &Metadata, owner: u32) -> Result<(), UnsafeFolder> {
    if !metadata.is_dir() {
        return Err(UnsafeFolder::NotAFolder);
    }
    if metadata.uid() != owner && metadata.uid() != ROOT {
        return Err(UnsafeFolder::Owner { uid: metadata.uid() });
    }
    match metadata.mode() & 0o7777 {
        mode if mode & WRITABLE_BY_OTHERS != 0 => Err(UnsafeFolder::Writable { mode }),
        _ => Ok(()),
    }
}

/// The user that a file or folder belongs to.
pub fn owner_of(metadata: &Metadata) -> u32 {
    metadata.uid()
}

/// Makes the names in a folder durable: a rename in it survives a power loss from here on.
///
/// # Errors
///
/// What the system says.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The command that makes a file private, for a hint.
pub fn make_private_command(path: &Path) -> String {
    format!("chmod 600 {}", quoted(path))
}

/// A path as a shell reads it, for a command in a hint: in quotes where it has anything unusual in it.
pub fn quoted(path: &Path) -> String {
    // A path has no zero byte, so this cannot fail.
    let quoted = shlex::Quoter::new().allow_nul(true).quote(&path.to_string_lossy()).map(Cow::into_owned);
    quoted.unwrap_or_default()
}

/// The command that says which program listens on a TCP port of this machine, for a hint.
pub fn who_listens_command(port: u16) -> String {
    if cfg!(target_os = "linux") {
        format!("ss -ltnp 'sport = :{port}'")
    } else {
        format!("lsof -nP -iTCP:{port} -sTCP:LISTEN")
    }
}

/// How a log is opened: for appending, created for its owner only.
pub fn private_append_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    options
}

/// The signals that interrupt a command: SIGINT and SIGTERM. One that cannot be caught ends the process as ever.
#[derive(Debug)]
pub struct Signals {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
}

impl Signals {
    /// Catches them from now on.
    pub fn catch() -> Self {
        let caught = |kind| signal(kind).ok();
        Self { interrupt: caught(SignalKind::interrupt()), terminate: caught(SignalKind::terminate()) }
    }

    /// The next one. Can be given up and called again.
    pub async fn next(&mut self) -> Interrupt {
        tokio::select! {
            () = received(&mut self.interrupt) => Interrupt::Stop,
            () = received(&mut self.terminate) => Interrupt::Terminate,
        }
    }
}

async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => match signal.recv().await {
            Some(()) => {}
            None => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}

/// How the terminal of stdin was, to be put back.
#[derive(Debug)]
pub struct TerminalModes(Option<Termios>);

impl TerminalModes {
    /// As it is now.
    pub fn of_stdin() -> Self {
        Self(tcgetattr(io::stdin()).ok())
    }

    /// Puts it back.
    pub fn restore(&self) {
        if let Some(modes) = &self.0 {
            // A terminal that has gone away needs no modes.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, modes);
        }
    }
}

/// The user that this process acts as.
pub fn user_id() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Forgets what was typed on the terminal and not read yet: a question must not be answered before it was seen.
pub fn forget_typed_ahead() {
    // Where stdin is no terminal there is nothing to forget.
    let _ = rustix::termios::tcflush(rustix::stdio::stdin(), rustix::termios::QueueSelector::IFlush);
}
