//! Pairing protocol v2: handshakes about the code instead of the code itself.
//!
//! A start is no guess and changes nothing; the first finish of a handshake is one, counted before it is compared. What comes
//! after a right one is answered inside of the handshake, where only the client can read it.

mod finish;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use thiserror::Error;
use zeroize::Zeroizing;

use super::DaemonPorts;
use super::exchange::{ExchangeError, refused, unavailable};
use super::public_endpoint::PublicEndpoint;
use crate::domain::binding::Links;
use crate::domain::client_address::ClientAddress;
use crate::domain::device_name::DeviceName;
use crate::domain::identity::IdentityKey;
use crate::domain::pake::{
    DaemonHello, HANDSHAKE_RANDOM_BYTES, Handshake, HandshakeTable, Nonce, PakeError, ReceivedHello,
};
use crate::domain::session::BeginError;
use crate::domain::settings::Settings;
use crate::domain::time::MonotonicTime;
use crate::ports::metrics::Attempt;
use crate::ports::pairing_slot::BeginHandshakeError;
use crate::ports::storage::StorageError;
use crate::ports::tls_keys::{TlsKeyStore, TlsKeys};

/// Why a step of a handshake is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PairError {
    /// As in an exchange: limits, no code, the wrong code, or something inside failed.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The client's message must not be computed with.
    #[error(transparent)]
    Refused(#[from] PakeError),
    /// The handshake is over, was destroyed just now, or never was.
    #[error("there is no such handshake; start again")]
    NoHandshake,
    /// The code is right, and the operator has to say yes. The same request again tells whether it was said.
    #[error("the operator is asked to confirm this device; a netclaw that does not wait for it is too old")]
    OperatorIsAsked,
    /// The code was right, but this request was not made by whoever proved it. The handshake is destroyed.
    #[error("the sealed name cannot be opened")]
    Unopened,
}

/// Who the daemon is, for its devices.
pub struct Introduction {
    /// Its identity.
    pub identity: Arc<IdentityKey>,
    /// What its machine calls itself.
    pub name: Option<DeviceName>,
    /// Its own TLS keys.
    pub keys: Arc<dyn TlsKeyStore>,
}

/// Pairs devices by handshakes.
pub struct PairV2 {
    ports: DaemonPorts,
    introduction: Introduction,
    public: PublicEndpoint,
    /// Whether programs on this machine are trusted without TLS.
    plain_loopback: bool,
    handshakes: Mutex<HandshakeTable<Cell>>,
}

/// One handshake. Requests about it take turns.
type Cell = Arc<tokio::sync::Mutex<Handshake>>;

impl PairV2 {
    /// The use case of a daemon with these settings.
    pub fn new(ports: DaemonPorts, introduction: Introduction, settings: &Settings) -> Self {
        let public = PublicEndpoint::new(Arc::clone(&ports.exposure), settings);
        let plain_loopback = settings.mode.profile().trusts_loopback;
        Self { ports, introduction, public, plain_loopback, handshakes: Mutex::default() }
    }

    /// Begins a handshake.
    ///
    /// # Errors
    ///
    /// [`PairError::Exchange`] when a limit is reached, no code is active, or something inside failed, and
    /// [`PairError::Refused`].
    ///
    /// # Security
    ///
    /// Every start about a typed code that is well-formed counts for the rate limit, before anything is computed for it. For one
    /// about a link nothing is computed unless it names the link that is open.
    pub async fn start(&self, client: ClientAddress, hello: ReceivedHello) -> Result<DaemonHello, PairError> {
        let begun = self.begin(client, hello).await;
        if let Err(why) = &begun {
            self.ports.meter.attempted(why.into());
        }
        begun
    }

    async fn begin(&self, client: ClientAddress, hello: ReceivedHello) -> Result<DaemonHello, PairError> {
        let now = self.ports.clock.now().monotonic;
        self.admit(client, &hello, now).await?;
        let hello = hello.check()?;
        let mut random = Zeroizing::new([0; HANDSHAKE_RANDOM_BYTES]);
        let filled = self.ports.rng.fill(random.as_mut_slice());
        filled.map_err(|error| unavailable(&StorageError(error.to_string())))?;
        let identity = self.introduction.identity.public_key();
        let (waiting, reply) = self.ports.slot.begin(&hello, identity, &random, now).await.map_err(not_begun)?;
        let cell = Arc::new(tokio::sync::Mutex::new(Handshake::HalfOpen(waiting)));
        match hello.link {
            Some(_) => self.table().begin_link(reply.nonce, cell, now),
            None => self.table().begin(reply.nonce, cell, now),
        }
        Ok(reply)
    }

    /// Decides whether anything is computed for a first message.
    ///
    /// One about a typed code counts for the rate limit. One about a link does not, so that nobody who burns typed codes from
    /// the same address keeps the link's owner out: it names the link, which nobody guesses, and that costs one hash.
    async fn admit(&self, client: ClientAddress, hello: &ReceivedHello, now: MonotonicTime) -> Result<(), PairError> {
        let Some(link) = &hello.link else {
            let charge = self.ports.attempts.admit(client.limit_key(), now).await;
            // No guess yet: what is counted for good is the attempt.
            self.ports.attempts.take_back(charge.map_err(|why| refused(why, client))?).await;
            return Ok(());
        };
        match self.ports.slot.waits_for(link, now).await.map_err(|error| unavailable(&error))? {
            true => Ok(()),
            false => Err(ExchangeError::NoPairingCode.into()),
        }
    }

    /// Drops the handshakes whose time is over, and their keys with them.
    pub fn forget_ended(&self) {
        let now = self.ports.clock.now().monotonic;
        self.table().forget_ended(now);
    }

    /// The links that lead to this daemon at this moment.
    async fn links(&self) -> Links {
        let endpoints = vec![self.public.find().await.endpoint];
        let TlsKeys { current, next } = self.introduction.keys.keys();
        let pins = [Some(current), next].into_iter().flatten().map(|key| key.pin).collect();
        Links { pins, endpoints, plain_loopback: self.plain_loopback }
    }

    fn find(&self, name: Nonce, now: MonotonicTime) -> Option<Cell> {
        self.table().find(name, now)
    }

    /// The table, which no panic can leave half-changed.
    fn table(&self) -> MutexGuard<'_, HandshakeTable<Cell>> {
        self.handshakes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<&PairError> for Attempt {
    fn from(error: &PairError) -> Self {
        match error {
            PairError::Exchange(error) => error.into(),
            // That the operator is asked is no end, and is not counted.
            PairError::Refused(_) | PairError::Unopened | PairError::OperatorIsAsked => Self::Refused,
            PairError::NoHandshake => Self::NoCode,
        }
    }
}

fn not_begun(why: BeginHandshakeError) -> PairError {
    match why {
        BeginHandshakeError::Begin(BeginError::NoCode) => ExchangeError::NoPairingCode.into(),
        BeginHandshakeError::Begin(BeginError::Message(why)) => why.into(),
        BeginHandshakeError::Storage(error) => unavailable(&error).into(),
    }
}
