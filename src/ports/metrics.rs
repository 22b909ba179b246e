//! What the daemon counts, for whoever watches over it.

use std::time::Duration;

use crate::domain::time::WallTime;

/// What a request on the TCP port was for. Few, so that each can be counted apart; never a path, which clients choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteClass {
    /// Whether the daemon lives and is ready.
    Health,
    /// Pairing a device, by either protocol.
    Pairing,
    /// The daemon's status.
    Status,
    /// Who a token is of, asked by a proxy in front of another service.
    Verify,
    /// What a device does about itself: new secrets, its revocation.
    Device,
    /// These very figures.
    Metrics,
    /// Chat with the agent.
    Chat,
    /// The agent's own API.
    Agent,
    /// Another service of the host.
    Gateway,
    /// No route at all.
    Unknown,
}

impl RouteClass {
    /// Every class, in the order of the variants.
    pub const ALL: [Self; 10] = [
        Self::Health,
        Self::Pairing,
        Self::Status,
        Self::Verify,
        Self::Device,
        Self::Metrics,
        Self::Chat,
        Self::Agent,
        Self::Gateway,
        Self::Unknown,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Pairing => "pairing",
            Self::Status => "status",
            Self::Verify => "verify",
            Self::Device => "device",
            Self::Metrics => "metrics",
            Self::Chat => "chat",
            Self::Agent => "agent",
            Self::Gateway => "gateway",
            Self::Unknown => "unknown",
        }
    }
}

/// How an attempt to pair ended. What cannot be read is no attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// There is a new device.
    Paired,
    /// It was another code.
    WrongCode,
    /// No code, or no handshake about it, was alive.
    NoCode,
    /// Too many from this address in the last minute.
    RateLimited,
    /// The address was blocked.
    LockedOut,
    /// The code was right or not looked at, and something else of the request cannot be accepted: a taken name, an impossible
    /// one, a message that must not be computed with, a link that does not end here.
    Refused,
    /// Something inside failed; the log says what.
    Failed,
}

impl Attempt {
    /// Every end, in the order of the variants.
    pub const ALL: [Self; 7] =
        [Self::Paired, Self::WrongCode, Self::NoCode, Self::RateLimited, Self::LockedOut, Self::Refused, Self::Failed];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paired => "paired",
            Self::WrongCode => "wrong_code",
            Self::NoCode => "no_code",
            Self::RateLimited => "rate_limited",
            Self::LockedOut => "locked_out",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// What is not counted but looked up when someone asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels {
    /// Paired devices, those among them whose credential has ended.
    pub devices: usize,
    /// Addresses that are blocked.
    pub lockouts: usize,
    /// Requests that stay open and are: those to the agent and to other services, chats, tunnels.
    pub open_requests: usize,
    /// When the daemon started.
    pub started_at: WallTime,
}

/// All figures, to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposition {
    /// The media type of the text.
    pub content_type: &'static str,
    /// The figures.
    pub text: String,
}

/// Counts what happens.
///
/// # Contract
///
/// * Whatever counts returns at once: no I/O, no lock, no allocation. It is called for every request.
/// * Nothing is lost between two expositions, and a figure never goes back but for the levels.
///
/// # Security
///
/// No method takes an address, a name, an id or a path: whoever may see the figures learns how much happens, and not whose
/// doing it is.
#[cfg_attr(test, mockall::automock)]
pub trait Meter: Send + Sync {
    /// A request on the TCP port was answered with this status (RFC 9110 section 15), `took` after its head had arrived. The
    /// body of the answer may still be on its way.
    fn answered(&self, route: RouteClass, status: u16, took: Duration);

    /// A token was checked.
    fn authenticated(&self, accepted: bool);

    /// The operator made a pairing code.
    fn code_opened(&self);

    /// An attempt to pair ended.
    fn attempted(&self, attempt: Attempt);

    /// An address was blocked.
    fn locked_out(&self);

    /// A request was opened that stays open, for however short a time. How many are is a level.
    fn request_opened(&self);

    /// All figures.
    fn exposition(&self, levels: Levels) -> Exposition;
}
