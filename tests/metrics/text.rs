//! A strict reader of the text format of Prometheus 0.0.4, which refuses whatever the documentation of the format does not
//! promise, and some that it leaves open: no blank lines, no timestamps, each family described and in one piece.

use std::collections::{BTreeMap, BTreeSet};

/// Every series, as `name{label="value"}` with the labels in their order, and its value.
#[derive(Debug, Default, PartialEq)]
pub struct Figures(BTreeMap<String, f64>);

/// One line of figures.
struct Sample<'a> {
    name: &'a str,
    labels: Vec<(&'a str, String)>,
    value: f64,
}

impl Figures {
    /// Reads all of `text`, or says which line is wrong.
    #[track_caller]
    pub fn read(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line has no end");
        let (mut figures, mut families) = (Self::default(), BTreeSet::new());
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let described = line.strip_prefix("# HELP ").and_then(|line| line.split_once(' '));
            let (family, help) = described.unwrap_or_else(|| panic!("no HELP: {line}"));
            assert!(is_name(family) && !help.is_empty() && families.insert(family), "{line}");
            let kind =
                lines.next().and_then(|line| line.strip_prefix("# TYPE ")?.strip_prefix(family)?.strip_prefix(' '));
            let kind = kind.unwrap_or_else(|| panic!("no TYPE after {line}"));
            let mut samples = Vec::new();
            while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
                samples.push(sample(line).unwrap_or_else(|| panic!("no sample: {line}")));
            }
            check(family, kind, &samples);
            samples.iter().for_each(|sample| figures.add(sample));
        }
        figures
    }

    /// The value of a series, which must be there.
    #[track_caller]
    pub fn value(&self, series: &str) -> f64 {
        *self.0.get(series).unwrap_or_else(|| panic!("no {series} in {:?}", self.0.keys()))
    }

    /// What has changed since `before`, but for how long things took: series and difference.
    pub fn since(&self, before: &Self) -> Vec<(&str, f64)> {
        assert!(self.0.keys().eq(before.0.keys()), "series come or go");
        let changes = self.0.iter().map(|(series, value)| (series.as_str(), value - before.value(series)));
        changes.filter(|(series, change)| *change != 0.0 && !series.contains("duration")).collect()
    }

    /// Every series.
    pub fn series(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    fn add(&mut self, sample: &Sample<'_>) {
        let labels: Vec<String> = sample.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        let braces = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let series = format!("{}{braces}", sample.name);
        assert!(self.0.insert(series, sample.value).is_none(), "twice: {}{braces}", sample.name);
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with("netclaw_") && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// `name value` or `name{label="value",…} value`
fn sample(line: &str) -> Option<Sample<'_>> {
    let (series, value) = line.rsplit_once(' ')?;
    let value = value.parse().ok()?;
    let Some((name, labels)) = series.split_once('{') else {
        return is_name(series).then(|| Sample { name: series, labels: Vec::new(), value });
    };
    let mut rest = labels.strip_suffix('}')?;
    let mut labels = Vec::new();
    while !rest.is_empty() {
        let (label, quoted) = rest.split_once("=\"")?;
        let (text, after) = quoted.split_once('"')?;
        let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.+".contains(&byte));
        if !is_plain || !label.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return None;
        }
        labels.push((label, text.to_owned()));
        rest = if after.is_empty() { after } else { after.strip_prefix(',').filter(|rest| !rest.is_empty())? };
    }
    (is_name(name) && !labels.is_empty()).then_some(Sample { name, labels, value })
}

/// Checks that the samples of a family are what its kind has.
#[track_caller]
fn check(family: &str, kind: &str, samples: &[Sample<'_>]) {
    assert!(!samples.is_empty(), "{family} has no sample");
    let is_count = |value: f64| value >= 0.0 && value.fract() == 0.0;
    match kind {
        "counter" => {
            assert!(family.ends_with("_total"), "{family}");
            assert!(samples.iter().all(|sample| sample.name == family && is_count(sample.value)), "{family}");
        }
        "gauge" => assert!(samples.iter().all(|s| s.name == family && !family.ends_with("_total")), "{family}"),
        "histogram" => check_histogram(family, samples),
        _ => panic!("{family} is a {kind}"),
    }
}

/// Each series of a histogram: buckets that grow in bound and count to the infinite one, then the sum, then the count.
#[track_caller]
fn check_histogram(family: &str, samples: &[Sample<'_>]) {
    let (mut bound, mut below) = (f64::NEG_INFINITY, 0.0);
    for sample in samples {
        match sample.name.strip_prefix(family) {
            Some("_bucket") => {
                let (label, le) = sample.labels.last().unwrap();
                let le: f64 = le.parse().unwrap();
                assert!(*label == "le" && le > bound && sample.value >= below, "{family}: {le}");
                (bound, below) = (le, sample.value);
            }
            Some("_sum") => assert!(bound == f64::INFINITY && sample.value >= 0.0, "{family}"),
            Some("_count") => {
                assert_eq!(below, sample.value, "{family}");
                (bound, below) = (f64::NEG_INFINITY, 0.0);
            }
            _ => panic!("{} is no part of {family}", sample.name),
        }
    }
    assert_eq!(bound, f64::NEG_INFINITY, "{family} ends early");
}

#[test]
fn a_good_text_is_read() {
    let text = "# HELP netclaw_x_total An x.\n# TYPE netclaw_x_total counter\nnetclaw_x_total{a=\"b\",c=\"d\"} 3\n";
    assert_eq!(Figures::read(text).value("netclaw_x_total{a=\"b\",c=\"d\"}"), 3.0);
}

#[test]
fn what_is_not_of_the_format_is_refused() {
    let described = "# HELP netclaw_x_total An x.\n# TYPE netclaw_x_total counter\n";
    let twice = format!("{described}netclaw_x_total 1\nnetclaw_x_total 1\n");
    let texts = [
        "netclaw_x_total 1\n".to_owned(),
        format!("{described}netclaw_x_total 1"),
        format!("{described}netclaw_y_total 1\n"),
        format!("{described}netclaw_x_total -1\n"),
        format!("{described}netclaw_x_total{{}} 1\n"),
        format!("{described}netclaw_x_total{{a=\"b\",}} 1\n"),
        format!("{described}netclaw_x_total{{a=\"b\"c=\"d\"}} 1\n"),
        format!("{described}netclaw_x_total 1 1700000000\n"),
        format!("{described}\nnetclaw_x_total 1\n"),
        described.to_owned(),
        twice,
    ];
    for text in texts {
        assert!(std::panic::catch_unwind(|| Figures::read(&text)).is_err(), "{text}");
    }
}
