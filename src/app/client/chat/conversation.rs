//! A person's chat: they ask, the agent answers, until they have had enough.

use thiserror::Error;

use super::entry::{self, Command, Entered};
use super::errand::may_be_new;
use super::turn::{Ask, Ending, Heard, TurnError, Turns};
use super::{Trouble, unless_interrupted};
use crate::ports::chat_api::{ChatError, Completion, Refusal, SessionSummary, SessionWish};
use crate::ports::chat_screen::{ChatScreen, Cut, Entry, Gone, Notice};
use crate::ports::interrupts::{Interrupt, Interrupts};
use crate::ports::rng::RandomUnavailable;

/// How a chat begins.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    /// The session to go on with, by its id or name. One that is named is begun if there is none.
    pub session: Option<String>,
    /// The model of the turns, if not the session's.
    pub model: Option<String>,
}

/// How a chat ended that nothing was wrong with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// The person has ended it.
    Ended,
    /// A signal has.
    Interrupted(Interrupt),
}

/// Why a chat cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConversationError {
    /// It did not begin, or the daemon does not accept the credential any more.
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// The person is not there any more.
    #[error(transparent)]
    Gone(#[from] Gone),
    /// There is no randomness.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
}

/// Everything that ends the chat from within.
enum Stop {
    Over(Over),
    Error(ConversationError),
}

/// A chat that goes on.
pub struct Conversation<'a> {
    turns: Turns<'a>,
    screen: &'a mut dyn ChatScreen,
    interrupts: &'a mut dyn Interrupts,
    /// The session of the next turn, once it has begun.
    session: Option<SessionSummary>,
    model: Option<String>,
}

impl<'a> Conversation<'a> {
    /// A chat in which nothing was said yet.
    pub fn new(turns: Turns<'a>, screen: &'a mut dyn ChatScreen, interrupts: &'a mut dyn Interrupts) -> Self {
        Self { turns, screen, interrupts, session: None, model: None }
    }

    /// Chats until the person has had enough.
    ///
    /// # Errors
    ///
    /// [`ConversationError`].
    pub async fn run(mut self, opening: Opening) -> Result<Over, ConversationError> {
        match self.talk(opening).await {
            Stop::Over(over) => Ok(over),
            Stop::Error(error) => Err(error),
        }
    }

    async fn talk(&mut self, opening: Opening) -> Stop {
        if let Err(stop) = self.open(opening).await {
            return stop;
        }
        loop {
            if let Err(stop) = self.step().await {
                return stop;
            }
        }
    }

    async fn open(&mut self, opening: Opening) -> Result<(), Stop> {
        let agent = unless_interrupted(self.interrupts, self.turns.line.agent()).await?;
        self.tell(Notice::Welcome(&agent)).await?;
        self.model = opening.model;
        let Some(key) = opening.session else { return Ok(()) };
        match self.resume(&key).await {
            Err(Trouble::Chat(ChatError::Refused { why: Refusal::NoSession, .. })) if may_be_new(&key) => {
                self.begin(Some(key)).await?
            }
            resumed => resumed?,
        }
    }

    async fn step(&mut self) -> Result<(), Stop> {
        let text = match self.entry().await? {
            Entry::Text(text) => text,
            Entry::Cleared => return Ok(()),
            Entry::End => return Err(Stop::Over(Over::Ended)),
        };
        match entry::read(&text) {
            Entered::Nothing => {}
            Entered::Message(message) => self.say(message).await?,
            Entered::Command(Command::Quit) => return Err(Stop::Over(Over::Ended)),
            Entered::Command(command) => match self.obey(command).await {
                Ok(told) => told?,
                Err(trouble) => self.complain(trouble).await?,
            },
            Entered::Unknown(word) => self.tell(Notice::UnknownCommand(&word)).await?,
            Entered::BadModel(error) => self.tell(Notice::BadModel(error)).await?,
            Entered::Incomplete(word) => self.tell(Notice::MissingArgument(word)).await?,
        }
        Ok(())
    }

    /// What the person enters. Ctrl-C is a key there and comes as an entry; as a signal it means nothing.
    async fn entry(&mut self) -> Result<Entry, Stop> {
        let mut entry = self.screen.read();
        loop {
            tokio::select! {
                biased;
                interrupt = self.interrupts.next() => match interrupt {
                    Interrupt::Stop => {}
                    Interrupt::Terminate => return Err(Stop::Over(Over::Interrupted(interrupt))),
                },
                entry = &mut entry => return Ok(entry?),
            }
        }
    }

    async fn obey(&mut self, command: Command) -> Result<Result<(), Stop>, Trouble> {
        let Turns { line, .. } = self.turns;
        Ok(match command {
            Command::Quit | Command::Help => self.tell(Notice::Help).await,
            Command::New(name) => return self.begin(name).await,
            Command::Resume(key) => return self.resume(&key).await,
            Command::Sessions => {
                let all = unless_interrupted(self.interrupts, line.sessions()).await?;
                let notice = Notice::Sessions { all: &all, current: self.session.as_ref() };
                tell(self.screen, self.interrupts, notice).await
            }
            Command::Model(Some(model)) => {
                let told = self.tell(Notice::Model(model.as_str())).await;
                self.model = Some(model.to_string());
                told
            }
            Command::Model(None) => {
                let all = unless_interrupted(self.interrupts, line.models()).await?;
                let session = self.session.as_ref().and_then(|session| session.model.as_deref());
                let notice = Notice::Models { chosen: self.model.as_deref().or(session), all: &all };
                tell(self.screen, self.interrupts, notice).await
            }
        })
    }

    /// A new session. One without a name begins with what is said in it, so that none is left empty.
    async fn begin(&mut self, name: Option<String>) -> Result<Result<(), Stop>, Trouble> {
        self.session = match &name {
            Some(name) => {
                let wish = SessionWish { name: Some(name.clone()), model: self.model.clone() };
                Some(unless_interrupted(self.interrupts, self.turns.line.create(&wish)).await?)
            }
            None => None,
        };
        Ok(self.tell(Notice::New { name: name.as_deref() }).await)
    }

    async fn resume(&mut self, key: &str) -> Result<Result<(), Stop>, Trouble> {
        let found = unless_interrupted(self.interrupts, self.turns.line.transcript(key)).await?;
        let told = self.tell(Notice::Resumed(&found)).await;
        self.session = Some(found.session);
        Ok(told)
    }

    async fn say(&mut self, message: String) -> Result<(), Stop> {
        let is_new = self.session.is_none();
        let session = match self.current().await {
            Ok(session) => session,
            Err(trouble) => return self.complain(trouble).await,
        };
        let ask = Ask { session: session.id.as_str(), content: message, model: self.model.clone() };
        let heard = self.turns.run(ask, self.screen, self.interrupts).await;
        if is_new && self.turns.discard_unused(session.id, &heard, self.interrupts).await {
            self.session = None;
        }
        match heard.map(|Heard { ending, .. }| ending) {
            Ok(Ending::Done(Completion { finish_reason: None, .. })) => Ok(()),
            Ok(Ending::Done(Completion { finish_reason: Some(reason), .. })) => {
                self.tell(Notice::Finished(&reason)).await
            }
            Ok(Ending::Stopped | Ending::Interrupted(Interrupt::Stop)) => self.tell(Notice::Stopped).await,
            Ok(Ending::Interrupted(interrupt)) => Err(Stop::Over(Over::Interrupted(interrupt))),
            Err(TurnError::Chat(error)) => self.complain(Trouble::Chat(error)).await,
            Err(TurnError::Failed { why, detail }) => {
                self.complain(Trouble::Chat(ChatError::Refused { why, detail })).await
            }
            Err(TurnError::Cut(error)) if error.is_unauthorized() => Err(Stop::Error(error.into())),
            Err(TurnError::Cut(cause)) => {
                self.tell(Notice::Cut(Cut::Link { cause: &cause, session: session.id })).await
            }
            Err(TurnError::Forgotten(remains)) => self.tell(Notice::Cut(Cut::Daemon(remains))).await,
            Err(TurnError::Gone(gone)) => Err(gone.into()),
            Err(TurnError::Random(error)) => Err(Stop::Error(error.into())),
        }
    }

    /// The session of this turn, begun with it if there is none.
    async fn current(&mut self) -> Result<SessionSummary, Trouble> {
        if let Some(session) = &self.session {
            return Ok(session.clone());
        }
        let wish = SessionWish { name: None, model: self.model.clone() };
        let created = unless_interrupted(self.interrupts, self.turns.line.create(&wish)).await?;
        Ok(self.session.insert(created).clone())
    }

    async fn tell(&mut self, notice: Notice<'_>) -> Result<(), Stop> {
        tell(self.screen, self.interrupts, notice).await
    }

    /// Tells what went wrong, if the chat can go on after it.
    async fn complain(&mut self, trouble: Trouble) -> Result<(), Stop> {
        match trouble {
            Trouble::Interrupted(Interrupt::Stop) => self.tell(Notice::Stopped).await,
            Trouble::Chat(error) if !error.is_unauthorized() => self.tell(Notice::Failed(&error)).await,
            other => Err(other.into()),
        }
    }
}

/// Tells the person something, who may have stopped their terminal for a while. SIGTERM does not wait for them.
async fn tell(screen: &mut dyn ChatScreen, interrupts: &mut dyn Interrupts, notice: Notice<'_>) -> Result<(), Stop> {
    let mut told = screen.tell(notice);
    loop {
        tokio::select! {
            biased;
            told = &mut told => return Ok(told?),
            interrupt = interrupts.next() => match interrupt {
                Interrupt::Stop => {}
                Interrupt::Terminate => return Err(Stop::Over(Over::Interrupted(interrupt))),
            },
        }
    }
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Interrupted(interrupt) => Self::Over(Over::Interrupted(interrupt)),
            Trouble::Chat(error) => Self::Error(error.into()),
        }
    }
}

impl From<Gone> for Stop {
    fn from(gone: Gone) -> Self {
        Self::Error(gone.into())
    }
}
