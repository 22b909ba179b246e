//! Code that differs between operating systems lives in `adapters/platform`. Elsewhere only whole modules are gated, and the
//! imports, variants and match arms that name them.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Arm, Attribute, ItemMod, ItemUse, Macro, Meta, Variant};

use super::source::{Finding, Source};

const SYSTEMS: &[&str] = &["unix", "windows", "target_os", "target_family", "target_vendor"];

/// Questions for the operating system outside the one place for them.
pub fn findings(source: &Source) -> Vec<Finding> {
    if source.is_below(&["adapters", "platform"]) {
        return Vec::new();
    }
    let mut questions = Questions(Vec::new());
    questions.visit_file(&source.file);
    let rule = "code for one operating system belongs in adapters/platform";
    questions.0.into_iter().map(|span| source.finding(span, rule)).collect()
}

struct Questions(Vec<Span>);

impl Questions {
    /// Attributes of what may have to be gated because it names a gated module: `#[cfg(unix)]` itself is no question.
    fn visit_gates(&mut self, attributes: &[Attribute]) {
        let is_gate = |attribute: &&Attribute| match &attribute.meta {
            Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "unix",
            _ => false,
        };
        attributes.iter().filter(|attribute| !is_gate(attribute)).for_each(|attribute| self.visit_attribute(attribute));
    }

    fn search(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if SYSTEMS.iter().any(|system| ident == system) => self.0.push(ident.span()),
                TokenTree::Group(group) => self.search(group.stream()),
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Questions {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        // `#[cfg(unix)] mod control;` gates a whole adapter that only hosts have.
        if item.content.is_some() {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.visit_gates(&item.attrs);
    }

    fn visit_variant(&mut self, variant: &'ast Variant) {
        self.visit_gates(&variant.attrs);
        self.visit_fields(&variant.fields);
    }

    fn visit_arm(&mut self, arm: &'ast Arm) {
        self.visit_gates(&arm.attrs);
        self.visit_expr(&arm.body);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        match &attribute.meta {
            Meta::List(list) if list.path.is_ident("cfg") || list.path.is_ident("cfg_attr") => {
                self.search(list.tokens.clone());
            }
            _ => {}
        }
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        if item.path.is_ident("cfg") {
            self.search(item.tokens.clone());
        }
    }
}

#[test]
fn code_for_one_system_is_found() {
    for text in [
        "#[cfg(unix)] fn f() {}",
        "#[cfg(not(windows))] use x::y;",
        "fn f() { #[cfg(target_os = \"linux\")] let x = 1; }",
        "fn f() { if cfg!(unix) {} }",
        "#[cfg_attr(windows, allow(dead_code))] struct S;",
        "struct S { #[cfg(all(unix, not(target_os = \"macos\")))] x: u8 }",
        "#[cfg(unix)] mod inline { fn f() {} }",
        "fn g(e: E) { match e { #[cfg(windows)] E::A => 1, E::B => 2 } }",
        "fn g(e: E) { match e { E::A => { if cfg!(unix) {} } } }",
        "enum E { #[cfg(target_os = \"linux\")] A }",
        "mod inline { #[cfg(target_family = \"unix\")] fn f() {} }",
    ] {
        for path in ["adapters/file/x.rs", "app/x.rs", "bin/netclaw.rs", "lib.rs"] {
            assert!(!findings(&Source::parse(path, text)).is_empty(), "{path}: {text}");
        }
        assert!(findings(&Source::parse("adapters/platform/unix.rs", text)).is_empty(), "{text}");
    }
}

#[test]
fn whole_modules_and_other_conditions_are_allowed() {
    let text = "#[cfg(unix)] pub mod control; #[cfg(unix)] use control::X; enum E { #[cfg(unix)] Host(X) }
        fn g(e: E) { match e { #[cfg(unix)] E::Host(x) => x } }
        #[cfg(feature = \"x\")] fn unix() { cfg!(debug_assertions); windows() }";
    assert!(findings(&Source::parse("adapters/mod.rs", text)).is_empty());
}
