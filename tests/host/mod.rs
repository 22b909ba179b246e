//! The setup of a host: the steps of the wizard, and what it writes, over fakes.

mod setup;
mod steps;
