//! `netclaw init` and `netclaw up` over a daemon that is not there.

use std::path::Path;

use clap::Parser;
use netclaw::adapters::terminal::cli::Cli;
use netclaw::adapters::terminal::failure::Exit;
use netclaw::domain::exposure::ExposureMode;
use netclaw::domain::settings::{Settings, key};
use netclaw::ports::daemon_process::StartError;
use netclaw::ports::service_manager::{Scope, ServiceError, ServiceManager};

use super::host_commands::{Ran, run_beside, run_with};
use crate::fakes::host::FakeHost;
use crate::fakes::samples::endpoint;
use crate::fakes::service_manager::FakeServiceManager;
use crate::fakes::settings_store::FakeSettingsStore;
use crate::fakes::wizard::Act::{Decide, End, Enter, Say};
use crate::fakes::wizard::ScriptedWizard;

/// Runs a command with nobody there.
async fn run(words: &str, host: &FakeHost, settings: &FakeSettingsStore) -> Ran {
    run_asking(words, host, settings, &mut ScriptedWizard::default()).await
}

async fn run_asking(words: &str, host: &FakeHost, settings: &FakeSettingsStore, wizard: &mut ScriptedWizard) -> Ran {
    run_with(words, host, settings, wizard, Path::new("/nowhere/daemon.log")).await
}

fn existing() -> FakeSettingsStore {
    FakeSettingsStore::with(Settings::default())
}

fn no_tunnel() -> StartError {
    StartError::Ended {
        error: "error: tailscale is not running".to_owned(),
        hints: vec!["hint: start it with: tailscale up".to_owned()],
        log: Vec::new(),
    }
}

#[tokio::test]
async fn a_first_up_writes_the_configuration_starts_and_pairs() {
    let (host, settings, mut wizard) = (FakeHost::default(), FakeSettingsStore::default(), ScriptedWizard::default());
    let words = "netclaw up --port 6000 --host localhost --exposure Local --external-url https://x.example";
    let ran = run_asking(words, &host, &settings, &mut wizard).await;
    assert!(ran.out.starts_with("Pairing code: ABCD-EF23\n"), "{}", ran.out);
    assert_eq!((ran.err.lines().count(), wizard.transcript.len()), (1, 0), "only the caveat: {}", ran.err);
    let stored = settings.saved().unwrap();
    assert_eq!((stored.port, stored.external_url), (6000, Some(endpoint("https://x.example"))));
    assert!(*host.running.lock().unwrap());
}

#[tokio::test]
async fn up_changes_an_existing_configuration_only_when_allowed() {
    let (host, settings, words) = (FakeHost::running(), existing(), "netclaw up --port 6000");
    let mut nobody = ScriptedWizard::default();
    let ran = run_asking(words, &host, &settings, &mut nobody).await;
    assert_eq!((ran.exit(), nobody.transcript), (Exit::Usage, vec!["Daemon.Port: 5199 → 6000".to_owned()]));
    let expected = "error: this would change the existing configuration\n\
                    hint: to change it without a question, add: --yes\n";
    assert_eq!(ran.shown_failure(), expected);
    let ran = run_asking(words, &host, &settings, &mut ScriptedWizard::person([Decide(false)])).await;
    assert_eq!((ran.exit(), settings.saved().unwrap().port), (Exit::Failed, 5199));
    let ran = run("netclaw up --port 6000 --yes", &host, &settings).await;
    assert!(ran.err.contains("netclaw daemon restart") && ran.out.contains("Pairing code"), "{}", ran.err);
    let ran = run(words, &host, &settings).await;
    assert!(ran.ended.is_ok() && !ran.err.contains("restart"), "{}", ran.err);
    let ran = run("netclaw up --host 192.0.2.1", &host, &existing()).await;
    assert_eq!(ran.exit(), Exit::Usage);
    assert!(ran.shown_failure().contains("Daemon.Host"), "{}", ran.shown_failure());
}

#[tokio::test]
async fn a_first_init_ends_with_a_running_daemon_and_the_next_command() {
    let (host, settings) = (FakeHost::default(), FakeSettingsStore::default());
    let mut person = ScriptedWizard::person([Enter; 6]);
    let ran = run_asking("netclaw init", &host, &settings, &mut person).await;
    let expected = "The daemon is running at http://127.0.0.1:5199 (pid 4711).\n\
                    To pair a device, run:\nnetclaw daemon pair\n";
    assert_eq!((ran.out.as_str(), ran.err.as_str()), (expected, ""));
    assert_eq!(settings.saved(), Some(Settings::default()));
}

#[tokio::test]
async fn init_says_how_a_tunnel_is_set_up() {
    let table = [
        ("tailscale-serve", "tailscale serve --bg 6000"),
        ("tailscale-funnel", "tailscale funnel --bg 6000"),
        ("cloudflare-tunnel", "cloudflared tunnel --url http://127.0.0.1:6000"),
    ];
    for (mode, command) in table {
        let words = format!("netclaw init --exposure {mode} --port 6000");
        let ran = run(&words, &FakeHost::default(), &FakeSettingsStore::default()).await;
        let expected = format!("To let clients in through the tunnel, run:\n{command}\nTo pair a device, run:\n");
        assert!(ran.out.contains(&expected), "{}", ran.out);
    }
}

#[tokio::test]
async fn init_restarts_a_daemon_with_the_old_configuration_and_says_so() {
    let (host, settings) = (FakeHost::running(), existing());
    let ran = run("netclaw init --port 6000 --yes", &host, &settings).await;
    assert_eq!(ran.err, "The daemon runs with the old configuration and is restarted.\nThe daemon has stopped.\n");
    assert!(ran.out.starts_with("The daemon is running at ") && *host.running.lock().unwrap());
    let ran = run("netclaw init --port 6001", &host, &settings).await;
    assert_eq!((ran.exit(), settings.saved().unwrap().port), (Exit::Usage, 6000));
    // What the environment overrides is no reason.
    let overridden = existing().under(key::PORT, "NETCLAW_Daemon__Port", |settings| settings.port = 7000);
    let ran = run("netclaw init --port 6000 --yes", &host, &overridden).await;
    assert!(ran.out.starts_with("The daemon is already running") && ran.err.is_empty(), "{}", ran.err);
}

#[tokio::test]
async fn with_nothing_to_change_init_says_so_and_leaves_the_daemon_alone() {
    let host = FakeHost::default();
    let ran = run("netclaw init --port 5199", &host, &existing()).await;
    assert_eq!(ran.out, "Nothing to change: the configuration is as asked for.\n");
    assert_eq!(ran.err, "hint: the daemon is not running; start it with: netclaw daemon start\n");
    assert!(ran.ended.is_ok() && !*host.running.lock().unwrap());
    let ran = run("netclaw init", &FakeHost::running(), &existing()).await;
    assert_eq!((ran.exit(), ran.err.as_str()), (Exit::Done, ""));
}

#[tokio::test]
async fn whoever_ends_the_setup_is_told_that_nothing_was_written() {
    let (host, settings) = (FakeHost::default(), FakeSettingsStore::default());
    let mut person = ScriptedWizard::person([Enter, Say("::1"), End]);
    let ran = run_asking("netclaw init", &host, &settings, &mut person).await;
    assert_eq!(
        ran.shown_failure(),
        "error: the setup was ended; nothing was written and nothing was started\nhint: to begin again: netclaw init\nhint: or without questions, for this machine alone: netclaw init --exposure local --yes\n"
    );
    assert_eq!((ran.exit(), settings.saved()), (Exit::Failed, None));
}

#[tokio::test]
async fn a_start_that_fails_leaves_the_configuration_and_says_so() {
    for words in ["netclaw init --exposure tailscale-serve", "netclaw up --exposure tailscale-serve"] {
        let (host, settings) =
            (FakeHost { start_error: Some(no_tunnel()), ..FakeHost::default() }, FakeSettingsStore::default());
        let ran = run(words, &host, &settings).await;
        let expected = "error: tailscale is not running\nhint: start it with: tailscale up\n\
                        hint: the configuration is written; with the cause mended, run: netclaw daemon start\n";
        assert_eq!((ran.exit(), ran.shown_failure().as_str()), (Exit::Failed, expected));
        assert_eq!(settings.saved().unwrap().mode, ExposureMode::TailscaleServe);
        let again = run("netclaw up", &host, &settings).await;
        assert!(!again.shown_failure().contains("written"), "{}", again.shown_failure());
    }
}

async fn run_with_service(words: &str, host: &FakeHost, manager: &FakeServiceManager) -> Ran {
    let (log, mut nobody) = (Path::new("/nowhere/daemon.log"), ScriptedWizard::default());
    run_beside(words, host, &existing(), &mut nobody, log, manager).await
}

#[tokio::test]
async fn a_service_that_is_wanted_is_installed_in_place_of_the_daemon_in_the_background() {
    for (words, is_wanted) in
        [("netclaw init --service", true), ("netclaw init --no-service", false), ("netclaw init", false)]
    {
        let (host, manager) = (FakeHost::running(), FakeServiceManager::default());
        let ran = run_with_service(words, &host, &manager).await;
        assert!(ran.ended.is_ok(), "{words}: {:?}", ran.ended);
        assert_eq!(manager.installed().is_some(), is_wanted, "{words}");
        assert_eq!(*host.running.lock().unwrap(), !is_wanted, "{words}");
        assert_eq!(ran.out.contains("The service is installed and the daemon runs"), is_wanted, "{words}: {}", ran.out);
    }
}

#[tokio::test]
async fn a_service_that_runs_already_does_not_go_on_with_the_old_exposure() {
    let service = || FakeServiceManager::with_service(Scope::User, Some(4711));
    let (host, manager) = (FakeHost::running(), service());
    let ran = run_with_service("netclaw init --port 6000 --service --yes", &host, &manager).await;
    assert!(ran.ended.is_ok(), "{:?}", ran.ended);
    assert!(ran.err.contains("The daemon runs with the old configuration and is restarted.\n"), "{}", ran.err);
    assert_eq!(manager.asked.lock().unwrap().last().map(String::as_str), Some("start User"));
    for (words, is_new) in [("netclaw up --port 6000 --service --yes", true), ("netclaw up --service", false)] {
        let ran = run_with_service(words, &FakeHost::running(), &service()).await;
        assert!(ran.ended.is_ok() && ran.out.contains("Pairing code: "), "{:?}", ran.ended);
        assert_eq!(ran.err.contains("to apply the new one: netclaw daemon restart"), is_new, "{}", ran.err);
    }
}

#[tokio::test]
async fn a_daemon_that_only_root_could_start_again_is_not_stopped() {
    let restart = "hint: run it as root: sudo systemctl restart netclaw\n";
    for words in ["daemon restart", "init --port 6000 --yes", "init --port 6000 --service --yes", "up --service"] {
        let manager = FakeServiceManager {
            error: Some(ServiceError::NotRoot),
            ..FakeServiceManager::with_service(Scope::System, Some(4711))
        };
        let host = FakeHost::running();
        let ran = run_with_service(&format!("netclaw {words}"), &host, &manager).await;
        assert_eq!(ran.exit(), Exit::Failed, "{words}");
        let hint = if words == "up --service" { "netclaw daemon uninstall --system" } else { restart };
        assert!(ran.shown_failure().contains(hint), "{words}: {}", ran.shown_failure());
        assert!(*host.running.lock().unwrap(), "{words}");
    }
}

#[tokio::test]
async fn where_no_service_can_be_the_daemon_runs_in_the_background_at_least() {
    let (host, manager) = (FakeHost::running(), FakeServiceManager::failing(ServiceError::Unavailable));
    let ran = run_with_service("netclaw init --service", &host, &manager).await;
    assert_eq!(ran.exit(), Exit::Failed);
    assert!(
        ran.shown_failure().contains("hint: until then the daemon runs in the background"),
        "{}",
        ran.shown_failure()
    );
    assert!(*host.running.lock().unwrap());
}

#[tokio::test]
async fn proxies_are_named_one_by_one_or_in_a_list() {
    let flags = "--exposure reverse-proxy --trusted-proxy 10.0.0.2 --trusted-proxy 10.1.0.0/16,fd00::/64";
    let settings = FakeSettingsStore::default();
    assert!(run(&format!("netclaw init {flags}"), &FakeHost::default(), &settings).await.ended.is_ok());
    let proxies: Vec<String> = settings.saved().unwrap().trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["10.0.0.2/32", "10.1.0.0/16", "fd00::/64"]);
}

#[tokio::test]
async fn an_external_url_is_taken_away_by_none() {
    for none in ["none", ""] {
        let url = Some(endpoint("https://claw.example"));
        let settings = FakeSettingsStore::with(Settings { external_url: url, ..Settings::default() });
        let words = format!("netclaw init --yes --external-url={none}");
        assert!(run(&words, &FakeHost::default(), &settings).await.ended.is_ok());
        assert_eq!(settings.saved().unwrap().external_url, None);
    }
}

#[test]
fn a_wrong_flag_is_answered_with_what_is_allowed() {
    for (flag, words) in [
        ("--exposure=public", "one of \"local\", \"reverse-proxy\""),
        ("--host=my-server", "must be an IP address"),
        ("--port=0", "from 1 to 65535"),
        ("--trusted-proxy=10.0.0.0/33", "must be an IP address, or a network"),
        ("--trusted-proxy=0.0.0.0/0", "whole internet"),
        ("--external-url=claw.example", "http or https"),
    ] {
        for command in ["init", "up"] {
            let error = Cli::try_parse_from(["netclaw", command, flag]).unwrap_err();
            assert!(error.exit_code() == 2 && error.to_string().contains(words), "{error}");
        }
    }
    assert!(Cli::try_parse_from(["netclaw", "init", "--service", "--no-service"]).is_err());
}
