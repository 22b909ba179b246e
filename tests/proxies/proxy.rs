//! The reverse proxies, each with the file in `deploy` that its users copy.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use netclaw::domain::pin::Pin;
use rcgen::{KeyPair, PublicKeyData};
use rustix::process::{Pid, Signal, kill_process};
use rustls::pki_types::ServerName;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;

use super::lan::{APP_NAME, Lan, Machine, PUBLIC_NAME};
use crate::e2e::tls_keys::pin_of_key;
use crate::http::tls_client::Client;

/// Time in which a proxy that works listens, on a machine that is busy with other tests.
const START: Duration = Duration::from_secs(20);

/// This, by that.
type Replacements = &'static [(&'static str, &'static str)];

/// A reverse proxy that users may have.
pub struct Proxy {
    pub program: &'static str,
    /// The argument with which it says its version and ends.
    version: &'static str,
    /// Its file in `deploy`.
    deployed: &'static str,
    /// What of that file is different for http.
    for_http: Replacements,
    /// What is different for https, with FOLDER for where the certificate is.
    for_https: Replacements,
    /// What is different beside a daemon on the same machine in the mode `local`, where that can be.
    pub for_local: Option<Replacements>,
    /// What the file is put in, with FILE for its path.
    wrapper: &'static str,
    /// Its arguments for a start in the foreground, with the same words.
    start: &'static [&'static str],
    /// How it is told to read its files again.
    reload: Reload,
}

/// How a proxy that runs is told to read its files again.
#[derive(Clone, Copy, Debug)]
enum Reload {
    /// By the signal HUP.
    Hangup,
    /// By itself, with these arguments.
    Command(&'static [&'static str]),
    /// Not while it runs in the foreground.
    Never,
}

pub const PROXIES: [Proxy; 3] = [
    Proxy {
        program: "nginx",
        version: "-v",
        deployed: "nginx.conf",
        for_http: &[],
        for_https: &[
            ("    listen 80;\n    listen [::]:80;\n", ""),
            ("# listen", "listen"),
            ("# ssl_", "ssl_"),
            ("/etc/ssl/netclaw.example.com", "FOLDER"),
        ],
        for_local: None,
        wrapper: "pid FOLDER/pid; user root; daemon off; events {}\n\
                  http { access_log off; client_body_temp_path FOLDER; proxy_temp_path FOLDER; include FILE; }",
        start: &["-e", "stderr", "-c", "FOLDER/wrapper"],
        reload: Reload::Hangup,
    },
    Proxy {
        program: "haproxy",
        version: "-v",
        deployed: "haproxy.cfg",
        for_http: &[],
        for_https: &[
            ("    bind :80\n    bind [::]:80 v6only\n", ""),
            ("# bind", "bind"),
            ("/etc/haproxy/certs/netclaw.example.com.pem", "FOLDER/both.pem"),
        ],
        for_local: None,
        wrapper: "",
        start: &["-db", "-f", "FILE"],
        reload: Reload::Never,
    },
    Proxy {
        program: "caddy",
        version: "version",
        deployed: "Caddyfile",
        for_http: &[("\nnetclaw.example.com {", "\nhttp://netclaw.example.com {")],
        // There is nobody to ask for a certificate.
        for_https: &[(
            "\nnetclaw.example.com {",
            "\nnetclaw.example.com {\n\ttls FOLDER/fullchain.pem FOLDER/privkey.pem",
        )],
        for_local: None,
        wrapper: "",
        start: &["run", "--adapter", "caddyfile", "--config", "FILE"],
        reload: Reload::Command(&["reload", "--force", "--adapter", "caddyfile", "--config", "FILE"]),
    },
];

/// The same in front of a service that only paired devices may reach.
pub const GUARDS: [Proxy; 3] = [
    Proxy {
        deployed: "forward-auth/nginx.conf",
        for_https: &[
            ("    listen 80;\n    listen [::]:80;\n", ""),
            ("# listen", "listen"),
            ("# ssl_", "ssl_"),
            ("/etc/ssl/app.example.com", "FOLDER"),
        ],
        for_local: Some(&[
            ("    server 10.0.0.1:5199;\n", ""),
            ("# server 127.0.0.1:5199", "server 127.0.0.1:5199"),
            (
                "        proxy_set_header Authorization $http_authorization;\n        proxy_set_header Host $host;\n",
                "        proxy_set_header Authorization $http_authorization;\n",
            ),
            ("        proxy_set_header X-Forwarded-For $remote_addr;\n", ""),
            ("        proxy_set_header X-Forwarded-Proto $scheme;\n", ""),
            ("# proxy_set_header Host localhost", "proxy_set_header Host localhost"),
        ]),
        ..PROXIES[0]
    },
    Proxy {
        deployed: "forward-auth/Caddyfile",
        for_http: &[("\napp.example.com {", "\nhttp://app.example.com {")],
        for_https: &[("\napp.example.com {", "\napp.example.com {\n\ttls FOLDER/fullchain.pem FOLDER/privkey.pem")],
        for_local: Some(&[("10.0.0.1:5199 {", "127.0.0.1:5199 {"), ("# header_up", "header_up")]),
        ..PROXIES[2]
    },
    Proxy {
        program: "traefik",
        version: "version",
        deployed: "forward-auth/traefik-dynamic.yml",
        for_http: &[("[websecure]\n      tls: {}", "[web]")],
        for_https: &[(
            "\nhttp:",
            "\ntls:\n  certificates:\n    - certFile: FOLDER/fullchain.pem\n      keyFile: FOLDER/privkey.pem\n\nhttp:",
        )],
        for_local: None,
        wrapper: "",
        start: &[
            "--global.checkNewVersion=false",
            "--entryPoints.web.address=:80",
            "--entryPoints.websecure.address=:443",
            "--providers.file.filename=FILE",
        ],
        reload: Reload::Never,
    },
];

/// How clients reach a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Http,
    Https,
}

/// A proxy that runs. It ends when it is dropped.
pub struct RunningProxy {
    proxy: &'static Proxy,
    process: Child,
    /// Its configuration, its certificate, and what it writes.
    folder: TempDir,
}

impl Scheme {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    pub const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl Proxy {
    pub fn is_installed(&self) -> bool {
        let asked = Command::new(self.program).arg(self.version).stdout(Stdio::null()).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    }

    /// Starts it on the network's machine for it, and returns when it listens.
    pub fn start(&'static self, lan: &Lan, scheme: Scheme) -> RunningProxy {
        self.run(lan, Machine::Proxy, scheme, &self.configuration(scheme))
    }

    /// The same on the machine of a daemon in the mode `local`.
    pub fn start_beside(&'static self, lan: &Lan, scheme: Scheme) -> RunningProxy {
        let configuration = self.replaced(self.configuration(scheme), self.for_local.unwrap());
        self.run(lan, Machine::Daemon, scheme, &configuration)
    }

    fn run(&'static self, lan: &Lan, machine: Machine, scheme: Scheme, configuration: &str) -> RunningProxy {
        let folder = tempfile::tempdir().unwrap();
        let fill_in = |text: &str| self.fill_in(text, folder.path());
        std::fs::write(folder.path().join(self.file()), fill_in(configuration)).unwrap();
        std::fs::write(folder.path().join("wrapper"), fill_in(self.wrapper)).unwrap();
        if scheme == Scheme::Https {
            let made = rcgen::generate_simple_self_signed([PUBLIC_NAME, APP_NAME].map(str::to_owned)).unwrap();
            write_certificate(folder.path(), &made.cert.pem(), &made.signing_key);
        }
        let mut command = self.command(lan, machine, self.start, folder.path());
        let running = RunningProxy { proxy: self, process: command.spawn().unwrap(), folder };
        let listens = lan.namespace(Machine::Bob).run(|| listens(machine, scheme.port()));
        assert!(listens, "{} does not listen", self.program);
        running
    }

    /// The program on `machine`, with these arguments and what it says in a file of `folder`.
    fn command(&self, lan: &Lan, machine: Machine, arguments: &[&str], folder: &Path) -> Command {
        let launcher = lan.namespace(machine).launcher();
        let mut command = Command::new(&launcher[0]);
        command.args(&launcher[1..]).arg(self.program);
        command.args(arguments.iter().map(|argument| self.fill_in(argument, folder)));
        command.envs(["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"].map(|name| (name, folder)));
        let output = std::fs::File::options().create(true).append(true).open(folder.join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
        command
    }

    /// The name of its file.
    fn file(&self) -> &'static str {
        self.deployed.rsplit('/').next().unwrap_or_default()
    }

    fn fill_in(&self, text: &str, folder: &Path) -> String {
        let text = text.replace("FILE", &format!("FOLDER/{}", self.file()));
        text.replace("FOLDER", &folder.to_string_lossy())
    }

    /// The file that users copy, with what they replace in it.
    fn configuration(&self, scheme: Scheme) -> String {
        let deployed = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(self.deployed);
        let replacements = match scheme {
            Scheme::Http => self.for_http,
            Scheme::Https => self.for_https,
        };
        self.replaced(std::fs::read_to_string(deployed).unwrap(), replacements)
    }

    fn replaced(&self, text: String, replacements: Replacements) -> String {
        replacements.iter().fold(text, |text, (this, that)| {
            assert!(text.contains(this), "{} has no {this}", self.deployed);
            text.replace(this, that)
        })
    }
}

impl RunningProxy {
    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// What clients know the key of a proxy by that speaks https.
    pub fn pin(&self) -> Pin {
        pin_of_key(&std::fs::read_to_string(self.folder.path().join("privkey.pem")).unwrap())
    }

    /// The certificate of a proxy that speaks https.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("fullchain.pem")
    }

    /// Gives it another certificate and key, and returns when it shows them; `false` when it would have to be started again.
    pub fn renew(&self, lan: &Lan, certificate: &str, key: &KeyPair) -> bool {
        // Workers with the old certificate go on accepting for a moment.
        let (pid, mut workers) = (self.process.id(), Vec::new());
        match self.proxy.reload {
            Reload::Never => return false,
            Reload::Hangup => {
                write_certificate(self.folder.path(), certificate, key);
                let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
                workers = children.split_whitespace().map(|child| Path::new("/proc").join(child)).collect();
                kill_process(Pid::from_child(&self.process), Signal::HUP).unwrap();
            }
            Reload::Command(arguments) => {
                write_certificate(self.folder.path(), certificate, key);
                assert!(
                    self.proxy.command(lan, Machine::Proxy, arguments, self.folder.path()).status().unwrap().success()
                );
            }
        }
        let pin = Pin::of_spki(&key.subject_public_key_info());
        assert!(
            lan.namespace(Machine::Bob).run(|| shows(pin, &workers)),
            "{} shows no new certificate",
            self.proxy.program
        );
        true
    }
}

impl Drop for RunningProxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            println!("the proxy's log:\n{}", self.log());
        }
    }
}

/// Writes a certificate and its key as the proxies want them: apart, and in one file.
fn write_certificate(folder: &Path, certificate: &str, key: &KeyPair) {
    let key = key.serialize_pem();
    let both = format!("{certificate}{key}");
    let files = [("fullchain.pem", certificate), ("privkey.pem", &key), ("both.pem", &both)];
    files.iter().for_each(|(name, content)| std::fs::write(folder.join(name), content).unwrap());
}

/// Whether the proxy of this thread's network shows the key with this pin, and these workers of it are gone, before its time
/// is over.
fn shows(pin: Pin, old_workers: &[PathBuf]) -> bool {
    let (config, address) = (Client::of(pin).config(), SocketAddr::new(Machine::Proxy.v4(), Scheme::Https.port()));
    let shake_hands = async {
        while old_workers.iter().any(|worker| worker.exists()) {
            sleep(Duration::from_millis(10)).await;
        }
        let connector = TlsConnector::from(config);
        loop {
            let stream = TcpStream::connect(address).await.unwrap();
            let name = ServerName::try_from(PUBLIC_NAME).unwrap();
            if connector.connect(name, stream).await.is_ok() {
                break;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { timeout(START, shake_hands).await.is_ok() })
}

/// Whether the proxy on `machine` of this thread's network listens, over IPv4 and IPv6, before its time is over.
fn listens(machine: Machine, port: u16) -> bool {
    let connect = async {
        for address in [machine.v4(), machine.v6()] {
            while TcpStream::connect(SocketAddr::new(address, port)).await.is_err() {
                sleep(Duration::from_millis(10)).await;
            }
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { timeout(START, connect).await.is_ok() })
}
