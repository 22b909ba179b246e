//! The contract of [`SettingsStore`], under an environment that sets the port to 6001.

use std::sync::Arc;

use netclaw::adapters::file::settings_file::SettingsFile;
use std::time::Duration;

use netclaw::domain::agent::{AgentKind, AgentSettings, CommandInput};
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::exposure::ExposureMode;
use netclaw::domain::gateway::{GatewayRoute, GatewaySettings, RoutePath};
use netclaw::domain::settings::{Settings, key};
use netclaw::domain::transport::AllowPlaintext;
use netclaw::ports::settings_store::{LoadSettingsError, Override, SettingsStore};

use super::{Subject, breaking};
use crate::fakes::samples::ip;
use crate::fakes::settings_store::FakeSettingsStore;

type Store = Subject<dyn SettingsStore>;

const VARIABLE: &str = "netclaw_DAEMON__Port";

fn settings() -> Settings {
    Settings {
        host: ip("0.0.0.0"),
        port: 5300,
        mode: ExposureMode::ReverseProxy,
        trusted_proxies: vec!["10.0.0.2/32".parse().unwrap(), "fd00::/64".parse().unwrap()],
        external_url: Some(Endpoint::parse("https://claw.example").unwrap()),
        allow_plaintext: AllowPlaintext::From(vec!["100.64.0.0/10".parse().unwrap()]),
        log_pairing_code: false,
        skip_tunnel_process_check: true,
        agent: AgentSettings {
            kind: Some(AgentKind::Command),
            base_url: Some(Endpoint::parse("http://127.0.0.1:11434/v1").unwrap()),
            model: Some("a model".to_owned()),
            api_key_variable: Some("PROVIDER_KEY".to_owned()),
            command: vec!["my-agent".to_owned(), String::new()],
            input: CommandInput::Text,
            working_folder: Some("/srv/agent".to_owned()),
            timeout: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(2),
            max_output_bytes: 3,
        },
        gateway: GatewaySettings {
            routes: vec![GatewayRoute {
                path: RoutePath::parse("/ollama/").unwrap(),
                target: Endpoint::parse("http://127.0.0.1:11434/below/").unwrap(),
            }],
            requests_per_device: 7,
        },
    }
}

async fn a_home_without_a_configuration_has_the_defaults(subject: Store) {
    let store = &*subject.port;
    assert!(!store.exists());
    assert_eq!(store.stored(), Ok(Settings::default()));
    assert_eq!(store.load(), Ok(Settings { port: 6001, ..Settings::default() }));
    assert!(!store.exists(), "reading stores nothing");
}

async fn what_was_saved_is_stored_and_the_environment_lies_over_it(subject: Store) {
    let store = &*subject.port;
    store.save(&settings()).unwrap();
    assert!(store.exists());
    assert_eq!(store.stored(), Ok(settings()));
    assert_eq!(store.load(), Ok(Settings { port: 6001, ..settings() }));
    let changed = Settings { mode: ExposureMode::Direct, external_url: None, ..settings() };
    store.save(&changed).unwrap();
    assert_eq!(store.stored(), Ok(changed));
}

async fn what_was_saved_survives_a_restart(subject: Store) {
    let (store, Some(reopen)) = (&*subject.port, subject.reopen) else { return };
    store.save(&settings()).unwrap();
    assert_eq!(reopen().stored(), Ok(settings()));
}

async fn what_would_be_in_force_is_known_before_it_is_saved(subject: Store) {
    let store = &*subject.port;
    assert_eq!(store.in_force(&settings()), Ok(Settings { port: 6001, ..settings() }));
    let refused = store.in_force(&Settings { host: ip("127.0.0.1"), ..settings() });
    assert!(matches!(refused, Err(LoadSettingsError::Invalid(error)) if error.key == key::HOST));
    assert!(!store.exists());
}

async fn stored_values_that_do_not_go_together_are_stored_but_not_in_force(subject: Store) {
    let store = &*subject.port;
    let incomplete = Settings { trusted_proxies: Vec::new(), ..settings() };
    store.save(&incomplete).unwrap();
    assert_eq!(store.stored(), Ok(incomplete));
    assert!(matches!(store.load(), Err(LoadSettingsError::Invalid(error)) if error.key == key::TRUSTED_PROXIES));
}

async fn an_override_is_named_as_the_environment_spells_it(subject: Store) {
    let expected = Override { key: key::PORT, variable: VARIABLE.to_owned() };
    assert_eq!(subject.port.overrides(), [expected]);
}

async fn broken_storage_is_an_error_and_changes_nothing(subject: Store) {
    let (store, Some(set_broken)) = (&*subject.port, subject.set_broken) else { return };
    store.save(&settings()).unwrap();
    set_broken(true);
    let damage = |result: Result<(), LoadSettingsError>| matches!(result, Err(LoadSettingsError::Storage(_)));
    assert!(damage(store.save(&Settings::default())) && damage(store.stored().map(drop)));
    set_broken(false);
    assert_eq!(store.stored(), Ok(settings()));
}

macro_rules! holds_for {
    ($implementation:ident) => {
        promises! { $implementation:
            a_home_without_a_configuration_has_the_defaults,
            what_was_saved_is_stored_and_the_environment_lies_over_it,
            what_was_saved_survives_a_restart,
            what_would_be_in_force_is_known_before_it_is_saved,
            stored_values_that_do_not_go_together_are_stored_but_not_in_force,
            an_override_is_named_as_the_environment_spells_it,
            broken_storage_is_an_error_and_changes_nothing,
        }
    };
}

fn fake() -> Store {
    let under = |store: FakeSettingsStore| store.under(key::PORT, VARIABLE, |settings| settings.port = 6001);
    let store = Arc::new(under(FakeSettingsStore::default()));
    let (restarted, faults) = (Arc::clone(&store), Arc::clone(&store));
    Subject {
        port: store,
        reopen: Some(Box::new(move || Arc::new(under(FakeSettingsStore::with(restarted.saved().unwrap()))))),
        set_broken: Some(Box::new(move |broken| faults.faults.set(broken))),
    }
}

holds_for!(fake);

fn file() -> Store {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let path = folder.path().join("config/netclaw.json");
    std::fs::create_dir(folder.path().join("config")).unwrap();
    let set_broken = breaking(folder.path().join("config"));
    // The folder lives as long as the way to open it again.
    let open = move || -> Arc<dyn SettingsStore> {
        let _alive = &folder;
        Arc::new(SettingsFile::new(path.clone(), vec![(VARIABLE.to_owned(), "6001".to_owned())]))
    };
    Subject { port: open(), reopen: Some(Box::new(open)), set_broken: Some(set_broken) }
}

holds_for!(file);
