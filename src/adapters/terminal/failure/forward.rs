//! Why `netclaw forward` passes nothing on.

use super::{Exit, Failure, of_status};
use crate::app::client::forward::OpenError;
use crate::app::client::target::Choice;

/// There is no way to the daemon at the chosen endpoint.
pub fn of_forward(error: OpenError, choice: &Choice) -> Failure {
    let endpoint = &choice.endpoint;
    match error {
        OpenError::NotPaired => {
            Failure::new(Exit::Failed, format!("this device is not paired with a daemon at {endpoint}"))
                .hint(format!("pair it with: netclaw pair {endpoint}"))
        }
        OpenError::Status(error) => of_status(error, choice),
    }
}
