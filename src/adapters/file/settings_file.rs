//! The host's configuration: `config/netclaw.json`, with the environment laid over it.

mod overlay;
mod review;
mod schema;
mod values;

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::{Map, Value, json};

pub use self::schema::schema;
use super::private_file;
use crate::domain::settings::Settings;
use crate::ports::settings_store::{LoadSettingsError, Override, SettingsStore};
use crate::ports::storage::StorageError;

/// Largest file that is read.
const MAX_FILE_BYTES: usize = 1024 * 1024;

/// A [`SettingsStore`] in one file.
///
/// The file holds no secret, so it may be readable by others and may be a symbolic link, as container platforms and
/// configuration tools like to have it.
pub struct SettingsFile {
    path: PathBuf,
    environment: Vec<(String, String)>,
}

impl SettingsFile {
    /// The configuration at `path`, under this environment.
    pub const fn new(path: PathBuf, environment: Vec<(String, String)>) -> Self {
        Self { path, environment }
    }

    fn document(&self) -> Result<Value, LoadSettingsError> {
        let content = match fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(json!({})),
            content => content.map_err(|error| self.storage(&error))?,
        };
        let damaged = |what: String| LoadSettingsError::Damaged(format!("{} is damaged: {what}", self.path.display()));
        if content.len() > MAX_FILE_BYTES {
            return Err(damaged(format!("it is larger than {MAX_FILE_BYTES} bytes")));
        }
        match serde_json::from_slice::<Value>(&content) {
            Ok(document @ Value::Object(_)) => Ok(document),
            Ok(_) => Err(damaged("it is not a JSON object".to_owned())),
            Err(error) => Err(damaged(error.to_string())),
        }
    }

    fn under_environment(&self, mut document: Value) -> Result<Settings, LoadSettingsError> {
        overlay::apply(&mut document, &self.environment);
        Ok(values::read(&document)?.check()?)
    }

    fn storage(&self, error: &io::Error) -> LoadSettingsError {
        LoadSettingsError::Storage(StorageError(format!("{}: {error}", self.path.display())))
    }
}

impl SettingsStore for SettingsFile {
    fn exists(&self) -> bool {
        self.path.exists()
    }

    fn load(&self) -> Result<Settings, LoadSettingsError> {
        self.under_environment(self.document()?)
    }

    fn stored(&self) -> Result<Settings, LoadSettingsError> {
        Ok(values::read(&self.document()?)?)
    }

    fn in_force(&self, stored: &Settings) -> Result<Settings, LoadSettingsError> {
        let mut document = json!({});
        for (path, value) in values::all(stored) {
            overlay::set(&mut document, path, value);
        }
        self.under_environment(document)
    }

    fn overrides(&self) -> Vec<Override> {
        let settings = Settings::default();
        let paths = values::all(&settings).into_iter().map(|(path, _)| path);
        let found = |key| Some(Override { key, variable: overlay::variable_of(key, &self.environment)?.to_owned() });
        paths.filter_map(found).collect()
    }

    fn save(&self, settings: &Settings) -> Result<(), LoadSettingsError> {
        if let Ok(target) = self.path.read_link() {
            let [path, target] = [&self.path, &target].map(|path| path.display().to_string());
            return Err(LoadSettingsError::Linked { path, target });
        }
        let mut document = self.document()?;
        let before = values::read(&document);
        let before = before.as_ref().map(values::all).unwrap_or_default();
        let exists = self.exists();
        for (path, value) in values::all(settings) {
            let is_spelled_out = !exists && values::is_always_written(path);
            let value = (path, value);
            if is_spelled_out || !before.contains(&value) {
                overlay::set(&mut document, path, value.1);
            }
        }
        let pretty = |file: &mut dyn Write| {
            serde_json::to_writer_pretty(&mut *file, &document)?;
            file.write_all(b"\n")
        };
        private_file::write(&self.path, pretty).map_err(|error| self.storage(&error))
    }
}

/// The member of an object whose name is `key`, without regard to case.
fn member<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    object.iter().find_map(|(name, value)| name.eq_ignore_ascii_case(key).then_some(value))
}
