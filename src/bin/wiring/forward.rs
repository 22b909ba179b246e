//! `netclaw forward`, put together.

mod failures;

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::Arc;

use netclaw::adapters::client::{HttpDaemonApi, Patience, tls};
use netclaw::adapters::control::socket::{self, OwnPlace};
use netclaw::adapters::exec::wrapped::Wrapped;
use netclaw::adapters::file::credentials::FileCredentialStore;
use netclaw::adapters::http::connections::serve;
use netclaw::adapters::http::forward::door::listen;
use netclaw::adapters::http::forward::{Forwarder, Lock, OPEN_FILES, limits};
use netclaw::adapters::http::listener::{Accept, OperatorListener};
use netclaw::adapters::platform;
use netclaw::adapters::system::clock::SystemClock;
use netclaw::adapters::system::rng::SystemRng;
use netclaw::adapters::system::signals;
use netclaw::adapters::terminal::cli::forward::ForwardArgs;
use netclaw::adapters::terminal::commands::ClientPorts;
use netclaw::adapters::terminal::commands::forward::{Opened, open};
use netclaw::adapters::terminal::console::Console;
use netclaw::adapters::terminal::failure::{Exit, Failure};
use netclaw::adapters::terminal::prompter;
use netclaw::adapters::terminal::render::forward::{BASE_URL_VARIABLE, Entrance, KEY_VARIABLE, exemption_variables};
use netclaw::domain::forward::guard::Guard;
use netclaw::domain::forward::proxies::Exemptions;
use tokio::net::UnixListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use self::failures::{no_socket, not_listening, not_started};
use super::{block_on, client, shared};

/// Passes requests on until a signal or the end of the command. A command's exit code is that of this process.
pub fn run(args: &ForwardArgs, console: &mut Console<'_>) -> Result<(), Failure> {
    match block_on(forward(args, console))? {
        None => Ok(()),
        Some(code) => std::process::exit(code.into()),
    }
}

async fn forward(args: &ForwardArgs, console: &mut Console<'_>) -> Result<Option<u8>, Failure> {
    let home = shared::home()?;
    let settings = shared::settings(&home);
    let api = Arc::new(HttpDaemonApi::new(Patience::default()));
    let credentials = Arc::new(FileCredentialStore::new(home));
    let ports = ClientPorts {
        api: api.as_ref(),
        credentials: credentials.as_ref(),
        settings: &settings,
        prompter: &mut prompter::of_process(),
        clock: &SystemClock,
        rng: &SystemRng::default(),
        environment_endpoint: client::environment_endpoint(),
        host_name: shared::host_name(),
    };
    let opened = open(args, &ports, api.clone(), credentials.clone(), Arc::new(SystemClock), console).await?;
    match &args.socket {
        Some(path) => at_socket(args, path, opened, console).await,
        None => at_port(args, opened, console).await,
    }
}

async fn at_port(args: &ForwardArgs, opened: Opened, console: &mut Console<'_>) -> Result<Option<u8>, Failure> {
    let listener = listen(args.port).await.map_err(|error| not_listening(args, &error))?;
    let port = listener.local_addr().map_err(|error| not_listening(args, &error))?.port();
    let key = opened.key.clone();
    let lock = Lock { guard: Guard::of_port(port), key: key.clone() };
    let entrance = Entrance::Port(port, &key);
    let open = OpenDoor::of(&opened, Some(lock), listener);
    if args.command.is_empty() {
        return open.until_stopped(args, opened, &entrance, console).await.map(|()| None);
    }
    let base_url = entrance.openai_base_url().unwrap_or_default();
    let exemptions = exemptions();
    let mut variables = vec![(BASE_URL_VARIABLE, base_url.as_str()), (KEY_VARIABLE, key.reveal())];
    variables.extend(exemptions.iter().flat_map(exemption_variables));
    let command = Wrapped::start(&args.command, &variables).map_err(|error| not_started(args, &error))?;
    let code = while_it_runs(command, opened, console).await?;
    open.close().await;
    Ok(Some(code))
}

async fn at_socket(
    args: &ForwardArgs,
    path: &Path,
    opened: Opened,
    console: &mut Console<'_>,
) -> Result<Option<u8>, Failure> {
    let path = std::path::absolute(path).map_err(|error| Failure::new(Exit::Usage, format!("--socket: {error}")))?;
    let (listener, place) = socket::bind_unlocked(&path).map_err(|error| no_socket(args, &error))?;
    let listener = UnixListener::from_std(listener);
    let listener = listener.map_err(|error| Failure::new(Exit::Failed, format!("{}: {error}", path.display())))?;
    let mut open = OpenDoor::of(&opened, None, OperatorListener::new(listener, platform::user_id()));
    open.place = Some(place);
    open.until_stopped(args, opened, &Entrance::Socket(&path), console).await?;
    Ok(None)
}

/// A door at which requests are taken.
struct OpenDoor {
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
    tending: JoinHandle<()>,
    /// Where it is, if it is a socket.
    place: Option<OwnPlace>,
}

impl OpenDoor {
    fn of(opened: &Opened, lock: Option<Lock>, listener: impl Accept) -> Self {
        let forwarder = Arc::new(Forwarder::new(Arc::clone(&opened.forwarding), lock, tls::of_link));
        let (stop, stopped) = watch::channel(false);
        let tended = Arc::clone(&forwarder);
        let tending = tokio::spawn(async move { tended.tend().await });
        let limits = limits(platform::allow_open_files(OPEN_FILES));
        Self { stop, serving: tokio::spawn(serve(listener, forwarder, limits, stopped)), tending, place: None }
    }

    /// Announces the door, and waits for a signal or for someone who answers in place of the daemon.
    async fn until_stopped(
        self,
        args: &ForwardArgs,
        mut opened: Opened,
        entrance: &Entrance<'_>,
        console: &mut Console<'_>,
    ) -> Result<(), Failure> {
        let signal = signals::stop_requested();
        let signal = signal.map_err(|error| Failure::new(Exit::Failed, format!("cannot wait for signals: {error}")))?;
        opened.announce(args, entrance, exemptions().as_ref(), console)?;
        let ended = tokio::select! {
            failure = opened.watch(console) => Err(failure),
            _ = signal => Ok(()),
        };
        self.close().await;
        ended
    }

    /// Lets requests that are being answered come to their end, for a moment.
    async fn close(self) {
        // The next one need not wait for that.
        drop(self.place);
        self.stop.send_replace(true);
        self.tending.abort();
        // A panic in it was its end too.
        let _ = self.serving.await;
    }
}

/// What keeps tools with the environment of this process from going to a proxy.
fn exemptions() -> Option<Exemptions> {
    let text = |text: OsString| text.to_string_lossy().into_owned();
    let variables: Vec<_> = std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect();
    Exemptions::beside(variables.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// Waits for the end of a command, and says meanwhile what there is to say. When someone answers in place of the daemon, nothing
/// is sent to them, and the command has to find its own end.
async fn while_it_runs(mut command: Wrapped, mut opened: Opened, console: &mut Console<'_>) -> Result<u8, Failure> {
    let failed = |error: io::Error| Failure::new(Exit::Failed, format!("cannot wait for the command: {error}"));
    loop {
        tokio::select! {
            // What happened before the command's end, and may be the reason for it, is said before it.
            biased;
            failure = opened.watch(console) => {
                let _ = failure.print(console.err);
            }
            code = command.ended() => return code.map_err(failed),
        }
    }
}
