//! What each port promises, checked against every implementation of it.
//!
//! A contract is a set of functions, one for each thing promised, that take a fresh [`Subject`]. To hold another
//! implementation to a contract, write a function that makes such a subject of it and name it at the end of the contract's
//! file: `holds_for!(file);`.

use std::path::PathBuf;
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
mod chat_sessions;
mod device_store;
mod pairing_slot;
mod settings_store;
mod tls_key_store;

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
    pub fn in_memory(port: Arc<P>) -> Self {
        Self { port, reopen: None, set_broken: None }
    }
}

/// A switch that puts a regular file where the folder of a file-backed storage is, and puts the folder back.
fn breaking(folder: PathBuf) -> Box<dyn Fn(bool) + Send + Sync> {
    let aside = folder.with_extension("aside");
    Box::new(move |broken| {
        if broken {
            std::fs::rename(&folder, &aside).unwrap();
            std::fs::write(&folder, "in the way").unwrap();
        } else {
            std::fs::remove_file(&folder).unwrap();
            std::fs::rename(&aside, &folder).unwrap();
        }
    })
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
