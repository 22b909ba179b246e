//! What the setup asks, shows and writes.

use netclaw::app::host::setup::{Answers, Outcome, Purpose, Setup, SetupError, SetupRequest, agent};
use netclaw::domain::agent::{Agent, AgentKind, AgentSettings};
use netclaw::domain::endpoint::Endpoint;
use netclaw::domain::exposure::ExposureMode;
use netclaw::domain::settings::{Settings, key};
use netclaw::ports::prompter::PromptError;
use netclaw::ports::settings_store::LoadSettingsError;

use crate::fakes::samples::ip;
use crate::fakes::settings_store::FakeSettingsStore;
use crate::fakes::wizard::Act::{Back, Decide, End, Enter, Say};
use crate::fakes::wizard::{Act, ScriptedWizard};

const INIT: Purpose = Purpose::Init { is_running: false };

fn ask(
    store: &FakeSettingsStore,
    answers: Answers,
    acts: impl IntoIterator<Item = Act>,
) -> (Result<Outcome, SetupError>, ScriptedWizard) {
    let mut wizard = ScriptedWizard::person(acts);
    let request = SetupRequest { answers, yes: false, purpose: INIT };
    let ended = Setup { settings: store, wizard: &mut wizard }.by_questions(&request);
    (ended, wizard)
}

/// What nobody is there to be asked about.
fn tell(
    store: &FakeSettingsStore,
    answers: Answers,
    yes: bool,
    purpose: Purpose,
) -> (Result<Outcome, SetupError>, ScriptedWizard) {
    let mut wizard = ScriptedWizard::default();
    let request = SetupRequest { answers, yes, purpose };
    let ended = Setup { settings: store, wizard: &mut wizard }.by_questions(&request);
    (ended, wizard)
}

fn in_mode(mode: ExposureMode) -> Answers {
    Answers { mode: Some(mode), ..Answers::default() }
}

fn port(port: u16) -> Answers {
    Answers { port: Some(port), ..Answers::default() }
}

#[test]
fn whoever_takes_every_proposal_gets_the_defaults() {
    let store = FakeSettingsStore::default();
    let (ended, wizard) = ask(&store, Answers::default(), [Enter; 6]);
    let outcome = ended.unwrap();
    assert!(outcome.was_written && !outcome.is_effective && !outcome.install_service);
    assert_eq!(store.saved(), Some(Settings::default()));
    let expected = [
        "Esc goes back one question. Ctrl-C ends the setup; until then nothing is written.",
        "? How do clients reach the daemon? [local]",
        "? Which address does it listen on? [127.0.0.1]",
        "? On which port? [5199]",
        "? Which agent do devices chat with? [none]",
        "? Start the daemon whenever this machine starts? [y/N]",
        "Daemon.ExposureMode: local",
        "Daemon.Host: 127.0.0.1",
        "Daemon.Port: 5199",
        "Daemon.TrustedProxies: none",
        "Daemon.ExternalUrl: none",
        "Daemon.AllowPlaintext: false",
        "Daemon.LogPairingCode: true",
        "Daemon.SkipTunnelProcessCheck: false",
        "? Write this configuration? [Y/n]",
    ];
    assert_eq!(wizard.transcript, expected);
}

#[test]
fn every_answer_is_written() {
    let store = FakeSettingsStore::default();
    let acts = [
        Say("reverse-proxy"),
        Say("10.0.0.1"),
        Say("6000"),
        Say("10.0.0.2, 10.1.0.0/16"),
        Say("https://claw.example"),
        Say("http://127.0.0.1:11434/v1/"),
        Decide(true),
        Enter,
    ];
    let (ended, wizard) = ask(&store, Answers::default(), acts);
    assert!(ended.unwrap().install_service && wizard.is_done());
    let expected = Settings {
        mode: ExposureMode::ReverseProxy,
        host: ip("10.0.0.1"),
        port: 6000,
        trusted_proxies: vec!["10.0.0.2/32".parse().unwrap(), "10.1.0.0/16".parse().unwrap()],
        external_url: Endpoint::parse("https://claw.example").ok(),
        agent: AgentSettings {
            kind: Some(AgentKind::OpenAi),
            base_url: Endpoint::parse("http://127.0.0.1:11434/v1").ok(),
            ..AgentSettings::default()
        },
        ..Settings::default()
    };
    assert_eq!(store.saved(), Some(expected));
}

#[test]
fn an_answer_that_is_not_allowed_is_asked_again_with_the_reason() {
    let store = FakeSettingsStore::default();
    let acts = [
        Say("reverse-proxy"),
        Say("127.0.0.1"),
        Enter,
        Say("many"),
        Enter,
        Say(""),
        Say("10.0.0.2, proxy.lan"),
        Say("0.0.0.0/0"),
        Say("10.0.0.2"),
        Say("claw.example"),
        Say("none"),
        Say("my-agent 'open"),
        Say("my-agent --say 'hello there'"),
        Enter,
        Enter,
    ];
    let (ended, wizard) = ask(&store, Answers::default(), acts);
    assert!(ended.unwrap().was_written);
    let reasons =
        ["listens on", "from 1 to 65535", "each proxy", "\"proxy.lan\"", "whole internet", "http or https", "quotes"];
    let refused = wizard.marked('#');
    assert_eq!(refused.len(), reasons.len(), "{refused:?}");
    assert!(refused.iter().zip(reasons).all(|(refused, reason)| refused.contains(reason)), "{refused:?}");
}

#[test]
fn the_way_back_goes_one_question_at_a_time_and_keeps_answers() {
    let store = FakeSettingsStore::default();
    let acts = [
        Back, // There is nothing before the first question.
        Enter,
        Enter,
        Say("6000"),
        Enter,
        Enter,
        Back,
        Back,
        Back,
        Back,
        Back,
        Say("direct"),
        Enter,
        Enter,
        Enter,
        Enter,
        Enter,
        Enter,
    ];
    let (ended, wizard) = ask(&store, Answers::default(), acts);
    assert!(ended.unwrap().was_written && wizard.is_done());
    let asked = wizard.marked('?');
    assert_eq!(asked[12..14], ["Which address does it listen on? [0.0.0.0]", "On which port? [6000]"]);
    assert_eq!(store.saved().unwrap().port, 6000);
}

#[test]
fn whoever_ends_it_at_any_question_has_written_nothing() {
    for mode in ExposureMode::ALL {
        let questions = {
            let proxies = Answers { trusted_proxies: Some(vec!["10.0.0.2/32".parse().unwrap()]), ..in_mode(*mode) };
            ask(&FakeSettingsStore::default(), proxies, [Enter; 9]).1.questions().len()
        };
        for before in 0..questions {
            let proxies = Answers { trusted_proxies: Some(vec!["10.0.0.2/32".parse().unwrap()]), ..in_mode(*mode) };
            let store = FakeSettingsStore::default();
            let acts = std::iter::repeat_n(Enter, before).chain([End]);
            let (ended, wizard) = ask(&store, proxies, acts);
            assert_eq!((ended, store.saved()), (Err(SetupError::Ended), None), "{mode} after {before}");
            assert!(wizard.is_done());
        }
    }
    for last in [End, Decide(false)] {
        let store = FakeSettingsStore::default();
        let (ended, _) = ask(&store, Answers::default(), [Enter, Enter, Enter, Enter, Enter, last]);
        assert_eq!((ended, store.saved()), (Err(SetupError::Ended), None));
    }
    let (ended, _) = ask(&FakeSettingsStore::default(), Answers::default(), []);
    assert_eq!(ended, Err(SetupError::Prompt(PromptError::EndOfInput)));
}

#[test]
fn whoever_opens_the_daemon_is_warned_before_the_summary() {
    for mode in ExposureMode::ALL {
        let answers = Answers { trusted_proxies: Some(vec!["10.0.0.2/32".parse().unwrap()]), ..in_mode(*mode) };
        let (_, wizard) = ask(&FakeSettingsStore::default(), answers, [Enter; 9]);
        let warned = wizard.marked('!');
        assert_eq!(warned, Vec::from_iter(mode.profile().reach.warning()), "{mode}");
        let place = |start: &str| wizard.transcript.iter().position(|line| line.starts_with(start));
        assert!(place("!").is_none_or(|warning| Some(warning + 1) == place("Daemon.ExposureMode")), "{wizard:?}");
    }
}

#[test]
fn a_second_run_shows_what_changes_and_nothing_else() {
    let store = FakeSettingsStore::with(Settings { log_pairing_code: false, ..Settings::default() });
    let acts = [Enter, Enter, Say("6000"), Enter, Enter, Enter];
    let (ended, wizard) = ask(&store, Answers::default(), acts);
    assert!(ended.unwrap().is_effective);
    assert_eq!(wizard.transcript[6..], ["Daemon.Port: 5199 → 6000", "? Change the configuration? [Y/n]"]);
    assert_eq!(store.saved(), Some(Settings { port: 6000, log_pairing_code: false, ..Settings::default() }));
}

#[test]
fn with_nothing_to_change_nothing_is_asked_in_the_end() {
    let store = FakeSettingsStore::with(Settings::default());
    let (ended, wizard) = ask(&store, Answers::default(), [Enter; 5]);
    assert!(!ended.unwrap().was_written && wizard.is_done());
    for purpose in [INIT, Purpose::Up] {
        for answers in [Answers::default(), port(5199)] {
            let (ended, wizard) = tell(&store, answers, false, purpose);
            assert!(!ended.unwrap().was_written && wizard.transcript.is_empty());
        }
    }
}

#[test]
fn without_a_person_flags_and_the_defaults_of_the_mode_decide() {
    let proxies = vec!["10.0.0.2/32".parse().unwrap()];
    for mode in ExposureMode::ALL {
        let store = FakeSettingsStore::default();
        let answers = Answers { trusted_proxies: Some(proxies.clone()), ..in_mode(*mode) };
        assert!(tell(&store, answers, false, INIT).0.unwrap().was_written);
        let saved = store.saved().unwrap();
        let usual = if mode.profile().binds.allow(ip("127.0.0.1")) { "127.0.0.1" } else { "0.0.0.0" };
        assert_eq!((saved.mode, saved.host), (*mode, ip(usual)));
        // Back again.
        assert!(tell(&store, in_mode(ExposureMode::Local), true, INIT).0.is_ok());
        assert_eq!(store.saved().unwrap().host, ip("127.0.0.1"));
    }
    let store = FakeSettingsStore::default();
    let (ended, _) = tell(&store, in_mode(ExposureMode::ReverseProxy), false, INIT);
    assert!(matches!(ended, Err(SetupError::Invalid(error)) if error.key == key::TRUSTED_PROXIES));
    let (ended, _) = tell(&store, Answers { host: Some(ip("0.0.0.0")), ..Answers::default() }, true, Purpose::Up);
    assert!(matches!(ended, Err(SetupError::Invalid(error)) if error.key == key::HOST));
    assert_eq!(store.saved(), None);
}

#[test]
fn a_host_that_the_new_mode_allows_is_kept() {
    let store = FakeSettingsStore::with(Settings {
        mode: ExposureMode::ReverseProxy,
        host: ip("10.0.0.1"),
        trusted_proxies: vec!["10.0.0.2/32".parse().unwrap()],
        ..Settings::default()
    });
    assert!(tell(&store, in_mode(ExposureMode::Direct), true, INIT).0.is_ok());
    assert_eq!(store.saved().unwrap().host, ip("10.0.0.1"));
}

#[test]
fn an_existing_configuration_or_a_running_daemon_is_changed_with_consent_only() {
    let running = Purpose::Init { is_running: true };
    let existing = || FakeSettingsStore::with(Settings::default());
    for purpose in [INIT, Purpose::Up, running] {
        let store = existing();
        let (ended, wizard) = tell(&store, port(6000), false, purpose);
        assert_eq!((ended, store.saved()), (Err(SetupError::Unconfirmed), Some(Settings::default())));
        assert_eq!(wizard.transcript, ["Daemon.Port: 5199 → 6000"]);
        assert!(tell(&store, port(6000), true, purpose).0.unwrap().is_effective);
        assert_eq!(store.saved().unwrap().port, 6000);
    }
    let store = FakeSettingsStore::default();
    assert_eq!(tell(&store, port(6000), false, running).0, Err(SetupError::Unconfirmed));
    assert!(tell(&store, Answers::default(), false, running).0.is_ok(), "what is in force stays so");
}

#[test]
fn a_person_is_asked_for_consent_in_place_of_the_flag() {
    for (act, is_written) in [(Decide(true), true), (Enter, false), (Decide(false), false), (Back, false), (End, false)]
    {
        let store = FakeSettingsStore::with(Settings::default());
        let mut wizard = ScriptedWizard::person([act]);
        let request = SetupRequest { answers: port(6000), yes: false, purpose: Purpose::Up };
        let ended = Setup { settings: &store, wizard: &mut wizard }.by_flags(&request);
        assert_eq!((ended.is_ok(), store.saved().unwrap().port == 6000), (is_written, is_written), "{act:?}");
        assert_eq!(wizard.questions(), ["Change the configuration?"]);
    }
}

#[test]
fn with_yes_a_person_is_asked_nothing() {
    let store = FakeSettingsStore::with(Settings::default());
    let mut wizard = ScriptedWizard::person([]);
    let request = SetupRequest { answers: port(6000), yes: true, purpose: Purpose::Init { is_running: true } };
    Setup { settings: &store, wizard: &mut wizard }.by_questions(&request).unwrap();
    assert_eq!(store.saved().unwrap().port, 6000);
}

#[test]
fn a_restart_is_part_of_the_question() {
    let store = FakeSettingsStore::with(Settings::default());
    let mut wizard = ScriptedWizard::person([Enter, Enter, Say("6000"), Enter, Enter, Enter]);
    let request = SetupRequest { answers: Answers::default(), yes: false, purpose: Purpose::Init { is_running: true } };
    Setup { settings: &store, wizard: &mut wizard }.by_questions(&request).unwrap();
    assert_eq!(wizard.questions().last(), Some(&"Change the configuration and restart the daemon?"));
}

/// A store under an environment that has another port and logs the code.
fn overridden(store: FakeSettingsStore) -> FakeSettingsStore {
    store.under(key::PORT, "NETCLAW_Daemon__Port", |settings| settings.port = 7000).under(
        key::LOG_PAIRING_CODE,
        "NETCLAW_Daemon__LogPairingCode",
        |settings| settings.log_pairing_code = true,
    )
}

#[test]
fn the_environments_values_are_not_stored() {
    let store = overridden(FakeSettingsStore::with(Settings { log_pairing_code: false, ..Settings::default() }));
    let host = Answers { host: Some(ip("::1")), ..Answers::default() };
    let outcome = tell(&store, host, true, Purpose::Up).0.unwrap();
    let expected = Settings { host: ip("::1"), log_pairing_code: false, ..Settings::default() };
    assert_eq!(store.saved(), Some(expected.clone()));
    assert_eq!(outcome.in_force, Settings { port: 7000, log_pairing_code: true, ..expected });
}

#[test]
fn a_change_without_effect_is_warned_about_with_the_variable() {
    let warning = "Daemon.Port: NETCLAW_Daemon__Port in the environment overrides this";
    let store = overridden(FakeSettingsStore::with(Settings::default()));
    let (ended, wizard) = tell(&store, port(6000), true, INIT);
    assert!(!ended.unwrap().is_effective);
    assert_eq!(wizard.transcript, ["Daemon.Port: 5199 → 6000".to_owned(), format!("! {warning}")]);
    // A default that nobody chose is not missed.
    for (answers, warnings) in [(Answers::default(), &[][..]), (port(5199), &[warning])] {
        for purpose in [INIT, Purpose::Up] {
            let (_, wizard) = tell(&overridden(FakeSettingsStore::default()), answers.clone(), false, purpose);
            assert_eq!(wizard.marked('!'), warnings);
        }
    }
    let (_, wizard) = ask(&overridden(FakeSettingsStore::default()), Answers::default(), [Enter; 6]);
    assert_eq!(wizard.marked('!'), [warning]);
}

#[test]
fn the_environment_may_complete_a_configuration_but_not_contradict_it() {
    let direct = |store: FakeSettingsStore| {
        store.under(key::MODE, "NETCLAW_Daemon__ExposureMode", |settings| settings.mode = ExposureMode::Direct)
    };
    let everywhere = Settings { host: ip("0.0.0.0"), ..Settings::default() };
    let store = direct(FakeSettingsStore::with(everywhere.clone()));
    assert!(tell(&store, port(6000), true, Purpose::Up).0.is_ok());
    assert_eq!(store.saved(), Some(Settings { port: 6000, ..everywhere }));
    let store = direct(FakeSettingsStore::default());
    let (ended, _) = tell(&store, port(6000), true, Purpose::Up);
    assert!(matches!(ended, Err(SetupError::Settings(LoadSettingsError::Invalid(error))) if error.key == key::HOST));
    assert_eq!(store.saved(), None);
}

#[test]
fn storage_that_fails_is_reported() {
    let store = FakeSettingsStore::default();
    store.faults.set(true);
    let (ended, _) = tell(&store, Answers::default(), false, INIT);
    assert!(matches!(ended, Err(SetupError::Settings(LoadSettingsError::Storage(_)))));
}

#[test]
fn a_tunnel_is_led_to_where_the_daemon_listens() {
    let store = overridden(FakeSettingsStore::default());
    let outcome = tell(&store, in_mode(ExposureMode::TailscaleServe), false, INIT).0.unwrap();
    assert_eq!(outcome.tunnel_command().unwrap(), "tailscale serve --bg 7000");
}

#[test]
fn an_agent_is_named_changed_and_taken_away() {
    let store = FakeSettingsStore::with(Settings::default());
    let program = |program: &str, arguments: &[&str]| {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Some(Agent::Command { program: program.to_owned(), arguments })
    };
    let server = Endpoint::parse("http://127.0.0.1:11434/v1").ok().map(|base_url| Agent::OpenAi { base_url });
    let nobody = Agent::Command { program: "none".to_owned(), arguments: Vec::new() };
    for (text, expected, shown) in [
        ("http://127.0.0.1:11434/v1", server, "http://127.0.0.1:11434/v1"),
        ("my-agent", program("my-agent", &[]), "my-agent"),
        ("my-agent 'a b' \"$HOME\" *", program("my-agent", &["a b", "$HOME", "*"]), "my-agent 'a b' '$HOME' '*'"),
        ("None", None, "none"),
        ("", None, "none"),
    ] {
        let parsed = agent::agent(text).unwrap();
        assert_eq!((&parsed, agent::in_words(parsed.as_ref()).as_str()), (&expected, shown));
        assert_ne!(parsed, Some(nobody.clone()));
        let answers = Answers { agent: Some(parsed), ..Answers::default() };
        let (ended, _) = tell(&store, answers, true, INIT);
        assert_eq!(ended.unwrap().in_force.agent.agent(), Ok(expected), "{text}");
    }
    for (bad, key) in [("ftp://x/v1", key::AGENT_BASE_URL), ("http://me@x/v1", key::AGENT_BASE_URL)] {
        assert_eq!(agent::server(bad).unwrap_err().key, key);
    }
    assert_eq!(agent::program("''").unwrap_err().key, key::AGENT_COMMAND);
}

#[test]
fn a_model_and_a_variable_are_kept_until_they_are_taken_away() {
    let store = FakeSettingsStore::with(Settings::default());
    let value = |text: &str| Some(agent::named(text));
    let set = Answers {
        agent: Some(agent::server("https://api.example.com/v1").unwrap()),
        agent_model: value("big"),
        agent_key_variable: value("API_KEY"),
        ..Answers::default()
    };
    let (ended, wizard) = tell(&store, set, true, INIT);
    let agent = ended.clone().unwrap().in_force.agent;
    assert_eq!((agent.model.as_deref(), agent.api_key_variable.as_deref()), (Some("big"), Some("API_KEY")));
    assert!(!ended.unwrap().wants_agent_key());
    let expected = [
        "Agent.Kind: none → openai",
        "Agent.BaseUrl: none → https://api.example.com/v1",
        "Agent.Model: none → big",
        "Agent.ApiKeyVariable: none → API_KEY",
    ];
    assert_eq!(wizard.transcript, expected);
    let away = Answers { agent_model: value("none"), agent_key_variable: value("none"), ..Answers::default() };
    let ended = tell(&store, away, true, INIT).0.unwrap();
    assert_eq!((&ended.in_force.agent.model, &ended.in_force.agent.api_key_variable), (&None, &None));
    assert!(ended.wants_agent_key(), "there is a provider elsewhere, and nothing says that it has no key");
}
