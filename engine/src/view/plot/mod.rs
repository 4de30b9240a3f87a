//! Plots: a TCP connection over time, in a terminal ([`terminal`]) or as a picture ([`chart`](super::picture::chart)).
//!
//! A [`Chart`] is what both draw: curves over time, each with a name and a look of its own, since colour never
//! carries meaning alone.

pub mod terminal;

use crate::stats::series::{Point, Series};

/// What is drawn over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Sequence numbers: sent, sent again, acknowledged, and the window's edge.
    Seq,
    /// Bytes in flight.
    Flight,
    /// The window that the receiver offers.
    Window,
}

/// Curves over time.
#[derive(Debug)]
pub struct Chart<'s> {
    /// What it is.
    pub title: String,
    /// Where the packets come from.
    pub origin: &'s str,
    /// How to read it, and what is inferred.
    pub caption: &'static str,
    /// What the numbers of the upright axis count.
    pub counts: &'static str,
    /// What is drawn; of two at one place the first is seen.
    pub curves: Vec<Curve<'s>>,
}

/// One curve.
#[derive(Debug)]
pub struct Curve<'s> {
    /// What it is.
    pub name: &'static str,
    /// How it is drawn.
    pub look: Look,
    /// In the order of time.
    pub points: &'s [Point],
}

/// How a curve is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// A letter at each point.
    Marks(char),
    /// A dot at each point.
    Dots,
    /// From each point level to the next one.
    Steps,
    /// The same, broken.
    Dashes,
}

impl<'s> Chart<'s> {
    /// A connection's chart: the way on which more data went. `title` names the connection, `origin` says
    /// where its packets come from; both are escaped already.
    pub fn of(series: &'s Series, kind: Kind, title: &str, origin: &'s str) -> Self {
        let (way, from_client) = series.busier();
        let who = if from_client { "client → server" } else { "server → client" };
        let curve = |name, look, points: &'s crate::stats::series::Points| Curve { name, look, points: points.all() };
        let again = |points| curve("sent again", Look::Marks('R'), points);
        let (what, caption, counts, curves) = match kind {
            Kind::Seq => (
                "Sequence numbers",
                "The steeper, the faster. Between the dots and the line below them lies what is in flight.",
                "bytes since the start",
                vec![
                    again(&way.again),
                    curve("data sent", Look::Dots, &way.sent),
                    curve("acknowledged", Look::Steps, &way.acked),
                    curve("edge of the receiver's window", Look::Dashes, &way.edge),
                ],
            ),
            Kind::Flight => (
                "Bytes in flight",
                "Inferred from the frames: sent and not yet acknowledged. While neither the program nor the receiver \
                 holds the sender back, the peaks follow the congestion window, which no frame carries.",
                "bytes",
                vec![again(&way.losses), curve("in flight", Look::Steps, &way.flight)],
            ),
            Kind::Window => (
                "The receiver's window",
                "How many bytes the receiver says that it can take in. At 0 the sender must stop.",
                "bytes",
                vec![curve("closed", Look::Marks('0'), &way.closed), curve("offered window", Look::Steps, &way.window)],
            ),
        };
        let curves = curves.into_iter().filter(|curve| !curve.points.is_empty()).collect();
        Self { title: format!("{what}, {who}, {title}"), origin, caption, counts, curves }
    }

    /// What the legend says of a curve where the upright axis ends at `top`.
    pub(in crate::view) fn legend(curve: &Curve<'_>, top: u64) -> String {
        let above = if curve.points.iter().all(|point| point.1 > top) { " (above)" } else { "" };
        format!("{}{above}", curve.name)
    }

    /// The last moment and the highest number, neither 0. What is dashed may go beyond the top.
    pub(in crate::view) fn extent(&self) -> Point {
        let points = || self.curves.iter().flat_map(|curve| curve.points);
        let last = points().map(|point| point.0).max().unwrap_or_default();
        let whole = self.curves.iter().filter(|curve| curve.look != Look::Dashes).flat_map(|curve| curve.points);
        let top = whole.map(|point| point.1).max().unwrap_or_default();
        (last.max(1), top.max(1))
    }
}

/// The step between the numbers of an axis: 1, 2 or 5 times a power of ten, so that at most `most` steps reach `end`.
pub(in crate::view) fn step(end: u64, most: u64) -> u64 {
    let mut power = 1u64;
    loop {
        for times in [1, 2, 5] {
            let step = power.saturating_mul(times);
            if end / step <= most.max(1) {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

/// A number for an axis: `0`, `1500`, `64k`, `2.5M`.
pub(in crate::view) fn short(number: u64) -> String {
    let (unit, letter) = match number {
        0..10_000 => return number.to_string(),
        10_000..10_000_000 => (1_000, "k"),
        10_000_000..10_000_000_000 => (1_000_000, "M"),
        _ => (1_000_000_000, "G"),
    };
    match (number % unit) / (unit / 10) {
        0 => format!("{}{letter}", number / unit),
        tenth => format!("{}.{tenth}{letter}", number / unit),
    }
}

/// A moment for an axis, in the unit that suits its step: `0 ms`, `2.5 s`.
pub(in crate::view) fn moment(nanos: u64, step: u64) -> String {
    let (unit, name) = match step {
        0..1_000_000 => (1_000, "µs"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    format!("{} {name}", nanos / unit)
}

#[cfg(test)]
pub(in crate::view) mod tests {
    use super::*;

    #[test]
    fn an_axis_has_round_steps() {
        assert_eq!([step(9, 5), step(10, 5), step(100, 5), step(1, 5), step(0, 5)], [2, 2, 20, 1, 1]);
        assert!(step(u64::MAX, 5) > u64::MAX / 10);
    }

    #[test]
    fn numbers_and_moments_are_short() {
        assert_eq!([short(0), short(9_999), short(64_000), short(2_500_000)], ["0", "9999", "64k", "2500k"]);
        assert_eq!([short(12_300_000), short(u64::MAX)], ["12.3M", "18446744073.7G"]);
        assert_eq!(moment(2_500_000, 500_000), "2500 µs");
        assert_eq!(moment(3_000_000_000, 1_000_000_000), "3 s");
    }

    /// A small chart with each look.
    pub(in crate::view) fn sample(points: &[[Point; 3]; 3]) -> Chart<'_> {
        let [marks, dots, steps] = points;
        Chart {
            title: "a <b> & c".into(),
            origin: "From somewhere.",
            caption: "How to read it.",
            counts: "bytes",
            curves: vec![
                Curve { name: "again", look: Look::Marks('R'), points: marks.get(..1).unwrap() },
                Curve { name: "sent", look: Look::Dots, points: dots },
                Curve { name: "acked", look: Look::Steps, points: steps },
            ],
        }
    }

    pub(in crate::view) const POINTS: [[Point; 3]; 3] = [
        [(2_000_000, 1_000), (0, 0), (0, 0)],
        [(0, 0), (1_000_000, 1_000), (4_000_000, 4_000)],
        [(500_000, 0), (3_000_000, 2_000), (4_000_000, 3_000)],
    ];
}
