//! A daemon that runs or does not, without any process.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use netclaw::ports::daemon_process::{DaemonProcess, HostCredential, StartError};

/// Starts at once unless `start_error` is set; goes when it is told to by [`FakeDaemonProcess::end`].
#[derive(Debug, Default)]
pub struct FakeDaemonProcess {
    pid: Mutex<Option<u32>>,
    pub start_error: Option<StartError>,
}

impl FakeDaemonProcess {
    pub fn already_running(pid: u32) -> Self {
        Self { pid: Mutex::new(Some(pid)), start_error: None }
    }

    /// The daemon is gone from here on.
    pub fn end(&self) {
        *self.pid.lock().unwrap() = None;
    }
}

#[async_trait]
impl DaemonProcess for FakeDaemonProcess {
    async fn start(&self, _credential: HostCredential) -> Result<(), StartError> {
        if let Some(error) = self.start_error.clone() {
            return Err(error);
        }
        self.pid.lock().unwrap().get_or_insert(4711);
        Ok(())
    }

    fn running(&self) -> Option<u32> {
        *self.pid.lock().unwrap()
    }

    async fn wait_until_gone(&self, _at_most: Duration) -> bool {
        self.running().is_none()
    }
}
