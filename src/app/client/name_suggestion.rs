//! Names to propose, so that a person only has to press Enter.

use crate::domain::device_name::{DeviceName, NameError};

/// What a device is called when its machine has no name that could be used.
const NAMELESS: &str = "device";

/// The name to propose first: the nearest allowed one to the machine's own.
pub(super) fn first(host_name: &str) -> Result<DeviceName, NameError> {
    DeviceName::nearest(host_name).map_or_else(|| DeviceName::parse(NAMELESS), Ok)
}
