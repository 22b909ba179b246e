//! What can go wrong with any storage.

use thiserror::Error;

/// Something could not be stored or read.
///
/// The text names the cause for the operator (a path, the system's message). It goes to the log and to the operator's
/// terminal, never into an answer to a remote.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct StorageError(pub String);
