//! What each port promises, checked against every implementation of it.
//!
//! A contract is a set of functions, one for each thing promised, that take a fresh [`Subject`]. To hold another
//! implementation to a contract, write a function that makes such a subject of it and name it at the end of the contract's
//! file: `holds_for!(file);`.

use std::sync::Arc;

/// Makes a test of each promise for one implementation, in a module that is called like the function that makes it.
macro_rules! promises {
    ($implementation:ident: $($promise:ident,)+) => {
        mod $implementation {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    super::$promise(super::$implementation()).await;
                }
            )+
        }
    };
}

mod activity_log;
mod attempt_log;
mod device_store;
mod pairing_slot;

/// A fresh implementation of the port `P`, and what tests can do to the storage behind it.
pub struct Subject<P: ?Sized> {
    pub port: Arc<P>,
    /// Opens the same storage anew, as a restart does; `None` when nothing need survive one.
    pub reopen: Option<Box<dyn Fn() -> Arc<P> + Send + Sync>>,
    /// Breaks the storage, or mends it; `None` when there is nothing that can break.
    pub set_broken: Option<Box<dyn Fn(bool) + Send + Sync>>,
}

impl<P: ?Sized> Subject<P> {
    /// An implementation that ends with the process and cannot fail.
    #[allow(dead_code, reason = "for adapters that only use memory")]
    pub fn in_memory(port: Arc<P>) -> Self {
        Self { port, reopen: None, set_broken: None }
    }
}

/// What `count` parallel tasks made by `task` give.
async fn in_parallel<T, F>(count: u64, mut task: impl FnMut(u64) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let running: Vec<_> = (0..count).map(|number| tokio::spawn(task(number))).collect();
    let mut results = Vec::new();
    for task in running {
        results.push(task.await.unwrap());
    }
    results
}
