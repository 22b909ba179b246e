//! Figures in the text format of Prometheus.
//!
//! The names follow its conventions: a prefix, base units, `_total` for what is counted. Every series is there from the start,
//! so that the first event of its kind is an increase.

use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{
    Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

use crate::domain::time::WallTime;
use crate::ports::metrics::{Attempt, Exposition, Levels, Meter, RouteClass};

/// The text format, as scrapers and node_exporter's textfile collector read it.
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Upper bounds in seconds: from the daemon's own answers, which take less than a millisecond, to those of agents, which
/// think for a minute.
const DURATION_BUCKETS: [f64; 15] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0, 30.0, 60.0];

/// The first digit of a status stands for its class (RFC 9110 section 15).
const STATUS_CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// A [`Meter`] whose counters are atomic numbers that are found once.
pub struct PrometheusMeter {
    registry: Registry,
    /// In the order of [`RouteClass::ALL`], and then of [`STATUS_CLASSES`].
    requests: [[IntCounter; STATUS_CLASSES.len()]; RouteClass::ALL.len()],
    /// In the order of [`RouteClass::ALL`].
    durations: [Histogram; RouteClass::ALL.len()],
    accepted: IntCounter,
    refused: IntCounter,
    codes: IntCounter,
    /// In the order of [`Attempt::ALL`].
    attempts: [IntCounter; Attempt::ALL.len()],
    lockouts_begun: IntCounter,
    opened: IntCounter,
    devices: IntGauge,
    lockouts: IntGauge,
    open_requests: IntGauge,
    started_at: Gauge,
}

impl PrometheusMeter {
    /// A meter of this version of the daemon, with nothing counted yet.
    #[expect(clippy::expect_used, reason = "each name is a constant, valid and there once; the tests make a meter")]
    pub fn new(version: &str) -> Self {
        Self::of(&Registry::new(), version).expect("good names")
    }

    fn of(registry: &Registry, version: &str) -> Result<Self, prometheus::Error> {
        let counter = |name: &str, help: &str| registered(registry, IntCounter::new(name, help)?);
        let gauge = |name: &str, help: &str| registered(registry, IntGauge::new(name, help)?);
        let counters = |name: &str, help: &str, labels: &[&str]| {
            registered(registry, IntCounterVec::new(Opts::new(name, help), labels)?)
        };
        let requests = counters(
            "netclaw_requests_total",
            "Requests answered on the TCP port, by what they were for and the class of the status.",
            &["route", "status"],
        )?;
        let durations = HistogramOpts::new(
            "netclaw_request_duration_seconds",
            "Time from the head of a request to the head of its answer.",
        );
        let durations = HistogramVec::new(durations.buckets(DURATION_BUCKETS.to_vec()), &["route"])?;
        let durations = registered(registry, durations)?;
        let authentications = counters("netclaw_authentications_total", "Tokens checked.", &["outcome"])?;
        let attempts =
            counters("netclaw_pairing_attempts_total", "Attempts to pair, by how they ended.", &["outcome"])?;
        let build = Opts::new("netclaw_build_info", "Always 1; the label says which version runs.");
        registered(registry, IntGauge::with_opts(build.const_label("version", version))?)?.set(1);
        let started = Gauge::new("netclaw_start_time_seconds", "When the daemon started, since the Unix epoch.")?;
        Ok(Self {
            requests: RouteClass::ALL
                .map(|route| STATUS_CLASSES.map(|status| requests.with_label_values(&[route.name(), status]))),
            durations: RouteClass::ALL.map(|route| durations.with_label_values(&[route.name()])),
            accepted: authentications.with_label_values(&["accepted"]),
            refused: authentications.with_label_values(&["refused"]),
            codes: counter("netclaw_pairing_codes_total", "Pairing codes made by the operator.")?,
            attempts: Attempt::ALL.map(|attempt| attempts.with_label_values(&[attempt.name()])),
            lockouts_begun: counter("netclaw_lockouts_total", "Times that an address was blocked.")?,
            opened: counter(
                "netclaw_opened_requests_total",
                "Requests to the agent and to other services, chats and tunnels that were opened.",
            )?,
            devices: gauge("netclaw_devices", "Paired devices, those with an expired credential included.")?,
            lockouts: gauge("netclaw_locked_out_addresses", "Addresses that are blocked now.")?,
            open_requests: gauge("netclaw_open_requests", "Requests, chats and tunnels that are open now.")?,
            started_at: registered(registry, started)?,
            registry: registry.clone(),
        })
    }
}

/// Adds `metric` to what is shown.
fn registered<M: Collector + Clone + 'static>(registry: &Registry, metric: M) -> Result<M, prometheus::Error> {
    registry.register(Box::new(metric.clone()))?;
    Ok(metric)
}

impl Meter for PrometheusMeter {
    fn answered(&self, route: RouteClass, status: u16, took: Duration) {
        let class = usize::from(status / 100).checked_sub(1);
        let classes = self.requests.get(route as usize);
        if let Some(count) = classes.zip(class).and_then(|(classes, class)| classes.get(class)) {
            count.inc();
        }
        if let Some(durations) = self.durations.get(route as usize) {
            durations.observe(took.as_secs_f64());
        }
    }

    fn authenticated(&self, accepted: bool) {
        if accepted { self.accepted.inc() } else { self.refused.inc() }
    }

    fn code_opened(&self) {
        self.codes.inc();
    }

    fn attempted(&self, attempt: Attempt) {
        if let Some(count) = self.attempts.get(attempt as usize) {
            count.inc();
        }
    }

    fn locked_out(&self) {
        self.lockouts_begun.inc();
    }

    fn request_opened(&self) {
        self.opened.inc();
    }

    fn exposition(&self, levels: Levels) -> Exposition {
        let level = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.devices.set(level(levels.devices));
        self.lockouts.set(level(levels.lockouts));
        self.open_requests.set(level(levels.open_requests));
        self.started_at.set(seconds(levels.started_at));
        let mut text = String::new();
        // It fails only for a metric without any series, and none is.
        let _ = TextEncoder::new().encode_utf8(&self.registry.gather(), &mut text);
        Exposition { content_type: CONTENT_TYPE, text }
    }
}

/// Since the Unix epoch.
#[expect(clippy::cast_precision_loss, reason = "milliseconds are exact for 285 000 years")]
fn seconds(moment: WallTime) -> f64 {
    moment.unix_millis() as f64 / 1000.0
}
