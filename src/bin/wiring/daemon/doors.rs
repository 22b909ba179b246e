//! Where clients and the operator come in.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use netclaw::adapters::control::socket::{self, RUNTIME_VARIABLE};
use netclaw::adapters::file::home::Home;
use netclaw::adapters::http::connections::{ConnectionLimits, Handler, serve};
use netclaw::adapters::http::listener::{Accept, OperatorListener};
use netclaw::adapters::http::public_listener::PublicListener;
use netclaw::adapters::http::tls::OwnTls;
use netclaw::adapters::platform;
use netclaw::adapters::terminal::failure::Failure;
use netclaw::domain::endpoint::Endpoint;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::warn;

use super::super::start_failure as failure;

/// Takes the port.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| failure::bind(address, &error))
}

/// Where this daemon is asked, by devices and by the operator. Nobody is answered yet.
pub struct Doors {
    /// What the port is reached at from here.
    pub listening: Endpoint,
    network: PublicListener,
    operator: OperatorListener,
    socket: PathBuf,
}

impl Doors {
    /// Opens the control socket beside the port.
    pub fn open(home: &Home, network: TcpListener, tls: Arc<OwnTls>) -> Result<Self, Failure> {
        let socket = control_socket(home)?;
        let listening = Endpoint::of_listener(network.local_addr().map_err(|error| failure::runtime(&error))?);
        let operator = socket::bind(&socket).map_err(|error| failure::socket(&error))?;
        let operator = UnixListener::from_std(operator).map_err(|error| failure::runtime(&error))?;
        let operator = OperatorListener::new(operator, platform::user_id());
        Ok(Self { listening, network: PublicListener::new(network, tls), operator, socket })
    }

    /// Answers at both, until `stopped` says so and what has begun is done.
    pub fn serve(self, public: impl Handler, control: impl Handler, stopped: &watch::Receiver<bool>) -> OpenDoors {
        let public = open(self.network, public, limits(), stopped);
        let control = open(self.operator, control, ConnectionLimits::OPERATOR, stopped);
        let tasks = [public, control];
        OpenDoors { tasks, socket: self.socket }
    }
}

/// Doors at which this daemon answers.
pub struct OpenDoors {
    tasks: [JoinHandle<()>; 2],
    socket: PathBuf,
}

impl OpenDoors {
    /// Waits until nobody is served any more.
    pub async fn drained(&mut self) {
        for task in &mut self.tasks {
            // A door that panicked is closed too.
            let _ = task.await;
        }
    }

    /// Leaves no socket behind.
    pub fn remove_socket(self) {
        let _ = std::fs::remove_file(&self.socket);
    }
}

/// As many connections as this process may have.
fn limits() -> ConnectionLimits {
    let wanted = ConnectionLimits::open_files();
    let allowed = platform::allow_open_files(wanted);
    let limits = ConnectionLimits::of_daemon(allowed);
    if allowed < wanted {
        warn!(
            open_files = allowed,
            connections = limits.connections,
            "fewer connections are served than could be: \
              raise the limit of open files to {wanted} (ulimit -n, LimitNOFILE=)"
        );
    }
    limits
}

fn open<A: Accept>(
    listener: A,
    handler: impl Handler,
    limits: ConnectionLimits,
    stopped: &watch::Receiver<bool>,
) -> JoinHandle<()> {
    tokio::spawn(serve(listener, Arc::new(handler), limits, stopped.clone()))
}

/// Where the control socket of this home is.
pub fn control_socket(home: &Home) -> Result<PathBuf, Failure> {
    let path = socket::path(home.control_socket(), std::env::var_os(RUNTIME_VARIABLE));
    path.map_err(|error| failure::socket(&error))
}
