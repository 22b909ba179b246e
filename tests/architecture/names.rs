//! Every path that a source file names, made absolute.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, ItemExternCrate, ItemMod, ItemUse, Macro, Meta, Path, UseTree};

use super::source::Source;

/// A path as it is after imports, renames, `self` and `super` are followed: `crate::domain::code`, `std::time::Instant`. An
/// import of everything ends in `*`.
#[derive(Debug)]
pub struct Name {
    pub segments: Vec<String>,
    pub span: Span,
}

impl Name {
    pub fn starts_with(&self, prefix: &[&str]) -> bool {
        self.segments.len() >= prefix.len() && self.segments.iter().zip(prefix).all(|(own, other)| own == other)
    }

    /// Whether it names something in `place`, or imports everything from above it.
    pub fn reaches(&self, place: &[&str]) -> bool {
        let is_glob_above = match self.segments.split_last() {
            Some((last, above)) => {
                last == "*" && above.len() < place.len() && above.iter().zip(place).all(|(a, b)| a == b)
            }
            None => false,
        };
        self.starts_with(place) || is_glob_above
    }

    pub fn text(&self) -> String {
        self.segments.join("::")
    }
}

/// Every path in `source`: in imports, code, types, attributes and the arguments of macros.
pub fn names(source: &Source) -> Vec<Name> {
    let module = std::iter::once("crate".to_owned()).chain(source.module.iter().cloned()).collect();
    let mut names =
        Names { module, imports: BTreeMap::new(), externals: externals(), collecting: true, found: Vec::new() };
    names.visit_file(&source.file);
    names.collecting = false;
    names.visit_file(&source.file);
    names.found
}

/// The packages that a path may begin with.
fn externals() -> BTreeSet<String> {
    let manifest = include_str!("../../Cargo.toml");
    let is_table = |line: &&str| line.starts_with('[');
    let mut in_dependencies = false;
    let mut externals: BTreeSet<String> =
        ["std", "core", "alloc", "rand", "getrandom", "fastrand"].map(str::to_owned).into();
    for line in manifest.lines() {
        if is_table(&line) {
            in_dependencies = line.ends_with("dependencies]");
        } else if let Some((name, _)) = line.split_once(" = ").filter(|_| in_dependencies) {
            externals.insert(name.replace('-', "_"));
        }
    }
    externals
}

struct Names {
    module: Vec<String>,
    /// What each imported name stands for.
    imports: BTreeMap<String, Vec<String>>,
    externals: BTreeSet<String>,
    /// The first pass collects the imports, the second the names.
    collecting: bool,
    found: Vec<Name>,
}

impl Names {
    /// Notes a path in code, where a single word that was not imported is a name of the file's own.
    fn note(&mut self, segments: &[String], span: Span) {
        if segments.len() > 1 || self.imports.contains_key(&segments[0]) {
            self.note_import(segments, span);
        }
    }

    fn note_import(&mut self, segments: &[String], span: Span) {
        if !self.collecting {
            let segments = self.absolute(segments, 0);
            self.found.push(Name { segments, span });
        }
    }

    fn absolute(&self, segments: &[String], depth: usize) -> Vec<String> {
        let Some((first, rest)) = segments.split_first() else { return Vec::new() };
        let mut base = match first.as_str() {
            "crate" | "netclaw" => vec!["crate".to_owned()],
            "self" => self.module.clone(),
            "super" => {
                let ups = segments.iter().take_while(|segment| *segment == "super").count();
                let above = self.module.len().saturating_sub(ups).max(1);
                return [&self.module[..above], &segments[ups..]].concat();
            }
            name => match self.imports.get(name) {
                // An import may itself begin with an imported name; one that imports itself ends here.
                Some(path) if depth < 8 && path[0] != *first => self.absolute(path, depth + 1),
                Some(path) => path.clone(),
                None if self.externals.contains(name) => vec![name.to_owned()],
                None => [self.module.as_slice(), &[name.to_owned()]].concat(),
            },
        };
        base.extend_from_slice(rest);
        base
    }

    fn import(&mut self, tree: &UseTree, above: &[String]) {
        let with = |name: String| [above, &[name]].concat();
        match tree {
            UseTree::Path(path) => self.import(&path.tree, &with(path.ident.to_string())),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, above)),
            UseTree::Glob(glob) => self.note_import(&with("*".to_owned()), glob.star_token.spans[0]),
            UseTree::Name(name) if name.ident == "self" => {
                self.import_as(above.last().cloned(), above, name.ident.span())
            }
            UseTree::Name(name) => {
                self.import_as(Some(name.ident.to_string()), &with(name.ident.to_string()), name.ident.span());
            }
            UseTree::Rename(rename) => {
                let path = if rename.ident == "self" { above.to_vec() } else { with(rename.ident.to_string()) };
                self.import_as(Some(rename.rename.to_string()), &path, rename.ident.span());
            }
        }
    }

    fn import_as(&mut self, name: Option<String>, path: &[String], span: Span) {
        if let Some(name) = name.filter(|_| self.collecting) {
            let is_relative = matches!(path[0].as_str(), "self" | "super" | "crate" | "netclaw");
            let path = if is_relative { self.absolute(path, 0) } else { path.to_vec() };
            self.imports.insert(name, path);
        }
        self.note_import(path, span);
    }

    /// Finds the paths among tokens that nothing has parsed.
    fn search(&mut self, tokens: TokenStream) {
        let (mut path, mut colons) = (Vec::<(String, Span)>::new(), 0);
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.end_path(&mut path);
                    }
                    path.push((ident.to_string(), ident.span()));
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    self.end_path(&mut path);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.search(group.stream());
                    }
                }
            }
        }
        self.end_path(&mut path);
    }

    fn end_path(&mut self, path: &mut Vec<(String, Span)>) {
        let segments: Vec<String> = path.iter().map(|(segment, _)| segment.clone()).collect();
        if let Some((_, span)) = path.drain(..).next() {
            self.note(&segments, span);
        }
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.import(&item.tree, &[]);
        visit::visit_item_use(self, item);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast ItemExternCrate) {
        let name = item.rename.as_ref().map_or(&item.ident, |(_, rename)| rename).to_string();
        self.import_as(Some(name), &[item.ident.to_string()], item.ident.span());
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.note(&segments, path.segments[0].ident.span());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        self.search(item.tokens.clone());
        visit::visit_macro(self, item);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.search(list.tokens.clone());
        }
        visit::visit_attribute(self, attribute);
    }
}

#[test]
fn paths_are_followed_to_where_they_lead() {
    for (text, name) in [
        ("use crate::app::x;", "crate::app::x"),
        ("use crate::{app::{x, y}, ports};", "crate::app::y"),
        ("use super::super::app::x;", "crate::app::x"),
        ("use crate as root; fn f() { root::app::x() }", "crate::app::x"),
        ("use crate::app as core_of_it; fn f() { core_of_it::x() }", "crate::app::x"),
        ("use std::{self as s}; fn f() { s::fs::read(p) }", "std::fs::read"),
        ("use std::time; use time::Instant as I; fn f() { I::now() }", "std::time::Instant::now"),
        ("fn f() -> ::std::net::TcpStream { todo!() }", "std::net::TcpStream"),
        ("fn f() { println!(\"{}\", std::env::args().count()) }", "std::env::args"),
        ("#[derive(serde::Serialize)] struct S;", "serde::Serialize"),
        ("#[tokio::main] async fn main() {}", "tokio::main"),
        ("mod inner { use super::super::code; }", "crate::domain::code"),
        ("extern crate std as s; fn f() { s::fs::read(p) }", "std::fs::read"),
        ("use std::fs::*;", "std::fs::*"),
        ("fn f() { own::x() }", "crate::domain::inner::own::x"),
        ("impl std::io::Read for S {}", "std::io::Read"),
    ] {
        let found: Vec<String> = names(&Source::parse("domain/inner.rs", text)).iter().map(Name::text).collect();
        assert!(found.iter().any(|found| found == name), "{text}: {found:?}");
    }
}

#[test]
fn importing_everything_reaches_what_is_below() {
    let name = |text: &str| Name { segments: text.split("::").map(str::to_owned).collect(), span: Span::call_site() };
    for text in ["std::fs", "std::fs::read", "std::fs::*", "std::*"] {
        assert!(name(text).reaches(&["std", "fs"]), "{text}");
    }
    for text in ["std::fsx", "std::io::*", "core::*", "std"] {
        assert!(!name(text).reaches(&["std", "fs"]), "{text}");
    }
}
