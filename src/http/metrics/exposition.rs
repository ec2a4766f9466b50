//! The text format of Prometheus, version 0.0.4. Pure.

use std::fmt::{Display, Write};

use crate::telemetry::Histogram;

/// What Prometheus makes of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// A document in the making.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    text: String,
}

/// One family of it, whose samples come next.
#[derive(Debug)]
pub(super) struct Family<'a> {
    text: &'a mut String,
    name: &'static str,
}

/// The labels of a sample, by name.
pub(super) type Labels<'a> = [(&'static str, &'a str)];

impl Exposition {
    /// Begins a family: each name once.
    pub(super) fn family(&mut self, name: &'static str, kind: Kind, help: &str) -> Family<'_> {
        let word = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        // Writing into a string cannot fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {word}");
        Family { text: &mut self.text, name }
    }

    /// A family of one sample without labels.
    pub(super) fn single(&mut self, name: &'static str, kind: Kind, help: &str, value: impl Display) {
        self.family(name, kind, help).sample(&[], value);
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

impl Family<'_> {
    pub(super) fn sample(&mut self, labels: &Labels<'_>, value: impl Display) {
        self.line("", labels, value);
    }

    pub(super) fn histogram(&mut self, labels: &Labels<'_>, histogram: &Histogram) {
        for (bound, count) in histogram.cumulative() {
            let bound = bound.as_secs_f64().to_string();
            self.line("_bucket", &[labels, &[("le", &bound)]].concat(), count);
        }
        self.line("_bucket", &[labels, &[("le", "+Inf")]].concat(), histogram.count);
        self.line("_sum", labels, histogram.sum.as_secs_f64());
        self.line("_count", labels, histogram.count);
    }

    fn line(&mut self, suffix: &str, labels: &Labels<'_>, value: impl Display) {
        self.text.push_str(self.name);
        self.text.push_str(suffix);
        for (index, (name, value)) in labels.iter().enumerate() {
            let before = if index == 0 { '{' } else { ',' };
            let _ = write!(self.text, "{before}{name}=\"{}\"", escaped(value));
        }
        let after = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{after} {value}");
    }
}

/// No value of ours needs it; one that did would not end its line.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// B7: a value that would end its line and begin another stays a value.
    #[test]
    fn b7_no_value_ends_its_line() {
        let mut exposition = Exposition::default();
        exposition.family("x", Kind::Gauge, "X.").sample(&[("a", "\"} 1\nfake{b=\"\\")], 2);
        assert_eq!(exposition.into_text(), "# HELP x X.\n# TYPE x gauge\nx{a=\"\\\"} 1\\nfake{b=\\\"\\\\\"} 2\n");
    }

    #[test]
    fn a_histogram_ends_with_everything_its_sum_and_its_count() {
        let mut exposition = Exposition::default();
        exposition.family("d_seconds", Kind::Histogram, "D.").histogram(&[("p", "q")], &Histogram::default());
        let text = exposition.into_text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[2], "d_seconds_bucket{p=\"q\",le=\"0.001\"} 0");
        assert_eq!(
            lines[lines.len() - 3..],
            ["d_seconds_bucket{p=\"q\",le=\"+Inf\"} 0", "d_seconds_sum{p=\"q\"} 0", "d_seconds_count{p=\"q\"} 0"]
        );
    }
}
