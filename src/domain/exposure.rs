//! How the daemon is exposed, and what follows from it: one table that everything else reads.

use alloc::string::String;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::str::FromStr;

use thiserror::Error;

/// The way in which clients reach the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExposureMode {
    /// Only from this machine, or through an SSH tunnel to it.
    Local,
    /// Through a web server that the operator runs.
    ReverseProxy,
    /// Through `tailscale serve`: to the devices of a tailnet.
    TailscaleServe,
    /// Through `tailscale funnel`: to the whole internet.
    TailscaleFunnel,
    /// Through `cloudflared`: to the whole internet.
    CloudflareTunnel,
    /// Straight from a network that the machine is in.
    Direct,
}

/// Everything that follows from a mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name in configuration and answers.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub summary: &'static str,
    /// Where the daemon may listen.
    pub binds: Binds,
    /// Which hop is believed, and in which header.
    pub hop: Hop,
    /// The program that must run on this host.
    pub tunnel: Option<Tunnel>,
    /// Whether a request that provably comes from this machine is served without a token, so that the daemon is of use
    /// without any device.
    pub trusts_loopback: bool,
    /// Who can send requests.
    pub reach: Reach,
    /// Who knows the URL that clients use.
    pub url: UrlSource,
}

/// Where a daemon may listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binds {
    /// Loopback addresses only.
    Loopback,
    /// Anything but loopback, wildcards included: what is in front is on another machine, or in another container.
    Network,
}

/// Whose word on the client's address is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hop {
    /// Nobody's.
    None,
    /// That of the addresses in `Daemon.TrustedProxies`, in `X-Forwarded-For`. There must be at least one.
    TrustedProxies,
    /// That of the tunnel, which connects from loopback, in the header that it sets itself (in lower case).
    Tunnel(&'static str),
}

/// A program that carries clients to the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tunnel {
    /// `tailscaled`, set up with `tailscale serve`.
    TailscaleServe,
    /// `tailscaled`, set up with `tailscale funnel`.
    TailscaleFunnel,
    /// `cloudflared`.
    Cloudflared,
}

/// Who can send requests to the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Programs on this machine.
    Machine,
    /// Machines in the same network.
    Network,
    /// The devices of the operator's tailnet.
    Tailnet,
    /// Whoever reaches the proxy: often the whole internet.
    Proxy,
    /// The whole internet.
    Internet,
}

/// Who knows the URL that clients use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlSource {
    /// The daemon: clients use the address that it listens on.
    Listener,
    /// The tunnel's program, which can be asked.
    Tunnel,
    /// Nobody but the operator.
    Operator,
}

/// The header of reverse proxies and of Tailscale.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The text names no exposure mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown exposure mode")]
pub struct UnknownMode;

impl ExposureMode {
    /// Every mode, in the order they are listed to people.
    pub const ALL: &[Self] = &[
        Self::Local,
        Self::ReverseProxy,
        Self::TailscaleServe,
        Self::TailscaleFunnel,
        Self::CloudflareTunnel,
        Self::Direct,
    ];

    /// The mode's row of the table.
    pub const fn profile(self) -> Profile {
        match self {
            Self::Local => Profile {
                name: "local",
                summary: "this machine only, or through an SSH tunnel",
                binds: Binds::Loopback,
                hop: Hop::None,
                tunnel: None,
                trusts_loopback: true,
                reach: Reach::Machine,
                url: UrlSource::Listener,
            },
            Self::ReverseProxy => Profile {
                name: "reverse-proxy",
                summary: "behind your own nginx, HAProxy, Caddy, …",
                binds: Binds::Network,
                hop: Hop::TrustedProxies,
                tunnel: None,
                trusts_loopback: false,
                reach: Reach::Proxy,
                url: UrlSource::Operator,
            },
            Self::TailscaleServe => Profile {
                name: "tailscale-serve",
                summary: "the devices of your tailnet",
                binds: Binds::Loopback,
                hop: Hop::Tunnel(FORWARDED_FOR),
                tunnel: Some(Tunnel::TailscaleServe),
                trusts_loopback: false,
                reach: Reach::Tailnet,
                url: UrlSource::Tunnel,
            },
            Self::TailscaleFunnel => Profile {
                name: "tailscale-funnel",
                summary: "the whole internet, through Tailscale",
                binds: Binds::Loopback,
                hop: Hop::Tunnel(FORWARDED_FOR),
                tunnel: Some(Tunnel::TailscaleFunnel),
                trusts_loopback: false,
                reach: Reach::Internet,
                url: UrlSource::Tunnel,
            },
            Self::CloudflareTunnel => Profile {
                name: "cloudflare-tunnel",
                summary: "the whole internet, through Cloudflare",
                binds: Binds::Loopback,
                hop: Hop::Tunnel("cf-connecting-ip"),
                tunnel: Some(Tunnel::Cloudflared),
                trusts_loopback: false,
                reach: Reach::Internet,
                url: UrlSource::Tunnel,
            },
            Self::Direct => Profile {
                name: "direct",
                summary: "the network that this machine is in, without a proxy",
                binds: Binds::Network,
                hop: Hop::None,
                tunnel: None,
                trusts_loopback: false,
                reach: Reach::Network,
                url: UrlSource::Listener,
            },
        }
    }

    /// The mode's name in configuration and answers.
    pub const fn name(self) -> &'static str {
        self.profile().name
    }
}

impl Binds {
    /// Whether the daemon may listen on `address`.
    pub fn allow(self, address: IpAddr) -> bool {
        address.to_canonical().is_loopback() == matches!(self, Self::Loopback)
    }

    /// What is allowed, as the rest of a sentence.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Loopback => "listens on loopback only: 127.0.0.1, ::1 or localhost",
            Self::Network => "listens on an address of this machine's networks, or on all of them with 0.0.0.0 or ::",
        }
    }

    /// The addresses that are of use on any machine, the usual one first.
    pub const fn usual(self) -> [IpAddr; 2] {
        match self {
            Self::Loopback => [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)],
            Self::Network => [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)],
        }
    }

    /// `address` if the daemon may listen on it, else the usual one.
    pub fn nearest(self, address: IpAddr) -> IpAddr {
        let [usual, _] = self.usual();
        if self.allow(address) { address } else { usual }
    }
}

impl Hop {
    /// The header with the client's address, in lower case.
    pub const fn header(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::TrustedProxies => Some(FORWARDED_FOR),
            Self::Tunnel(header) => Some(header),
        }
    }
}

impl Tunnel {
    /// The command that makes the tunnel lead to a daemon that listens here.
    pub fn set_up_command(self, listening: SocketAddr) -> String {
        // A bare port stands for the usual loopback address. Any other has to be a URL.
        let is_usual = listening.ip() == IpAddr::V4(Ipv4Addr::LOCALHOST);
        let target =
            if is_usual { alloc::format!("{}", listening.port()) } else { alloc::format!("http://{listening}") };
        match self {
            Self::TailscaleServe => alloc::format!("tailscale serve --bg {target}"),
            Self::TailscaleFunnel => alloc::format!("tailscale funnel --bg {target}"),
            Self::Cloudflared => alloc::format!("cloudflared tunnel --url http://{listening}"),
        }
    }
}

impl Reach {
    /// What the operator must know before opening the daemon so far, as a sentence without a period.
    pub const fn warning(self) -> Option<&'static str> {
        match self {
            Self::Machine | Self::Tailnet => None,
            Self::Network => Some(
                "every machine of the network can send requests to the daemon: \
                 only pairing codes and tokens keep them out",
            ),
            Self::Proxy => Some(
                "whoever reaches the proxy can send requests to the daemon, often the whole internet: \
                 only pairing codes and tokens keep them out",
            ),
            Self::Internet => {
                Some("the whole internet can send requests to the daemon: only pairing codes and tokens keep them out")
            }
        }
    }
}

impl UrlSource {
    /// Whether the operator has to name the URL, as a clause.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Listener => "not needed: clients use the address that the daemon listens on",
            Self::Tunnel => "not needed where the tunnel says what it is called",
            Self::Operator => "recommended: nobody but you knows what clients use",
        }
    }
}

impl FromStr for ExposureMode {
    type Err = UnknownMode;

    /// Reads a mode without regard to case, dashes and underscores: `tailscale-serve`, `TailscaleServe`.
    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        fn letters(text: &str) -> impl Iterator<Item = char> {
            text.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase())
        }
        Self::ALL.iter().copied().find(|mode| letters(mode.name()).eq(letters(text))).ok_or(UnknownMode)
    }
}

impl fmt::Display for ExposureMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
