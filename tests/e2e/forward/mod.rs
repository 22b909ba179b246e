//! `netclaw forward` with the real programs: the test is the tool on one side and the agent's server on the other.

mod attacks;
mod command;
mod life;
mod played;
mod proxies;
mod signals;
mod socket;
mod streams;

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use super::raw_http::{Answer, Request};
use super::world::{Daemon, Finished, NETCLAW, World, client_of};
use crate::http::gateway::{Server, Wire};

/// A host with an agent and a route, `/app/`, and a device that is paired with it over the daemon's own TLS.
struct Home {
    host: World,
    daemon: Daemon,
    device: World,
    /// The agent, and what is behind the route.
    server: Server,
}

impl Default for Home {
    fn default() -> Self {
        let (host, server) = (World::default(), Server::new());
        let settings = serde_json::json!({
            "configVersion": 1,
            "Agent": { "Kind": "openai", "BaseUrl": server.url("/v1") },
            "Gateway": { "Routes": [{ "Path": "/app/", "Target": server.url("/") }] },
        });
        host.write("config/netclaw.json", &settings.to_string(), 0o600);
        let daemon = host.daemon();
        let device = client_of(&host);
        pair(&host, &device);
        Self { host, daemon, device, server }
    }
}

fn pair(host: &World, device: &World) {
    let code = format!("{}\n", host.code());
    device.netclaw_reading(&["pair", &host.endpoint(), "--name", "laptop"], &code).succeeded();
}

impl Home {
    fn forward(&self) -> Forwarder {
        Forwarder::of(&self.device, &[])
    }

    fn token(&self) -> String {
        self.credential().1
    }

    fn daemon_id(&self) -> String {
        self.credential().0
    }

    /// The daemon's id, and the token for it.
    fn credential(&self) -> (String, String) {
        let document: serde_json::Value = serde_json::from_str(&self.device.read("config/secrets.json")).unwrap();
        let (daemon, token) = document["tokens"].as_object().unwrap().iter().next().unwrap();
        (daemon.clone(), token.as_str().unwrap().to_owned())
    }

    /// Answers the next request at the server, and gives its head.
    fn serve(&self, body: &str) -> String {
        let mut served = self.server.accept();
        let head = served.head();
        served.send(format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
        head
    }
}

/// `netclaw forward` on a machine where no proxy is set.
fn forward(device: &World) -> Command {
    let mut command = device.command(NETCLAW);
    let is_about_proxies = |name: &OsString| name.to_string_lossy().to_ascii_lowercase().ends_with("_proxy");
    std::env::vars_os().filter(|(name, _)| is_about_proxies(name)).for_each(|(name, _)| {
        command.env_remove(name);
    });
    command.arg("forward");
    command
}

/// A running forwarder, killed when dropped.
struct Forwarder {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
    address: SocketAddr,
    key: String,
    /// What it has said of itself.
    said: String,
}

impl Forwarder {
    /// Starts it, and returns when it has said where it is.
    fn of(device: &World, arguments: &[&str]) -> Self {
        Self::started(forward(device).args(arguments))
    }

    /// The same, by this command.
    fn started(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        stdout.read_line(&mut said).unwrap();
        stdout.read_line(&mut said).unwrap();
        let word = |name: &str| {
            let line = said.lines().find_map(|line| line.strip_prefix(&format!("export {name}=")));
            line.unwrap_or_else(|| panic!("{said:?}")).to_owned()
        };
        let (url, key) = (word("OPENAI_BASE_URL"), word("OPENAI_API_KEY"));
        let address = url.strip_prefix("http://").and_then(|url| url.strip_suffix("/v1")).unwrap().parse().unwrap();
        stderr.read_line(&mut said).unwrap();
        Self { child, stdout, stderr, address, key, said }
    }

    fn request(&self, line: &str) -> Request {
        Request::new(self.address, line)
    }

    /// A request that shows the key.
    fn keyed(&self, line: &str) -> Request {
        self.request(line).header("Authorization", &format!("Bearer {}", self.key))
    }

    /// A connection that has sent this request, with the key and a blank line.
    fn asked(&self, request: &str) -> Wire {
        let mut client = Wire::to(self.address);
        client.send(format!("{request}\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n", self.address, self.key));
        client
    }

    /// The answer to a request that the server has to be asked for.
    fn through(&self, home: &Home, line: &str) -> (Answer, String) {
        std::thread::scope(|scope| {
            let asked = scope.spawn(|| self.keyed(line).send());
            let head = home.serve("ok");
            (asked.join().unwrap(), head)
        })
    }

    /// The next line on stderr.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).unwrap();
        line
    }

    fn terminate(self) -> Finished {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.end()
    }

    /// Waits for its end. What it has said before is part of stderr.
    fn end(mut self) -> Finished {
        let (mut stdout, mut stderr) = (String::new(), std::mem::take(&mut self.said));
        self.stdout.read_to_string(&mut stdout).unwrap();
        self.stderr.read_to_string(&mut stderr).unwrap();
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        Finished { code, stdout, stderr }
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
