//! One connection to a proxy, over which one request follows the other, as the clients that people use have it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use super::lan::{Lan, Machine};
use super::site::{Site, request};
use crate::e2e::raw_http::{Answer, Request, answers, connect};

pub struct Conversation {
    stream: TcpStream,
}

impl Conversation {
    /// A connection from `machine` to the proxy.
    pub fn start(site: &Site, machine: Machine) -> Self {
        Self::for_request(&site.lan, machine, &request(""))
    }

    /// A connection from `machine` to where `request` goes.
    pub fn for_request(lan: &Lan, machine: Machine, request: &Request) -> Self {
        let stream = lan.namespace(machine).run(|| connect(request.from, request.to).unwrap());
        stream.set_nodelay(true).unwrap();
        Self { stream }
    }

    pub fn ask(&mut self, request: &Request) -> Answer {
        self.send(&request.bytes("keep-alive"));
        self.answer()
    }

    pub fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).unwrap();
    }

    /// Sends each byte in a packet of its own.
    pub fn send_byte_by_byte(&mut self, text: &str) {
        text.bytes().for_each(|byte| self.stream.write_all(&[byte]).unwrap());
    }

    /// Text of this length that follows an answer.
    pub fn receive(&mut self, length: usize) -> String {
        let mut text = vec![0; length];
        self.stream.read_exact(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    /// The answer to the request that was sent, which was not HEAD.
    pub fn answer(&mut self) -> Answer {
        let mut stream = BufReader::new(&self.stream);
        let mut text = String::new();
        while !text.ends_with("\r\n\r\n") {
            assert!(stream.read_line(&mut text).unwrap() > 0, "the connection ended: {text}");
        }
        let length = answers(&text)[0].header("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        answers(&(text + str::from_utf8(&body).unwrap())).pop().unwrap()
    }
}
