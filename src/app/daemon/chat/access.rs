//! Whoever listens, or has begun a turn, is still let in.

use std::sync::Arc;

use thiserror::Error;

use crate::app::daemon::DaemonPorts;
use crate::app::daemon::authenticate::Caller;
use crate::app::daemon::open_requests::{OpenError, OpenRequest, OpenRequests, Turn};
use crate::domain::device::Device;

/// Why nothing was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AccessError {
    /// The credential has ended since it was checked.
    #[error("a valid bearer token is needed")]
    Ended,
    /// The caller has as many requests open as it may.
    #[error("too many requests of this device are open")]
    TooMany,
}

/// Takes a place for `caller`, whose credential was checked a moment ago, and may have ended since.
pub(super) async fn open(ports: &DaemonPorts, caller: &Caller) -> Result<OpenRequest, AccessError> {
    let place = checked(ports, caller, OpenRequests::open).await?;
    ports.meter.request_opened();
    Ok(place)
}

/// The same for a turn, which needs no place beside its listeners'.
pub(super) async fn open_beside(ports: &DaemonPorts, caller: &Caller) -> Result<OpenRequest, AccessError> {
    checked(ports, caller, OpenRequests::open_beside).await
}

async fn checked(
    ports: &DaemonPorts,
    caller: &Caller,
    open: fn(&Arc<OpenRequests>, &Caller, Turn) -> Result<OpenRequest, OpenError>,
) -> Result<OpenRequest, AccessError> {
    loop {
        let turn = ports.open.turn();
        if !has_same_secret(ports, caller).await {
            return Err(AccessError::Ended);
        }
        match open(&ports.open, caller, turn) {
            Ok(opened) => return Ok(opened),
            Err(OpenError::TooMany) => return Err(AccessError::TooMany),
            // Someone's credential has ended, perhaps this one.
            Err(OpenError::Outdated) => {}
        }
    }
}

/// Returns when the device of `caller` is let in no more, for whom `opened` was opened beside its requests. A device that has a
/// new secret stays.
pub(super) async fn barred(ports: &DaemonPorts, mut caller: Caller, mut opened: OpenRequest) {
    loop {
        opened.ended().await;
        let Caller::Device(device) = &caller else { return };
        let Some(found) = ports.devices.find(device.id()).await.ok().flatten() else { return };
        caller = Caller::Device(found);
        opened = match open_beside(ports, &caller).await {
            Ok(opened) => opened,
            Err(_) => return,
        };
    }
}

/// Whether the device of `caller` is as it was when its credential was checked, and this has not expired.
async fn has_same_secret(ports: &DaemonPorts, caller: &Caller) -> bool {
    let Caller::Device(device) = caller else { return true };
    let now = ports.clock.now().wall;
    let is_same =
        |found: &Device| found.record().token_hash.matches(&device.record().token_hash) && !found.has_expired(now);
    ports.devices.find(device.id()).await.is_ok_and(|found| found.is_some_and(|found| is_same(&found)))
}
