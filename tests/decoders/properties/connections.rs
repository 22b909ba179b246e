//! Whole connections: what a stranger says to the daemon's port, and what is answered to a client and to a command.

use std::convert::Infallible;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use netclaw::adapters::client::{HttpDaemonApi, Patience};
use netclaw::adapters::control::SocketControlChannel;
use netclaw::adapters::exposure::ListenerExposure;
use netclaw::adapters::file::activity_file::FileActivityLog;
use netclaw::adapters::file::chat_sessions::FileChatSessions;
use netclaw::adapters::file::device_file::FileDeviceStore;
use netclaw::adapters::file::home::Home;
use netclaw::adapters::file::settings_file::SettingsFile;
use netclaw::adapters::file::tls_key_files::TlsKeyFiles;
use netclaw::adapters::http::certificate::Names;
use netclaw::adapters::http::connections::{ConnectionLimits, serve};
use netclaw::adapters::http::listener::{Accept, Arrival, Peer, Remote};
use netclaw::adapters::http::public_api::PublicApi;
use netclaw::adapters::http::tls::OwnTls;
use netclaw::adapters::memory::{MemoryAttemptLog, MemoryPairingSlot};
use netclaw::adapters::metrics::PrometheusMeter;
use netclaw::adapters::platform::user_id;
use netclaw::adapters::system::clock::SystemClock;
use netclaw::adapters::system::rng::SystemRng;
use netclaw::app::daemon::DaemonPorts;
use netclaw::app::daemon::beacons::Beacons;
use netclaw::app::daemon::chat::{Chat, ChatLimits};
use netclaw::app::daemon::open_pairing::OpenPairing;
use netclaw::app::daemon::open_requests::OpenRequests;
use netclaw::app::daemon::pair_v2::{Introduction, PairV2};
use netclaw::app::daemon::pending_restart::PendingRestart;
use netclaw::app::daemon::status::{DaemonFacts, Status};
use netclaw::app::daemon::tls_rotation::TlsRotation;
use netclaw::domain::access::AccessPolicy;
use netclaw::domain::code::PairingCode;
use netclaw::domain::device_name::DeviceName;
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::exposure::ExposureMode;
use netclaw::domain::identity::IdentityKey;
use netclaw::domain::key_rotation::Urgency;
use netclaw::domain::link::Link;
use netclaw::domain::session::Generation;
use netclaw::domain::settings::Settings;
use netclaw::domain::terms::Terms;
use netclaw::domain::transport::AllowPlaintext;
use netclaw::ports::control_channel::ControlChannel;
use netclaw::ports::daemon_api::DaemonApi;
use netclaw::ports::device_store::DeviceStore;
use netclaw::ports::rng::Rng;
use netclaw::ports::tls_keys::TlsKeyStore;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::runtime::Builder;
use tokio::sync::{mpsc, watch};

use super::files::{scratch, wait};
use super::is_showable;
use super::talks::Echo;

/// The daemon's port, while a code is open that nobody knows. The first byte chooses the mode and the peer; the rest is what
/// a stranger sends, and then says no more.
///
/// Every answer is a whole one, none is a failure of the daemon's own, nothing is granted, and no device comes of it.
pub fn request(bytes: &[u8]) {
    let Some((choice, said)) = bytes.split_first() else { return };
    let mode = ExposureMode::ALL[usize::from(choice & 15) % ExposureMode::ALL.len()];
    let peer = ["127.0.0.1", "10.0.0.2", "203.0.113.7", "::1"][usize::from(choice >> 4 & 3)].parse().unwrap();
    let settings = Settings {
        mode,
        trusted_proxies: vec!["10.0.0.2/32".parse().unwrap()],
        allow_plaintext: if choice & 64 != 0 { AllowPlaintext::Always } else { AllowPlaintext::Never },
        ..Settings::default()
    };
    let remote = Remote { address: SocketAddr::new(peer, 40_000), local: None, is_tls: choice & 128 != 0 };
    scratch(|home| {
        let answered = conversation(home, &settings, remote, said);
        check_answers(&answered);
        let can_be_served = mode == ExposureMode::Local && peer.is_loopback();
        let head = String::from_utf8_lossy(&answered).into_owned();
        assert!(can_be_served || !head.contains("\"uptimeSeconds\""), "{head}");
    });
}

/// Whether these are answers of a daemon to someone who gets nothing of its credentials.
pub fn check_answers(answered: &[u8]) {
    let text = String::from_utf8_lossy(answered);
    assert!(text.is_empty() || text.starts_with("HTTP/1."), "{text}");
    for answer in text.split("HTTP/1.").skip(1) {
        let (head, _) = answer.split_once("\r\n\r\n").expect("a whole head");
        // After the minor version, which is the client's.
        let status: u16 = head[2..5].parse().unwrap();
        assert!((200..500).contains(&status), "{answer}");
        // Some are the HTTP library's own.
        let is_bare = matches!(status, 400 | 414 | 431) && head.to_ascii_lowercase().contains("content-length: 0");
        assert!(is_bare || head.contains("x-content-type-options: nosniff"), "{answer}");
        assert!(!answer.contains("nct_") && !answer.contains("\"token\""), "{answer}");
    }
}

/// What a daemon answers to a peer that says this and no more. Time passes as soon as everyone waits.
pub fn conversation(home: &Home, settings: &Settings, remote: Remote, said: &[u8]) -> Vec<u8> {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let answered = runtime.block_on(async {
        let (api, devices, open_pairing) = daemon(home, settings);
        open_pairing.open(Terms::default()).await.unwrap();
        let (arrivals, listener) = mpsc::unbounded_channel();
        let (stop, stopped) = watch::channel(false);
        let served = tokio::spawn(serve(
            One(tokio::sync::Mutex::new(listener)),
            Arc::new(api),
            ConnectionLimits::DAEMON,
            stopped,
        ));
        let (mut stranger, stream) = duplex(1 << 20);
        arrivals.send(Connection(stream, remote)).unwrap();
        // A daemon that has heard enough hangs up.
        let _ = stranger.write_all(said).await;
        let mut answered = Vec::new();
        let _ = stranger.read_to_end(&mut answered).await;
        stop.send_replace(true);
        served.await.expect("the daemon goes on");
        assert!(devices.is_untouched().await.unwrap(), "a device came of it");
        answered
    });
    drop(runtime);
    answered
}

fn daemon(home: &Home, settings: &Settings) -> (PublicApi, Arc<FileDeviceStore>, OpenPairing) {
    static IDENTITY: OnceLock<Arc<IdentityKey>> = OnceLock::new();
    static KEYS: OnceLock<(Arc<TlsKeyFiles>, tempfile::TempDir)> = OnceLock::new();
    let rng: Arc<dyn Rng> = Arc::new(SystemRng::default());
    let identity = Arc::clone(IDENTITY.get_or_init(|| Arc::new(IdentityKey::from_seed(&[9; 32]).unwrap())));
    let (keys, _) = KEYS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let keys = TlsKeyFiles::open(&Home::at(folder.path().to_owned()), Box::new(SystemRng::default()));
        (Arc::new(keys.map_err(|error| error.cause).unwrap()), folder)
    });
    let address = settings.listen_address();
    let names = Names { daemon_id: identity.id(), host_name: "my-server".to_owned(), listening: address.ip() };
    let tls = Arc::new(OwnTls::new(names, &keys.keys().current, Arc::clone(&rng)).unwrap());
    let devices = FileDeviceStore::open(home.devices_file()).map_err(|error| error.cause).unwrap();
    let devices = Arc::new(devices);
    let ports = DaemonPorts {
        clock: Arc::new(SystemClock),
        rng,
        devices: Arc::<FileDeviceStore>::clone(&devices),
        activity: Arc::new(FileActivityLog::open(home.activity_file(), |_| true)),
        slot: Arc::new(MemoryPairingSlot::default()),
        attempts: Arc::new(MemoryAttemptLog::default()),
        exposure: Arc::new(ListenerExposure::new(address)),
        meter: Arc::new(PrometheusMeter::new("0.0.0")),
        open: Arc::new(OpenRequests::new(settings.gateway.requests_per_device)),
    };
    let stored = Arc::new(SettingsFile::new(home.settings_file(), Vec::new()));
    let pending_restart = Arc::new(PendingRestart::new(stored, settings.clone()));
    let facts =
        DaemonFacts { id: identity.id(), pid: 1, listening: Endpoint::of_listener(address), mode: settings.mode };
    let status = Arc::new(Status::new(ports.clone(), facts, pending_restart));
    let name = DeviceName::nearest("my-server");
    let introduction = Introduction { identity: Arc::clone(&identity), name, keys: Arc::<TlsKeyFiles>::clone(keys) };
    let pair = Arc::new(PairV2::new(ports.clone(), introduction, settings));
    let rotation = TlsRotation::new(Arc::new(SystemClock), Arc::<TlsKeyFiles>::clone(keys), tls, identity);
    let (beacons, ready) = (Arc::new(Beacons::new(ports.clone())), Arc::new(AtomicBool::new(true)));
    let policy = AccessPolicy::of(settings, "my-server");
    let open_pairing = OpenPairing::new(ports.clone(), settings, Arc::<TlsKeyFiles>::clone(keys));
    let sessions = Arc::new(FileChatSessions::new(home.sessions_folder()));
    let chat = Chat::new(ports.clone(), sessions, Some(Arc::new(Echo)), ChatLimits::of(&settings.agent));
    let api = PublicApi::new(&ports, policy, status, pair, Arc::new(rotation), beacons, ready);
    (api.with_chat(&Arc::new(chat)), devices, open_pairing)
}

/// A listener for connections that are handed to it.
struct One(tokio::sync::Mutex<mpsc::UnboundedReceiver<Connection>>);

struct Connection(DuplexStream, Remote);

impl Accept for One {
    type Arrival = Connection;

    async fn accept(&self) -> std::io::Result<Connection> {
        match self.0.lock().await.recv().await {
            Some(connection) => Ok(connection),
            None => std::future::pending::<std::io::Result<Connection>>().await,
        }
    }
}

impl Arrival for Connection {
    type Stream = DuplexStream;

    async fn open(self) -> std::io::Result<(DuplexStream, Peer)> {
        Ok((self.0, Peer::Remote(self.1)))
    }
}

/// What a server answers to a client, head and body. The first byte chooses the request.
pub fn daemon_connection(bytes: &[u8]) {
    static SERVER: OnceLock<(SocketAddr, Arc<Answer>)> = OnceLock::new();
    let (address, answer) = SERVER.get_or_init(|| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        (listener.local_addr().unwrap(), answering(move || listener.accept().map(|(stream, _)| stream)))
    });
    let Some((choice, said)) = bytes.split_first() else { return };
    let _turn = answer.set(said);
    let link = Link::of_endpoint(&Endpoint::of_listener(*address));
    let (api, code) = (HttpDaemonApi::new(Patience::default()), PairingCode::from_random([7; 5]));
    let failed = wait(async {
        match choice % 5 {
            0 => api.probe(&link).await.err(),
            1 => api.status(&link, None).await.err(),
            2 => api.exchange(&link, &code, &DeviceName::parse("laptop").unwrap()).await.err(),
            3 => api.meet(link.endpoint()).await.err(),
            _ => {
                let beacon = netclaw::domain::beacon::Beacon::from_random([1; 20]);
                api.sight(&link, &beacon).await.err()
            }
        }
    });
    if let Some(error) = failed {
        let shown = error.to_string();
        assert!(is_showable(&shown) && shown.len() < 2000, "{shown:?}");
        assert!(!shown.contains(&code.reveal()), "{shown:?}");
    }
}

/// What is answered to a command on the control socket, head and body. The first byte chooses the request.
pub fn control_connection(bytes: &[u8]) {
    static SERVER: OnceLock<(PathBuf, Arc<Answer>, tempfile::TempDir)> = OnceLock::new();
    let (path, answer, _folder) = SERVER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let listener = UnixListener::bind(&path).unwrap();
        (path, answering(move || listener.accept().map(|(stream, _)| stream)), folder)
    });
    let Some((choice, said)) = bytes.split_first() else { return };
    let _turn = answer.set(said);
    let channel = SocketControlChannel::new(path.clone(), user_id());
    let name = DeviceName::parse("laptop").unwrap();
    let failed = wait(async {
        match choice % 10 {
            0 => channel.open_pairing(&Terms::default()).await.err(),
            1 => channel.pairing_outcome(Generation::from_number(7)).await.err(),
            2 => channel.devices().await.err(),
            3 => channel.revoke("laptop").await.err(),
            4 => channel.rename("laptop", &name).await.err(),
            5 => channel.lockouts().await.err(),
            6 => channel.clear_lockouts(None).await.err(),
            7 => channel.keys().await.err(),
            8 => channel.rotate_keys(Urgency::Now).await.err(),
            _ => channel.status().await.err(),
        }
    });
    assert!(failed.is_none_or(|error| is_showable(&error.to_string())));
}

/// What a server answers to everyone, one test at a time.
#[derive(Default)]
pub struct Answer {
    said: Mutex<Vec<u8>>,
    turn: Mutex<()>,
}

impl Answer {
    /// Has the server say this, for as long as the turn is held.
    pub fn set(&self, said: &[u8]) -> std::sync::MutexGuard<'_, ()> {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        *self.said.lock().unwrap() = said.to_vec();
        turn
    }
}

/// A server of these connections, until the test program ends.
pub fn answering<S: Read + Write>(mut accept: impl FnMut() -> std::io::Result<S> + Send + 'static) -> Arc<Answer> {
    let answer = Arc::new(Answer::default());
    let told = Arc::clone(&answer);
    std::thread::spawn(move || -> Infallible {
        loop {
            let mut stream = accept().unwrap();
            // A whole head, so that the system does not take what is left for a reason to drop the answer.
            let _ = stream.read(&mut [0; 4096]);
            let said = told.said.lock().unwrap().clone();
            // A client that has heard enough goes away.
            let _ = stream.write_all(&said);
        }
    });
    answer
}
