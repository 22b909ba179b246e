//! The signals of this process.

use async_trait::async_trait;

use crate::adapters::platform::Signals;
use crate::ports::interrupts::{Interrupt, Interrupts};

/// The signals of this process, from the first time on that they are waited for.
#[derive(Debug, Default)]
pub struct SystemInterrupts(Option<Signals>);

#[async_trait]
impl Interrupts for SystemInterrupts {
    async fn next(&mut self) -> Interrupt {
        self.0.get_or_insert_with(Signals::catch).next().await
    }
}
