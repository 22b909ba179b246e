//! TLS keys in memory.

use std::sync::{Arc, Mutex};

use netclaw::domain::pin::Pin;
use netclaw::ports::storage::StorageError;
use netclaw::ports::tls_keys::{TlsKey, TlsKeyStore, TlsKeys, TlsTerminator};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData};

use super::faults::Faults;
use super::samples::WALL;

#[derive(Debug)]
pub struct FakeTlsKeyStore {
    keys: Mutex<TlsKeys>,
    pub faults: Faults,
}

/// A new key that was made on a Tuesday in 2026.
pub fn key() -> TlsKey {
    let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let pin = Pin::of_spki(&pair.subject_public_key_info());
    TlsKey { pkcs8: pair.serialize_der().into(), pin, created_at: WALL }
}

impl Default for FakeTlsKeyStore {
    fn default() -> Self {
        Self { keys: Mutex::new(TlsKeys { current: Arc::new(key()), next: None }), faults: Faults::default() }
    }
}

impl TlsKeyStore for FakeTlsKeyStore {
    fn keys(&self) -> TlsKeys {
        self.keys.lock().unwrap().clone()
    }

    fn prepare_next(&self) -> Result<TlsKeys, StorageError> {
        self.faults.check()?;
        let mut keys = self.keys.lock().unwrap();
        keys.next.get_or_insert_with(|| Arc::new(key()));
        Ok(keys.clone())
    }

    fn switch(&self) -> Result<TlsKeys, StorageError> {
        self.faults.check()?;
        let mut keys = self.keys.lock().unwrap();
        if let Some(next) = keys.next.take() {
            keys.current = next;
        }
        Ok(keys.clone())
    }
}

/// Remembers the pin that it presents.
#[derive(Debug, Default)]
pub struct FakeTlsTerminator {
    pub presented: Mutex<Option<Pin>>,
    pub faults: Faults,
}

impl TlsTerminator for FakeTlsTerminator {
    fn present(&self, key: &TlsKey) -> Result<(), StorageError> {
        self.faults.check()?;
        *self.presented.lock().unwrap() = Some(key.pin);
        Ok(())
    }
}
