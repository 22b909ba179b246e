//! `netclaw daemon pair`

use clap::Args;

use crate::adapters::terminal::cli::span::span;
use crate::domain::device_name::DeviceName;
use crate::domain::terms::{CredentialLife, Terms};

const EXAMPLES: &str = "\
Examples:
  netclaw daemon pair
  netclaw daemon pair --wait
  netclaw daemon pair --ttl 12h --name ci-runner --json
  netclaw daemon pair --link        # one line to paste on the other machine
  netclaw daemon pair --qr          # the same to scan
  netclaw daemon pair --confirm     # shows who asks, and pairs nobody without a y

Expired devices stay in the list, and keep their names, until they are revoked.";

/// `netclaw daemon pair`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct OpenPairingArgs {
    /// Let the device's credential end this long after it has paired: 45m, 12h, 30d, 2w
    #[arg(long, value_name = "SPAN", value_parser = life)]
    pub ttl: Option<CredentialLife>,
    /// Decide what the device is called, whatever it asks for
    #[arg(long, value_parser = DeviceName::parse)]
    pub name: Option<DeviceName>,
    /// Make a link to paste instead of a code to type: it names this daemon and its key, and nobody can guess it
    #[arg(long)]
    pub link: bool,
    /// Draw the link as a QR code too
    #[arg(long, conflicts_with = "json")]
    pub qr: bool,
    /// Stay, show who asks to be paired, and pair nobody without a y
    #[arg(long, conflicts_with = "json")]
    pub confirm: bool,
    /// Stay until a device has paired or the code is over
    #[arg(long, conflicts_with = "json")]
    pub wait: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

impl OpenPairingArgs {
    /// What they decide about the device.
    pub fn terms(&self) -> Terms {
        Terms { life: self.ttl, name: self.name.clone(), confirm: self.confirm }
    }
}

fn life(text: &str) -> Result<CredentialLife, String> {
    // What is negative is shorter than every life.
    CredentialLife::new(span(text)?).map_err(|why| why.to_string())
}
