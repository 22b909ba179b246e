//! The gateway between parts that we did not write: the official `openai` package for Python in front of it, and the LiteLLM
//! proxy, with answers of its own, behind it. `NETCLAW_TEST_PYTHON` names another interpreter than `python3`.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};

use crate::e2e::world::{Daemon, Finished, NETCLAW, NETCLAWD, World, client_of};

/// The key that the provider knows, and no device.
const PROVIDER_KEY: &str = "sk-the-provider-s-own-key";

/// An interpreter with both packages, or `None`, and a word about that.
fn python() -> Option<String> {
    let python = std::env::var("NETCLAW_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let probe = "from importlib.util import find_spec as f; raise SystemExit(not (f('openai') and f('litellm')))";
    let found = Command::new(&python).args(["-c", probe]).stderr(Stdio::null()).status();
    let found = found.is_ok_and(|status| status.success()).then_some(python);
    if found.is_none() {
        println!("skipped: the Python packages openai and litellm are not installed");
    }
    found
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/openai").join(name)
}

/// The LiteLLM proxy, ended with all of its processes when dropped.
struct Provider {
    process: Child,
    address: SocketAddr,
}

impl Provider {
    fn start(python: &str) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let program = Path::new(python).with_file_name("litellm");
        let mut command = Command::new(program);
        command.arg("--config").arg(file("provider.yaml")).args(["--host", "127.0.0.1"]);
        command.args(["--port", &address.port().to_string()]);
        // It would look for the prices of models, and say that it was used.
        command.env("LITELLM_LOCAL_MODEL_COST_MAP", "True").env("LITELLM_TELEMETRY", "False");
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0);
        let mut provider = Self { process: command.spawn().unwrap(), address };
        let mut log = BufReader::new(provider.process.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("Uvicorn running on") {
            assert!(log.read_line(&mut said).unwrap() > 0, "litellm has ended: {said}");
        }
        // Or it would wait for someone to read what it says.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        provider
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.process), Signal::KILL);
        let _ = self.process.wait();
    }
}

/// A host whose agent is the provider.
fn host_of(provider: &Provider) -> World {
    let host = World::default();
    let base = format!("http://{}/v1", provider.address);
    let agent = json!({"Kind": "openai", "BaseUrl": base, "Model": "mock", "ApiKeyVariable": "PROVIDER_KEY"});
    host.write("config/netclaw.json", &json!({"configVersion": 1, "Agent": agent}).to_string(), 0o600);
    host
}

/// A device of `host`, and its token.
fn paired(host: &World) -> (World, String) {
    let device = client_of(host);
    let code = format!("{}\n", host.code());
    device.netclaw_reading(&["pair", &host.endpoint(), "--name", "python"], &code).succeeded();
    let secrets: Value = serde_json::from_str(&device.read("config/secrets.json")).unwrap();
    let token = secrets["tokens"].as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned();
    (device, token)
}

/// Runs every case of the official client, and says which have passed.
fn drive(python: &str, base_url: &str, key: &str) -> Finished {
    let mut command = Command::new(python);
    command.arg("-B").arg(file("driver.py")).env("OPENAI_BASE_URL", base_url).env("OPENAI_API_KEY", key);
    Finished::of(command.output().unwrap())
}

const CASES: &str = "models\nchat\nstreamed\ntool_calls\nupstream_error\ndisconnect\nbody_of_64_kib\nbody_of_50_mb\n\
                     concurrent_streams\nwrong_key\n";

/// A forwarder on a device, ended when dropped, and what its tools are told.
struct Forwarder {
    process: Child,
    base_url: String,
    key: String,
}

impl Forwarder {
    fn start(device: &World) -> Self {
        let mut command = device.command(NETCLAW);
        command.args(["forward", "--json"]).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let told = serde_json::Deserializer::from_reader(output).into_iter::<Value>().next().unwrap().unwrap();
        let text = |name: &str| told[name].as_str().unwrap().to_owned();
        Self { process, base_url: text("openaiBaseUrl"), key: text("key") }
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_official_client_works_with_a_token_in_place_of_the_key_and_through_a_forwarder() {
    let Some(python) = python() else { return };
    let provider = Provider::start(&python);
    let host = host_of(&provider);
    let mut daemon = host.command(NETCLAWD);
    daemon.env("PROVIDER_KEY", PROVIDER_KEY);
    let _daemon = Daemon::of(daemon).unwrap();
    let (device, token) = paired(&host);
    let driven = drive(&python, &format!("{}/v1", host.endpoint()), &token).succeeded();
    assert_eq!(driven.stdout, CASES, "{driven:?}");
    let forwarder = Forwarder::start(&device);
    let driven = drive(&python, &forwarder.base_url, &forwarder.key).succeeded();
    assert_eq!(driven.stdout, CASES, "{driven:?}");
}
