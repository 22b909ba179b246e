//! What was entered before, in its file.

use std::os::unix::fs::PermissionsExt;

use netclaw::adapters::file::chat_history::FileChatHistory;
use netclaw::ports::chat_history::{ChatHistory, MAX_ENTRIES, MAX_ENTRY_BYTES};

#[test]
fn entries_come_back_in_order_and_only_their_owner_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/chat_history");
    let history = FileChatHistory::new(path.clone());
    assert_eq!(history.entries().unwrap(), [""; 0]);
    for entry in ["one", "two\nlines \"quoted\"", "two\nlines \"quoted\"", "one"] {
        history.add(entry).unwrap();
    }
    history.add(&"x".repeat(MAX_ENTRY_BYTES + 1)).unwrap();
    assert_eq!(FileChatHistory::new(path.clone()).entries().unwrap(), ["one", "two\nlines \"quoted\"", "one"]);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
}

#[test]
fn the_latest_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat_history");
    let lines: String = (0..MAX_ENTRIES + 5).map(|number| format!("\"{number}\"\n")).collect();
    std::fs::write(&path, lines + "no JSON\n[1]\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let history = FileChatHistory::new(path);
    history.add("last").unwrap();
    let entries = history.entries().unwrap();
    assert_eq!((entries.len(), entries[0].as_str(), entries[MAX_ENTRIES - 1].as_str()), (MAX_ENTRIES, "6", "last"));
}

#[test]
fn a_file_that_others_can_read_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat_history");
    std::fs::write(&path, "\"theirs\"\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let history = FileChatHistory::new(path.clone());
    assert!(history.entries().unwrap_err().to_string().contains("chat_history"));
    assert!(history.add("mine").is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "\"theirs\"\n");
}
