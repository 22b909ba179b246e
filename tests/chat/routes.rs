//! The routes of chat.
