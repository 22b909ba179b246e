//! All of the configuration, value by value.

use serde_json::{Map, Value, json};

use super::{SettingsFile, overlay, values};
use crate::domain::settings::{SettingsError, key};
use crate::ports::settings_review::{Overriding, Review, SettingsReview, Source, WrongValue};
use crate::ports::settings_store::{LoadSettingsError, SettingsStore};

/// The key by which a document names its own schema, for editors.
const SCHEMA: &str = "$schema";

impl SettingsReview for SettingsFile {
    fn review(&self) -> Review {
        let (source, mut document) = match self.document() {
            Ok(document) if self.exists() => (Source::Read, document),
            Ok(document) => (Source::Missing, document),
            Err(LoadSettingsError::Storage(error)) => (Source::Unreadable(error.0), json!({})),
            Err(error) => (Source::Damaged(error.to_string()), json!({})),
        };
        let unknown_keys = paths(&document).into_iter().filter(|path| !is_known(path)).collect();
        overlay::apply(&mut document, &self.environment);
        let wrong: Vec<WrongValue> = pieces(&document)
            .iter()
            .filter_map(|piece| values::read(piece).err())
            .map(|error| WrongValue { variable: self.variable_of(&error), error })
            .collect();
        let is_usable = matches!(source, Source::Missing | Source::Read) && wrong.is_empty();
        let settings = if is_usable { values::read(&document).ok() } else { None };
        Review { file: self.path.clone(), source, wrong, unknown_keys, overriding: self.overriding(), settings }
    }
}

impl SettingsFile {
    fn variable_of(&self, error: &SettingsError) -> Option<String> {
        overlay::variable_of(error.key, &self.environment).map(str::to_owned)
    }

    fn overriding(&self) -> Vec<Overriding> {
        let found = |(name, value): &(String, String)| {
            let key = overlay::path_of(name)?;
            Some(Overriding { is_known: is_known(&key), variable: name.clone(), key, value: value.clone() })
        };
        let mut overriding: Vec<Overriding> = self.environment.iter().filter_map(found).collect();
        overriding.sort_by(|one, other| one.variable.cmp(&other.variable));
        overriding
    }
}

/// Whether a path is a key of the configuration, or an element of one that is a list.
fn is_known(path: &str) -> bool {
    let is_part = |rest: &str, members: &[&str]| {
        let (index, member) = rest.strip_prefix('.').map_or((rest, None), |rest| match rest.split_once('.') {
            Some((index, member)) => (index, Some(member)),
            None => (rest, None),
        });
        let is_member = |member: &str| members.iter().any(|known| known.eq_ignore_ascii_case(member));
        index.parse::<usize>().is_ok() && member.is_none_or(is_member)
    };
    let is_key = |known: &str| {
        let start = path.get(..known.len()).filter(|start| start.eq_ignore_ascii_case(known));
        let rest = start.and_then(|_| path.get(known.len()..));
        let members = key::LISTS.iter().find_map(|(list, members)| (*list == known).then_some(*members));
        rest.is_some_and(|rest| rest.is_empty() || members.is_some_and(|members| is_part(rest, members)))
    };
    path == SCHEMA || key::ALL.iter().copied().any(is_key)
}

/// The paths of all keys. What is below an unknown key is not looked at.
fn paths(document: &Value) -> Vec<String> {
    let is_section = |name: &str| key::SECTIONS.iter().any(|section| section.eq_ignore_ascii_case(name));
    let below = |(name, value): (&String, &Value)| match value {
        Value::Object(members) if is_section(name) => members.keys().map(|key| format!("{name}.{key}")).collect(),
        // A section that is null has its defaults; any other value in its place is wrong and not unknown.
        _ if is_section(name) => Vec::new(),
        _ => vec![name.clone()],
    };
    document.as_object().into_iter().flatten().flat_map(below).collect()
}

/// The document in pieces of one value each, so that each can be judged by itself. A list has a piece for each element.
fn pieces(document: &Value) -> Vec<Value> {
    let one = |name: &str, value: Value| Value::Object(Map::from_iter([(name.to_owned(), value)]));
    let mut pieces = Vec::new();
    for (name, value) in document.as_object().into_iter().flatten() {
        let Some(members) = value.as_object() else {
            pieces.push(one(name, value.clone()));
            continue;
        };
        for (key, value) in members {
            match value.as_array() {
                Some(elements) => pieces
                    .extend(elements.iter().map(|element| one(name, one(key, Value::Array(vec![element.clone()]))))),
                None => pieces.push(one(name, one(key, value.clone()))),
            }
        }
    }
    pieces
}
