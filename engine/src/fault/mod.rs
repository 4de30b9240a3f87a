//! Rank 4: what can break in a simulated network. Command line, lessons, what-ifs and the live lab speak of it alike.
//!
//! [`TABLE`] has a row for each fault: its name, how its value is written, and where it acts. [`Faults`] are those of one
//! run, read by [`Faults::add`]; they change a scenario before it begins ([`Faults::apply`]), and judge frames on
//! their way ([`Faults::judge`]). A new fault is a new row.

mod error;
mod judge;
mod pick;

pub use error::FaultError;
pub use judge::Report;
pub use pick::{Pick, Which};

use crate::sim::scenario::Scenario;
use crate::sim::{Fate, Simulation};
use std::num::NonZeroU32;
use std::time::Duration;

/// No time in a fault is longer.
const LONGEST: Duration = Duration::from_mins(1);
/// What `WHICH` means, in a sentence for a reader who asks how a fault is written.
pub const WHICH: &str = "FILTER for the first match, 'N of FILTER', 'each of FILTER', '10% of FILTER'";

/// One fault.
#[derive(Debug)]
pub struct Row {
    /// Its name: `not-reading` is the option `--not-reading`, and the key `not_reading` of a lesson.
    pub name: &'static str,
    /// How its value is written; empty where it has none.
    pub value: &'static str,
    /// What it does.
    pub help: &'static str,
    /// A value that makes sense; empty where it has none.
    pub example: &'static str,
    acts: Acts,
}

/// Where a fault acts, and so how its value is read.
#[derive(Clone, Copy, Debug)]
enum Acts {
    /// On frames on their way: `WHICH`.
    Frames(Fate),
    /// The same, with a time before: `TIME WHICH`.
    Timed(fn(Duration) -> Fate),
    /// On one link, or on every link: `[LINK=]NUMBER`.
    Link(fn(&mut Scenario, Option<&str>, u32) -> Result<(), String>),
    /// On a host: `HOST`.
    Host(fn(&mut Scenario, &str) -> Result<(), String>),
    /// On a host, from a millisecond on: `HOST[@TIME]`.
    HostFrom(fn(&mut Scenario, &str, u32) -> Result<(), String>),
    /// On every program that it concerns, without a value.
    Programs(fn(&mut Scenario) -> Result<(), String>),
}

/// All faults, in the order of their options. Of two that meet one frame, the one listed first counts.
pub const TABLE: &[Row] = &[
    Row {
        name: "drop",
        value: "WHICH",
        help: "Lose a frame",
        example: "tcp.flags.syn == 1",
        acts: Acts::Frames(Fate::Drop),
    },
    Row {
        name: "duplicate",
        value: "WHICH",
        help: "Let a frame arrive twice",
        example: "each of dns",
        acts: Acts::Frames(Fate::Duplicate),
    },
    Row {
        name: "corrupt",
        value: "WHICH",
        help: "Flip the last bit of a frame",
        example: "10% of udp",
        acts: Acts::Frames(Fate::Corrupt),
    },
    Row {
        name: "reorder",
        value: "WHICH",
        help: "Let the sender's next frame overtake a frame",
        example: "2 of tcp.len > 0",
        acts: Acts::Frames(Fate::Overtake),
    },
    Row {
        name: "delay",
        value: "TIME WHICH",
        help: "Let a frame arrive late",
        example: "300ms 2 of http",
        acts: Acts::Timed(Fate::Delay),
    },
    Row {
        name: "mtu",
        value: "[LINK=]BYTES",
        help: "Let a link, or every link, carry IP packets of at most that many bytes",
        example: "client-server=600",
        acts: Acts::Link(|scenario, link, bytes| scenario.set_mtu(link, u16::try_from(bytes).unwrap_or(u16::MAX))),
    },
    Row {
        name: "rate",
        value: "[LINK=]KBIT",
        help: "Let a link, or every link, send that many bits in a millisecond",
        example: "client-server=64",
        acts: Acts::Link(|scenario, link, kbit| {
            let rate = NonZeroU32::new(kbit).ok_or("a link sends at least 1 bit in a millisecond")?;
            scenario.change_links(link, |link| link.rate_kbit = Some(rate))
        }),
    },
    Row {
        name: "latency",
        value: "[LINK=]MS",
        help: "Let a link, or every link, take that many milliseconds to carry a frame one way",
        example: "client-server=300",
        acts: Acts::Link(|scenario, link, ms| {
            scenario.change_links(link, |link| link.delay_us = ms.saturating_mul(1_000))
        }),
    },
    Row {
        name: "silent",
        value: "HOST[@TIME]",
        help: "Let a host fall silent, from the start or from a time on: it neither sends nor receives",
        example: "server@300ms",
        acts: Acts::HostFrom(|scenario, host, ms| scenario.change_host(host, |host| host.silent_at_ms = Some(ms))),
    },
    Row {
        name: "not-reading",
        value: "HOST",
        help: "Let a host's programs read nothing of what arrives over TCP",
        example: "server",
        acts: Acts::Host(|scenario, host| scenario.change_host(host, |host| host.not_reading = true)),
    },
    Row {
        name: "wrong-accept",
        value: "",
        help: "Let web servers answer an upgrade with a Sec-WebSocket-Accept that fits another key",
        example: "",
        acts: Acts::Programs(Scenario::set_wrong_accept),
    },
    Row {
        name: "unmasked",
        value: "",
        help: "Let browsers leave the frames of their WebSocket unmasked",
        example: "",
        acts: Acts::Programs(Scenario::set_unmasked),
    },
];

impl Row {
    /// The fault of this name; `_` is as good as `-`.
    pub fn named(name: &str) -> Option<&'static Self> {
        TABLE.iter().find(|row| row.name == name || row.key() == name)
    }

    /// Its key in a lesson, where names have no hyphen.
    pub fn key(&self) -> String {
        self.name.replace('-', "_")
    }

    /// Whether it befalls frames on their way, and not the world from the start.
    pub fn meets_frames(&self) -> bool {
        matches!(self.acts, Acts::Frames(_) | Acts::Timed(_))
    }
}

/// One fault as it was asked for.
#[derive(Clone, Debug)]
struct Fault {
    row: &'static Row,
    value: String,
    act: Act,
}

/// What a value says.
#[derive(Clone, Debug, PartialEq)]
enum Act {
    Frames(Fate, Meant),
    Link(Option<String>, u32),
    Host(String, u32),
    Programs,
}

/// Which frames a fault meets.
#[derive(Clone, Debug, PartialEq)]
enum Meant {
    /// The one with this number in the capture of a run without this fault; [`Faults::find`] turns it into the next.
    Number(u64),
    /// The one that is sent as this number.
    Sent(u64),
    Picked(Box<Pick>),
}

/// The faults of one run.
#[derive(Clone, Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Adds a fault by its name and its value, as [`Row::value`] says.
    ///
    /// # Errors
    /// There is no such fault, or its value makes no sense.
    pub fn add(&mut self, name: &str, value: &str) -> Result<(), FaultError> {
        let row = Row::named(name).ok_or_else(|| FaultError::unknown(name))?;
        let act = row.read(value)?;
        self.0.push(Fault { row, value: value.to_owned(), act });
        Ok(())
    }

    /// These faults, and others after them.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many of them befall frames on their way.
    pub fn of_frames(&self) -> usize {
        self.0.iter().filter(|fault| fault.row.meets_frames()).count()
    }

    /// Whether one of them names a frame by its number.
    pub fn by_number(&self) -> bool {
        self.0.iter().any(|fault| matches!(fault.act, Act::Frames(_, Meant::Number(_))))
    }

    /// Changes a scenario as those faults say that befall the world, before it begins.
    ///
    /// # Errors
    /// The scenario has no such link, host or program, or a number is out of range; a sentence.
    pub fn apply(&self, scenario: &mut Scenario) -> Result<(), String> {
        for fault in &self.0 {
            match (fault.row.acts, &fault.act) {
                (Acts::Link(set), Act::Link(link, number)) => set(scenario, link.as_deref(), *number)?,
                (Acts::Host(set), Act::Host(host, _)) => set(scenario, host)?,
                (Acts::HostFrom(set), Act::Host(host, from)) => set(scenario, host, *from)?,
                (Acts::Programs(set), Act::Programs) => set(scenario)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Finds the frames that are meant by number: `without` is the same run without these faults.
    ///
    /// # Errors
    /// There is no such frame; a sentence.
    pub fn find(&mut self, without: Simulation) -> Result<(), String> {
        let meant = self.0.iter_mut().filter_map(|fault| match &mut fault.act {
            Act::Frames(_, meant @ Meant::Number(_)) => Some(meant),
            _ => None,
        });
        judge::find(meant.collect(), without)
    }
}

impl Row {
    fn read(&self, value: &str) -> Result<Act, FaultError> {
        let text = value.trim();
        let wrong = || FaultError::Value(self.wants(value));
        let act = match self.acts {
            Acts::Frames(fate) => Act::Frames(fate, self.meant(value, value)?),
            Acts::Timed(fate) => {
                let (time, which) = value.trim_start().split_once(' ').ok_or_else(wrong)?;
                let time = duration(time).filter(|_| !which.trim().is_empty()).ok_or_else(wrong)?;
                Act::Frames(fate(time), self.meant(which, value)?)
            }
            Acts::Link(_) => {
                let (link, number) = text.rsplit_once('=').map_or((None, text), |(link, number)| (Some(link), number));
                Act::Link(link.map(str::to_owned), number.trim().parse().map_err(|_| wrong())?)
            }
            Acts::Host(_) if !text.is_empty() => Act::Host(text.to_owned(), 0),
            Acts::HostFrom(_) if !text.is_empty() => {
                let (host, time) = text.rsplit_once('@').unwrap_or((text, "0s"));
                let from = duration(time).and_then(|time| u32::try_from(time.as_millis()).ok());
                Act::Host(host.to_owned(), from.ok_or_else(wrong)?)
            }
            Acts::Programs(_) if text.is_empty() => Act::Programs,
            Acts::Host(_) | Acts::HostFrom(_) | Acts::Programs(_) => return Err(wrong()),
        };
        Ok(act)
    }

    /// `3`, or what [`Pick::parse`] reads. `which` is the end of `value`.
    fn meant(&self, which: &str, value: &str) -> Result<Meant, FaultError> {
        match which.trim().parse() {
            Ok(0) => Err(FaultError::Value("frames are numbered from 1".into())),
            Ok(number) => Ok(Meant::Number(number)),
            Err(_) if which.trim().is_empty() => Err(FaultError::Value(self.wants(value))),
            Err(_) => Pick::parse(which)
                .map(|pick| Meant::Picked(Box::new(pick)))
                .map_err(|error| error.after(value.len() - which.len())),
        }
    }

    /// What its value should have been.
    fn wants(&self, value: &str) -> String {
        let Self { name, value: grammar, example, .. } = self;
        let value = value.trim().escape_debug();
        match self.acts {
            Acts::Programs(_) => format!("{name} takes no value, and here is '{value}'"),
            Acts::Timed(_) | Acts::HostFrom(_) => {
                format!("{name} wants {grammar}, like '{example}', with a TIME of at most 60s; not '{value}'")
            }
            _ => format!("{name} wants {grammar}, like '{example}'; not '{value}'"),
        }
    }
}

/// `200ms`, `1.5s`.
fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1e-3),
        None => (text.strip_suffix('s')?, 1.0),
    };
    let seconds = number.parse::<f64>().ok()? * unit;
    Duration::try_from_secs_f64(seconds).ok().filter(|d| *d <= LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, value: &str) -> Result<Act, FaultError> {
        Row::named(name).expect("it is a fault").read(value)
    }

    #[test]
    fn every_example_is_read_and_a_value_is_there_where_it_is_wanted() {
        for row in TABLE {
            assert_eq!(Row::named(&row.key()).map(|found| found.name), Some(row.name), "another fault has this name");
            row.read(row.example).unwrap_or_else(|error| panic!("{}: {error}", row.name));
            assert_eq!(row.example.is_empty(), row.value.is_empty(), "{}", row.name);
            let other = if row.value.is_empty() { "yes" } else { "" };
            let told = row.read(other).expect_err(row.name).to_string();
            assert!(told.contains(row.name) && told.contains(row.example), "{told}");
        }
    }

    #[test]
    fn a_frame_is_meant_by_its_number_or_by_a_pick() {
        assert_eq!(read("drop", " 7 ").unwrap(), Act::Frames(Fate::Drop, Meant::Number(7)));
        let late = |ms| Fate::Delay(Duration::from_millis(ms));
        assert_eq!(read("delay", "200ms 5").unwrap(), Act::Frames(late(200), Meant::Number(5)));
        assert!(
            matches!(read("delay", "1.5s 2 of http"), Ok(Act::Frames(fate, Meant::Picked(_))) if fate == late(1500))
        );
        for bad in ["200ms", "http", "5 http", "61s http", "200ms  "] {
            assert!(read("delay", bad).unwrap_err().to_string().contains("TIME WHICH"), "{bad}");
        }
        assert!(read("drop", "0").is_err());
        let FaultError::Filter { at, .. } = read("delay", "200ms 2 of tcp.lem > 0").unwrap_err() else { panic!() };
        assert_eq!(at, 11, "the filter begins behind time and pick");
    }

    #[test]
    fn a_number_is_for_every_link_unless_one_is_named() {
        assert_eq!(read("mtu", "600").unwrap(), Act::Link(None, 600));
        assert_eq!(read("mtu", "a-b=600").unwrap(), Act::Link(Some("a-b".into()), 600));
        for bad in ["", "a-b", "a-b=", "=x", "-1"] {
            assert!(read("mtu", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_time_has_a_unit_and_an_end() {
        assert_eq!(duration("200ms"), Some(Duration::from_millis(200)));
        assert_eq!(duration("1.5s"), Some(Duration::from_millis(1500)));
        for bad in ["5", "-1s", "61s", "nans", "infs", "s", "ms", "1e300s"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_scenario_takes_every_example_and_says_what_it_does_not_have() {
        let applied = |name: &str, value: &str| {
            let mut faults = Faults::default();
            faults.add(name, value).unwrap();
            faults.apply(&mut Scenario::ready("two-hosts").unwrap().unwrap())
        };
        for Row { name, example, .. } in TABLE {
            applied(name, example).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        for (name, value) in [
            ("mtu", "60"),
            ("mtu", "70000"),
            ("rate", "0"),
            ("latency", "10001"),
            ("silent", "nobody"),
            ("not_reading", "client-server"),
        ] {
            assert!(applied(name, value).is_err(), "{name} {value}");
        }
    }
}
