//! The one table that comes out: every figure beside its target, and the machine that it was measured on.

use std::{
    fmt::Write as _,
    fs,
    time::{Duration, Instant},
};

/// What a figure has to reach.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    AtLeast(f64),
    AtMost(f64),
    /// A figure that explains another one.
    None,
}

/// How a figure is written.
#[derive(Debug, Clone, Copy)]
pub enum Unit {
    PerSecond,
    Percent,
    Milliseconds,
    Microseconds,
    Bytes,
    Mebibytes,
    /// Of one thing for each of another.
    Each,
}

#[derive(Debug)]
struct Figure {
    group: &'static str,
    what: String,
    value: f64,
    unit: Unit,
    target: Target,
    remark: String,
}

/// The figures so far.
#[derive(Debug, Default)]
pub struct Table {
    figures: Vec<Figure>,
    group: &'static str,
}

impl Table {
    /// Says what the next figures are about.
    #[expect(
        clippy::print_stderr,
        reason = "a run takes minutes, and whoever waits wants to know where it is"
    )]
    pub fn begin(&mut self, group: &'static str) {
        self.group = group;
        eprintln!("measuring: {group}");
    }

    pub fn add(&mut self, what: impl Into<String>, value: f64, unit: Unit, target: Target) {
        let remark = String::new();
        self.figures.push(Figure { group: self.group, what: what.into(), value, unit, target, remark });
    }

    /// Adds to the figure before what a reader has to know of it.
    pub fn remark(&mut self, remark: impl Into<String>) {
        if let Some(figure) = self.figures.last_mut() {
            figure.remark = remark.into();
        }
    }

    /// The table as Markdown.
    pub fn markdown(&self, began: Instant) -> String {
        let mut text = format!("# Figures\n\n{}", machine());
        let _ = writeln!(text, "The run took {} s.\n", began.elapsed().as_secs());
        text.push_str(
            "| | figure | measured | target | | remark |\n| --- | --- | ---: | ---: | --- | --- |\n",
        );
        let mut group = "";
        for figure in &self.figures {
            let named = if figure.group == group { "" } else { figure.group };
            group = figure.group;
            let Figure { what, value, unit, target, remark, .. } = figure;
            let (target, verdict) = match *target {
                Target::AtLeast(least) => (format!("≥ {}", unit.write(least)), verdict(*value >= least)),
                Target::AtMost(most) => (format!("≤ {}", unit.write(most)), verdict(*value <= most)),
                Target::None => (String::new(), ""),
            };
            let measured = unit.write(*value);
            let _ = writeln!(text, "| {named} | {what} | {measured} | {target} | {verdict} | {remark} |");
        }
        text
    }
}

const fn verdict(reached: bool) -> &'static str {
    if reached { "reached" } else { "**missed**" }
}

impl Unit {
    fn write(self, value: f64) -> String {
        // Three figures say all that a measurement knows.
        let digits = if value >= 100.0 || value == value.round() { 0 } else { 2 };
        match self {
            Self::PerSecond => format!("{value:.0}/s"),
            Self::Percent => format!("{value:.0} %"),
            Self::Milliseconds => format!("{value:.digits$} ms"),
            Self::Microseconds => format!("{value:.digits$} µs"),
            Self::Bytes => format!("{value:.0} B"),
            Self::Mebibytes => format!("{value:.0} MiB"),
            Self::Each => format!("{value:.3}"),
        }
    }
}

pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

pub fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn machine() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    let now = jiff::Timestamp::now().strftime("%F %H:%M");
    let kernel = kernel.trim();
    format!(
        "{now} UTC · {model}, {cores} cores · Linux {kernel} · load average at the end {load}\n\nClient and server share the \
         processors. Limits of requests were raised for the run: {limits}.\n",
        limits =
            finbrain_loadtest::servers::GENEROUS.map(|(name, value)| format!("`{name}={value}`")).join(", ")
    )
}
