//! What lies in the home folder, as facts without a judgement.

use std::path::PathBuf;

use crate::domain::daemon_id::DaemonId;
use crate::domain::device::Device;
use crate::domain::pin::Pin;
use crate::domain::time::WallTime;
use crate::domain::token::BearerToken;
use crate::ports::credential_store::Pairing;

/// What something in the home is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Symlink,
    /// A Unix socket.
    Socket,
    /// Anything else.
    Other,
}

/// Something in the home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it is.
    pub path: PathBuf,
    /// What it is; a symbolic link is not followed, apart from one in the place of a folder.
    pub kind: Kind,
    /// Whether its path is a symbolic link, so that what is here said of it is true of something elsewhere.
    pub is_linked: bool,
    /// The user that it belongs to.
    pub owner: u32,
    /// Its permission bits.
    pub mode: u32,
}

/// What became of reading a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored<T> {
    /// There is no file.
    Absent,
    /// It was read whole.
    Whole(T),
    /// The program would refuse it.
    Refused {
        /// Which file, and what is wrong with it.
        cause: String,
        /// How to mend it, as a command or an instruction.
        repair: String,
    },
}

/// A client's two files.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// All pairings.
    pub pairings: Vec<Pairing>,
    /// The current one.
    pub current: Option<DaemonId>,
    /// All tokens, by the daemon that issued them.
    pub tokens: Vec<(DaemonId, BearerToken)>,
    /// Those that are to replace them, and are not known to be confirmed.
    pub staged: Vec<(DaemonId, BearerToken)>,
}

/// A TLS key of the daemon, without the key itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenKey {
    /// What clients know it by.
    pub pin: Pin,
    /// When it was made.
    pub created_at: WallTime,
}

/// The TLS keys of the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenKeys {
    /// The one in use.
    pub current: SeenKey,
    /// The one that is announced to follow it.
    pub next: Option<SeenKey>,
}

/// Who writes a file, and therefore whose killed write a leftover is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// The daemon.
    Daemon,
    /// Commands of a client.
    Client,
}

/// A temporary file of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// Where it is.
    pub path: PathBuf,
    /// Whose it is.
    pub writer: Writer,
}

/// All facts.
#[derive(Clone, Debug)]
pub struct HomeFacts {
    /// The home folder.
    pub root: PathBuf,
    /// The user that this process acts as.
    pub user: u32,
    /// The user whose home it is: the same one, but for root whoever owns it.
    pub owner: u32,
    /// The home and the folders in it, those that are there.
    pub folders: Vec<Entry>,
    /// Files that the program trusts only when they are private, those that are there.
    pub private_files: Vec<Entry>,
    /// The operator's socket, if there is something by its name.
    pub control_socket: Option<Entry>,
    /// The devices.
    pub devices: Stored<Vec<Device>>,
    /// The daemon's identity.
    pub identity: Stored<DaemonId>,
    /// The daemon's TLS keys.
    pub tls_keys: Stored<SeenKeys>,
    /// The client's pairings and tokens; absent when both files are.
    pub credentials: Stored<Credentials>,
    /// Temporary files that are there. A write that goes on has one too.
    pub leftovers: Vec<Leftover>,
    /// Whether a command of a client writes just now.
    pub is_client_writing: bool,
    /// What the system says to a write.
    pub room: Result<(), String>,
}

/// Looks at the home folder.
///
/// # Contract
///
/// * Stores are read by the code that the program itself reads them with, and nothing is changed: nothing is made, mended or
///   cleaned up. To find out whether there is room, a file is written in an existing folder of the home and removed again.
/// * A home that does not exist is one without anything in it.
#[cfg_attr(test, mockall::automock)]
pub trait HomeInspection: Send + Sync {
    /// Looks now.
    fn inspect(&self) -> HomeFacts;
}

impl<T> Stored<T> {
    /// What was read, if it was.
    pub const fn whole(&self) -> Option<&T> {
        match self {
            Self::Whole(whole) => Some(whole),
            Self::Absent | Self::Refused { .. } => None,
        }
    }
}
