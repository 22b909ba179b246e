//! What a look at the machine found, and what could be mended.

use std::path::Path;

use serde::Serialize;

use super::span;
use crate::domain::diagnosis::{Diagnosis, Finding, Overall, Verdict};
use crate::ports::home_inspection::Writer;
use crate::ports::home_repair::Repair;

/// Columns of the names: as many as the longest one has.
const NAME_WIDTH: usize = 18;

#[derive(Serialize)]
struct Document<'a> {
    overall: &'static str,
    checks: Vec<CheckDocument<'a>>,
}

#[derive(Serialize)]
struct CheckDocument<'a> {
    id: &'static str,
    group: &'static str,
    verdict: &'static str,
    message: &'a str,
    fix: Option<&'a str>,
}

/// What the person reads: a line for each finding, what to do below it, and the sum at the end.
pub fn lines(diagnosis: &Diagnosis) -> Vec<String> {
    let mut lines: Vec<String> = diagnosis.findings().iter().flat_map(finding_lines).collect();
    lines.push(sum(diagnosis));
    lines
}

/// `{"overall","checks":[{"id","group","verdict","message","fix"}]}`
pub fn document(diagnosis: &Diagnosis) -> impl Serialize + '_ {
    let checks = diagnosis.findings().iter().map(|finding| CheckDocument {
        id: finding.check.id(),
        group: finding.check.group().name(),
        verdict: word(&finding.verdict),
        message: &finding.message,
        fix: finding.verdict.fix(),
    });
    let overall = match diagnosis.overall() {
        Overall::Pass => "pass",
        Overall::Warn => "warn",
        Overall::Fail => "fail",
    };
    Document { overall, checks: checks.collect() }
}

/// What a repair changes: the place, and old and new below it.
pub fn repair_lines(repair: &Repair, root: &Path) -> [String; 3] {
    let shown = |path: &Path| path.strip_prefix(root).map_or(path, |below| below).display().to_string();
    let (place, old, new) = match repair {
        Repair::Protect { path, from, to } if path == root => {
            (path.display().to_string(), format!("mode {from:04o}"), format!("mode {to:04o}"))
        }
        Repair::Protect { path, from, to } => (shown(path), format!("mode {from:04o}"), format!("mode {to:04o}")),
        Repair::RemoveLeftover { path, writer } => {
            let whose = match writer {
                Writer::Daemon => "the daemon",
                Writer::Client => "a client command",
            };
            (shown(path), format!("the temporary file of a write of {whose} that was killed"), "nothing".to_owned())
        }
        Repair::RemoveSocket { path } => {
            (shown(path), "the socket of a daemon that is gone".to_owned(), "nothing".to_owned())
        }
        Repair::DropToken { daemon } => (
            "config/secrets.json".to_owned(),
            format!("the token of daemon {daemon}, which no pairing refers to"),
            "nothing".to_owned(),
        ),
        Repair::RenewHostCredential => (
            "config/devices.json, config/secrets.json, client/config.json".to_owned(),
            "no valid credential of this host".to_owned(),
            "a new credential of this host; other devices stay as they are".to_owned(),
        ),
    };
    [place, format!("  - {old}"), format!("  + {new}")]
}

fn finding_lines(finding: &Finding) -> Vec<String> {
    let verdict = word(&finding.verdict).to_ascii_uppercase();
    let mut lines = vec![format!("{verdict}  {:NAME_WIDTH$}  {}", finding.check.id(), finding.message)];
    lines.extend(finding.verdict.fix().map(|fix| format!("      fix: {fix}")));
    lines
}

fn sum(diagnosis: &Diagnosis) -> String {
    let count = |weight| diagnosis.findings().iter().filter(|finding| finding.verdict.weight() == weight).count();
    let (failures, warnings) =
        (span::count(count(Overall::Fail), "failure"), span::count(count(Overall::Warn), "warning"));
    match diagnosis.overall() {
        Overall::Pass => "All is well.".to_owned(),
        Overall::Warn | Overall::Fail => format!("{failures}, {warnings}."),
    }
}

const fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Warn { .. } => "warn",
        Verdict::Fail { .. } => "fail",
        Verdict::Skip => "skip",
    }
}
