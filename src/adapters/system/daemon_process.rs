//! Starting the daemon in the background.
