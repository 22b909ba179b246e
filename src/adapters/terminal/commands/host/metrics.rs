//! `netclaw daemon metrics`

use crate::adapters::terminal::console::Console;
use crate::adapters::terminal::failure::{Failure, of_control};
use crate::ports::control_channel::ControlChannel;

pub(super) async fn run(control: &dyn ControlChannel, console: &mut Console<'_>) -> Result<(), Failure> {
    let text = control.metrics().await.map_err(of_control)?;
    text.lines().try_for_each(|line| console.result(line))
}
