//! The limits of an exchange, as a client meets them.

use std::time::Duration;

use netclaw::domain::time::WallTime;

use super::Port;

/// Sends `count` wrong codes, each of which is looked at.
fn guess(port: &Port, code: &str, count: usize) {
    let wrong = if code.starts_with('2') { "3333-3333" } else { "2222-2222" };
    for _ in 0..count {
        assert_eq!(port.exchange(wrong).problem(), (401, "wrong_code".to_owned()));
    }
}

#[test]
fn a01_retry_after_tells_the_truth() {
    let port = Port::default();
    let code = port.code();
    guess(&port, &code, 5);
    let refused = port.exchange(&code);
    assert_eq!(refused.problem(), (429, "rate_limited".to_owned()));
    assert_eq!(refused.header("retry-after"), Some("60"));
    port.clock.advance(Duration::from_millis(59_999));
    assert_eq!(port.exchange(&code).header("retry-after"), Some("1"));
    port.clock.advance(Duration::from_millis(1));
    assert_eq!(port.exchange(&code).status, 200);
}

#[test]
fn a02_ten_wrong_codes_block_the_address_for_fifteen_minutes_whatever_the_wall_clock_says() {
    let port = Port::default();
    let code = port.code();
    guess(&port, &code, 5);
    port.minutes_pass(1);
    guess(&port, &code, 5);
    port.minutes_pass(1);
    let blocked = port.exchange(&code);
    assert_eq!(blocked.problem(), (429, "locked_out".to_owned()));
    assert_eq!(blocked.header("retry-after"), Some("840"));
    port.clock.set_wall(WallTime::from_unix_millis(i64::MAX / 2));
    assert_eq!(port.exchange(&code).problem(), (429, "locked_out".to_owned()));
    // Others are not blocked, and neither is the code.
    let other = crate::e2e::raw_http::Request::exchange(port.address, &code, "phone").from(9);
    assert_eq!(other.send().status, 200);

    port.minutes_pass(13);
    let code = port.code();
    port.clock.advance(Duration::from_millis(59_999));
    assert_eq!(port.exchange(&code).problem(), (429, "locked_out".to_owned()));
    port.clock.advance(Duration::from_millis(1));
    assert_eq!(port.exchange(&code).status, 200);
}

#[test]
fn a_code_is_dead_at_the_end_of_its_five_minutes_and_setting_the_wall_clock_back_does_not_revive_it() {
    let port = Port::default();
    let code = port.code();
    port.clock.advance(Duration::from_millis(299_999));
    port.clock.set_wall(WallTime::from_unix_millis(i64::MAX / 2));
    assert_eq!(port.exchange(&code).status, 200);

    let code = port.code();
    port.minutes_pass(5);
    port.clock.set_wall(WallTime::from_unix_millis(0));
    assert_eq!(port.exchange(&code).problem(), (404, "no_pairing_code".to_owned()));
}
