//! The forwarder at a Unix socket, which needs no key.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Stdio};

use super::Home;
use crate::e2e::world::{Finished, NETCLAW, mode};

/// A forwarder at this socket, once it has said where it is.
fn start(home: &Home, socket: &Path) -> (Child, String) {
    let mut command = home.device.command(NETCLAW);
    let command = command.arg("forward").arg("--socket").arg(socket).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains(socket.to_str().unwrap()), "{line:?}");
    (child, line)
}

fn end(mut child: Child, signal: rustix::process::Signal) {
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), signal).unwrap();
    child.wait().unwrap();
}

fn ask(socket: &Path, fields: &str) -> String {
    let mut stream = UnixStream::connect(socket).unwrap();
    let request = format!("GET /api/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_socket_is_its_owners_alone_and_leads_to_the_daemon() {
    let home = Home::default();
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("below/forward.sock");
    let (child, line) = start(&home, &socket);
    assert_eq!(line, format!("curl --unix-socket {} http://localhost/api/status\n", socket.display()));
    assert_eq!((mode(&socket), mode(socket.parent().unwrap())), (0o600, 0o700));
    let answer = ask(&socket, "");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"name\":\"laptop\""), "{answer}");
    // What a tool shows as its key goes nowhere.
    assert!(ask(&socket, "Authorization: Bearer anything\r\n").starts_with("HTTP/1.1 200 "));
    let other = home.device.netclaw(&["forward", "--socket", socket.to_str().unwrap()]);
    other.failed(1, "is in use by another process");
    end(child, rustix::process::Signal::TERM);
    assert!(!socket.exists());
}

#[test]
fn a_socket_that_was_left_is_replaced_and_anything_else_is_left_alone() {
    let home = Home::default();
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let socket = folder.path().join("forward.sock");
    let (child, _) = start(&home, &socket);
    end(child, rustix::process::Signal::KILL);
    assert!(socket.exists());
    let (child, _) = start(&home, &socket);
    assert!(ask(&socket, "").starts_with("HTTP/1.1 200 "));
    end(child, rustix::process::Signal::INT);
    std::fs::write(&socket, "mine").unwrap();
    let refuse = |error: &str, home_folder: &Path| {
        let mut command = home.device.command(NETCLAW);
        let command = command.arg("forward").arg("--socket").arg(&socket).env("HOME", home_folder);
        let refused = Finished::of(command.output().unwrap()).failed(1, error);
        assert_eq!(std::fs::read_to_string(&socket).unwrap(), "mine");
        assert!(refused.stderr.contains("netclaw forward --socket ~/.netclaw/run/forward.sock\n"), "{refused:?}");
        refused.stderr.contains(&format!("make it private: chmod 700 {}\n", folder.path().display()))
    };
    let above = folder.path().parent().unwrap();
    assert!(!refuse("it is not a socket", above));
    let set = |mode| std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    // Only a folder of one's own is one's own to close: not all of the home, and not a place for everyone's files.
    for (mode, home_folder, is_closed) in [
        (0o755, above, true),
        (0o755, folder.path(), false),
        (0o755, Path::new("/nowhere"), false),
        (0o1777, above, false),
    ] {
        set(mode);
        assert_eq!(refuse("is not private", home_folder), is_closed, "{mode:o} {home_folder:?}");
    }
}

/// A folder that only its owner can enter, and a path in it.
fn private() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let socket = folder.path().join("forward.sock");
    (folder, socket)
}

#[test]
fn a_socket_that_someone_else_has_is_left_alone() {
    let home = Home::default();
    let (_folder, socket) = private();
    let refused = || {
        let arguments = ["forward", "--socket", socket.to_str().unwrap()];
        home.device.netclaw(&arguments).failed(1, "is in use by another process");
    };
    let datagrams = UnixDatagram::bind(&socket).unwrap();
    refused();
    UnixDatagram::unbound().unwrap().send_to(b"still here", &socket).unwrap();
    assert_eq!(datagrams.recv(&mut [0; 20]).unwrap(), 10);
    std::fs::remove_file(&socket).unwrap();
    // Someone is about to take it: whether there is a socket already does not matter.
    let lock = File::options().write(true).open(socket.with_extension("sock.lock")).unwrap();
    lock.try_lock().unwrap();
    refused();
    assert!(!socket.exists());
    drop(lock);
    // What has come in its place in the meantime is not its own.
    let (child, _) = start(&home, &socket);
    refused();
    std::fs::remove_file(&socket).unwrap();
    let listener = UnixListener::bind(&socket).unwrap();
    end(child, rustix::process::Signal::TERM);
    UnixStream::connect(&socket).unwrap();
    drop(listener);
}

#[test]
fn of_several_that_start_over_a_socket_that_was_left_one_has_it() {
    let home = Home::default();
    let (_folder, socket) = private();
    drop(UnixListener::bind(&socket).unwrap());
    let start = |_| {
        let mut command = home.device.command(NETCLAW);
        let command = command.arg("forward").arg("--socket").arg(&socket).stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let says_where = |child: &mut Child| {
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap() > 0
    };
    let started: Vec<Child> = (0..4).map(start).collect();
    let (mut has_it, mut refused) = (Vec::new(), Vec::new());
    for mut child in started {
        if says_where(&mut child) { has_it.push(child) } else { refused.push(child) }
    }
    assert_eq!((has_it.len(), refused.len()), (1, 3));
    for child in &mut refused {
        assert_eq!(child.wait().unwrap().code(), Some(1));
    }
    assert!(ask(&socket, "").starts_with("HTTP/1.1 200 "));
    end(has_it.remove(0), rustix::process::Signal::TERM);
    assert!(!socket.exists());
}
