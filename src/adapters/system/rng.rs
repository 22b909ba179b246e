//! The machine's random source.

use ring::rand::{SecureRandom, SystemRandom};

use crate::ports::rng::{RandomUnavailable, Rng};

/// The operating system's generator.
#[derive(Debug)]
pub struct SystemRng(SystemRandom);

impl Default for SystemRng {
    #[expect(clippy::disallowed_methods, reason = "this is the adapter that the ban points to")]
    fn default() -> Self {
        Self(SystemRandom::new())
    }
}

impl SystemRng {
    /// The generator, for what cannot be made from bytes alone.
    pub(super) const fn source(&self) -> &SystemRandom {
        &self.0
    }
}

impl Rng for SystemRng {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomUnavailable> {
        self.0.fill(bytes).map_err(|_| RandomUnavailable)
    }
}
