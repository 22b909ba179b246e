//! What systemd is asked, and what becomes of the unit's file.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use netclaw::adapters::exec::systemd::account::hand_over;
use netclaw::adapters::exec::systemd::{Places, Systemd};
use netclaw::ports::service_manager::{Change, Scope, ServiceError, ServiceManager, ServiceRequest};

use super::machine::{Machine, request};

#[tokio::test]
async fn an_installation_writes_the_unit_then_has_it_read_and_started() {
    for (scope, user) in [(Scope::User, "--user "), (Scope::System, "")] {
        let machine = Machine::default();
        let systemd = machine.systemd();
        assert_eq!(systemd.installed(), None);
        let installed = systemd.install(&request(scope)).await.unwrap();
        assert_eq!((installed.change, installed.was_running), (Change::Created, false));
        assert_eq!(installed.file, machine.unit(scope));
        assert_eq!(machine.text(scope), systemd.definition(&request(scope)).await.unwrap());
        assert_eq!(fs::metadata(&installed.file).unwrap().permissions().mode() & 0o777, 0o644);
        let expected = [
            format!("{user}--no-ask-password daemon-reload"),
            format!("{user}--no-ask-password reset-failed netclaw.service"),
            format!("{user}--no-ask-password enable --now netclaw.service"),
        ];
        assert_eq!(machine.changes(), expected);
        assert_eq!(systemd.installed(), Some(scope));
    }
}

#[tokio::test]
async fn installing_again_changes_nothing() {
    let machine = Machine::default();
    let systemd = machine.systemd();
    systemd.install(&request(Scope::User)).await.unwrap();
    machine.changes();
    machine.shows_running(Scope::User, 42);
    let before = fs::metadata(machine.unit(Scope::User)).unwrap();
    let installed = systemd.install(&request(Scope::User)).await.unwrap();
    assert_eq!((installed.change, installed.was_running), (Change::Unchanged, true));
    assert_eq!(machine.changes(), [""; 0]);
    assert_eq!(fs::metadata(machine.unit(Scope::User)).unwrap().ino(), before.ino());
    assert_eq!(systemd.running(Scope::User).await.unwrap(), Some(42));
}

#[tokio::test]
async fn installing_again_starts_a_service_that_does_not_run() {
    let machine = Machine::default();
    let systemd = machine.systemd();
    systemd.install(&request(Scope::User)).await.unwrap();
    machine.changes();
    machine.shows("failed", "enabled", machine.unit(Scope::User).to_str().unwrap(), 0);
    let installed = systemd.install(&request(Scope::User)).await.unwrap();
    assert_eq!((installed.change, installed.was_running), (Change::Unchanged, false));
    assert!(machine.changes().iter().any(|change| change.contains("enable --now")));
}

#[tokio::test]
async fn an_older_unit_of_ours_is_brought_up_to_date() {
    let machine = Machine::default();
    let systemd = machine.systemd();
    systemd.install(&request(Scope::User)).await.unwrap();
    let text = machine.text(Scope::User);
    fs::write(machine.unit(Scope::User), text.replace("WatchdogSec=60\n", "")).unwrap();
    machine.shows_running(Scope::User, 42);
    let installed = systemd.install(&request(Scope::User)).await.unwrap();
    assert_eq!((installed.change, installed.was_running), (Change::Replaced, true));
    assert_eq!(machine.text(Scope::User), text);
}

#[tokio::test]
async fn what_netclaw_did_not_write_is_neither_replaced_nor_removed() {
    let machine = Machine::default();
    let (systemd, file) = (machine.systemd(), machine.unit(Scope::System));
    let refuses = async || {
        let foreign = Err(ServiceError::Foreign(file.clone()));
        assert_eq!(systemd.install(&request(Scope::System)).await, foreign.clone().map(|()| unreachable!()));
        assert_eq!(systemd.uninstall(Scope::System).await, foreign.map(|()| unreachable!()));
        assert_eq!((machine.changes(), systemd.installed()), (Vec::new(), None));
    };
    for content in ["[Service]\nExecStart=/bin/true\n", "", "\n# Written by `netclaw daemon install`"] {
        fs::write(&file, content).unwrap();
        refuses().await;
        assert_eq!(fs::read_to_string(&file).unwrap(), content);
    }
    // A masked unit is a link to nowhere.
    fs::remove_file(&file).unwrap();
    symlink("/dev/null", &file).unwrap();
    refuses().await;
    assert!(file.is_symlink());
}

#[tokio::test]
async fn a_unit_from_a_package_is_not_shadowed() {
    let machine = Machine::default();
    machine.shows("inactive", "disabled", "/usr/lib/systemd/system/netclaw.service", 0);
    let error = machine.systemd().install(&request(Scope::System)).await.unwrap_err();
    assert_eq!(error, ServiceError::Foreign("/usr/lib/systemd/system/netclaw.service".into()));
    assert!(!machine.unit(Scope::System).exists());
}

#[tokio::test]
async fn the_service_of_another_home_is_left_alone() {
    let machine = Machine::default();
    machine.systemd().install(&request(Scope::User)).await.unwrap();
    let (before, other) = (machine.text(Scope::User), machine.systemd_for(machine.path("other")));
    assert_eq!(other.installed(), None);
    let refused = ServiceError::OtherHome(machine.unit(Scope::User));
    assert_eq!(other.install(&request(Scope::User)).await.unwrap_err(), refused);
    assert_eq!(other.uninstall(Scope::User).await.unwrap_err(), refused);
    assert_eq!(machine.text(Scope::User), before);
}

#[tokio::test]
async fn removing_stops_the_service_first_and_leaves_the_home() {
    let machine = Machine::default();
    let systemd = machine.systemd();
    fs::write(machine.path("home/devices"), "all").unwrap();
    systemd.install(&request(Scope::User)).await.unwrap();
    machine.changes();
    assert_eq!(systemd.uninstall(Scope::User).await.unwrap(), Some(machine.unit(Scope::User)));
    let expected = ["--user --no-ask-password disable --now netclaw.service", "--user --no-ask-password daemon-reload"];
    assert_eq!(machine.changes(), expected);
    assert!(!machine.unit(Scope::User).exists());
    assert_eq!(fs::read_to_string(machine.path("home/devices")).unwrap(), "all");
    assert_eq!(systemd.uninstall(Scope::User).await.unwrap(), None);
    assert_eq!(machine.changes(), [""; 0]);
}

#[tokio::test]
async fn a_service_that_systemd_cannot_stop_keeps_its_unit() {
    let machine = Machine::default();
    let systemd = machine.systemd();
    systemd.install(&request(Scope::User)).await.unwrap();
    machine.fails("Job for netclaw.service canceled.", "");
    assert!(matches!(systemd.uninstall(Scope::User).await, Err(ServiceError::Refused(_))));
    assert!(machine.unit(Scope::User).exists());
}

#[tokio::test]
async fn only_attempts_to_start_are_given_up() {
    let machine = Machine::default();
    let systemd = machine.systemd();
    systemd.install(&request(Scope::User)).await.unwrap();
    machine.changes();
    for (state, given_up) in [("active", false), ("inactive", false), ("failed", false), ("activating", true)] {
        machine.shows(state, "enabled", machine.unit(Scope::User).to_str().unwrap(), 0);
        assert_eq!(systemd.give_up(Scope::User).await, Ok(given_up), "{state}");
        let stopped: &[&str] = if given_up { &["--user --no-ask-password stop netclaw.service"] } else { &[] };
        assert_eq!(machine.changes(), stopped, "{state}");
    }
    let somebody = Systemd::new(machine.places(), machine.path("bin/netclaw"), machine.path("home"), 1000);
    assert_eq!(somebody.give_up(Scope::System).await, Err(ServiceError::NotRoot));
    fs::remove_file(machine.path("systemctl.shown")).unwrap();
    assert_eq!(systemd.give_up(Scope::User).await, Ok(false), "whose manager does not answer");
}

#[tokio::test]
async fn a_start_that_fails_is_told_in_the_words_of_the_daemon() {
    let see = "Job for netclaw.service failed.\nSee \"systemctl status netclaw.service\" for details.\n";
    for (words, status, expected) in [
        (see, "the port is taken", "the port is taken"),
        (see, "", "it ended without a word"),
        ("Unit netclaw.service is masked.\n", "", "Unit netclaw.service is masked."),
        (see, "\u{1b}[2Jtricks", "?[2Jtricks"),
    ] {
        let machine = Machine::default();
        machine.systemd().install(&request(Scope::User)).await.unwrap();
        machine.fails(words, status);
        let error = machine.systemd().start(Scope::User).await.unwrap_err();
        assert_eq!(error, ServiceError::NotStarted(expected.to_owned()));
    }
}

#[tokio::test]
async fn where_systemd_is_not_in_charge_nothing_is_written_or_asked() {
    let machine = Machine::default();
    machine.systemd().install(&request(Scope::User)).await.unwrap();
    machine.changes();
    fs::remove_dir(machine.path("booted")).unwrap();
    let systemd = machine.systemd();
    assert_eq!(systemd.install(&request(Scope::System)).await.unwrap_err(), ServiceError::Unavailable);
    assert_eq!(systemd.uninstall(Scope::User).await.unwrap_err(), ServiceError::Unavailable);
    assert_eq!(systemd.start(Scope::User).await.unwrap_err(), ServiceError::Unavailable);
    // A unit that nobody reads is no service: the daemon is then started in the background.
    assert_eq!(systemd.installed(), None);
    assert!(systemd.definition(&request(Scope::System)).await.is_ok());
    assert!(!machine.unit(Scope::System).exists() && machine.unit(Scope::User).exists());
    assert_eq!(machine.changes(), [""; 0]);
}

#[tokio::test]
async fn without_systemctl_there_is_no_service_manager() {
    let machine = Machine::default();
    fs::remove_file(machine.path("systemctl")).unwrap();
    let error = machine.systemd().install(&request(Scope::User)).await.unwrap_err();
    assert_eq!(error, ServiceError::Unavailable);
    assert!(!machine.unit(Scope::User).exists());
}

#[tokio::test]
async fn a_user_without_a_manager_is_told_before_anything_is_written() {
    let machine = Machine::default();
    fs::remove_file(machine.path("systemctl.shown")).unwrap();
    let error = machine.systemd().install(&request(Scope::User)).await.unwrap_err();
    assert!(matches!(error, ServiceError::Refused(_)), "{error:?}");
    assert!(!machine.unit(Scope::User).exists());
}

#[tokio::test]
async fn only_root_changes_the_services_of_the_machine() {
    let machine = Machine::default();
    let somebody = Systemd::new(machine.places(), machine.path("bin/netclaw"), machine.path("home"), 1000);
    assert_eq!((machine.systemd().usual_scope(), somebody.usual_scope()), (Scope::System, Scope::User));
    assert_eq!(somebody.install(&request(Scope::System)).await.unwrap_err(), ServiceError::NotRoot);
    assert_eq!(somebody.uninstall(Scope::System).await.unwrap_err(), ServiceError::NotRoot);
    assert_eq!(somebody.start(Scope::System).await.unwrap_err(), ServiceError::NotRoot);
    assert_eq!(machine.changes(), [""; 0]);
    assert!(somebody.definition(&request(Scope::System)).await.is_ok());
    assert_eq!(somebody.running(Scope::System).await.unwrap(), None);
}

#[tokio::test]
async fn a_home_that_does_not_exist_is_made_private_below_folders_that_can_be_passed() {
    let machine = Machine::default();
    let home = machine.path("srv/netclaw/home");
    machine.systemd_for(home.clone()).install(&request(Scope::System)).await.unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&home), 0o700);
    assert_eq!(mode(home.parent().unwrap()) & 0o500, 0o500);
    assert_eq!(fs::read_dir(&home).unwrap().count(), 0);
}

#[test]
fn only_a_folder_of_ones_own_is_given_away_and_no_link_is_followed() {
    let machine = Machine::default();
    let (folder, link) = (machine.path("system"), machine.path("link"));
    let owner = fs::metadata(&folder).unwrap().uid();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    symlink(&folder, &link).unwrap();
    hand_over(&link, owner, None).unwrap_err();
    hand_over(&machine.path("bin/netclaw"), owner, None).unwrap_err();
    let mode = || fs::metadata(&folder).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o755);
    hand_over(&folder, owner, None).unwrap();
    assert_eq!(mode(), 0o700);
    // One that belongs to somebody else already.
    if owner == 0 {
        hand_over(&folder, 1, None).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().uid(), 1);
        hand_over(&folder, 2, None).unwrap_err();
    }
}

#[tokio::test]
async fn a_home_of_another_user_is_refused() {
    let machine = Machine::default();
    let own = fs::metadata(machine.path("home")).unwrap().uid();
    let other = if own == 1 { "root" } else { "daemon" };
    let request = ServiceRequest { scope: Scope::System, run_as: Some(other.to_owned()) };
    let error = machine.systemd().install(&request).await.unwrap_err();
    assert!(matches!(&error, ServiceError::NotTheirHome { user, .. } if user == other), "{error:?}");
    assert!(!machine.unit(Scope::System).exists());
}

#[test]
fn the_units_of_a_user_are_where_the_desktop_standard_says() {
    let usual = |config: Option<&str>| Places::usual(config.map(Into::into), Some("/home/alice".into())).user_units;
    assert_eq!(usual(Some("/etc/xdg/alice")), std::path::Path::new("/etc/xdg/alice/systemd/user"));
    for unset in [None, Some(""), Some("relative")] {
        assert_eq!(usual(unset), std::path::Path::new("/home/alice/.config/systemd/user"));
    }
}
