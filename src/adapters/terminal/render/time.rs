//! Moments in the time zone of whoever reads them.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::domain::time::WallTime;

/// `14:32:15`.
pub fn local_time(moment: WallTime) -> String {
    local(moment).map_or_else(String::new, |zoned| zoned.strftime("%H:%M:%S").to_string())
}

/// `2026-11-23 14:32`.
pub fn local_date_and_time(moment: WallTime) -> String {
    local(moment).map_or_else(String::new, |zoned| zoned.strftime("%Y-%m-%d %H:%M").to_string())
}

/// `None` outside the years that a calendar can show.
fn local(moment: WallTime) -> Option<Zoned> {
    let timestamp = Timestamp::from_millisecond(moment.unix_millis()).ok()?;
    Some(timestamp.to_zoned(TimeZone::system()))
}
