//! What the operator writes: values, the configuration, the environment, and spans of time.

use std::time::Duration;

use clap::Parser;
use netclaw::adapters::file::settings_file::SettingsFile;
use netclaw::adapters::terminal::cli::host::{DaemonCommand, HostCommand, OperateCommand};
use netclaw::adapters::terminal::cli::{Cli, Command};
use netclaw::app::host::setup::agent::{agent, in_words, program, server};
use netclaw::domain::agent::AgentSettings;
use netclaw::domain::setting_text;
use netclaw::domain::settings::Settings;
use netclaw::domain::terms::{MAX_LIFE, MIN_LIFE};
use netclaw::ports::settings_review::SettingsReview;
use netclaw::ports::settings_store::SettingsStore;

use super::files::scratch;

/// The text of a value is that value again when it is shown.
pub fn setting_text(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Ok(host) = setting_text::host(text) {
        assert_eq!(setting_text::host(&host.to_string()), Ok(host));
    }
    if let Ok(port) = setting_text::port(text) {
        assert!(port != 0 && setting_text::port(&port.to_string()) == Ok(port));
    }
    if let Ok(mode) = setting_text::mode(text) {
        assert_eq!(setting_text::mode(mode.name()), Ok(mode));
    }
    if let Ok(networks) = setting_text::proxies(text) {
        assert!(networks.iter().all(|network| network.prefix_len() > 0));
        let shown: Vec<String> = networks.iter().map(ToString::to_string).collect();
        assert_eq!(setting_text::proxies(&shown.join(", ")), Ok(networks));
    }
    if let Ok(network) = setting_text::plaintext_network(text) {
        assert!(network.prefix_len() > 0);
    }
    match setting_text::external_url_or_none(text) {
        Ok(Some(url)) => assert_eq!(setting_text::external_url(&url.to_string()), Ok(url)),
        Ok(None) => assert!(setting_text::external_url(text).is_err()),
        Err(_) => {}
    }
}

/// `config/netclaw.json`: what loads is stored, reviewed and saved as the same, and what is refused is left alone.
pub fn settings_file(bytes: &[u8]) {
    scratch(|home| {
        let path = home.settings_file();
        std::fs::write(&path, bytes).unwrap();
        let file = SettingsFile::new(path.clone(), Vec::new());
        let (loaded, stored, review) = (file.load(), file.stored(), file.review());
        match stored {
            Ok(stored) => {
                assert!(loaded.as_ref().is_err() || loaded.as_ref() == Ok(&stored));
                assert_eq!((review.wrong.len(), review.settings.as_ref()), (0, Some(&stored)));
                assert_eq!(file.in_force(&stored).ok(), loaded.ok());
                file.save(&stored).unwrap();
                assert_eq!(file.stored().as_ref(), Ok(&stored));
                assert_eq!(file.review().unknown_keys, review.unknown_keys);
            }
            Err(_) => {
                assert!(loaded.is_err() && review.settings.is_none());
                assert_eq!(std::fs::read(&path).unwrap(), bytes);
            }
        }
    });
}

/// Variables, one in each line, over an empty configuration: what loads is allowed in a file too.
pub fn environment(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let split = |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    let variables: Vec<(String, String)> = text.lines().filter_map(split).collect();
    scratch(|home| {
        let under = SettingsFile::new(home.settings_file(), variables);
        let overriding = under.review().overriding;
        assert!(overriding.iter().all(|one| one.variable.to_ascii_uppercase().starts_with("NETCLAW_")));
        let Ok(settings) = under.load() else { return };
        assert!(settings == Settings::default() || !overriding.is_empty());
        let plain = SettingsFile::new(home.settings_file(), Vec::new());
        plain.save(&settings).unwrap();
        assert_eq!(plain.load(), Ok(settings));
    });
}

/// The agent as a person says it: a URL, a program with its arguments, or none. Said in our words it is the same, and the
/// configuration has it too.
pub fn agent_command(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    for read in [agent, server, program] {
        let Ok(found) = read(text) else { continue };
        let words = in_words(found.as_ref());
        assert_eq!(agent(&words), Ok(found.clone()), "{words:?}");
        assert_eq!(read(&words), Ok(found.clone()), "{words:?}");
        scratch(|home| {
            let settings = Settings { agent: AgentSettings::default().with(found.clone()), ..Settings::default() };
            let file = SettingsFile::new(home.settings_file(), Vec::new());
            file.save(&settings).unwrap();
            assert_eq!(file.load().map(|settings| settings.agent.agent()), Ok(Ok(found)));
        });
    }
}

/// `--ttl`: a whole number of seconds within the bounds, and the same when it is written in seconds.
pub fn ttl(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Some(life) = life(text) else { return };
    assert!((MIN_LIFE..=MAX_LIFE).contains(&life) && life.subsec_nanos() == 0, "{life:?}");
    assert_eq!(self::life(&format!("{}s", life.as_secs())), Some(life));
    assert_eq!(self::life(&format!(" {text} ")), Some(life));
}

fn life(text: &str) -> Option<Duration> {
    let cli = Cli::try_parse_from(["netclaw", "daemon", "pair", &format!("--ttl={text}")]).ok()?;
    let Command::Host(HostCommand::Daemon { command }) = cli.command else { panic!("another command") };
    let DaemonCommand::Operate(OperateCommand::Pair(arguments)) = command else { panic!("another command") };
    arguments.ttl.map(|life| life.duration())
}
