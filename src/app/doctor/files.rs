//! What lies in the home: who can get at it, whether the program could read it, and whether it fits together.

use super::{REPAIR_COMMAND, Scene, commands, counted, keys};
use crate::domain::bootstrap::{self, Decision, Found};
use crate::domain::daemon_id::DaemonId;
use crate::domain::device::{Device, is_authentic};
use crate::domain::diagnosis::{Check, Finding};
use crate::domain::token::BearerToken;
use crate::ports::home_inspection::{Entry, HomeFacts, Kind, Leftover, Stored, Writer};

/// Permission bits that let others change something.
const OTHERS_WRITE: u32 = 0o022;

/// The user who may do everything, and whose folders are therefore as safe as one's own.
const ROOT: u32 = 0;

/// Permission bits that let others do anything.
const OTHERS: u32 = 0o077;

/// The one private file whose loss loses nothing else.
const EXPENDABLE: &str = "state/activity.json";

pub(super) fn judge(scene: &Scene) -> Vec<Finding> {
    let facts = &scene.facts;
    let mut findings = folders(facts);
    findings.extend(private_files(facts));
    if scene.is_host() {
        findings.push(stored(Check::DevicesFile, &facts.devices, &["config/devices.json"], facts, |devices| {
            counted(devices.len(), "device")
        }));
        findings.push(stored(Check::IdentityKey, &facts.identity, &["keys/identity.key"], facts, |id| {
            format!("this is daemon {id}")
        }));
        findings.push(keys::judge(scene));
        findings.push(host_credential(scene));
    } else {
        let host_files = [Check::DevicesFile, Check::IdentityKey, Check::TlsKeys, Check::HostCredential];
        findings.extend(host_files.map(|check| check.skip("this home is not one of a host")));
    }
    let files = ["config/secrets.json", "client/config.json"];
    findings.push(stored(Check::CredentialFiles, &facts.credentials, &files, facts, |credentials| {
        counted(credentials.pairings.len(), "pairing")
    }));
    findings.extend(pairing_tokens(scene));
    findings.extend(leftovers(scene));
    findings.push(match &facts.room {
        Ok(()) => Check::Disk.pass("there is room to write"),
        Err(what) => Check::Disk
            .fail(format!("nothing can be written: {what}"), "make room, or make the folder writable for this user"),
    });
    findings
}

fn folders(facts: &HomeFacts) -> Vec<Finding> {
    let check = Check::Folders;
    if facts.folders.is_empty() {
        return vec![check.skip(format!("there is no {} yet", facts.root.display()))];
    }
    let fault = |folder: &Entry| {
        let path = folder.path.display();
        let protect = commands::protect_folder(&folder.path);
        if folder.kind != Kind::Folder {
            return Some(check.fail(format!("{path} is not a folder"), commands::move_away(&folder.path)));
        }
        if folder.owner != facts.owner && folder.owner != ROOT {
            return Some(of_another(check, folder, facts.owner));
        }
        match folder.mode {
            mode if mode & OTHERS_WRITE != 0 => {
                Some(check.fail(format!("others may write in {path} (mode {mode:04o})"), protect))
            }
            mode if mode & OTHERS != 0 => {
                Some(check.warn(format!("others may look into {path} (mode {mode:04o})"), protect))
            }
            _ => None,
        }
    };
    let faults: Vec<Finding> = facts.folders.iter().filter_map(fault).collect();
    let all_well = || vec![check.pass(format!("{} and what is in it is private", facts.root.display()))];
    if faults.is_empty() { all_well() } else { faults }
}

fn private_files(facts: &HomeFacts) -> Vec<Finding> {
    let check = Check::PrivateFiles;
    if facts.private_files.is_empty() {
        return vec![check.skip("there are none yet")];
    }
    let faults: Vec<Finding> = facts.private_files.iter().filter_map(|file| exposure(file, facts.owner)).collect();
    let all_well = || vec![check.pass(counted(facts.private_files.len(), "private file"))];
    if faults.is_empty() { all_well() } else { faults }
}

/// Why the program would not trust a private file.
fn exposure(file: &Entry, owner: u32) -> Option<Finding> {
    let (check, path) = (Check::PrivateFiles, file.path.display());
    let restore = format!("move it away and put the file itself at {path}");
    match file.kind {
        Kind::File => {}
        Kind::Symlink => return Some(check.fail(format!("{path} is a symbolic link"), restore)),
        Kind::Folder | Kind::Socket | Kind::Other => {
            return Some(check.fail(format!("{path} is not a regular file"), restore));
        }
    }
    if file.owner != owner {
        return Some(of_another(check, file, owner));
    }
    let message = format!("{path} is accessible by others (mode {:04o})", file.mode);
    let protect = commands::protect_file(&file.path);
    match file.mode & OTHERS != 0 {
        true if file.path.ends_with(EXPENDABLE) => Some(check.warn(message, protect)),
        true => Some(check.fail(message, protect)),
        false => None,
    }
}

fn of_another(check: Check, entry: &Entry, user: u32) -> Finding {
    let message = format!("{} belongs to another user (uid {})", entry.path.display(), entry.owner);
    check.fail(message, format!("run netclaw as that user, or: {}", commands::own(&entry.path, user)))
}

/// Whether a store can be read. One whose file is exposed is judged there, not here.
fn stored<T>(
    check: Check,
    stored: &Stored<T>,
    files: &[&str],
    facts: &HomeFacts,
    words: impl FnOnce(&T) -> String,
) -> Finding {
    match stored_or_exposed(check, stored, files, facts) {
        Ok(Some(whole)) => check.pass(words(whole)),
        Ok(None) => check.skip("there is none yet"),
        Err(finding) => finding,
    }
}

/// What a store holds, if there is one and it can be read.
pub(super) fn stored_or_exposed<'a, T>(
    check: Check,
    stored: &'a Stored<T>,
    files: &[&str],
    facts: &HomeFacts,
) -> Result<Option<&'a T>, Finding> {
    let is_its_file = |entry: &&Entry| files.iter().any(|file| entry.path.ends_with(file));
    let is_exposed = |entry: &Entry| exposure(entry, facts.owner).is_some();
    if facts.private_files.iter().filter(is_its_file).any(is_exposed) {
        return Err(check.skip("see private-files"));
    }
    match stored {
        Stored::Absent => Ok(None),
        Stored::Whole(whole) => Ok(Some(whole)),
        Stored::Refused { cause, repair } => Err(check.fail(cause, repair)),
    }
}

fn pairing_tokens(scene: &Scene) -> Vec<Finding> {
    let check = Check::PairingTokens;
    let Some(credentials) = scene.facts.credentials.whole() else {
        return vec![check.skip("there are no pairings to look at")];
    };
    let is_own = |id| scene.facts.identity.whole() == Some(id);
    let has_token = |id| credentials.tokens.iter().any(|(of, _)| of == id);
    let bare = credentials.pairings.iter().filter(|pairing| !has_token(&pairing.daemon_id));
    // That the host's own token is gone is said by another check, with another way out.
    let bare = bare.filter(|pairing| !(is_own(&pairing.daemon_id) && needs_credential(scene)));
    let bare = bare.map(|pairing| {
        let message = format!("the pairing with {} has no token", pairing.endpoint);
        check.fail(message, format!("netclaw pair {}", pairing.endpoint))
    });
    let orphans = orphans(&scene.facts).map(|(daemon, _)| {
        check.warn(format!("there is a token of daemon {daemon}, and no pairing that it belongs to"), REPAIR_COMMAND)
    });
    let waiting = credentials.staged.iter().filter_map(|(daemon, _)| {
        let pairing = credentials.pairings.iter().find(|pairing| pairing.daemon_id == *daemon)?;
        let message = format!("a rotation of the credential for {} was interrupted", pairing.endpoint);
        Some(check.warn(message, commands::settle(daemon)))
    });
    let faults: Vec<Finding> = bare.chain(orphans).chain(waiting).collect();
    if faults.is_empty() { vec![check.pass("each pairing has its token")] } else { faults }
}

/// Tokens that no pairing refers to, apart from the host's own, whose pairing the next start brings back.
pub(super) fn orphans(facts: &HomeFacts) -> impl Iterator<Item = &(DaemonId, BearerToken)> {
    facts.credentials.whole().into_iter().flat_map(|credentials| {
        let is_paired = |id: &DaemonId| credentials.pairings.iter().any(|pairing| pairing.daemon_id == *id);
        let is_own = |id: &DaemonId| facts.identity.whole() == Some(id);
        credentials.tokens.iter().filter(move |(daemon, _)| !is_paired(daemon) && !is_own(daemon))
    })
}

/// Whether the host needs a credential of its own.
fn needs_credential(scene: &Scene) -> bool {
    scene.settings().is_some_and(|settings| !settings.mode.profile().trusts_loopback)
}

fn host_credential(scene: &Scene) -> Finding {
    let check = Check::HostCredential;
    match way_in(scene) {
        None if needs_credential(scene) => check.skip("the files could not be read"),
        None => check.skip("this machine is served without one"),
        Some(Ok(Decision::Proceed)) => check.pass("this host and its devices can authenticate"),
        Some(Ok(Decision::Seed)) => check.pass("the first start makes one"),
        Some(Err(why)) => check.fail(
            why.to_string(),
            match scene.running {
                None => REPAIR_COMMAND.to_owned(),
                Some(_) => "netclaw daemon stop, then: netclaw daemon start --recover".to_owned(),
            },
        ),
    }
}

/// What a start would decide about the host's own credential; `None` where it needs none, or nothing can be told.
pub(super) fn way_in<'a>(scene: &'a Scene) -> Option<Result<Decision, bootstrap::NoWayIn>> {
    let facts = &scene.facts;
    let settings = scene.settings().filter(|settings| !settings.mode.profile().trusts_loopback)?;
    let devices: Vec<&Device> = match &facts.devices {
        Stored::Absent => Vec::new(),
        Stored::Whole(devices) => devices.iter().collect(),
        Stored::Refused { .. } => return None,
    };
    let (tokens, staged) = match &facts.credentials {
        Stored::Absent => Default::default(),
        Stored::Whole(credentials) => (credentials.tokens.as_slice(), credentials.staged.as_slice()),
        Stored::Refused { .. } => return None,
    };
    if matches!(facts.identity, Stored::Refused { .. }) {
        return None;
    }
    let own = |tokens: &'a [(DaemonId, BearerToken)]| {
        let (_, token) = tokens.iter().find(|(daemon, _)| Some(daemon) == facts.identity.whole())?;
        Some((token, devices.iter().find(|device| device.id() == token.device()).copied()?))
    };
    // A start goes on with a new one that the daemon has confirmed.
    let confirmed = own(staged).filter(|(token, device)| is_authentic(token, Some(device), scene.now));
    let own = confirmed.or_else(|| own(tokens));
    let is_untouched = matches!(facts.devices, Stored::Absent);
    Some(bootstrap::decide(Found { mode: settings.mode, is_untouched, own, devices: &devices, now: scene.now }))
}

fn leftovers(scene: &Scene) -> Vec<Finding> {
    let check = Check::Leftovers;
    let found: Vec<Finding> = abandoned(scene)
        .map(|leftover| {
            check.warn(format!("{} was left by a write that was killed", leftover.path.display()), REPAIR_COMMAND)
        })
        .collect();
    if found.is_empty() { vec![check.pass("killed writes left nothing behind")] } else { found }
}

/// Temporary files that no write goes on with: nobody who writes them is there.
pub(super) fn abandoned(scene: &Scene) -> impl Iterator<Item = &Leftover> {
    scene.facts.leftovers.iter().filter(|leftover| match leftover.writer {
        Writer::Daemon => scene.running.is_none(),
        Writer::Client => !scene.facts.is_client_writing,
    })
}

/// Files and folders of the home's user that others can get at, with the mode they should have. What a link leads to may serve
/// others too, and is for whoever made the link to judge.
pub(super) fn unprotected(facts: &HomeFacts) -> impl Iterator<Item = (&Entry, u32)> {
    let is_open = |entry: &&Entry| !entry.is_linked && entry.owner == facts.owner && entry.mode & OTHERS != 0;
    let folders = facts.folders.iter().filter(|entry| entry.kind == Kind::Folder);
    let files = facts.private_files.iter().filter(|entry| entry.kind == Kind::File);
    folders.chain(files).filter(is_open).map(|entry| (entry, entry.mode & !OTHERS))
}
