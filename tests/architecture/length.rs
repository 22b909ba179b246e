//! Nothing is longer than a reader can hold.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, ImplItemFn, ItemFn, Signature, TraitItemFn};

use super::source::{Finding, Source};

/// Lines of a function, from `fn` to the closing brace.
const FUNCTION: usize = 70;

/// Lines of a file, those of its tests apart.
const FILE: usize = 400;

/// Lines of a binary's own file, which only wires.
const BINARY: usize = 80;

/// Functions and files that are too long.
pub fn findings(source: &Source) -> Vec<Finding> {
    let mut functions = Functions { source, findings: Vec::new() };
    functions.visit_file(&source.file);
    let is_binary = source.module.len() == 2 && source.is_below(&["bin"]);
    let limit = if is_binary { BINARY } else { FILE };
    if source.lines > limit {
        let rule = format!("the file has {} lines, at most {limit} are allowed", source.lines);
        functions.findings.push(source.finding(source.file.span(), rule));
    }
    functions.findings
}

struct Functions<'a> {
    source: &'a Source,
    findings: Vec<Finding>,
}

impl Functions<'_> {
    fn measure(&mut self, signature: &Signature, body: &Block) {
        let lines = body.brace_token.span.close().end().line - signature.span().start().line + 1;
        if lines > FUNCTION {
            let rule = format!("{} has {lines} lines, at most {FUNCTION} are allowed", signature.ident);
            self.findings.push(self.source.finding(signature.span(), rule));
        }
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.measure(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.measure(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        item.default.iter().for_each(|body| self.measure(&item.sig, body));
        visit::visit_trait_item_fn(self, item);
    }
}

#[test]
fn a_function_over_70_lines_is_found_wherever_it_is() {
    // The first and the last line of the function, and `statements` in between.
    let function = |statements: usize| format!("fn long() {{\n{}}}", "    step();\n".repeat(statements));
    for (before, after) in [
        ("", ""),
        ("impl S {\n", "}"),
        ("trait T {\n", "}"),
        ("mod m {\n", "}"),
        ("fn outer() {", "}"),
        ("/// x\n\n", ""),
    ] {
        let found =
            |statements| findings(&Source::parse("app/x.rs", &(before.to_owned() + &function(statements) + after)));
        assert!(found(68).is_empty(), "{before}");
        assert!(found(69).iter().any(|finding| finding.to_string().contains("long has 71 lines")), "{before}");
    }
}

#[test]
fn a_file_over_400_lines_without_its_tests_is_found() {
    let found = |path: &str, lines: usize, tests: usize| {
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "    use x;\n".repeat(tests));
        findings(&Source::parse(path, &("use x;\n".repeat(lines) + &tests))).len()
    };
    assert_eq!((found("app/x.rs", 400, 500), found("app/x.rs", 401, 0)), (0, 1));
    assert_eq!((found("bin/x.rs", 80, 0), found("bin/x.rs", 81, 0), found("bin/wiring/x.rs", 81, 0)), (0, 1, 0));
}
