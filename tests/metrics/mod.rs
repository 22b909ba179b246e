//! Figures as text.

pub(crate) mod text;

use std::time::Duration;

use netclaw::adapters::metrics::PrometheusMeter;
use netclaw::domain::time::WallTime;
use netclaw::ports::metrics::{Attempt, Levels, Meter, RouteClass};

use self::text::Figures;

const LEVELS: Levels =
    Levels { devices: 3, lockouts: 2, open_requests: 1, started_at: WallTime::from_unix_millis(1_700_000_000_500) };

fn figures(meter: &PrometheusMeter) -> Figures {
    Figures::read(&meter.exposition(LEVELS).text)
}

#[test]
fn every_series_is_there_before_anything_is_counted() {
    let figures = figures(&PrometheusMeter::new("1.2.3"));
    assert_eq!(figures.value("netclaw_build_info{version=\"1.2.3\"}"), 1.0);
    assert_eq!(figures.value("netclaw_start_time_seconds"), 1_700_000_000.5);
    assert_eq!(figures.value("netclaw_devices"), 3.0);
    assert_eq!(figures.value("netclaw_locked_out_addresses"), 2.0);
    assert_eq!(figures.value("netclaw_open_requests"), 1.0);
    for (route, status) in RouteClass::ALL.iter().flat_map(|route| ["2xx", "4xx", "5xx"].map(|status| (route, status)))
    {
        let series = format!("netclaw_requests_total{{route=\"{}\",status=\"{status}\"}}", route.name());
        assert_eq!(figures.value(&series), 0.0);
    }
    for attempt in Attempt::ALL {
        assert_eq!(figures.value(&format!("netclaw_pairing_attempts_total{{outcome=\"{}\"}}", attempt.name())), 0.0);
    }
    // What a scraper stores for this daemon, whatever it is sent.
    assert_eq!(figures.series().count(), RouteClass::ALL.len() * (5 + 18) + 2 + 7 + 8);
}

#[test]
fn each_event_moves_its_own_series_and_no_other() {
    let meter = PrometheusMeter::new("1.2.3");
    let moved = |count: &dyn Fn()| {
        let before = figures(&meter);
        count();
        let after = figures(&meter);
        after.since(&before).iter().map(|(series, by)| format!("{series} {by}")).collect::<Vec<_>>()
    };
    for route in RouteClass::ALL {
        for status in [101, 200, 204, 304, 401, 429, 503] {
            let series =
                format!("netclaw_requests_total{{route=\"{}\",status=\"{}xx\"}} 1", route.name(), status / 100);
            assert_eq!(moved(&|| meter.answered(route, status, Duration::ZERO)), [series]);
        }
        for impossible in [0, 99, 600, u16::MAX] {
            assert!(moved(&|| meter.answered(route, impossible, Duration::ZERO)).is_empty());
        }
    }
    for attempt in Attempt::ALL {
        let series = format!("netclaw_pairing_attempts_total{{outcome=\"{}\"}} 1", attempt.name());
        assert_eq!(moved(&|| meter.attempted(attempt)), [series]);
    }
    assert_eq!(moved(&|| meter.authenticated(true)), ["netclaw_authentications_total{outcome=\"accepted\"} 1"]);
    assert_eq!(moved(&|| meter.authenticated(false)), ["netclaw_authentications_total{outcome=\"refused\"} 1"]);
    assert_eq!(moved(&|| meter.code_opened()), ["netclaw_pairing_codes_total 1"]);
    assert_eq!(moved(&|| meter.locked_out()), ["netclaw_lockouts_total 1"]);
    assert_eq!(moved(&|| meter.request_opened()), ["netclaw_opened_requests_total 1"]);
}

#[test]
fn a_request_is_in_each_bucket_whose_bound_it_does_not_exceed() {
    let meter = PrometheusMeter::new("1.2.3");
    for took in [Duration::ZERO, Duration::from_micros(100), Duration::from_millis(70), Duration::from_secs(600)] {
        meter.answered(RouteClass::Gateway, 200, took);
    }
    let figures = figures(&meter);
    let bucket =
        |le: &str| figures.value(&format!("netclaw_request_duration_seconds_bucket{{route=\"gateway\",le=\"{le}\"}}"));
    assert_eq!(["0.0001", "0.025", "0.1", "60", "+Inf"].map(bucket), [2.0, 2.0, 3.0, 3.0, 4.0]);
    let sum = figures.value("netclaw_request_duration_seconds_sum{route=\"gateway\"}");
    assert!((sum - 600.0701).abs() < 1e-9, "{sum}");
}

#[test]
fn nothing_is_lost_when_many_count_at_once() {
    let meter = PrometheusMeter::new("1.2.3");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10_000 {
                    meter.answered(RouteClass::Status, 200, Duration::from_micros(50));
                }
            });
        }
        // Looking does not disturb it.
        (0..20).for_each(|_| drop(figures(&meter)));
    });
    let figures = figures(&meter);
    assert_eq!(figures.value("netclaw_requests_total{route=\"status\",status=\"2xx\"}"), 40_000.0);
    assert_eq!(figures.value("netclaw_request_duration_seconds_count{route=\"status\"}"), 40_000.0);
}
