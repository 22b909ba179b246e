//! What a person has entered before, to be called up again.

use super::storage::StorageError;

/// Entries that are kept: some months of questions.
pub const MAX_ENTRIES: usize = 1000;

/// Longest entry that is kept, in bytes. A longer one was pasted, and can be again.
pub const MAX_ENTRY_BYTES: usize = 4096;

/// The entries of a person on this machine.
///
/// # Contract
///
/// * Only the person's own account can read them.
/// * At most [`MAX_ENTRIES`] are kept, the latest, none of them longer than [`MAX_ENTRY_BYTES`].
/// * Two processes that add at once do not lose each other's entries.
/// * A file that others can read or write, or that is none of ours, is an error and is left alone.
pub trait ChatHistory: Send {
    /// The entries, the oldest first.
    ///
    /// # Errors
    ///
    /// [`StorageError`].
    fn entries(&self) -> Result<Vec<String>, StorageError>;

    /// Adds an entry.
    ///
    /// # Errors
    ///
    /// [`StorageError`]; the earlier entries are still there.
    fn add(&self, entry: &str) -> Result<(), StorageError>;
}
