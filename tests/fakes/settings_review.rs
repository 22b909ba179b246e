//! A review of a configuration that was never written.

use std::path::PathBuf;

use netclaw::domain::settings::Settings;
use netclaw::ports::settings_review::{Review, SettingsReview, Source};

#[derive(Debug)]
pub struct FakeSettingsReview(pub Review);

impl FakeSettingsReview {
    /// A host with these settings.
    pub fn of(settings: Settings) -> Self {
        Self(Review {
            file: PathBuf::from("/home/config/netclaw.json"),
            source: Source::Read,
            wrong: Vec::new(),
            unknown_keys: Vec::new(),
            overriding: Vec::new(),
            settings: Some(settings),
        })
    }

    /// No host.
    pub fn missing() -> Self {
        let mut review = Self::of(Settings::default());
        review.0.source = Source::Missing;
        review
    }
}

impl SettingsReview for FakeSettingsReview {
    fn review(&self) -> Review {
        self.0.clone()
    }
}
