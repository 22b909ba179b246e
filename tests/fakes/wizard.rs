//! A person in front of the setup, whose replies are known.

use std::collections::VecDeque;

use netclaw::ports::prompter::PromptError;
use netclaw::ports::wizard::{Blank, Choice, Reply, Wizard};

/// What the person does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Takes what is proposed.
    Enter,
    /// Chooses the option of this name, or types this.
    Say(&'static str),
    /// Answers with yes or no.
    Decide(bool),
    /// Goes back.
    Back,
    /// Ends the setup.
    End,
}

/// Acts in order; after the last act the input has ended.
#[derive(Debug, Default)]
pub struct ScriptedWizard {
    acts: VecDeque<Act>,
    is_interactive: bool,
    /// What was asked (`? question [proposal]`), refused (`# why`), warned of (`! text`) and shown, in order.
    pub transcript: Vec<String>,
}

impl ScriptedWizard {
    /// A person who does this.
    pub fn person(acts: impl IntoIterator<Item = Act>) -> Self {
        Self { acts: acts.into_iter().collect(), is_interactive: true, transcript: Vec::new() }
    }

    /// What was asked, without the proposals.
    pub fn questions(&self) -> Vec<&str> {
        let asked = self.transcript.iter().filter_map(|line| line.strip_prefix("? "));
        asked.map(|line| line.split(" [").next().unwrap()).collect()
    }

    /// The lines that begin with this mark, without it.
    pub fn marked(&self, mark: char) -> Vec<&str> {
        self.transcript.iter().filter_map(|line| line.strip_prefix(mark)).map(str::trim_start).collect()
    }

    /// Whether every act was done.
    pub fn is_done(&self) -> bool {
        self.acts.is_empty()
    }

    fn next<T>(&mut self, answer: impl FnOnce(Act) -> T) -> Result<Reply<T>, PromptError> {
        assert!(self.is_interactive, "nobody is there to be asked: {:?}", self.transcript);
        Ok(match self.acts.pop_front().ok_or(PromptError::EndOfInput)? {
            Act::Back => Reply::Back,
            Act::End => Reply::End,
            act => Reply::Answer(answer(act)),
        })
    }
}

impl Wizard for ScriptedWizard {
    fn is_interactive(&self) -> bool {
        self.is_interactive
    }

    fn show(&mut self, line: &str) {
        self.transcript.push(line.to_owned());
    }

    fn warn(&mut self, text: &str) {
        self.transcript.push(format!("! {text}"));
    }

    fn choose(&mut self, choice: &Choice) -> Result<Reply<usize>, PromptError> {
        self.transcript.push(format!("? {} [{}]", choice.question, choice.options[choice.default].name));
        let place = |name: &str| choice.options.iter().position(|option| option.name == name).unwrap();
        self.next(|act| match act {
            Act::Enter => choice.default,
            Act::Say(name) => place(name),
            other => panic!("{other:?} is no answer to {choice:?}"),
        })
    }

    fn fill_in(
        &mut self,
        blank: &Blank,
        check: &dyn Fn(&str) -> Result<(), String>,
    ) -> Result<Reply<String>, PromptError> {
        self.transcript.push(format!("? {} [{}]", blank.question, blank.default));
        loop {
            let reply = self.next(|act| match act {
                Act::Enter => blank.default.clone(),
                Act::Say(text) => text.to_owned(),
                other => panic!("{other:?} is no answer to {blank:?}"),
            })?;
            let Reply::Answer(text) = &reply else { return Ok(reply) };
            match check(text) {
                Ok(()) => return Ok(reply),
                Err(why) => self.transcript.push(format!("# {why}")),
            }
        }
    }

    fn decide(&mut self, question: &str, default: bool) -> Result<Reply<bool>, PromptError> {
        self.transcript.push(format!("? {question} [{}]", if default { "Y/n" } else { "y/N" }));
        self.next(|act| match act {
            Act::Enter => default,
            Act::Decide(answer) => answer,
            other => panic!("{other:?} is no answer to {question}"),
        })
    }
}
