//! A parsed source file, and what a rule finds in one.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Attribute, File, Item, Meta};

/// One file below `src`, without the items that only tests compile.
pub struct Source {
    /// Its path below `src`, with slashes.
    pub path: String,
    /// Its module below the crate: `["adapters", "http", "body"]`. Binaries are below `bin`.
    pub module: Vec<String>,
    pub file: File,
    /// Lines that are not in items of tests.
    pub lines: usize,
}

/// A rule that is broken at a line.
#[derive(Debug)]
pub struct Finding {
    path: String,
    pub line: usize,
    rule: String,
}

impl Source {
    /// Parses the text of the file at `path` below `src`.
    pub fn parse(path: &str, text: &str) -> Self {
        let mut file = syn::parse_file(text).unwrap_or_else(|error| panic!("src/{path}: {error}"));
        let test_lines = without_tests(&mut file.items);
        let mut module: Vec<String> = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        module.pop_if(|last| matches!(last.as_str(), "mod" | "lib"));
        Self { path: path.to_owned(), module, file, lines: text.lines().count() - test_lines }
    }

    /// Whether its module is this one or below it.
    pub fn is_below(&self, module: &[&str]) -> bool {
        self.module.len() >= module.len() && self.module.iter().zip(module).all(|(own, other)| own == other)
    }

    /// A finding at the line of `span`.
    pub fn finding(&self, span: Span, rule: impl Into<String>) -> Finding {
        Finding { path: self.path.clone(), line: span.start().line, rule: rule.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "src/{}:{}: {}", self.path, self.line, self.rule)
    }
}

/// Every source file of this package.
pub fn read_all() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let below: Vec<_> =
                    path.strip_prefix(&root).unwrap().iter().map(|part| part.to_string_lossy()).collect();
                sources.push(Source::parse(&below.join("/"), &fs::read_to_string(&path).unwrap()));
            }
        }
    }
    sources
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

/// Removes the items under `#[cfg(test)]` and says how many lines they had.
fn without_tests(items: &mut Vec<Item>) -> usize {
    let mut lines = 0;
    items.retain_mut(|item| {
        let (first, last) = (item.span().start().line, item.span().end().line);
        let is_test = attributes(item).iter().any(is_cfg_test);
        match item {
            _ if is_test => lines += last - first + 1,
            Item::Mod(module) => lines += module.content.as_mut().map_or(0, |(_, items)| without_tests(items)),
            _ => {}
        }
        !is_test
    });
    lines
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Mod(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        _ => &[],
    }
}

fn is_cfg_test(attribute: &Attribute) -> bool {
    match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        _ => false,
    }
}

#[test]
fn a_file_knows_its_module() {
    let module = |path| Source::parse(path, "").module;
    assert_eq!(module("adapters/http/body.rs"), ["adapters", "http", "body"]);
    assert_eq!(module("adapters/http/mod.rs"), ["adapters", "http"]);
    assert_eq!(module("lib.rs"), [""; 0]);
    assert!(Source::parse("adapters/http.rs", "").is_below(&["adapters", "http"]));
    assert!(!Source::parse("adapters/http_body.rs", "").is_below(&["adapters", "http"]));
}

#[test]
fn items_of_tests_are_not_seen() {
    let text =
        "fn one() {}\n#[cfg(test)]\nmod tests {\n    fn two() {}\n}\nmod inner {\n    #[cfg(test)]\n    use x::y;\n}\n";
    let source = Source::parse("app/x.rs", text);
    assert_eq!((source.file.items.len(), source.lines), (2, 9 - 4 - 2));
}

#[test]
fn a_finding_names_file_line_and_rule() {
    let source = Source::parse("app/x.rs", "\n\nfn here() {}");
    assert_eq!(source.finding(source.file.items[0].span(), "too good").to_string(), "src/app/x.rs:3: too good");
}
