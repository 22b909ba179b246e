//! The section `Gateway`.

use serde_json::{Map, Value, json};

use super::{Document, invalid, number, value};
use crate::adapters::file::settings_file::member;
use crate::domain::endpoint::Endpoint;
use crate::domain::gateway::{GatewayRoute, GatewaySettings, RoutePath};
use crate::domain::settings::{SettingsError, key};

/// Reads the section; a value that is absent or null has its default.
pub(super) fn read(document: &Document<'_>) -> Result<GatewaySettings, SettingsError> {
    let default = GatewaySettings::default();
    let limit = document.at(key::GATEWAY_REQUESTS_PER_DEVICE);
    let limit = number(limit, key::GATEWAY_REQUESTS_PER_DEVICE, 1, u64::from(u16::MAX))?;
    Ok(GatewaySettings {
        routes: value(document.at(key::GATEWAY_ROUTES), routes)?.unwrap_or_default(),
        requests_per_device: limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(default.requests_per_device),
    })
}

/// All values with their paths, as they are written.
pub(super) fn all(gateway: &GatewaySettings) -> [(&'static str, Value); 2] {
    let route = |route: &GatewayRoute| json!({key::ROUTE_PATH: route.path.as_str(), key::ROUTE_TARGET: route.target.to_string() + "/"});
    [
        (key::GATEWAY_ROUTES, gateway.routes.iter().map(route).collect()),
        (key::GATEWAY_REQUESTS_PER_DEVICE, json!(gateway.requests_per_device)),
    ]
}

fn routes(list: &Value) -> Result<Vec<GatewayRoute>, SettingsError> {
    let refused = |value: &Value| {
        let allowed = "each route must be like {\"Path\": \"/ollama/\", \"Target\": \"http://127.0.0.1:11434/\"}: \
                       whole segments between slashes, not below /api/, /v1/ or /metrics/, and an http or https URL";
        invalid(key::GATEWAY_ROUTES, value, allowed)
    };
    let list_of = list.as_array().ok_or_else(|| refused(list))?;
    list_of.iter().map(|entry| entry.as_object().and_then(route).ok_or_else(|| refused(entry))).collect()
}

fn route(members: &Map<String, Value>) -> Option<GatewayRoute> {
    let text = |name: &str| member(members, name)?.as_str();
    // A member that means nothing is a misspelt one that would.
    (members.len() == 2).then_some(())?;
    let path = RoutePath::parse(text(key::ROUTE_PATH)?)?;
    Some(GatewayRoute { path, target: Endpoint::parse(text(key::ROUTE_TARGET)?).ok()? })
}
