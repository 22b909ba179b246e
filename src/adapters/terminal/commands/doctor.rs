//! `netclaw doctor`

use std::path::Path;

use crate::adapters::platform;
use crate::adapters::terminal::cli::doctor::{DoctorArgs, Format};
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Exit, Failure, of_prompt};
use crate::adapters::terminal::render::doctor as render;
use crate::app::doctor::{Doctor, Examination, mend};
use crate::domain::diagnosis::{Diagnosis, Overall};
use crate::ports::home_repair::{HomeRepair, Repair};
use crate::ports::wizard::{Reply, Wizard};

/// What the command stands on.
pub struct DoctorPorts<'a> {
    /// Who looks.
    pub doctor: Doctor<'a>,
    /// Who mends.
    pub repair: &'a dyn HomeRepair,
    /// Who is asked before something is mended.
    pub wizard: &'a mut dyn Wizard,
    /// The home folder, for short paths.
    pub root: &'a Path,
}

/// Looks at everything, mends what it is told to, and reports.
///
/// # Errors
///
/// [`Failure`], to be printed; its exit code is the command's.
pub async fn run_doctor(args: DoctorArgs, ports: DoctorPorts<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let DoctorPorts { doctor, repair, wizard, root } = ports;
    let Examination { mut diagnosis, repairs, other_owner } = examine(&doctor, console).await;
    if let Some(owner) = other_owner.filter(|_| args.fix && !args.dry_run) {
        return Err(of_another(owner, root));
    }
    let is_mending = (args.fix || args.dry_run) && allowed(args, &repairs, root, wizard, console)?;
    if is_mending {
        for mended in mend(repairs, repair).await {
            let [place, ..] = render::repair_lines(&mended.repair, root);
            if let Some(why) = mended.failed {
                console.warning(format_args!("{place} was not mended: {why}"));
            }
        }
        diagnosis = examine(&doctor, console).await.diagnosis;
    }
    report(args.format, &diagnosis, console)
}

/// What root writes belongs to root, and the home's user could not use it.
fn of_another(owner: u32, root: &Path) -> Failure {
    let home = platform::quoted(root);
    let as_owner = format!("sudo -u '#{owner}' env NETCLAW_HOME={home} \"$(command -v netclaw)\" doctor --fix");
    Failure::new(Exit::Failed, format!("the home belongs to another user (uid {owner}), who alone can mend it"))
        .hint(format!("run it as that user: {as_owner}"))
}

async fn examine(doctor: &Doctor<'_>, console: &mut Console<'_>) -> Examination {
    console.progress("Looking at configuration, files, daemon and the way in …");
    let examination = doctor.examine().await;
    console.end_progress();
    examination
}

/// Shows the repairs, and says whether they are to be done.
fn allowed(
    args: DoctorArgs,
    repairs: &[Repair],
    root: &Path,
    wizard: &mut dyn Wizard,
    console: &mut Console<'_>,
) -> Result<bool, Failure> {
    if repairs.is_empty() {
        console.note("There is nothing that can be mended without a risk.");
        return Ok(false);
    }
    repairs.iter().flat_map(|repair| render::repair_lines(repair, root)).for_each(|line| console.note(line));
    if args.dry_run {
        console.note("Nothing was changed.");
        return Ok(false);
    }
    if args.yes {
        return Ok(true);
    }
    if !wizard.is_interactive() {
        return Err(Failure::new(Exit::Usage, "nobody is there to allow these repairs")
            .hint("to do them without a question, add: --yes"));
    }
    let reply = wizard.decide("Change this?", false).map_err(of_prompt)?;
    Ok(reply == Reply::Answer(true))
}

fn report(format: Format, diagnosis: &Diagnosis, console: &mut Console<'_>) -> Result<(), Failure> {
    match format {
        Format::Text => render::lines(diagnosis).iter().try_for_each(|line| console.result(line))?,
        Format::Json => console.json(&render::document(diagnosis))?,
    }
    match diagnosis.overall() {
        Overall::Pass => Ok(()),
        Overall::Warn => Err(Failure::silent(Exit::WARNINGS)),
        Overall::Fail => Err(Failure::silent(Exit::Failed)),
    }
}
