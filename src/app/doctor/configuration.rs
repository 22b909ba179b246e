//! The configuration: everything that is wrong with it at once.

use std::path::Path;

use super::commands;
use crate::domain::diagnosis::{Check, Finding};
use crate::domain::nearest::nearest;
use crate::domain::settings::{Settings, SettingsError, key};
use crate::domain::text::shown_safely;
use crate::ports::settings_review::{Overriding, Review, Source, WrongValue};

pub(super) fn judge(review: &Review) -> Vec<Finding> {
    let mut findings = vec![source(review)];
    findings.extend(values(review));
    findings.extend(keys(review));
    findings.extend(environment(review));
    findings
}

fn source(review: &Review) -> Finding {
    let (check, file) = (Check::ConfigFile, review.file.display());
    match &review.source {
        Source::Missing => check.pass(format!("there is no {file}: everything has its default")),
        Source::Read => check.pass(format!("{file} is a JSON object")),
        Source::Damaged(what) => check.fail(
            shown_safely(what),
            format!("correct it, or go on with the defaults after: {}", commands::move_away(&review.file)),
        ),
        Source::Unreadable(what) => check.fail(shown_safely(what), format!("make {file} readable for this user")),
    }
}

fn values(review: &Review) -> Vec<Finding> {
    if matches!(review.source, Source::Damaged(_) | Source::Unreadable(_)) && review.wrong.is_empty() {
        let skipped = [Check::ConfigVersion, Check::ConfigValues];
        return skipped.map(|check| check.skip("the file could not be read")).to_vec();
    }
    let is_version = |wrong: &&WrongValue| wrong.error.key == key::VERSION;
    let wrong = |wrong: &WrongValue| check_of(&wrong.error).fail(of_wrong(wrong), correction(wrong, &review.file));
    let mut findings: Vec<Finding> = review.wrong.iter().map(wrong).collect();
    if !review.wrong.iter().any(|wrong| is_version(&wrong)) {
        findings.push(Check::ConfigVersion.pass("this program knows the version of the format"));
    }
    let conflicts = review.settings.as_ref().map(conflicts).unwrap_or_default();
    if review.wrong.iter().all(|wrong| is_version(&wrong)) && conflicts.is_empty() {
        findings.push(Check::ConfigValues.pass("every value is allowed"));
    }
    let conflict = |error: &SettingsError| {
        Check::ConfigValues.fail(of_error(error), way_out(error, review.settings.as_ref(), &review.file))
    };
    findings.extend(conflicts.iter().map(conflict));
    findings
}

/// What only shows when values meet each other.
fn conflicts(settings: &Settings) -> Vec<SettingsError> {
    [settings.check_host(), settings.check_proxies()].into_iter().filter_map(Result::err).collect()
}

fn check_of(error: &SettingsError) -> Check {
    if error.key == key::VERSION { Check::ConfigVersion } else { Check::ConfigValues }
}

fn of_wrong(wrong: &WrongValue) -> String {
    match &wrong.variable {
        Some(variable) => format!("{} (from {})", of_error(&wrong.error), shown_safely(variable)),
        None => of_error(&wrong.error),
    }
}

fn of_error(error: &SettingsError) -> String {
    let SettingsError { key, value, allowed } = error;
    format!("{key} is {}, but {allowed}", shown_safely(value))
}

fn correction(wrong: &WrongValue, file: &Path) -> String {
    match &wrong.variable {
        Some(variable) => format!("correct the variable, or: unset {}", shown_safely(variable)),
        None if wrong.error.key == key::VERSION => {
            format!("use the newer netclaw that wrote it, or set \"configVersion\": 1 in {}", file.display())
        }
        None => format!("correct {} in {}", wrong.error.key, file.display()),
    }
}

/// The way out of values that do not go together.
fn way_out(error: &SettingsError, settings: Option<&Settings>, file: &Path) -> String {
    let usual = settings.map(|settings| settings.mode.profile().binds.usual()).map(|[usual, _]| usual.to_string());
    match (error.key, usual) {
        (key::HOST, Some(usual)) => format!("in {}, set below \"Daemon\": \"Host\": \"{usual}\"", file.display()),
        _ => format!("in {}, set below \"Daemon\": \"TrustedProxies\": [\"ADDRESS-OF-THE-PROXY\"]", file.display()),
    }
}

fn keys(review: &Review) -> Vec<Finding> {
    let check = Check::ConfigKeys;
    if review.source != Source::Read {
        return vec![check.skip("there is no file with keys")];
    }
    if review.unknown_keys.is_empty() {
        return vec![check.pass("every key means something")];
    }
    let file = review.file.display();
    let unknown = |path: &String| {
        let shown = shown_safely(path);
        match nearest(path, key::ALL.iter().copied()) {
            Some(meant) => check.warn(
                format!("{shown} means nothing; did you mean {meant}?"),
                format!("rename it in {file}: {shown} → {meant}"),
            ),
            None => check.warn(format!("{shown} means nothing"), format!("remove it from {file}")),
        }
    };
    review.unknown_keys.iter().map(unknown).collect()
}

fn environment(review: &Review) -> Vec<Finding> {
    let check = Check::ConfigEnvironment;
    if review.overriding.is_empty() {
        return vec![check.pass("no variable overrides a value")];
    }
    let found = |found: &Overriding| {
        let (variable, key) = (shown_safely(&found.variable), shown_safely(&found.key));
        if found.is_known {
            return check.pass(format!("{variable} sets {key} to {}", shown_safely(&found.value)));
        }
        let message = format!("{variable} means nothing: there is no {key}");
        match nearest(&found.key, key::ALL.iter().copied()) {
            Some(meant) => check.warn(
                format!("{message}; did you mean {meant}?"),
                format!("rename the variable to NETCLAW_{}", meant.replace('.', "__")),
            ),
            None => check.warn(message, format!("unset {variable}")),
        }
    };
    review.overriding.iter().map(found).collect()
}
