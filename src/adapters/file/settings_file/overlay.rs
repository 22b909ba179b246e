//! Values from outside the file, laid over it: `NETCLAW_Daemon__Port=5300` is `{"Daemon":{"Port":5300}}`.

use serde_json::{Map, Value};

/// What the name of every such variable begins with.
const PREFIX: &str = "NETCLAW_";

/// What separates levels in a variable's name.
const SEPARATOR: &str = "__";

/// Array elements that the environment may set: more than any list here needs.
const MAX_INDEX: usize = 255;

/// Lays the variables that name a configuration value over `document`. Names are read without regard to case; a number as
/// a level is an index of an array.
pub(super) fn apply(document: &mut Value, environment: &[(String, String)]) {
    let mut overrides: Vec<(Vec<&str>, &str)> =
        environment.iter().filter_map(|(name, value)| Some((levels(name)?, value.as_str()))).collect();
    // An element can only follow the one before it.
    overrides.sort_by_key(|(levels, _)| levels.iter().map(|level| level.parse::<usize>().ok()).collect::<Vec<_>>());
    for (levels, value) in overrides {
        set_levels(document, &levels, value_of(value));
    }
}

/// The variable that sets the value at a path like `Daemon.Port`, or a part of it.
pub(super) fn variable_of<'a>(path: &str, environment: &'a [(String, String)]) -> Option<&'a str> {
    let sets = |levels: &[&str]| {
        let mut levels = levels.iter();
        path.split('.').all(|level| levels.next().is_some_and(|name| name.eq_ignore_ascii_case(level)))
    };
    let mut names = environment.iter().map(|(name, _)| name.as_str());
    names.find(|name| levels(name).is_some_and(|levels| sets(&levels)))
}

/// The path that a variable sets, `Daemon.Port`, if it is one that sets a value.
pub(super) fn path_of(variable: &str) -> Option<String> {
    levels(variable).map(|levels| levels.join("."))
}

/// Sets the value at a path like `Daemon.Port`, keeping the spelling of keys that are there.
pub(super) fn set(document: &mut Value, path: &str, value: Value) {
    set_levels(document, &path.split('.').collect::<Vec<_>>(), value);
}

fn levels(name: &str) -> Option<Vec<&str>> {
    let prefix = name.get(..PREFIX.len())?;
    let rest = name.get(PREFIX.len()..).filter(|_| prefix.eq_ignore_ascii_case(PREFIX))?;
    rest.contains(SEPARATOR).then(|| rest.split(SEPARATOR).collect())
}

/// Numbers, booleans and null are what they look like; everything else is text.
fn value_of(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_) | Value::Null)) => value,
        _ => Value::String(text.to_owned()),
    }
}

fn set_levels(place: &mut Value, levels: &[&str], value: Value) {
    let Some((level, deeper)) = levels.split_first() else {
        *place = value;
        return;
    };
    match level.parse::<usize>() {
        Ok(index) if index <= MAX_INDEX => set_levels(element(place, index), deeper, value),
        _ => set_levels(member(place, level), deeper, value),
    }
}

fn element(place: &mut Value, index: usize) -> &mut Value {
    if !place.is_array() {
        *place = Value::Array(Vec::new());
    }
    match place {
        Value::Array(elements) => {
            let index = index.min(elements.len());
            if index == elements.len() {
                elements.push(Value::Null);
            }
            // The element was just made sure of.
            #[expect(clippy::indexing_slicing, reason = "index < len by the lines above")]
            &mut elements[index]
        }
        other => other,
    }
}

fn member<'a>(place: &'a mut Value, key: &str) -> &'a mut Value {
    if !place.is_object() {
        *place = Value::Object(Map::new());
    }
    match place {
        Value::Object(members) => {
            let spelling = members.keys().find(|name| name.eq_ignore_ascii_case(key)).cloned();
            members.entry(spelling.unwrap_or_else(|| key.to_owned())).or_insert(Value::Null)
        }
        other => other,
    }
}
