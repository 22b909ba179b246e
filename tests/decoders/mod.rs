//! Every decoder of bytes from outside, over its seeds in `fuzz/seeds`, over changes of them, and over any bytes.
//!
//! The targets in `fuzz/` run the same [`properties`]; what they find becomes a seed.

mod properties;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

use self::properties::{ALL, Property};

/// Changed inputs for each decoder: a second's worth of the slow ones.
const CASES: u32 = 128;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// The inputs that a decoder's target begins with, in the order of their names.
fn seeds(decoder: &str) -> Vec<Vec<u8>> {
    let folder = fuzz().join("seeds").join(decoder);
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths: BTreeSet<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

/// One change of an input.
#[derive(Clone, Debug)]
enum Change {
    Insert(Index, Vec<u8>),
    Remove(Index, u8),
    Replace(Index, u8),
    /// Puts a piece of the input into another place of it.
    Repeat(Index, Index, u8),
}

fn change() -> impl Strategy<Value = Change> {
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..5),
        prop::sample::select(vec![
            "\"",
            "null",
            "\u{202e}",
            ",",
            "\r\n",
            "-1",
            "99999999999999999999",
            "%",
            "\u{0}",
            "é"
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop_oneof![
        (any::<Index>(), piece).prop_map(|(at, piece)| Change::Insert(at, piece)),
        (any::<Index>(), 1_u8..9).prop_map(|(at, length)| Change::Remove(at, length)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        (any::<Index>(), any::<Index>(), 1_u8..33).prop_map(|(from, to, length)| Change::Repeat(from, to, length)),
    ]
}

fn changed(mut input: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let places = input.len() + 1;
        let piece = |at: usize, length: u8| at..(at + usize::from(length)).min(places - 1);
        match change {
            Change::Insert(at, piece) => drop(input.splice(at.index(places)..at.index(places), piece.iter().copied())),
            Change::Remove(at, length) => drop(input.drain(piece(at.index(places), *length))),
            Change::Replace(at, byte) => {
                if let Some(place) = input.get_mut(at.index(places)) {
                    *place = *byte;
                }
            }
            Change::Repeat(from, to, length) => {
                let repeated = input[piece(from.index(places), *length)].to_vec();
                input.splice(to.index(places)..to.index(places), repeated);
            }
        }
    }
    input
}

/// Runs one property over the seeds, changed seeds, and any bytes. A failure prints the smallest input that fails.
fn hold(decoder: &str, property: Property) {
    let seeds = seeds(decoder);
    seeds.iter().for_each(|seed| property(seed));
    let any_bytes = prop::collection::vec(any::<u8>(), 0..200).boxed();
    let inputs = if seeds.is_empty() {
        any_bytes
    } else {
        let changed_seed = (prop::sample::select(seeds), prop::collection::vec(change(), 1..6))
            .prop_map(|(seed, changes)| changed(seed, &changes));
        prop_oneof![4 => changed_seed, 1 => any_bytes].boxed()
    };
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let held = TestRunner::new(config).run(&inputs, |input| {
        property(&input);
        Ok(())
    });
    if let Err(failure) = held {
        panic!("{decoder}: {failure}");
    }
}

#[test]
fn whatever_comes_is_read_or_refused() {
    for (decoder, property) in ALL {
        println!("{decoder}");
        hold(decoder, *property);
    }
}

#[test]
fn every_decoder_has_a_fuzz_target_and_no_target_is_without_a_decoder() {
    let expected: BTreeSet<String> = ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    let named = manifest.split("[[bin]]\nname = \"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    assert_eq!(named.collect::<BTreeSet<_>>(), expected);
    for name in &expected {
        let target = fs::read_to_string(fuzz().join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(target.contains(&format!("netclaw_fuzz::properties::{name}(bytes)")), "{name}");
    }
    let folders = fs::read_dir(fuzz().join("seeds")).unwrap();
    let folders: BTreeSet<String> = folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(folders.is_subset(&expected), "{folders:?}");
}
