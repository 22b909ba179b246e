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
    let properties = |section: &str| schema["properties"][section]["properties"].clone();

    let mut offered: Vec<String> = vec!["configVersion".to_owned()];
    for section in key::SECTIONS {
        offered.extend(names(&properties(section)).iter().map(|name| format!("{section}.{name}")));
        let properties = properties(section);
        assert!(properties.as_object().unwrap().values().all(|of| of["description"].is_string()), "{properties:#}");
    }
    let mut read: Vec<String> = key::ALL.iter().map(ToString::to_string).collect();
    offered.sort();
    read.sort();
    assert_eq!(offered, read);
    assert_eq!(names(&schema["properties"]).len(), 1 + key::SECTIONS.len());
}

#[test]
fn it_accepts_what_is_written_and_refuses_what_stops_a_start() {
    let validator = jsonschema::draft202012::new(&schema().to_value()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config/netclaw.json");
    SettingsFile::new(path.clone(), Vec::new()).save(&Settings::default()).unwrap();
    let written: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let sections = json!({
        "Agent": {"Kind": "openai", "BaseUrl": "http://127.0.0.1:11434/v1", "Model": "m", "TimeoutSeconds": 1},
        "Gateway": {"Routes": [{"Path": "/ollama/", "Target": "http://127.0.0.1:11434/"}]},
    });
    for allowed in
        [written, sections, json!({}), json!({"Daemon": {"Port": null}}), json!({"$schema": "x", "Daemon": null})]
    {
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
        json!({"Agent": {"Kind": "oracle"}}),
        json!({"Agent": {"Command": "my-agent --quiet"}}),
        json!({"Agent": {"TimeoutSeconds": 0}}),
        json!({"Gateway": {"Routes": [{"Path": "/ollama", "Target": "http://127.0.0.1:11434/"}]}}),
        json!({"Gateway": {"Routes": [{"Path": "/ollama/"}]}}),
        json!({"Gateway": {"RequestsPerDevice": 0}}),
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
    let mut document = json!({"configVersion": 1});
    for section in key::SECTIONS {
        let properties = schema["properties"][section]["properties"].as_object().unwrap();
        let defaults = properties.iter().map(|(name, property)| (name.clone(), property["default"].clone()));
        document[section] = Value::Object(defaults.collect());
    }
    assert!(validator.is_valid(&document), "{document}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("netclaw.json");
    std::fs::write(&path, document.to_string()).unwrap();
    assert_eq!(SettingsFile::new(path, Vec::new()).load().unwrap(), Settings::default());
}
