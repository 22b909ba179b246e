//! Mending what is safe to mend: nothing that anyone could miss, no damaged file, no device, no configuration value.

use super::{Scene, files};
use crate::ports::home_inspection::{Kind, Leftover};
use crate::ports::home_repair::{HomeRepair, Repair};

/// What came of one repair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// The repair.
    pub repair: Repair,
    /// Why it was not done.
    pub failed: Option<String>,
}

/// What could be mended. Access comes first: what others can get at is not read, so the rest shows only then.
pub(super) fn plan(scene: &Scene) -> Vec<Repair> {
    let facts = &scene.facts;
    let protect =
        files::unprotected(facts).map(|(entry, to)| Repair::Protect { path: entry.path.clone(), from: entry.mode, to });
    let leftovers = files::abandoned(scene)
        .map(|Leftover { path, writer }| Repair::RemoveLeftover { path: path.clone(), writer: *writer });
    let socket = facts.control_socket.iter().filter(|entry| scene.running.is_none() && entry.kind == Kind::Socket);
    let socket = socket.map(|entry| Repair::RemoveSocket { path: entry.path.clone() });
    let orphans = files::orphans(facts).map(|(daemon, _)| Repair::DropToken { daemon: daemon.clone() });
    let is_locked_out = scene.running.is_none() && matches!(files::way_in(scene), Some(Err(_)));
    let renewal = is_locked_out.then_some(Repair::RenewHostCredential);
    protect.chain(leftovers).chain(socket).chain(orphans).chain(renewal).collect()
}

/// Does these repairs, those that need it with every daemon kept off the home.
pub async fn mend(repairs: Vec<Repair>, home: &dyn HomeRepair) -> Vec<Mended> {
    let quiet = if repairs.iter().any(Repair::needs_quiet) { Some(home.quiet()) } else { None };
    let mut mended = Vec::with_capacity(repairs.len());
    for repair in repairs {
        let failed = match &quiet {
            Some(Err(error)) if repair.needs_quiet() => Some(error.to_string()),
            _ => home.repair(&repair).await.err().map(|error| error.to_string()),
        };
        mended.push(Mended { repair, failed });
    }
    mended
}
