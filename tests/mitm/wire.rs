//! Whoever listens without touching anything.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Passes bytes on, and keeps a copy.
pub struct Wire(Arc<Mutex<Vec<u8>>>);

impl Wire {
    /// Begins to listen. Connections are made from where this is called.
    pub fn start(listener: TcpListener, to: SocketAddr) -> Self {
        let copy = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&copy);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, daemon) = (client.unwrap(), TcpStream::connect(to).unwrap());
                let back = (daemon.try_clone().unwrap(), client.try_clone().unwrap());
                for (from, to) in [(client, daemon), back] {
                    let kept = Arc::clone(&kept);
                    std::thread::spawn(move || pump(from, to, &kept));
                }
            }
        });
        Self(copy)
    }

    /// Everything that has passed, in both directions.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream, kept: &Mutex<Vec<u8>>) {
    let mut piece = [0; 4096];
    while let Ok(length @ 1..) = from.read(&mut piece) {
        kept.lock().unwrap().extend_from_slice(&piece[..length]);
        if to.write_all(&piece[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// Every spelling of a secret that someone may look for.
pub fn spellings(secret: &str) -> Vec<Vec<u8>> {
    use data_encoding::{BASE32, BASE64, BASE64URL, HEXLOWER};
    let bare: String = secret.chars().filter(|symbol| *symbol != '-').collect();
    let texts = [secret.to_owned(), bare].into_iter().flat_map(|text| {
        let (lower, upper) = (text.to_lowercase(), text.to_uppercase());
        [text, lower, upper]
    });
    let directions = texts.flat_map(|text| [text.chars().rev().collect::<String>(), text]);
    directions
        .flat_map(|text| {
            let bytes = text.as_bytes();
            // Without what depends on the bytes around it.
            let inner = |encoded: String| encoded.trim_end_matches('=')[..encoded.len() / 2].to_owned();
            let encoded = [HEXLOWER.encode(bytes), inner(BASE64.encode(bytes)), inner(BASE64URL.encode(bytes))];
            let base32 = inner(BASE32.encode(bytes));
            let cases = [encoded[0].to_uppercase(), base32.to_lowercase(), base32, text];
            encoded.into_iter().chain(cases).map(String::into_bytes).collect::<Vec<_>>()
        })
        .collect()
}
