//! Whether colours are wanted, as everywhere: no-color.org and bixense.com/clicolors.

use std::ffi::OsString;

/// Whether this process shows colours on a stream of its own.
pub fn are_wanted(is_terminal: bool) -> bool {
    are_wanted_by(|name| std::env::var_os(name), is_terminal)
}

/// The same for this environment: never with `NO_COLOR`, whatever else is set; always with `CLICOLOR_FORCE`, unless that is
/// `0`; else on a terminal. A variable that is empty is not set.
pub fn are_wanted_by(variable: impl Fn(&str) -> Option<OsString>, is_terminal: bool) -> bool {
    let value = |name| variable(name).filter(|value| !value.is_empty());
    value("NO_COLOR").is_none() && (is_terminal || value("CLICOLOR_FORCE").is_some_and(|value| value != "0"))
}
