//! The JSON Schema of the configuration, for editors and for whoever generates it.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::json;

use crate::domain::exposure::ExposureMode;
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
    #[schemars(extend("enum" = modes(), "default" = Settings::default().mode.name()))]
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

/// The JSON Schema (draft 2020-12) of the configuration.
pub fn schema() -> Schema {
    SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
        .into_root_schema_for::<ConfigurationForm>()
}

/// The names of the modes, and null for the default.
fn modes() -> Vec<Option<&'static str>> {
    ExposureMode::ALL.iter().map(|mode| Some(mode.name())).chain([None]).collect()
}
