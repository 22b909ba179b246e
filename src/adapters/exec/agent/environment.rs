//! What the program finds in its environment.

use std::ffi::OsString;

/// Variables that programs need to find their files, their language and their way to the network. Others, which may hold
/// secrets of the daemon's or of its owner, are not handed on.
const INHERITED: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
];

/// Beginnings of the names of others.
const INHERITED_PREFIXES: &[&str] = &["LC_", "XDG_"];

/// Those of `variables` that the program inherits.
pub fn inherited(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Vec<(OsString, OsString)> {
    let is_inherited =
        |name: &str| INHERITED.contains(&name) || INHERITED_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    variables.into_iter().filter(|(name, _)| name.to_str().is_some_and(is_inherited)).collect()
}
