//! The JSON Schema of the configuration, for editors and for whoever generates it.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::json;

use crate::domain::agent::{AgentKind, AgentSettings, CommandInput, MAX_OUTPUT_BYTES, MAX_TURN};
use crate::domain::exposure::ExposureMode;
use crate::domain::gateway::{DEFAULT_REQUESTS_PER_DEVICE, MAX_ROUTES};
use crate::domain::settings::Settings;

/// The configuration of a netclaw host, config/netclaw.json in its home. All of it is optional; keys are read in any case.
#[derive(JsonSchema)]
#[schemars(title = "netclaw configuration", rename_all = "camelCase")]
#[expect(dead_code, reason = "only its shape is of interest")]
struct ConfigurationForm {
    /// The version of the format.
    #[schemars(extend("enum" = [1, null]))]
    config_version: Option<u64>,
    /// What the daemon does.
    #[schemars(rename = "Daemon")]
    daemon: Option<DaemonForm>,
    /// The agent that paired devices talk to.
    #[schemars(rename = "Agent")]
    agent: Option<AgentForm>,
    /// What else of the host paired devices reach.
    #[schemars(rename = "Gateway")]
    gateway: Option<GatewayForm>,
}

/// What the daemon does. Every value can be overridden by a variable such as NETCLAW_Daemon__Port.
#[derive(JsonSchema)]
#[schemars(rename_all = "PascalCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape is of interest")]
struct DaemonForm {
    /// The address to listen on, or "localhost": a loopback one in local mode and behind tunnels, another one otherwise.
    #[schemars(extend("default" = Settings::default().host.to_string()))]
    host: Option<String>,
    /// The TCP port to listen on.
    #[schemars(range(min = 1, max = 65535), extend("default" = Settings::default().port))]
    port: Option<u16>,
    /// How clients reach the daemon.
    #[schemars(extend("enum" = names(ExposureMode::ALL, ExposureMode::name), "default" = Settings::default().mode.name()))]
    exposure_mode: Option<String>,
    /// The proxies in front, addresses and networks, whose X-Forwarded-For is believed. Mode reverse-proxy needs one.
    #[schemars(extend("default" = json!([]), "examples" = [["10.0.0.2", "10.0.1.0/24"]]))]
    trusted_proxies: Option<Vec<String>>,
    /// The http or https URL that remote devices type, where the daemon cannot know it.
    #[schemars(extend("default" = null, "examples" = ["https://agent.example.com"]))]
    external_url: Option<String>,
    /// Whether codes and tokens are accepted although nothing protects them on the way: from everywhere, or from clients in
    /// networks that are encrypted below.
    #[schemars(extend("default" = false, "examples" = [["100.64.0.0/10"]]))]
    allow_plaintext: Option<AllowPlaintextForm>,
    /// Whether a fresh pairing code is written to the log, for containers without a shell.
    #[schemars(extend("default" = Settings::default().log_pairing_code))]
    log_pairing_code: Option<bool>,
    /// Whether the tunnel's program is out of sight, in a container beside this one, so that nobody looks for it.
    #[schemars(extend("default" = Settings::default().skip_tunnel_process_check))]
    skip_tunnel_process_check: Option<bool>,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its shape is of interest")]
enum AllowPlaintextForm {
    /// From everywhere, or from nowhere.
    Switch(bool),
    /// From these addresses and networks.
    Networks(Vec<String>),
}

/// The agent that paired devices talk to. Every value can be overridden by a variable such as NETCLAW_Agent__BaseUrl.
#[derive(JsonSchema)]
#[schemars(rename_all = "PascalCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape is of interest")]
struct AgentForm {
    /// What it is: a server that speaks the OpenAI API, or a program on this host. Without a kind there is no agent.
    #[schemars(extend("enum" = names(AgentKind::ALL, AgentKind::name), "default" = null))]
    kind: Option<String>,
    /// Where the OpenAI API is, with its version.
    #[schemars(extend("default" = null, "examples" = ["http://127.0.0.1:11434/v1"]))]
    base_url: Option<String>,
    /// The model of a chat that names none.
    #[schemars(extend("default" = null))]
    model: Option<String>,
    /// The variable of the daemon's environment that holds the provider's key. Without one it is looked for in secrets.json.
    #[schemars(extend("default" = null, "examples" = ["OPENAI_API_KEY"]))]
    api_key_variable: Option<String>,
    /// A program and its arguments. There is no shell.
    #[schemars(extend("default" = json!([]), "examples" = [["my-agent", "--quiet"]]))]
    command: Option<Vec<String>>,
    /// How the program gets the conversation: a JSON object a line for each message, or the text of the last one.
    #[schemars(extend("enum" = names(CommandInput::ALL, CommandInput::name), "default" = CommandInput::default().name()))]
    input: Option<String>,
    /// The absolute path of the folder that the program runs in; without one the folder agent of the home.
    #[schemars(extend("default" = null))]
    working_folder: Option<String>,
    /// The longest time of a turn, in seconds.
    #[schemars(range(min = 1, max = MAX_TURN.as_secs()), extend("default" = AgentSettings::default().timeout.as_secs()))]
    timeout_seconds: Option<u64>,
    /// The longest silence within a turn, in seconds.
    #[schemars(
        range(min = 1, max = MAX_TURN.as_secs()),
        extend("default" = AgentSettings::default().idle_timeout.as_secs())
    )]
    idle_timeout_seconds: Option<u64>,
    /// The longest answer, in bytes.
    #[schemars(range(min = 1, max = MAX_OUTPUT_BYTES), extend("default" = AgentSettings::default().max_output_bytes))]
    max_output_bytes: Option<u64>,
}

/// What else of the host paired devices reach.
#[derive(JsonSchema)]
#[schemars(rename_all = "PascalCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape is of interest")]
struct GatewayForm {
    /// Paths, and the services that they lead to.
    #[schemars(length(max = MAX_ROUTES), extend("default" = json!([])))]
    routes: Option<Vec<RouteForm>>,
    /// Requests that one device may have open at once, streams among them.
    #[schemars(range(min = 1, max = u16::MAX), extend("default" = DEFAULT_REQUESTS_PER_DEVICE))]
    requests_per_device: Option<u32>,
}

/// One path, and the service that it leads to.
#[derive(JsonSchema)]
#[schemars(rename_all = "PascalCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape is of interest")]
struct RouteForm {
    /// The beginning of the path: whole segments between slashes, not below /api/, /v1/ or /metrics/.
    #[schemars(regex(pattern = r"^/([A-Za-z0-9._~-]+/)+$"), extend("examples" = ["/ollama/"]))]
    path: String,
    /// The http or https URL of the service. What follows the path in a request follows it there.
    #[schemars(extend("examples" = ["http://127.0.0.1:11434/"]))]
    target: String,
}

/// The JSON Schema (draft 2020-12) of the configuration.
pub fn schema() -> Schema {
    SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
        .into_root_schema_for::<ConfigurationForm>()
}

/// The names that can be chosen, and null for the default.
fn names<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> Vec<Option<&'static str>> {
    all.iter().map(|choice| Some(name(*choice))).chain([None]).collect()
}
