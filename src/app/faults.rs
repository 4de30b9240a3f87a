//! Faults of a simulation, as they are asked for on the command line: `3`, `tcp.flags.syn == 1`, `2 of http`,
//! `each of dns`, `10% of tcp`.

use super::{Failure, show};
use crate::cli::Faults;
use crate::filter::Filter;
use crate::flow::{Limits, Tracker};
use crate::model::{Packet, RawFrame};
use crate::proto::walk;
use crate::rng::Rng;
use crate::sim::{Fate, Fault, Simulation};
use crate::source::{Source, Step};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// No frame is late by more than this.
const LATEST: Duration = Duration::from_mins(1);

/// The faults of one run.
pub(super) struct Plan {
    rules: Vec<Rule>,
}

struct Rule {
    /// As it was asked for, with its option.
    asked: String,
    fate: Fate,
    which: Which,
    /// How many frames it has met.
    met: Arc<AtomicU64>,
}

enum Which {
    /// The frame with this number in the capture that a run without faults gives; then, as it is sent.
    Number(u64),
    Matching(Box<Filter>, Pick),
}

/// Which of the frames that match.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Pick {
    /// The n-th, from 1.
    Nth(u64),
    Each,
    /// So many of a million, at random.
    Chance(u64),
}

/// Reads faults as `--what-if` takes them: an option without its dashes, then its value.
///
/// # Errors
/// It is no fault.
pub(super) fn what_if(asked: &[String]) -> Result<Faults, Failure> {
    /// The options alone.
    #[derive(clap::Parser)]
    #[command(no_binary_name = true, disable_help_flag = true, disable_version_flag = true)]
    struct Alone {
        #[command(flatten)]
        faults: Faults,
    }
    let words = asked.iter().flat_map(|text| {
        let (verb, value) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        let option = format!("--{}", verb.trim_start_matches('-'));
        if value.is_empty() { vec![option] } else { vec![format!("{option}={}", value.trim())] }
    });
    let parsed = <Alone as clap::Parser>::try_parse_from(words);
    parsed.map(|alone| alone.faults).map_err(|_| {
        let asked: Vec<_> = asked.iter().map(|text| format!("'{}'", text.escape_debug())).collect();
        let hint = "--what-if wants a fault without its dashes, like 'drop 1 of tcp.flags.syn == 1' or 'delay 300ms 5'";
        Failure::Usage(format!("{hint}, not {}; simulate --help lists the faults", asked.join(", ")))
    })
}

impl Plan {
    /// Reads what was asked for.
    ///
    /// # Errors
    /// A number, a time or a filter that makes no sense.
    pub(super) fn new(asked: &Faults) -> Result<Self, Failure> {
        let plain = [
            ("--drop", &asked.drop, Fate::Drop),
            ("--duplicate", &asked.duplicate, Fate::Duplicate),
            ("--corrupt", &asked.corrupt, Fate::Corrupt),
            ("--reorder", &asked.reorder, Fate::Overtake),
        ];
        let mut rules = Vec::new();
        for (option, all, fate) in plain {
            for text in all {
                rules.push(Rule::new(option, text, text, fate)?);
            }
        }
        for text in &asked.delay {
            let (time, which) = text.trim().split_once(' ').unwrap_or((text, ""));
            let Some(late) = duration(time).filter(|_| !which.trim().is_empty()) else {
                return Err(Failure::Usage(format!(
                    "--delay wants a time of at most 60s and the frame, like '200ms 5' or '1.5s 2 of http', not '{}'",
                    text.escape_debug()
                )));
            };
            rules.push(Rule::new("--delay", text, which, Fate::Delay(late))?);
        }
        Ok(Self { rules })
    }

    /// Finds the frames that are meant by number: `without` is the same run without faults.
    ///
    /// # Errors
    /// There is no such frame.
    pub(super) fn find(&mut self, mut without: Simulation) -> Result<(), Failure> {
        let mut wanted: Vec<_> = self
            .rules
            .iter_mut()
            .filter_map(|rule| match &mut rule.which {
                Which::Number(n) => Some(n),
                Which::Matching(..) => None,
            })
            .collect();
        wanted.sort();
        let mut frame = RawFrame::default();
        for number in wanted {
            while frame.number < *number {
                if without.next(&mut frame)? != Step::Frame {
                    let last = frame.number;
                    return Err(Failure::Usage(format!(
                        "there is no frame {number} to meet a fault: without faults there are {last}"
                    )));
                }
            }
            *number = without.sent_as();
        }
        Ok(())
    }

    /// The same faults, and others besides.
    pub(super) fn and(mut self, others: Self) -> Self {
        self.rules.extend(others.rules);
        self
    }

    /// The simulation's judge; chance falls as the seed says. `None` where nothing was asked for.
    pub(super) fn fault(self, seed: u64) -> (Option<Fault>, Report) {
        let report = Report(self.rules.iter().map(|rule| (rule.asked.clone(), Arc::clone(&rule.met))).collect());
        if self.rules.is_empty() {
            return (None, report);
        }
        let rules = self.rules;
        let (mut tracker, mut packet) = (Tracker::new(Limits::default()), Packet::new());
        let (mut seen, mut dice) = (vec![0; rules.len()], Rng::seeded(seed ^ 0xfa17));
        let judge = move |frame: &RawFrame| {
            walk(frame, &mut tracker, &mut packet);
            let mut fate = Fate::Deliver;
            for (rule, seen) in rules.iter().zip(&mut seen) {
                let meant = match &rule.which {
                    Which::Number(number) => *number == frame.number,
                    Which::Matching(filter, pick) => filter.matches(&packet) && pick.takes(seen, &mut dice),
                };
                // Of several, one counts: the first in the order of the options above.
                if meant && fate == Fate::Deliver {
                    fate = rule.fate;
                    rule.met.fetch_add(1, Ordering::Relaxed);
                }
            }
            fate
        };
        (Some(Box::new(judge)), report)
    }
}

/// What became of the faults.
pub(super) struct Report(Vec<(String, Arc<AtomicU64>)>);

impl Report {
    /// Says on standard error how many frames each fault met.
    pub(super) fn tell(&self) {
        for (asked, met) in &self.0 {
            let count = match met.load(Ordering::Relaxed) {
                0 => "no frame".to_owned(),
                1 => "one frame".to_owned(),
                n => format!("{n} frames"),
            };
            // Where nobody reads it, nothing is lost.
            let _ = writeln!(std::io::stderr(), "osi-tutor: {asked}: {count} met it");
        }
    }
}

impl Rule {
    fn new(option: &str, text: &str, which: &str, fate: Fate) -> Result<Self, Failure> {
        let asked = format!("{option} '{}'", text.escape_debug());
        Ok(Self { asked, fate, which: which_of(which.trim())?, met: Arc::default() })
    }
}

fn which_of(text: &str) -> Result<Which, Failure> {
    if let Ok(number) = text.parse() {
        return match number {
            0 => Err(Failure::Usage("frames are numbered from 1".into())),
            _ => Ok(Which::Number(number)),
        };
    }
    if let Some((head, filter)) = text.split_once(" of ")
        && let Some(pick) = pick(head.trim())
    {
        return Ok(Which::Matching(show::filter(filter)?.into(), pick));
    }
    Ok(Which::Matching(show::filter(text)?.into(), Pick::Nth(1)))
}

/// `3`, `first`, `each`, `2.5%`.
fn pick(text: &str) -> Option<Pick> {
    match text {
        "first" => Some(Pick::Nth(1)),
        "each" => Some(Pick::Each),
        _ => match text.strip_suffix('%') {
            Some(percent) => {
                let percent: f64 = percent.trim().parse().ok()?;
                let of_a_million = format!("{:.0}", percent * 10_000.0).parse().ok()?;
                (0.0..=100.0).contains(&percent).then_some(Pick::Chance(of_a_million))
            }
            None => text.parse().ok().filter(|&n| n > 0).map(Pick::Nth),
        },
    }
}

impl Pick {
    /// Whether this match is meant; `seen` counts them.
    fn takes(self, seen: &mut u64, dice: &mut Rng) -> bool {
        *seen += 1;
        match self {
            Self::Nth(n) => *seen == n,
            Self::Each => true,
            Self::Chance(of_a_million) => dice.below(1_000_000) < of_a_million,
        }
    }
}

/// `200ms`, `1.5s`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1e-3),
        None => (text.strip_suffix('s')?, 1.0),
    };
    let seconds = number.parse::<f64>().ok()? * unit;
    Duration::try_from_secs_f64(seconds).ok().filter(|d| *d <= LATEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_of_the_matching_frames_is_said_before_the_filter() {
        assert_eq!(pick("first"), Some(Pick::Nth(1)));
        assert_eq!(pick("3"), Some(Pick::Nth(3)));
        assert_eq!(pick("each"), Some(Pick::Each));
        assert_eq!(pick("2.5%"), Some(Pick::Chance(25_000)));
        for bad in ["0", "-1", "101%", "-1%", "nan%", "all", ""] {
            assert_eq!(pick(bad), None, "{bad}");
        }
        assert!(matches!(which_of("7"), Ok(Which::Number(7))));
        assert!(matches!(which_of("2 of tcp.flags.syn == 1"), Ok(Which::Matching(_, Pick::Nth(2)))));
        assert!(matches!(which_of("http"), Ok(Which::Matching(_, Pick::Nth(1)))));
        assert!(which_of("tcp.flags.sin == 1").is_err() && which_of("0").is_err());
    }

    #[test]
    fn a_time_has_a_unit_and_an_end() {
        assert_eq!(duration("200ms"), Some(Duration::from_millis(200)));
        assert_eq!(duration("1.5s"), Some(Duration::from_millis(1500)));
        for bad in ["5", "-1s", "61s", "nans", "infs", "s", "ms", "1e300s"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }
}
