//! What holds for whatever bytes come from outside: one function for each decoder, which panics when it does not hold.
//!
//! Not only that nothing panics: what is read and written again is the same, what has one spelling has no other, what is
//! refused stays refused, and nothing secret or unfit for a terminal gets into a message. The suite runs every function over
//! the seeds and over changes of them; the targets in `fuzz/` include this folder by its path and run the same functions
//! under libFuzzer. Nothing here uses the rest of the suite.

mod connections;
mod credentials;
mod documents;
mod files;
mod handshake;
mod names;
mod places;
mod programs;
mod settings;

pub use self::connections::{control_connection, daemon_connection, request};
pub use self::credentials::{
    announcement, beacon, daemon_id, device_id, identity_key, pairing_code, pairing_link, pin, public_key, token,
};
pub use self::documents::{control_documents, moment, status};
pub use self::files::{activity_file, client_file, device_file, identity_file, secrets_file, tls_key_file};
pub use self::handshake::{handshake_messages, point, sealed_answer, sealed_name};
pub use self::names::{device_name, shown_text};
pub use self::places::{access, client_address, endpoint, forwarding};
pub use self::programs::{cloudflared_configuration, cloudflared_metrics, tailscale};
pub use self::settings::{environment, setting_text, settings_file, ttl};

/// A property of whatever these bytes are read as.
pub type Property = fn(&[u8]);

/// Every property, under the name of its target in `fuzz/` and of the folder of its seeds.
pub const ALL: &[(&str, Property)] = &[
    ("access", access),
    ("activity_file", activity_file),
    ("announcement", announcement),
    ("beacon", beacon),
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
    ("forwarding", forwarding),
    ("handshake_messages", handshake_messages),
    ("identity_file", identity_file),
    ("identity_key", identity_key),
    ("moment", moment),
    ("pairing_code", pairing_code),
    ("pairing_link", pairing_link),
    ("pin", pin),
    ("point", point),
    ("public_key", public_key),
    ("request", request),
    ("sealed_answer", sealed_answer),
    ("sealed_name", sealed_name),
    ("secrets_file", secrets_file),
    ("setting_text", setting_text),
    ("settings_file", settings_file),
    ("shown_text", shown_text),
    ("status", status),
    ("tailscale", tailscale),
    ("tls_key_file", tls_key_file),
    ("token", token),
    ("ttl", ttl),
];

/// Whether a terminal or a log can be shown this.
fn is_showable(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
}
