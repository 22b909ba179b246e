//! What a look at a machine found: every check by its name, how serious its finding is, and what follows from all of them.

use alloc::string::String;
use alloc::vec::Vec;

/// What a check is about. Checks are shown group by group, from the inside of the machine to the way in from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// The host's configuration.
    Configuration,
    /// What lies in the home folder.
    Files,
    /// The daemon as a process.
    Daemon,
    /// What stands between the daemon and its clients.
    Exposure,
    /// The URL that clients type.
    ExternalUrl,
    /// This machine as a device.
    Client,
}

/// Everything that is looked at, in the order it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// The configuration file is JSON.
    ConfigFile,
    /// This program knows the version of the format.
    ConfigVersion,
    /// Every value is allowed.
    ConfigValues,
    /// Every key means something.
    ConfigKeys,
    /// What the environment overrides.
    ConfigEnvironment,
    /// Folders belong to their owner alone.
    Folders,
    /// So do files.
    PrivateFiles,
    /// The devices can be read.
    DevicesFile,
    /// The daemon's key can be read.
    IdentityKey,
    /// The daemon's TLS keys can be read, and a rotation of them is not forgotten.
    TlsKeys,
    /// The client's two files can be read.
    CredentialFiles,
    /// Each pairing has its token, each token its pairing, and no new token waits.
    PairingTokens,
    /// Someone can authenticate where loopback is not trusted.
    HostCredential,
    /// Killed writes left nothing behind.
    Leftovers,
    /// There is room to write.
    Disk,
    /// A daemon runs.
    DaemonRunning,
    /// The operator's socket works.
    ControlSocket,
    /// The daemon is of this version.
    DaemonVersion,
    /// The daemon knows the configuration as it is now.
    RestartPending,
    /// The daemon has its port, or could have it.
    Port,
    /// The agent that devices chat with is there.
    Agent,
    /// What the mode means for the operator.
    ExposureMode,
    /// What is in front of the daemon works.
    ExposureState,
    /// There is a URL for clients.
    ExternalUrl,
    /// Its name can be resolved.
    ExternalName,
    /// Something listens there.
    ExternalConnect,
    /// Its certificate is trusted.
    ExternalTls,
    /// This very daemon answers there.
    ExternalDaemon,
    /// The daemon sees who its clients are.
    ClientAddress,
    /// Which daemon commands on this machine talk to.
    ClientEndpoint,
    /// Its name can be resolved.
    ClientName,
    /// Something listens there.
    ClientConnect,
    /// Its key is the stored one, or its certificate is trusted.
    ClientTls,
    /// A daemon answers there.
    ClientHealth,
    /// It accepts this device's credential.
    ClientCredential,
    /// It is the daemon that this device paired with.
    ClientDaemon,
    /// Both clocks agree.
    ClientClock,
}

/// How serious a finding is. What is wrong always comes with what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All is well.
    Pass,
    /// It works, but not as it should.
    Warn {
        /// A command or an instruction.
        fix: String,
    },
    /// It does not work.
    Fail {
        /// A command or an instruction.
        fix: String,
    },
    /// There was nothing to look at.
    Skip,
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The check.
    pub check: Check,
    /// How serious it is.
    pub verdict: Verdict,
    /// What is the case, as a clause.
    pub message: String,
}

/// The outcome of all checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Overall {
    /// All is well; what was skipped does not count.
    Pass,
    /// Warnings only.
    Warn,
    /// At least one failure.
    Fail,
}

/// All findings, in the order of their checks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnosis(Vec<Finding>);

impl Group {
    /// Its name for scripts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Files => "files",
            Self::Daemon => "daemon",
            Self::Exposure => "exposure",
            Self::ExternalUrl => "externalUrl",
            Self::Client => "client",
        }
    }
}

impl Check {
    /// Its name, the same for people and scripts.
    pub const fn id(self) -> &'static str {
        self.row().1
    }

    /// What it is about.
    pub const fn group(self) -> Group {
        self.row().0
    }

    const fn row(self) -> (Group, &'static str) {
        match self {
            Self::ConfigFile => (Group::Configuration, "config-file"),
            Self::ConfigVersion => (Group::Configuration, "config-version"),
            Self::ConfigValues => (Group::Configuration, "config-values"),
            Self::ConfigKeys => (Group::Configuration, "config-keys"),
            Self::ConfigEnvironment => (Group::Configuration, "config-environment"),
            Self::Folders => (Group::Files, "folders"),
            Self::PrivateFiles => (Group::Files, "private-files"),
            Self::DevicesFile => (Group::Files, "devices-file"),
            Self::IdentityKey => (Group::Files, "identity-key"),
            Self::TlsKeys => (Group::Files, "tls-keys"),
            Self::CredentialFiles => (Group::Files, "credential-files"),
            Self::PairingTokens => (Group::Files, "pairing-tokens"),
            Self::HostCredential => (Group::Files, "host-credential"),
            Self::Leftovers => (Group::Files, "leftovers"),
            Self::Disk => (Group::Files, "disk"),
            Self::DaemonRunning => (Group::Daemon, "daemon-running"),
            Self::ControlSocket => (Group::Daemon, "control-socket"),
            Self::DaemonVersion => (Group::Daemon, "daemon-version"),
            Self::RestartPending => (Group::Daemon, "restart-pending"),
            Self::Port => (Group::Daemon, "port"),
            Self::Agent => (Group::Daemon, "agent"),
            Self::ExposureMode => (Group::Exposure, "exposure-mode"),
            Self::ExposureState => (Group::Exposure, "exposure-state"),
            Self::ExternalUrl => (Group::ExternalUrl, "external-url"),
            Self::ExternalName => (Group::ExternalUrl, "external-name"),
            Self::ExternalConnect => (Group::ExternalUrl, "external-connect"),
            Self::ExternalTls => (Group::ExternalUrl, "external-tls"),
            Self::ExternalDaemon => (Group::ExternalUrl, "external-daemon"),
            Self::ClientAddress => (Group::ExternalUrl, "client-address"),
            Self::ClientEndpoint => (Group::Client, "client-endpoint"),
            Self::ClientName => (Group::Client, "client-name"),
            Self::ClientConnect => (Group::Client, "client-connect"),
            Self::ClientTls => (Group::Client, "client-tls"),
            Self::ClientHealth => (Group::Client, "client-health"),
            Self::ClientCredential => (Group::Client, "client-credential"),
            Self::ClientDaemon => (Group::Client, "client-daemon"),
            Self::ClientClock => (Group::Client, "client-clock"),
        }
    }

    /// All is well.
    pub fn pass(self, message: impl Into<String>) -> Finding {
        Finding { check: self, verdict: Verdict::Pass, message: message.into() }
    }

    /// It works, but not as it should.
    pub fn warn(self, message: impl Into<String>, fix: impl Into<String>) -> Finding {
        Finding { check: self, verdict: Verdict::Warn { fix: fix.into() }, message: message.into() }
    }

    /// It does not work.
    pub fn fail(self, message: impl Into<String>, fix: impl Into<String>) -> Finding {
        Finding { check: self, verdict: Verdict::Fail { fix: fix.into() }, message: message.into() }
    }

    /// There was nothing to look at.
    pub fn skip(self, message: impl Into<String>) -> Finding {
        Finding { check: self, verdict: Verdict::Skip, message: message.into() }
    }
}

impl Verdict {
    /// What to do about it.
    pub fn fix(&self) -> Option<&str> {
        match self {
            Self::Warn { fix } | Self::Fail { fix } => Some(fix),
            Self::Pass | Self::Skip => None,
        }
    }

    /// How much it weighs in the outcome.
    pub const fn weight(&self) -> Overall {
        match self {
            Self::Pass | Self::Skip => Overall::Pass,
            Self::Warn { .. } => Overall::Warn,
            Self::Fail { .. } => Overall::Fail,
        }
    }
}

impl Diagnosis {
    /// These findings, put in the order of their checks; several of one check stay in theirs.
    pub fn of(findings: impl IntoIterator<Item = Finding>) -> Self {
        let mut findings: Vec<Finding> = findings.into_iter().collect();
        findings.sort_by_key(|finding| finding.check);
        Self(findings)
    }

    /// The findings.
    pub fn findings(&self) -> &[Finding] {
        &self.0
    }

    /// The outcome: that of the worst finding.
    pub fn overall(&self) -> Overall {
        self.0.iter().map(|finding| finding.verdict.weight()).max().unwrap_or(Overall::Pass)
    }
}
