//! The JSON Schema of the configuration, for editors and for whoever generates it.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::json;

use crate::domain::exposure::ExposureMode;
use crate::domain::settings::Settings;

/// The configuration of a netclaw host: config/netclaw.json in its home. Everything is optional, and keys are read without
/// regard to case.
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
    /// The address to listen on: an IP address or "localhost". Modes with a tunnel, and local mode, listen on loopback only;
    /// the others on anything else.
    #[schemars(extend("default" = Settings::default().host.to_string()))]
    host: Option<String>,
    /// The TCP port to listen on.
    #[schemars(range(min = 1, max = 65535), extend("default" = Settings::default().port))]
    port: Option<u16>,
    /// How clients reach the daemon.
    #[schemars(schema_with = "mode")]
    exposure_mode: Option<String>,
    /// The addresses and networks of the proxies in front of the daemon, whose X-Forwarded-For is believed. Mode reverse-proxy
    /// needs at least one.
    #[schemars(extend("default" = json!([]), "examples" = [["10.0.0.2", "10.0.1.0/24"]]))]
    trusted_proxies: Option<Vec<String>>,
    /// The http or https URL that remote devices type, where the daemon cannot know it.
    #[schemars(extend("default" = null, "examples" = ["https://agent.example.com"]))]
    external_url: Option<String>,
    /// Whether a fresh pairing code is written to the log, for containers without a shell.
    #[schemars(extend("default" = Settings::default().log_pairing_code))]
    log_pairing_code: Option<bool>,
    /// Whether the tunnel's program is out of sight, in a container beside this one, so that nobody looks for it.
    #[schemars(extend("default" = Settings::default().skip_tunnel_process_check))]
    skip_tunnel_process_check: Option<bool>,
}

/// The JSON Schema (draft 2020-12) of the configuration.
pub fn schema() -> Schema {
    SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
        .into_root_schema_for::<ConfigurationForm>()
}

fn mode(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<Option<&str>> = ExposureMode::ALL.iter().map(|mode| Some(mode.name())).chain([None]).collect();
    json_schema!({ "type": ["string", "null"], "enum": names, "default": ExposureMode::Local.name() })
}
