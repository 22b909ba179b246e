//! Names to propose, so that a person only has to press Enter.

use crate::domain::device_name::{DeviceName, MAX_NAME_CHARS, NameError};

/// What a device is called when its machine has no name that could be used.
const NAMELESS: &str = "device";

/// The name to propose first: the nearest allowed one to the machine's own.
pub(super) fn first(host_name: &str) -> Result<DeviceName, NameError> {
    DeviceName::nearest(host_name).map_or_else(|| DeviceName::parse(NAMELESS), Ok)
}

/// The name to propose when `taken` is in use: `laptop`, `laptop-2`, `laptop-3`.
pub(super) fn after(taken: &DeviceName) -> Result<DeviceName, NameError> {
    let (stem, number) = match taken.as_str().rsplit_once('-') {
        Some((stem, digits)) if !stem.is_empty() => match digits.parse::<u16>() {
            Ok(number) if number >= 2 => (stem, number.saturating_add(1)),
            _ => (taken.as_str(), 2),
        },
        _ => (taken.as_str(), 2),
    };
    let suffix = format!("-{number}");
    let room = MAX_NAME_CHARS - suffix.len();
    DeviceName::parse(&(stem.chars().take(room).collect::<String>() + &suffix))
}
