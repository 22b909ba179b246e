//! The rules of the house, read from the sources.
//!
//! Each rule is a function from one source file to its findings, tested beside it with sources that break it, so that it is
//! known to be able to fail. Here every rule is held against every file.

mod ambient;
mod layers;
mod length;
mod names;
mod platform;
mod source;

use source::{Finding, Source};

type Rule = fn(&Source) -> Vec<Finding>;

/// Fails with every finding of `rule` in the sources of this package.
fn hold(rule: Rule) {
    let sources = source::read_all();
    for layer in ["domain", "ports", "adapters", "bin"] {
        assert!(sources.iter().any(|source| source.is_below(&[layer])), "src/{layer} was not read");
    }
    let findings: Vec<String> = sources.iter().flat_map(rule).map(|finding| finding.to_string()).collect();
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

#[test]
fn dependencies_point_one_way() {
    hold(layers::findings);
}

#[test]
fn time_and_randomness_come_through_ports() {
    hold(ambient::findings);
}

#[test]
fn operating_systems_differ_in_one_place() {
    hold(platform::findings);
}

#[test]
fn functions_and_files_are_short() {
    hold(length::findings);
}
