//! Programs that do what a test says.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder of programs.
pub struct Programs(TempDir);

impl Default for Programs {
    fn default() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
}

impl Programs {
    /// `program` runs `lines` of shell when it is called with these arguments, and fails with any others.
    pub fn does(self, program: &str, arguments: &str, lines: &str) -> Self {
        let path = self.path(program);
        if !path.exists() {
            symlink(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exec/player.sh"), &path).unwrap();
        }
        let acts = self.path(&format!("{program}.d"));
        fs::create_dir_all(&acts).unwrap();
        fs::write(acts.join(arguments), lines).unwrap();
        self
    }

    /// `program` prints `text` when it is called with these arguments.
    pub fn prints(self, program: &str, arguments: &str, text: &str) -> Self {
        let programs = self.does(program, arguments, "cat \"$0.d/$*.out\"");
        fs::write(programs.path(&format!("{program}.d/{arguments}.out")), text).unwrap();
        programs
    }

    /// The path of a program, or of a file beside it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The same as text.
    pub fn program(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// A `PATH` on which these programs come first.
    pub fn search_path(&self) -> String {
        format!("{}:{}", self.0.path().display(), std::env::var("PATH").unwrap())
    }
}
