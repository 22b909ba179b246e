//! Questions of the setup on a terminal, with arrow keys and a way back.
//!
//! They are asked on stderr. While one is asked, the terminal is in raw mode, in which Ctrl-C is a key like any other; every
//! way out of a question leaves raw mode again, a signal that ends the program too.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use inquire::error::InquireResult;
use inquire::ui::{RenderConfig, Styled};
use inquire::validator::Validation;
use inquire::{Confirm, InquireError, Select, Text};

use super::raw_mode;
use crate::ports::prompter::PromptError;
use crate::ports::wizard::{Blank, Choice, ChoiceOption, Reply, Wizard};

/// The terminal of this process.
#[derive(Clone, Copy, Debug)]
pub struct TerminalWizard;

impl Wizard for TerminalWizard {
    fn is_interactive(&self) -> bool {
        // A person who cannot see the questions cannot answer them.
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    fn show(&mut self, line: &str) {
        // That nobody can read it is no reason to stop.
        let _ = writeln!(io::stderr(), "{line}");
    }

    fn warn(&mut self, text: &str) {
        self.show(&format!("warning: {text}"));
    }

    fn choose(&mut self, choice: &Choice) -> Result<Reply<usize>, PromptError> {
        raw_mode::restore_when_ended();
        let width = choice.options.iter().map(|option| option.name.chars().count()).max().unwrap_or(0);
        let options: Vec<Row<'_>> = choice.options.iter().map(|option| Row { option, width }).collect();
        let asked = Select::new(&choice.question, options)
            .with_starting_cursor(choice.default)
            .with_formatter(&|chosen| chosen.value.option.name.clone())
            .with_help_message("↑↓ to move, enter to select")
            .with_render_config(appearance())
            .without_filtering();
        reply(asked.raw_prompt().map(|chosen| chosen.index))
    }

    fn fill_in(
        &mut self,
        blank: &Blank,
        check: &dyn Fn(&str) -> Result<(), String>,
    ) -> Result<Reply<String>, PromptError> {
        raw_mode::restore_when_ended();
        let offers = blank.offers.clone();
        let validator = move |text: &str| {
            Ok(check(text).map_or_else(|why| Validation::Invalid(why.into()), |()| Validation::Valid))
        };
        let mut asked = Text::new(&blank.question)
            .with_help_message(&blank.help)
            .with_render_config(appearance())
            .with_validator(validator)
            .with_autocomplete(move |_: &str| Ok(offers.clone()));
        if !blank.default.is_empty() {
            asked = asked.with_default(&blank.default);
        }
        reply(asked.prompt())
    }

    fn decide(&mut self, question: &str, default: bool) -> Result<Reply<bool>, PromptError> {
        raw_mode::restore_when_ended();
        reply(Confirm::new(question).with_default(default).with_render_config(appearance()).prompt())
    }
}

/// A line of a list: the name, and in a second column what it is.
struct Row<'a> {
    option: &'a ChoiceOption,
    width: usize,
}

impl fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:width$}  {}", self.option.name, self.option.summary, width = self.width)
    }
}

/// The library's own, without colours if `NO_COLOR` is set, except that going back is nothing to be alarmed about.
fn appearance() -> RenderConfig<'static> {
    RenderConfig::default().with_canceled_prompt_indicator(Styled::new("(back)"))
}

fn reply<T>(answered: InquireResult<T>) -> Result<Reply<T>, PromptError> {
    match answered {
        Ok(answer) => Ok(Reply::Answer(answer)),
        Err(InquireError::OperationCanceled) => Ok(Reply::Back),
        Err(InquireError::OperationInterrupted) => Ok(Reply::End),
        Err(error) => Err(PromptError::Input(format!("the terminal cannot be used: {error}"))),
    }
}
