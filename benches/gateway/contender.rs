//! The servers that do the same job: how each is set up, started, and ended.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::job::{Credential, Job};
use crate::{cpu, naive, netclaw};

/// How long a server may take to listen.
const START: Duration = Duration::from_secs(10);

/// A kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contender {
    Netclaw,
    /// hyper and reqwest, put together without thought.
    Naive,
    /// nginx, which looks the token up in a map.
    Nginx,
    /// nginx, which asks another server about the token.
    NginxAsking,
    /// HAProxy, which looks the token up in a map.
    Haproxy,
    /// Caddy, which compares the token.
    Caddy,
    /// Caddy, which asks another server about the token.
    CaddyAsking,
}

impl Contender {
    /// Those that do a job, netclaw first.
    pub const fn of(job: Job) -> &'static [Self] {
        match job {
            Job::Check => &[
                Self::Netclaw,
                Self::Naive,
                Self::Nginx,
                Self::NginxAsking,
                Self::Haproxy,
                Self::Caddy,
                Self::CaddyAsking,
            ],
            Job::Json | Job::Stream => &[Self::Netclaw, Self::Naive, Self::Nginx, Self::Haproxy, Self::Caddy],
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Netclaw => "netclaw",
            Self::Naive => "hyper and reqwest",
            Self::Nginx => "nginx, map",
            Self::NginxAsking => "nginx, auth_request",
            Self::Haproxy => "HAProxy, map",
            Self::Caddy => "Caddy, matcher",
            Self::CaddyAsking => "Caddy, forward_auth",
        }
    }

    /// Starts it on the servers' core; `None` when it is not installed.
    pub fn start(self, upstream: SocketAddr, credential: &Credential) -> Option<Server> {
        let address = free_address();
        let folder = match self {
            Self::Netclaw => netclaw::home(upstream),
            _ => tempfile::tempdir().expect("a temporary folder"),
        };
        let mut command = self.command(folder.path(), address, upstream, credential);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        cpu::pin_this_process(cpu::SERVERS);
        let started = command.spawn();
        cpu::pin_this_process(cpu::CLIENTS);
        let Ok(process) = started else {
            println!("skipped: {} is not installed", self.name());
            return None;
        };
        let server = Server { process, address, _folder: folder };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(begun.elapsed() < START, "{} does not listen", self.name());
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(server)
    }

    fn command(self, folder: &Path, address: SocketAddr, upstream: SocketAddr, credential: &Credential) -> Command {
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            std::fs::write(&path, text).expect("room on the disk");
            path
        };
        let token = &credential.0;
        match self {
            Self::Netclaw => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_netclawd"));
                command.env("NETCLAW_HOME", folder).env("NETCLAW_Daemon__Port", address.port().to_string());
                command
            }
            Self::Naive => {
                let mut command = Command::new(std::env::current_exe().expect("this program"));
                command.args([naive::ROLE, &address.to_string(), &upstream.to_string()]).env("TOKEN", token);
                command
            }
            Self::Nginx | Self::NginxAsking => {
                let path = write("nginx.conf", nginx(folder, address, upstream, token, self == Self::NginxAsking));
                let mut command = Command::new("/usr/sbin/nginx");
                command.arg("-e").arg(folder.join("error.log")).arg("-c").arg(path);
                command
            }
            Self::Haproxy => {
                write("tokens", format!("{token} ok\n"));
                let path = write("haproxy.cfg", haproxy(folder, address, upstream));
                let mut command = Command::new("/usr/sbin/haproxy");
                command.arg("-db").arg("-f").arg(path);
                command
            }
            Self::Caddy | Self::CaddyAsking => {
                let path = write("Caddyfile", caddy(address, upstream, token, self == Self::CaddyAsking));
                let mut command = Command::new("/usr/bin/caddy");
                command.args(["run", "--adapter", "caddyfile", "--config"]).arg(path);
                command.env("GOMAXPROCS", "1").env("HOME", folder).env("XDG_DATA_HOME", folder);
                command
            }
        }
    }
}

/// A server that runs, until it is dropped.
pub struct Server {
    process: Child,
    pub address: SocketAddr,
    _folder: TempDir,
}

impl Server {
    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(id) = Pid::from_child(&self.process).into() {
            let _ = kill_process(id, Signal::KILL);
        }
        let _ = self.process.wait();
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|probe| probe.local_addr()).expect("a free port")
}

/// One process, so that all of its time is counted; nothing is logged, and connections are kept on both sides.
fn nginx(folder: &Path, address: SocketAddr, upstream: SocketAddr, token: &str, asks: bool) -> String {
    let check = match asks {
        true => "auth_request /asked;",
        false => "if ($known = 0) { return 401; }",
    };
    let folder = folder.display();
    format!(
        "master_process off; daemon off; pid {folder}/pid; error_log {folder}/error.log crit;
         events {{ worker_connections 4096; }}
         http {{
           access_log off; keepalive_requests 1000000000; keepalive_timeout 1h; map_hash_bucket_size 128;
           client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
           uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
           map $http_authorization $known {{ default 0; \"Bearer {token}\" 1; }}
           upstream behind {{ server {upstream}; keepalive 512; keepalive_requests 1000000000; keepalive_timeout 1h; }}
           server {{
             listen {address};
             location = /asked {{
               internal; proxy_pass http://behind/verify; proxy_http_version 1.1; proxy_set_header Connection \"\";
               proxy_pass_request_body off; proxy_set_header Content-Length \"\";
             }}
             location = /api/auth/verify {{ {check} try_files /none @done; }}
             location @done {{ return 204; }}
             location / {{
               {check} proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection \"\";
               proxy_set_header Authorization \"\"; proxy_buffering off;
             }}
           }}
         }}"
    )
}

fn haproxy(folder: &Path, address: SocketAddr, upstream: SocketAddr) -> String {
    let tokens = folder.join("tokens");
    let tokens = tokens.display();
    format!(
        "global
           nbthread 1
           maxconn 8192
         defaults
           mode http
           timeout connect 5s
           timeout client 1h
           timeout server 1h
           option http-keep-alive
           option http-no-delay
         frontend front
           bind {address}
           http-request set-var(txn.token) req.hdr(authorization),word(2,' ')
           http-request deny deny_status 401 unless {{ var(txn.token),map_str({tokens}) -m found }}
           http-request return status 204 if {{ path /api/auth/verify }}
           http-request del-header authorization
           default_backend behind
         backend behind
           http-reuse always
           server upstream {upstream}
"
    )
}

fn caddy(address: SocketAddr, upstream: SocketAddr, token: &str, asks: bool) -> String {
    let site = match asks {
        true => format!("forward_auth {upstream} {{\n uri /verify\n }}\n respond /api/auth/verify 204\n"),
        false => format!(
            "@unknown not header Authorization \"Bearer {token}\"\n respond @unknown 401\n respond /api/auth/verify 204\n"
        ),
    };
    // Any host: a site with an address of its own would answer nobody else.
    let (ip, port) = (address.ip(), address.port());
    format!(
        "{{\n admin off\n auto_https off\n log {{\n level ERROR\n }}\n }}
         http://:{port} {{\n bind {ip}\n route {{\n {site} reverse_proxy {upstream} {{\n flush_interval -1\n header_up -Authorization\n }}\n }}\n }}\n"
    )
}
