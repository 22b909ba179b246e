//! `domain ← ports ← app ← adapters ← bin`: who may name whom.

use syn::visit::{self, Visit};
use syn::{ExprAsync, ExprAwait, ExprClosure, Signature};

use super::names::{Name, names};
use super::source::{Finding, Source};

/// Packages that the domain stands on: pure functions and values, all without the standard library.
const DOMAIN_PACKAGES: &[&[&str]] = &[
    &["core"],
    &["alloc"],
    &["crc32fast"],
    // The group of the key exchange: whether a point that came from outside may be computed with.
    &["curve25519_dalek"],
    &["data_encoding"],
    &["data_encoding_macro"],
    &["ipnet"],
    // Only the traits, for a source that gives the bytes that it was given. No source of its own is built in.
    &["rand_core", "CryptoRng"],
    &["rand_core", "Error"],
    &["rand_core", "RngCore"],
    // Functions of their arguments all: `ring::rand` is not among them, and Ed25519 signs without randomness.
    &["ring", "aead"],
    &["ring", "digest"],
    &["ring", "hkdf"],
    &["ring", "hmac"],
    &["ring", "signature"],
    // The key exchange, built without its own random source.
    &["spake2"],
    &["subtle"],
    &["thiserror"],
    &["unicode_normalization"],
    &["url"],
    &["zeroize"],
];

/// What ports and use cases must not name: everything outside is behind a port.
const OUTSIDE: &[&[&str]] = &[
    &["clap"],
    &["dialoguer"],
    &["hyper"],
    &["hyper_util"],
    &["prometheus"],
    &["reqwest"],
    &["rustix"],
    &["rustls"],
    &["warp"],
    &["std", "env"],
    &["std", "fs"],
    &["std", "net", "TcpListener"],
    &["std", "net", "TcpStream"],
    &["std", "net", "UdpSocket"],
    &["std", "os"],
    &["std", "process"],
    &["tokio", "fs"],
    &["tokio", "net"],
    &["tokio", "process"],
    &["tokio", "signal"],
];

/// Adapters that the others stand on. `relay` passes requests on from the daemon to services, and from a device to the daemon.
const SHARED_ADAPTERS: &[&str] = &["wire", "platform", "relay"];

/// Paths that point the wrong way, or out of the house.
pub fn findings(source: &Source) -> Vec<Finding> {
    let Some(layer) = source.module.first().map(String::as_str) else { return Vec::new() };
    let mut findings: Vec<Finding> = names(source)
        .iter()
        .filter_map(|name| {
            let why = fault(layer, source.module.get(1).map(String::as_str), name)?;
            Some(source.finding(name.span, format!("{layer} must not name {}: {why}", name.text())))
        })
        .collect();
    if layer == "domain" {
        let mut asynchronous = Asynchronous { source, findings: Vec::new() };
        asynchronous.visit_file(&source.file);
        findings.extend(asynchronous.findings);
    }
    findings
}

fn fault(layer: &str, adapter: Option<&str>, name: &Name) -> Option<&'static str> {
    let target = name.segments.get(1).map(String::as_str);
    let is_ours = name.segments[0] == "crate";
    let is_one_of = |places: &[&[&str]]| places.iter().any(|place| name.starts_with(place));
    match (layer, target) {
        ("bin", _) => None,
        (_, Some("bin" | "*")) if is_ours => Some("only the composition root names everything"),
        (_, None) if is_ours => None,
        ("domain", Some("domain")) if is_ours => None,
        ("domain", _) if is_ours => Some("the domain names only itself"),
        ("domain", _) => (!is_one_of(DOMAIN_PACKAGES)).then_some("the domain is pure"),
        ("ports", Some("domain" | "ports")) if is_ours => None,
        ("ports", _) if is_ours => Some("ports name only the domain"),
        ("app", Some("domain" | "ports" | "app")) if is_ours => None,
        ("app", _) if is_ours => Some("use cases name only the domain and the ports"),
        ("ports" | "app", _) => OUTSIDE.iter().any(|place| name.reaches(place)).then_some("it is behind a port"),
        ("adapters", Some("adapters")) if is_ours => {
            let other = name.segments.get(2).map(String::as_str);
            let is_allowed = adapter.is_none() || other.is_none() || other == adapter;
            (!is_allowed && !other.is_some_and(|other| SHARED_ADAPTERS.contains(&other)))
                .then_some("adapters do not name each other, apart from wire, platform and relay")
        }
        _ => None,
    }
}

struct Asynchronous<'a> {
    source: &'a Source,
    findings: Vec<Finding>,
}

impl Asynchronous<'_> {
    fn found(&mut self, span: proc_macro2::Span) {
        self.findings.push(self.source.finding(span, "domain must not be async: the domain is synchronous"));
    }
}

impl<'ast> Visit<'ast> for Asynchronous<'_> {
    fn visit_signature(&mut self, signature: &'ast Signature) {
        signature.asyncness.iter().for_each(|token| self.found(token.span));
        visit::visit_signature(self, signature);
    }

    fn visit_expr_async(&mut self, block: &'ast ExprAsync) {
        self.found(block.async_token.span);
        visit::visit_expr_async(self, block);
    }

    fn visit_expr_await(&mut self, expression: &'ast ExprAwait) {
        self.found(expression.await_token.span);
        visit::visit_expr_await(self, expression);
    }

    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        closure.asyncness.iter().for_each(|token| self.found(token.span));
        visit::visit_expr_closure(self, closure);
    }
}

#[test]
fn each_layer_may_name_those_to_its_left() {
    for (path, text) in [
        ("domain/x.rs", "use super::code::PairingCode; use alloc::vec::Vec; use ring::digest::SHA256; use core::fmt;"),
        ("domain/x.rs", "use thiserror::Error; #[derive(Error)] pub(super) enum E {} fn f() { Vec::<u8>::new() }"),
        ("domain/mod.rs", "pub mod code; pub(super) struct S;"),
        ("ports/x.rs", "use crate::domain::code::PairingCode; use async_trait::async_trait; use super::storage;"),
        (
            "app/x.rs",
            "use crate::{domain::code, ports::rng::Rng}; use std::net::IpAddr; use std::sync::Arc; use tokio::sync::Mutex;",
        ),
        (
            "adapters/http/x.rs",
            "use crate::app::pair; use super::body; use crate::adapters::{wire::moment, platform}; use warp::Filter;",
        ),
        ("adapters/http.rs", "use super::wire; use self::inner::X;"),
        ("bin/wiring/mod.rs", "use netclaw::adapters::{file, http}; use netclaw::*;"),
        ("lib.rs", "pub mod app; extern crate alloc;"),
    ] {
        let found = findings(&Source::parse(path, text));
        assert!(found.is_empty(), "{path}: {text}: {found:?}");
    }
}

#[test]
fn no_layer_may_name_those_to_its_right_or_what_is_outside() {
    for (path, texts) in [
        (
            "domain/x.rs",
            ["use crate::ports::rng;", "use super::super::app;", "use crate::*;", "fn f() { std::mem::drop(1) }"],
        ),
        (
            "domain/x.rs",
            ["#[derive(serde::Serialize)] struct S;", "use ring::rand;", "async fn f() {}", "extern crate std;"],
        ),
        (
            "domain/mod.rs",
            ["use super::ports;", "fn f() { tracing::info!(\"x\") }", "fn f() { async {}; }", "use tokio as t;"],
        ),
        ("ports/x.rs", ["use crate::app::pair;", "use crate::adapters;", "use super::super::*;", "use std::fs::File;"]),
        ("app/x.rs", ["use crate::adapters::file;", "use netclaw::adapters;", "use warp::Filter;", "use std::net::*;"]),
        (
            "app/x.rs",
            ["use std::net::TcpStream;", "fn f() { std::process::exit(1) }", "use tokio::{net, sync};", "use std::fs;"],
        ),
        (
            "app/x.rs",
            ["use std as s; use s::fs;", "use hyper::Request;", "fn f() { vec![reqwest::get()] }", "use crate::bin;"],
        ),
        (
            "adapters/http/x.rs",
            ["use crate::adapters::file;", "use super::super::file;", "use crate::bin::x;", "use super::super::*;"],
        ),
        (
            "adapters/http.rs",
            ["use super::file::X;", "use crate::adapters::*;", "type T = super::file::X;", "use crate::*;"],
        ),
        (
            "adapters/wire/x.rs",
            [
                "use crate::adapters::http;",
                "use super::super::file;",
                "use crate::{bin};",
                "use crate::{adapters::file};",
            ],
        ),
    ] {
        for text in texts {
            assert!(!findings(&Source::parse(path, text)).is_empty(), "{path}: {text}");
        }
    }
}

#[test]
fn the_message_names_file_line_and_rule() {
    let found = findings(&Source::parse("app/pair.rs", "//! Pairs.\n\nuse crate::adapters::file;\n"));
    let expected =
        "src/app/pair.rs:3: app must not name crate::adapters::file: use cases name only the domain and the ports";
    assert_eq!(found[0].to_string(), expected);
}
