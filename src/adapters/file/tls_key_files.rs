//! The keys of the daemon's own TLS: `keys/tls.key`, and `keys/tls-next.key` while a next one is announced. ECDSA on P-256 in
//! PKCS#8 (RFC 5958), PEM-armoured, as OpenSSL reads and writes it.
//!
//! A key is as old as its file: renaming keeps that, and nothing ever rewrites one.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData};
use rustls::pki_types::PrivatePkcs8KeyDer;

use super::armour::{armoured, unarmoured};
use super::home::Home;
use super::open_error::OpenError;
use super::private_file;
use crate::adapters::platform;
use crate::domain::pin::Pin;
use crate::domain::time::WallTime;
use crate::ports::home_inspection::{SeenKey, SeenKeys};
use crate::ports::storage::StorageError;
use crate::ports::tls_keys::{TlsKey, TlsKeyMaker, TlsKeyStore, TlsKeys};

/// Largest file that is read; a key takes about 250 bytes.
const MAX_FILE_BYTES: u64 = 4096;

/// What to do about a key that cannot be used.
const REPAIR: &str =
    "restore it from a backup; a new key would make every client that knows this one refuse the daemon";

/// A [`TlsKeyStore`] in two files. This process must be their only writer: the daemon's lock sees to that.
pub struct TlsKeyFiles {
    current: PathBuf,
    next: PathBuf,
    maker: Box<dyn TlsKeyMaker>,
    keys: Mutex<TlsKeys>,
}

impl TlsKeyFiles {
    /// The keys of this home. The first is made when there is none yet.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when a file is damaged, unreadable or not private, or cannot be created. It is never replaced: clients
    /// know the daemon by it.
    pub fn open(home: &Home, maker: Box<dyn TlsKeyMaker>) -> Result<Self, OpenError> {
        let (path, next_path) = (home.tls_key_file(), home.next_tls_key_file());
        for path in [&path, &next_path] {
            let swept = private_file::remove_leftovers(path);
            swept.map_err(|error| OpenError::unreadable(path, &error.into(), REPAIR))?;
        }
        let keys = match read_both(home, platform::user_id())? {
            Some(keys) => keys,
            None => TlsKeys { current: Arc::new(create(&path, maker.as_ref())?), next: None },
        };
        Ok(Self { current: path, next: next_path, maker, keys: Mutex::new(keys) })
    }
}

impl TlsKeyStore for TlsKeyFiles {
    fn keys(&self) -> TlsKeys {
        // Keys are replaced whole, so a lock that a panic left behind is as good as new.
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn prepare_next(&self) -> Result<TlsKeys, StorageError> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.next.is_none() {
            let next = create(&self.next, self.maker.as_ref()).map_err(|error| StorageError(error.cause))?;
            keys.next = Some(Arc::new(next));
        }
        Ok(keys.clone())
    }

    fn switch(&self) -> Result<TlsKeys, StorageError> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(next) = keys.next.clone() {
            let failed = |error| StorageError(format!("{} cannot be put in place: {error}", self.next.display()));
            private_file::replace_with(&self.current, &self.next).map_err(failed)?;
            *keys = TlsKeys { current: next, next: None };
        }
        Ok(keys.clone())
    }
}

/// The keys of a home of `owner`, without the keys themselves; `None` when there is none yet.
///
/// # Errors
///
/// [`OpenError`] when a file is damaged, unreadable or not private.
pub(super) fn look(home: &Home, owner: u32) -> Result<Option<SeenKeys>, OpenError> {
    let seen = |key: &TlsKey| SeenKey { pin: key.pin, created_at: key.created_at };
    let keys = read_both(home, owner)?;
    Ok(keys.map(|keys| SeenKeys { current: seen(&keys.current), next: keys.next.as_deref().map(seen) }))
}

fn read_both(home: &Home, owner: u32) -> Result<Option<TlsKeys>, OpenError> {
    let (path, next_path) = (home.tls_key_file(), home.next_tls_key_file());
    // The next one first: a switch in between leaves the one that is read second.
    match (read(&next_path, owner)?, read(&path, owner)?) {
        (next, Some(current)) => Ok(Some(TlsKeys { current: Arc::new(current), next: next.map(Arc::new) })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(orphaned(&path, &next_path)),
    }
}

fn read(path: &Path, owner: u32) -> Result<Option<TlsKey>, OpenError> {
    let content = private_file::read_of(path, MAX_FILE_BYTES, owner);
    let Some(content) = content.map_err(|error| OpenError::unreadable(path, &error, REPAIR))? else {
        return Ok(None);
    };
    let created_at = private_file::modified_at(path);
    let created_at = created_at.map_err(|error| OpenError::unreadable(path, &error.into(), REPAIR))?;
    let key = parse(&content, created_at);
    key.map(Some).ok_or_else(|| OpenError::damaged(path, "it holds no P-256 key in PKCS#8", REPAIR))
}

fn create(path: &Path, maker: &dyn TlsKeyMaker) -> Result<TlsKey, OpenError> {
    let failed = |cause: String| OpenError {
        cause: format!("{} cannot be made: {cause}", path.display()),
        hints: vec!["mend the cause, then try again; nothing was written".to_owned()],
    };
    let document = maker.make().map_err(|error| failed(error.to_string()))?;
    let text = armoured(&document);
    let written = private_file::create(path, |file| file.write_all(text.as_bytes()));
    written.map_err(|error| failed(error.to_string()))?;
    read(path, platform::user_id())?.ok_or_else(|| failed("it is gone".to_owned()))
}

fn parse(content: &[u8], created_at: WallTime) -> Option<TlsKey> {
    let pkcs8 = unarmoured(content)?;
    let document = PrivatePkcs8KeyDer::from(pkcs8.as_slice());
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&document, &PKCS_ECDSA_P256_SHA256).ok()?;
    let pin = Pin::of_spki(&key.subject_public_key_info());
    Some(TlsKey { pkcs8, pin, created_at })
}

/// A switch replaces the key in one step, so this is nothing that a crash leaves behind.
fn orphaned(current: &Path, next: &Path) -> OpenError {
    OpenError {
        cause: format!("{} is gone, but {} is there", current.display(), next.display()),
        hints: vec![
            format!("restore {} from a backup", current.display()),
            format!("or use the key that clients were told of: mv {} {}", next.display(), current.display()),
        ],
    }
}
