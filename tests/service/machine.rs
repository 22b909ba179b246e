//! A machine with systemd, as far as a folder can be one.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use netclaw::adapters::exec::systemd::{Places, Systemd};
use netclaw::ports::service_manager::{Scope, ServiceRequest};
use tempfile::TempDir;

/// Places for units, a program, a home, and a `systemctl` that does what the test says.
pub struct Machine(TempDir);

impl Default for Machine {
    /// With a systemd that does not know the unit yet.
    fn default() -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        for folder in ["booted", "bin", "system", "home"] {
            fs::create_dir(machine.path(folder)).unwrap();
        }
        for program in ["netclaw", "netclawd"] {
            fs::write(machine.path("bin").join(program), "").unwrap();
            fs::set_permissions(machine.path("bin").join(program), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/service/systemctl.sh");
        symlink(script, machine.path("systemctl")).unwrap();
        machine.shows("inactive", "", "", 0);
        machine
    }
}

pub fn request(scope: Scope) -> ServiceRequest {
    ServiceRequest { scope, run_as: None }
}

impl Machine {
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The unit of a scope.
    pub fn unit(&self, scope: Scope) -> PathBuf {
        match scope {
            Scope::User => self.path("config/systemd/user/netclaw.service"),
            Scope::System => self.path("system/netclaw.service"),
        }
    }

    pub fn text(&self, scope: Scope) -> String {
        fs::read_to_string(self.unit(scope)).unwrap()
    }

    /// systemd as root sees it, for the daemon of `home`.
    pub fn systemd_for(&self, home: PathBuf) -> Systemd {
        Systemd::new(self.places(), self.path("bin/netclaw"), home, 0)
    }

    pub fn systemd(&self) -> Systemd {
        self.systemd_for(self.path("home"))
    }

    pub fn places(&self) -> Places {
        Places {
            booted: self.path("booted"),
            system_units: self.path("system"),
            systemctl: self.path("systemctl").to_str().unwrap().to_owned(),
            ..Places::usual(Some(self.path("config").into()), None)
        }
    }

    /// What systemd says of the unit from here on.
    pub fn shows(&self, active: &str, enabled: &str, file: &str, pid: u32) {
        let text = format!("MainPID={pid}\nActiveState={active}\nUnitFileState={enabled}\nFragmentPath={file}\n");
        fs::write(self.path("systemctl.shown"), text).unwrap();
    }

    /// The unit of this scope runs.
    pub fn shows_running(&self, scope: Scope, pid: u32) {
        self.shows("active", "enabled", self.unit(scope).to_str().unwrap(), pid);
    }

    /// Every change fails from here on: systemd says these words, and shows this as the daemon's.
    pub fn fails(&self, words: &str, status: &str) {
        fs::write(self.path("systemctl.fails"), words).unwrap();
        fs::write(self.path("systemctl.shown"), format!("ActiveState=activating\nStatusText={status}\n")).unwrap();
    }

    /// The lines with which `systemctl` was called since this was asked last, without the queries.
    pub fn changes(&self) -> Vec<String> {
        let asked = fs::read_to_string(self.path("systemctl.asked")).unwrap_or_default();
        let _ = fs::remove_file(self.path("systemctl.asked"));
        asked.lines().filter(|line| !line.contains(" show ")).map(str::to_owned).collect()
    }
}

/// The name of the user who owns everything in a test.
pub fn own_name() -> String {
    let id = fs::metadata("/proc/self").map_or(0, |metadata| metadata.uid());
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let entry = passwd.lines().find(|line| line.split(':').nth(2) == Some(id.to_string().as_str()));
    entry.and_then(|line| line.split(':').next()).map_or(id.to_string(), str::to_owned)
}
