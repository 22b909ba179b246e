//! The schema of the configuration: it says what the program reads.

use netclaw::adapters::file::settings_file::{SettingsFile, schema};
use netclaw::domain::settings::{Settings, key};
use netclaw::ports::settings_store::SettingsStore;
use serde_json::{Value, json};

#[test]
fn its_keys_are_those_that_are_read() {
    let schema = schema().to_value();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let names = |properties: &Value| properties.as_object().unwrap().keys().cloned().collect::<Vec<String>>();
    let daemon = &schema["properties"]["Daemon"]["properties"];
    let below = names(daemon).into_iter().map(|name| format!("Daemon.{name}"));
    let mut offered: Vec<String> = below.chain(["configVersion".to_owned()]).collect();
    let mut read: Vec<String> = key::ALL.iter().map(ToString::to_string).collect();
    offered.sort();
    read.sort();
    assert_eq!(offered, read);
    assert_eq!(names(&schema["properties"]).len(), 2);
    assert!(daemon.as_object().unwrap().values().all(|property| property["description"].is_string()), "{daemon:#}");
}

#[test]
fn it_accepts_what_is_written_and_refuses_what_stops_a_start() {
    let validator = jsonschema::draft202012::new(&schema().to_value()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config/netclaw.json");
    SettingsFile::new(path.clone(), Vec::new()).save(&Settings::default()).unwrap();
    let written: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for allowed in [written, json!({}), json!({"Daemon": {"Port": null}}), json!({"$schema": "x", "Daemon": null})] {
        let errors: Vec<String> = validator.iter_errors(&allowed).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{allowed}: {errors:?}");
    }
    for refused in [
        json!({"Daemon": {"Port": 0}}),
        json!({"Daemon": {"Port": 65536}}),
        json!({"Daemon": {"Port": "5199"}}),
        json!({"Daemon": {"ExposureMode": "wide-open"}}),
        json!({"Daemon": {"TrustedProxies": "10.0.0.2"}}),
        json!({"Daemon": {"Prot": 5199}}),
        json!({"Daemon": 7}),
        json!({"configVersion": 2}),
        json!([]),
    ] {
        assert!(!validator.is_valid(&refused), "{refused}");
    }
}

#[test]
fn its_defaults_are_those_of_the_program() {
    let schema = schema().to_value();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let properties = schema["properties"]["Daemon"]["properties"].as_object().unwrap();
    let defaults = properties.iter().map(|(name, property)| (name.clone(), property["default"].clone()));
    let document = json!({"configVersion": 1, "Daemon": Value::Object(defaults.collect())});
    assert!(validator.is_valid(&document), "{document}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("netclaw.json");
    std::fs::write(&path, document.to_string()).unwrap();
    assert_eq!(SettingsFile::new(path, Vec::new()).load().unwrap(), Settings::default());
}
