//! What holds for whatever bytes come from outside: one function for each decoder, which panics when it does not hold.
//!
//! Not only that nothing panics: what is read and written again is the same, what has one spelling has no other, what is
//! refused stays refused, and nothing secret or unfit for a terminal gets into a message. The suite runs every function over
//! the seeds and over changes of them; the targets in `fuzz/` include this folder by its path and run the same functions
//! under libFuzzer. Nothing here uses the rest of the suite.

mod chat;
mod chat_files;
mod connections;
mod credentials;
mod documents;
mod files;
mod forwarder;
mod gateway;
mod handshake;
mod names;
mod places;
mod programs;
mod settings;
mod talks;

pub use self::chat::{chat_documents, chat_names, stream_events};
pub use self::chat_files::{chat_history, provider_key, session_file};
pub use self::connections::{control_connection, daemon_connection, request};
pub use self::credentials::{
    announcement, beacon, daemon_id, device_id, identity_key, pairing_code, pairing_link, pin, public_key, token,
};
pub use self::documents::{control_documents, moment, status};
pub use self::files::{activity_file, client_file, device_file, identity_file, secrets_file, tls_key_file};
pub use self::forwarder::{forward_guard, forward_key, forward_place, reserved_path};
pub use self::gateway::{gateway_path, header_field, upstream_body, upstream_head};
pub use self::handshake::{handshake_messages, point, sealed_answer, sealed_name};
pub use self::names::{device_name, shown_text};
pub use self::places::{access, client_address, endpoint, forwarding};
pub use self::programs::{cloudflared_configuration, cloudflared_metrics, tailscale};
pub use self::settings::{agent_command, environment, setting_text, settings_file, ttl};
pub use self::talks::{agent_answer, chat_connection, chat_request, turn_stream};

/// A property of whatever these bytes are read as.
pub type Property = fn(&[u8]);

/// Every property, under the name of its target in `fuzz/` and of the folder of its seeds.
pub const ALL: &[(&str, Property)] = &[
    ("access", access),
    ("activity_file", activity_file),
    ("agent_answer", agent_answer),
    ("agent_command", agent_command),
    ("announcement", announcement),
    ("beacon", beacon),
    ("chat_connection", chat_connection),
    ("chat_documents", chat_documents),
    ("chat_history", chat_history),
    ("chat_names", chat_names),
    ("chat_request", chat_request),
    ("client_address", client_address),
    ("client_file", client_file),
    ("cloudflared_configuration", cloudflared_configuration),
    ("cloudflared_metrics", cloudflared_metrics),
    ("control_connection", control_connection),
    ("control_documents", control_documents),
    ("daemon_connection", daemon_connection),
    ("daemon_id", daemon_id),
    ("device_file", device_file),
    ("device_id", device_id),
    ("device_name", device_name),
    ("endpoint", endpoint),
    ("environment", environment),
    ("forward_guard", forward_guard),
    ("forward_key", forward_key),
    ("forward_place", forward_place),
    ("forwarding", forwarding),
    ("gateway_path", gateway_path),
    ("handshake_messages", handshake_messages),
    ("header_field", header_field),
    ("identity_file", identity_file),
    ("identity_key", identity_key),
    ("moment", moment),
    ("pairing_code", pairing_code),
    ("pairing_link", pairing_link),
    ("pin", pin),
    ("point", point),
    ("provider_key", provider_key),
    ("public_key", public_key),
    ("request", request),
    ("reserved_path", reserved_path),
    ("sealed_answer", sealed_answer),
    ("sealed_name", sealed_name),
    ("secrets_file", secrets_file),
    ("session_file", session_file),
    ("setting_text", setting_text),
    ("settings_file", settings_file),
    ("shown_text", shown_text),
    ("status", status),
    ("stream_events", stream_events),
    ("tailscale", tailscale),
    ("tls_key_file", tls_key_file),
    ("token", token),
    ("ttl", ttl),
    ("turn_stream", turn_stream),
    ("upstream_body", upstream_body),
    ("upstream_head", upstream_head),
];

/// Whether a terminal or a log can be shown this.
fn is_showable(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
}

/// A place in the input, which depends on all of it.
fn place(bytes: &[u8]) -> usize {
    bytes.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte))) % (bytes.len() + 1)
}
