//! What must be right in front of the daemon before it is ready.

use tracing::{info, warn};

use crate::domain::exposure::ExposureMode;
use crate::ports::exposure::{Exposure, ExposureFault, FaultKind};

/// Asks the tunnel that `mode` needs, if it needs one, whether clients get through.
///
/// # Errors
///
/// The [`ExposureFault`] that must stop the start. A lesser one is logged.
pub async fn check_tunnel(exposure: &dyn Exposure, mode: ExposureMode) -> Result<(), ExposureFault> {
    if mode.profile().tunnel.is_none() {
        return Ok(());
    }
    match exposure.inspect().await {
        Ok(Some(endpoint)) => info!(%endpoint, "the tunnel leads to the daemon"),
        Ok(None) => info!("the tunnel does not say what it is called"),
        Err(fault) if stops_start(fault.kind) => return Err(fault),
        Err(fault) => warn!(fix = fault.fix, "{fault}"),
    }
    Ok(())
}

/// Whether a fault of this kind stops the start. What only has to be told about this daemon is told while it runs, and needs
/// no new start; a program that does not run is no way for anyone, and one that cannot be asked may be none.
const fn stops_start(kind: FaultKind) -> bool {
    match kind {
        FaultKind::NotRunning | FaultKind::Unclear => true,
        FaultKind::NotSetUp => false,
    }
}
