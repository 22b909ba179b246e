//! Whoever records every packet on a switch (`AF_PACKET`, packet(7)), and puts the TCP streams in them together again.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_recv_buffer_size_force, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, eth, recv, socket_with};

use crate::proxies::lan::Lan;

/// Room for the packets of a test, in case the sniffer does not get to run for a while.
const BUFFER: usize = 64 << 20;

/// More than the largest packet that offloading makes.
const PACKET: usize = 1 << 17;

/// How long to wait for one more packet before looking whether that was all.
const LULL: Duration = Duration::from_millis(50);

/// One that is recording.
pub struct Sniffer {
    ended: Arc<AtomicBool>,
    packets: JoinHandle<Vec<Vec<u8>>>,
}

/// Everything that crossed the switch.
pub struct Capture {
    /// Every packet, from its Ethernet header on.
    packets: Vec<Vec<u8>>,
    /// What was said in each direction of each TCP connection.
    pub streams: Vec<Vec<u8>>,
}

impl Sniffer {
    /// Begins to record all that crosses the switch of `lan`.
    pub fn start(lan: &Lan) -> Self {
        let socket = lan.switch().run(|| {
            let socket =
                socket_with(AddressFamily::PACKET, SocketType::RAW, SocketFlags::CLOEXEC, Some(eth::ALL)).unwrap();
            set_socket_recv_buffer_size_force(&socket, BUFFER).unwrap();
            set_socket_timeout(&socket, Timeout::Recv, Some(LULL)).unwrap();
            socket
        });
        let ended = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ended);
        Self { ended, packets: std::thread::spawn(move || record(&socket, &end)) }
    }

    /// Ends the recording. A packet is in the sniffer's buffer before it is at its destination, so that nothing is missing
    /// of what has been answered.
    pub fn stop(self) -> Capture {
        self.ended.store(true, Ordering::Release);
        Capture::of(self.packets.join().unwrap())
    }
}

fn record(socket: &OwnedFd, end: &AtomicBool) -> Vec<Vec<u8>> {
    let (mut packets, mut buffer) = (Vec::new(), vec![0; PACKET]);
    loop {
        let is_over = end.load(Ordering::Acquire);
        match recv(socket, &mut buffer[..], RecvFlags::empty()) {
            Ok((_, length)) => packets.push(buffer[..length].to_vec()),
            Err(Errno::AGAIN) if is_over => return packets,
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

impl Capture {
    fn of(packets: Vec<Vec<u8>>) -> Self {
        let streams = streams(&packets);
        Self { packets, streams }
    }

    /// What had been recorded when this was said for the first time.
    pub fn before(&self, said: &[u8]) -> Self {
        let says = |packet: &Vec<u8>| packet.windows(said.len()).any(|window| window == said);
        let end = self.packets.iter().position(says).expect("it is never said");
        Self::of(self.packets[..end].to_vec())
    }

    /// Where any of these is: in a packet, whatever it is part of, or in a stream, whatever packets that came in.
    pub fn search<'a>(&self, secrets: &'a [(String, Vec<u8>)]) -> Option<&'a str> {
        let mut by_start: BTreeMap<[u8; 4], Vec<&(String, Vec<u8>)>> = BTreeMap::new();
        for secret in secrets {
            by_start
                .entry(*secret.1.first_chunk().expect("nothing as short as that is looked for"))
                .or_default()
                .push(secret);
        }
        let within = |bytes: &Vec<u8>| {
            bytes.windows(4).enumerate().find_map(|(at, start)| {
                let found = by_start.get(start)?.iter().find(|(_, secret)| bytes[at..].starts_with(secret));
                found.map(|(name, _)| name.as_str())
            })
        };
        self.packets.iter().chain(&self.streams).find_map(within)
    }

    /// Whether a stream contains this.
    pub fn has(&self, bytes: &[u8]) -> bool {
        self.streams.iter().any(|stream| stream.windows(bytes.len()).any(|window| window == bytes))
    }
}

/// A TCP segment: its stream, its place in it, and whether it is the first of it.
struct Segment<'a> {
    stream: (Vec<u8>, [u8; 4]),
    sequence: u32,
    begins: bool,
    payload: &'a [u8],
}

/// The streams, each as a whole: a packet that was not seen fails the test.
fn streams(packets: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut starts = BTreeMap::new();
    let mut segments: BTreeMap<_, BTreeMap<u32, &[u8]>> = BTreeMap::new();
    for segment in packets.iter().filter_map(|packet| segment(packet)) {
        if segment.begins {
            starts.insert(segment.stream.clone(), segment.sequence.wrapping_add(1));
        }
        let Some(start) = starts.get(&segment.stream).filter(|_| !segment.payload.is_empty()) else { continue };
        let place =
            segments.entry(segment.stream).or_default().entry(segment.sequence.wrapping_sub(*start)).or_default();
        if segment.payload.len() > place.len() {
            *place = segment.payload;
        }
    }
    segments.into_values().map(|segments| joined(&segments)).collect()
}

fn joined(segments: &BTreeMap<u32, &[u8]>) -> Vec<u8> {
    let mut stream = Vec::new();
    for (at, payload) in segments {
        let known = stream.len().checked_sub(*at as usize).expect("no packet is missing");
        // What is sent again may have come in part before.
        stream.extend_from_slice(payload.get(known..).unwrap_or_default());
    }
    stream
}

/// The TCP segment in an Ethernet frame with IPv4 (RFC 791) or IPv6 (RFC 8200) without extension headers.
fn segment(packet: &[u8]) -> Option<Segment<'_>> {
    let (kind, ip) = (packet.get(12..14)?, packet.get(14..)?);
    let length = |at: usize| Some(usize::from(u16::from_be_bytes(ip.get(at..at + 2)?.try_into().ok()?)));
    let (header, total, protocol, addresses) = match kind {
        [0x08, 0x00] => (usize::from(ip.first()? & 15) * 4, length(2)?, ip.get(9)?, ip.get(12..20)?),
        [0x86, 0xdd] => (40, 40 + length(4)?, ip.get(6)?, ip.get(8..40)?),
        _ => return None,
    };
    let tcp = ip.get(header..total).filter(|_| *protocol == 6)?;
    let data = usize::from(tcp.get(12)? >> 4) * 4;
    let sequence = u32::from_be_bytes(tcp.get(4..8)?.try_into().ok()?);
    let stream = (addresses.to_vec(), *tcp.first_chunk()?);
    Some(Segment { stream, sequence, begins: tcp.get(13)? & 2 != 0, payload: tcp.get(data..)? })
}
