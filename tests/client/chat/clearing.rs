//! Which sessions are cleared away together.

use std::time::Duration;

use netclaw::app::client::chat::clearing::Clearing;
use netclaw::domain::time::WallTime;
use netclaw::ports::chat_api::SessionSummary;

use crate::fakes::chat_api::session;
use crate::fakes::samples::WALL;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The names and ages of those that go, in milliseconds.
fn cleared(clearing: Clearing) -> Vec<(Option<String>, i64)> {
    let aged = |name: Option<&str>, age: i64| SessionSummary {
        updated_at: WallTime::from_unix_millis(WALL.unix_millis() - age),
        ..session(name)
    };
    let day = i64::try_from(DAY.as_millis()).unwrap();
    let all = vec![aged(None, -5), aged(None, day - 1), aged(None, day), aged(Some("plans"), day + 1)];
    let gone = clearing.of(all, WALL).into_iter();
    gone.map(|session| (session.name, WALL.unix_millis() - session.updated_at.unix_millis() - day)).collect()
}

#[test]
fn a_session_is_old_from_the_limit_on_and_a_name_keeps_it() {
    let day = i64::try_from(DAY.as_millis()).unwrap();
    let plans = (Some("plans".to_owned()), 1);
    let old = Clearing { older_than: Some(DAY), unnamed: false };
    assert_eq!(cleared(old), [(None, 0), plans]);
    assert_eq!(cleared(Clearing { unnamed: true, ..old }), [(None, 0)]);
    let unnamed = Clearing { older_than: None, unnamed: true };
    assert_eq!(cleared(unnamed), [(None, -5 - day), (None, -1), (None, 0)]);
}
