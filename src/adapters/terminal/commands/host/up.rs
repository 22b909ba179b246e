//! `netclaw up`

use super::{HostPorts, lifecycle, pairing, settings_change};
use crate::adapters::terminal::cli::host::UpArgs;
use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Exit, Failure, of_control, of_load_settings, of_prompt, of_settings};
use crate::ports::daemon_process::HostCredential;
use crate::ports::prompter::Prompter;
use crate::ports::settings_store::SettingsStore;

/// Makes sure that this host is configured and its daemon runs, then opens a pairing.
///
/// # Errors
///
/// [`Failure`], to be printed; its exit code is the command's.
pub async fn run(args: UpArgs, ports: HostPorts<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let HostPorts { control, process, settings, prompter, api, .. } = ports;
    let has_changed = configure(&args, settings, prompter, console)?;
    match process.running() {
        None => lifecycle::start_now(HostCredential::AsFound, process, console).await?,
        Some(_) if has_changed => {
            console
                .hint("the daemon still runs with the old configuration; to apply the new one: netclaw daemon restart");
        }
        Some(_) => {}
    }
    lifecycle::until_it_answers(control, process).await;
    let opened = control.open_pairing().await.map_err(of_control)?;
    pairing::show(&opened, control, api, console).await
}

/// Stores the configuration, and says whether an existing one has changed.
fn configure(
    args: &UpArgs,
    settings: &dyn SettingsStore,
    prompter: &mut dyn Prompter,
    console: &mut Console<'_>,
) -> Result<bool, Failure> {
    let is_first = !settings.exists();
    let old = settings.load().map_err(of_load_settings)?;
    let new = settings_change::applied(&old, args).map_err(|error| of_settings(&error))?;
    let changes = settings_change::changes(&old, &new);
    if !is_first && changes.is_empty() {
        return Ok(false);
    }
    if !is_first {
        changes.iter().for_each(|change| console.note(change));
        allow(args, prompter)?;
    }
    settings.save(&new).map_err(of_load_settings)?;
    Ok(!is_first)
}

fn allow(args: &UpArgs, prompter: &mut dyn Prompter) -> Result<(), Failure> {
    if args.yes {
        return Ok(());
    }
    if !prompter.is_interactive() {
        return Err(Failure::new(Exit::Usage, "this would change the existing configuration")
            .hint("to change it without a question, add: --yes"));
    }
    match prompter.confirm("Change the configuration?").map_err(of_prompt)? {
        true => Ok(()),
        false => Err(Failure::new(Exit::Failed, "the configuration was left as it is, and nothing was started")),
    }
}
