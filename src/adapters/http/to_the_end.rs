//! Operations that must not be left half-done.

use tokio::task::JoinError;
use tracing::error;

use crate::domain::text::shown_safely;

/// Runs an operation in a task of its own, which goes on when the client goes away.
///
/// # Errors
///
/// [`Panicked`] when it did; the log says so.
pub(super) async fn to_the_end<T: Send + 'static>(
    operation: impl Future<Output = T> + Send + 'static,
) -> Result<T, Panicked> {
    tokio::spawn(operation).await.map_err(|error: JoinError| {
        error!(cause = shown_safely(&error.to_string()), "a request could not be served");
        Panicked
    })
}

/// The operation has no result.
#[derive(Debug)]
pub(super) struct Panicked;
