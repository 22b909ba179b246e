//! What crosses a process boundary: the spelling of event streams.

mod events;
