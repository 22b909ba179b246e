//! The two files of a client.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;

use crate::fakes::samples::{daemon_id, device_id, endpoint, pairing, token};
use netclaw::adapters::file::credentials::FileCredentialStore;
use netclaw::adapters::file::home::Home;
use netclaw::domain::token::BearerToken;
use netclaw::ports::credential_store::{CredentialStore, CredentialStoreError, Over};
use tempfile::TempDir;

struct World {
    _folder: TempDir,
    home: Home,
    store: FileCredentialStore,
}

impl World {
    fn new() -> Self {
        Self::called("home")
    }

    /// A home folder with this name.
    fn called(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join(name));
        Self { _folder: folder, store: FileCredentialStore::new(home.clone()), home }
    }

    /// Paired with daemon 1 at a and daemon 2 at b.
    fn paired() -> Self {
        Self::new().and_paired()
    }

    fn and_paired(self) -> Self {
        self.store.save(&pairing(1, "http://a:1"), &token(1)).unwrap();
        self.store.save(&pairing(2, "http://b:1"), &token(2)).unwrap();
        self
    }

    fn files(&self) -> [PathBuf; 2] {
        [self.home.secrets_file(), self.home.client_file()]
    }

    fn token_at(&self, place: &str) -> Option<String> {
        self.store.paired_at(&endpoint(place)).unwrap().map(|(_, token)| token.reveal().to_owned())
    }

    fn damage(&self) -> (String, String) {
        let errors = [
            self.store.prepare().err(),
            self.store.save(&pairing(3, "http://c:1"), &token(3)).err(),
            self.store.forget(&daemon_id(1)).err(),
            self.store.paired_at(&endpoint("http://a:1")).err(),
        ];
        let mut errors = errors.into_iter().map(Option::unwrap);
        let first = errors.next().unwrap();
        assert!(errors.all(|error| error == first));
        match first {
            CredentialStoreError::Damaged { cause, repair } => (cause, repair),
            CredentialStoreError::Storage(error) => panic!("{error}"),
        }
    }
}

#[test]
fn the_files_are_written_as_documented_and_for_their_owner_only() {
    let world = World::new();
    world.store.prepare().unwrap();
    assert_eq!(world.store.current().unwrap(), None);
    world.store.save(&pairing(1, "http://a:1"), &token(1)).unwrap();
    let [secrets, client] = world.files().map(|path| {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        serde_json::from_slice::<serde_json::Value>(&fs::read(path).unwrap()).unwrap()
    });
    let id = daemon_id(1).to_string();
    assert_eq!(secrets, serde_json::json!({"version": 1, "tokens": {&id: token(1).reveal()}}));
    let entry =
        serde_json::json!({"endpoint": "http://a:1", "deviceName": "laptop", "pairedAt": "2026-09-21T14:13:20.001Z"});
    assert_eq!(client, serde_json::json!({"version": 1, "current": &id, "daemons": {&id: entry}}));
}

#[test]
fn the_last_pairing_is_current_and_forgetting_it_brings_the_one_before_back() {
    let world = World::paired();
    assert_eq!(world.store.current().unwrap(), Some(pairing(2, "http://b:1")));
    world.store.forget(&daemon_id(2)).unwrap();
    assert_eq!(world.store.current().unwrap(), Some(pairing(1, "http://a:1")));
    assert_eq!((world.token_at("http://a:1").is_some(), world.token_at("http://b:1")), (true, None));
    world.store.forget(&daemon_id(1)).unwrap();
    assert_eq!(world.store.current().unwrap(), None);
    let secrets = fs::read_to_string(world.home.secrets_file()).unwrap();
    assert!(!secrets.contains("nct_"), "{secrets}");
}

#[test]
fn a_place_belongs_to_one_daemon_and_a_daemon_to_one_place() {
    let world = World::paired();
    world.store.save(&pairing(3, "http://a:1"), &token(3)).unwrap();
    assert_eq!(world.token_at("http://a:1").as_deref(), Some(token(3).reveal()));
    assert_eq!(world.store.paired_with(&daemon_id(1)).unwrap(), None);
    world.store.save(&pairing(2, "http://moved:1"), &token(4)).unwrap();
    assert_eq!(world.token_at("http://b:1"), None);
    assert_eq!(world.token_at("http://moved:1").as_deref(), Some(token(4).reveal()));
}

#[test]
fn a_crash_between_the_writes_of_a_save_leaves_an_unused_token_that_the_next_write_drops() {
    let world = World::paired();
    let before = fs::read(world.home.client_file()).unwrap();
    world.store.save(&pairing(3, "http://c:1"), &token(3)).unwrap();
    fs::write(world.home.client_file(), before).unwrap();
    assert_eq!(world.token_at("http://c:1"), None);
    assert_eq!(world.store.current().unwrap(), Some(pairing(2, "http://b:1")));
    world.store.save(&pairing(4, "http://d:1"), &token(4)).unwrap();
    let secrets = fs::read_to_string(world.home.secrets_file()).unwrap();
    assert!(!secrets.contains(token(3).reveal()) && secrets.contains(token(1).reveal()), "{secrets}");
}

#[test]
fn a_crash_between_the_writes_of_a_forget_leaves_no_pairing_without_a_token() {
    let world = World::paired();
    let before = fs::read(world.home.secrets_file()).unwrap();
    world.store.forget(&daemon_id(1)).unwrap();
    fs::write(world.home.secrets_file(), before).unwrap();
    assert_eq!(world.token_at("http://a:1"), None);
    assert!(world.token_at("http://b:1").is_some());
}

#[test]
fn a_token_that_was_lost_is_an_error_that_pairing_again_mends() {
    let world = World::paired();
    fs::remove_file(world.home.secrets_file()).unwrap();
    let error = world.store.paired_at(&endpoint("http://a:1")).map(drop).unwrap_err();
    let CredentialStoreError::Damaged { repair, .. } = error else { panic!("{error}") };
    assert_eq!(repair, "pair again: netclaw pair http://a:1");
    world.store.prepare().unwrap();
    world.store.save(&pairing(1, "http://a:1"), &token(5)).unwrap();
    assert_eq!(world.token_at("http://a:1").as_deref(), Some(token(5).reveal()));
}

#[test]
fn damaged_files_are_refused_and_left_as_they_are() {
    let other_id = daemon_id(7);
    let id = daemon_id(1);
    let secret = token(1).reveal().to_owned();
    let contents = [
        String::new(),
        "{".to_owned(),
        "[]".to_owned(),
        r#"{"tokens":{},"daemons":{}}"#.to_owned(),
        format!(r#"{{"version":1,"tokens":{{"{id}":"{secret}x"}},"current":"{other_id}","daemons":{{}}}}"#),
        format!(r#"{{"version":1,"tokens":{{"X":"{secret}"}},"current":null,"daemons":{{"X":{{}}}}}}"#),
        "x".repeat(2 << 20),
    ];
    for content in contents {
        for path in World::paired().files().map(|path| path.file_name().unwrap().to_owned()) {
            let world = World::paired();
            let path = world.files().into_iter().find(|file| file.file_name() == Some(&path)).unwrap();
            fs::write(&path, &content).unwrap();
            let (cause, repair) = world.damage();
            assert!(cause.contains(path.to_str().unwrap()) && repair.contains("mv "), "{cause} {repair}");
            assert!(!cause.contains("nct_"), "{cause}");
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
    }
}

#[test]
fn another_version_is_refused_by_its_number() {
    for index in [0, 1] {
        let world = World::paired();
        fs::write(&world.files()[index], r#"{"version":2,"tokens":{},"current":null,"daemons":{}}"#).unwrap();
        let (cause, _) = world.damage();
        assert!(cause.contains("its version is 2"), "{cause}");
    }
}

#[test]
fn files_that_others_can_read_are_refused_with_the_command_that_mends_them() {
    for index in [0, 1] {
        let world = World::paired();
        let path = &world.files()[index];
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
        let (cause, repair) = world.damage();
        assert!(cause.contains("0644"), "{cause}");
        assert_eq!(repair, format!("chmod 600 {}", path.display()));
    }
}

#[test]
fn the_commands_that_mend_files_work_in_a_shell_whatever_the_home_is_called() {
    let world = World::called("it's a \"home\" & more; $HOME").and_paired();
    let run = |repair: &str| {
        let command = repair.rsplit(": ").next().unwrap();
        assert!(std::process::Command::new("sh").args(["-c", command]).status().unwrap().success(), "{command}");
    };
    for path in world.files() {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        run(&world.damage().1);
        world.store.prepare().unwrap();
        fs::write(&path, "garbage").unwrap();
        run(&world.damage().1);
        assert!(!path.exists());
        world.store.prepare().unwrap();
    }
}

#[test]
fn a_symbolic_link_is_refused_and_its_target_untouched() {
    for index in [0, 1] {
        let world = World::paired();
        let path = world.files()[index].clone();
        let elsewhere = world.home.root().join("elsewhere");
        fs::rename(&path, &elsewhere).unwrap();
        let before = fs::read(&elsewhere).unwrap();
        symlink(&elsewhere, &path).unwrap();
        let (cause, _) = world.damage();
        assert!(cause.contains("symbolic link"), "{cause}");
        assert_eq!(fs::read(&elsewhere).unwrap(), before);
    }
}

#[test]
fn what_a_killed_write_left_behind_is_removed() {
    let world = World::paired();
    let leftover = world.home.secrets_file().with_file_name(".secrets.json.abc.tmp");
    fs::write(&leftover, "nct_").unwrap();
    world.store.prepare().unwrap();
    assert!(!leftover.exists());
}

#[test]
fn processes_that_write_at_once_do_not_lose_each_others_pairings() {
    let world = World::new();
    std::thread::scope(|scope| {
        for number in 1..=8 {
            let home = world.home.clone();
            scope.spawn(move || {
                let store = FileCredentialStore::new(home);
                store.save(&pairing(number, &format!("http://h{number}:1")), &token(number)).unwrap();
            });
        }
    });
    for number in 1..=8 {
        let expected = token(number).reveal().to_owned();
        assert_eq!(world.token_at(&format!("http://h{number}:1")), Some(expected));
    }
}

#[test]
fn a_token_is_never_read_together_with_the_place_that_its_daemon_has_left() {
    if !cfg!(target_os = "linux") {
        println!("skipped: this test reads /proc/locks, which is not installed");
        return;
    }
    let world = World::paired();
    let before = fs::read(world.home.client_file()).unwrap();
    world.store.save(&pairing(1, "http://moved:1"), &token(5)).unwrap();
    let after = fs::read(world.home.client_file()).unwrap();
    // A process that is in the middle of this move: the new token beside the old place.
    let writing = fs::File::open(world.home.client_lock_file()).unwrap();
    writing.lock().unwrap();
    fs::write(world.home.client_file(), before).unwrap();
    let inode = format!(":{} ", fs::metadata(world.home.client_lock_file()).unwrap().ino());
    let a_reader_waits = || {
        let locks = fs::read_to_string("/proc/locks").unwrap();
        locks.lines().any(|lock| lock.contains("-> FLOCK") && lock.contains(&inode))
    };
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| world.token_at("http://a:1"));
        while !reader.is_finished() && !a_reader_waits() {
            std::thread::yield_now();
        }
        fs::write(world.home.client_file(), after).unwrap();
        drop(writing);
        assert_eq!(reader.join().unwrap(), None);
    });
}

#[test]
fn only_what_is_over_is_forgotten() {
    let World { _folder, store, .. } = World::new();
    let id = daemon_id(1);
    let new = BearerToken::issue(device_id(1), &[99; 32]);
    let stored = || store.held(&id).unwrap().map(|held| (held.token.reveal().to_owned(), held.staged.is_some()));
    assert!(store.forget_if(&id, &Over::Token(token(1))).unwrap(), "nothing is forgotten already");
    store.save(&pairing(1, "https://a"), &token(1)).unwrap();
    assert!(!store.forget_if(&id, &Over::Token(token(2))).unwrap());
    assert!(!store.forget_if(&id, &Over::Device(device_id(2))).unwrap());
    store.stage(&id, &new).unwrap();
    assert!(!store.forget_if(&id, &Over::Token(token(1))).unwrap(), "the staged one may be good");
    assert_eq!(stored(), Some((token(1).reveal().to_owned(), true)));
    assert!(store.forget_if(&id, &Over::Device(device_id(1))).unwrap());
    assert!(stored().is_none() && store.staged(&id).unwrap().is_none());
}
