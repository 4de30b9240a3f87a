//! Which packets are meant: `tcp.flags.syn == 1`, `first of dns`, `2 of http`, `each of dns`, `10% of tcp`.

use super::error::FaultError;
use crate::filter::Filter;
use crate::model::Packet;
use crate::rng::Rng;

/// A filter, and which of the packets that match.
#[derive(Clone, Debug, PartialEq)]
pub struct Pick {
    /// What they match.
    pub filter: Filter,
    /// Which of them.
    pub which: Which,
}

/// Which of the packets that match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The n-th, from 1.
    Nth(u64),
    /// Each.
    Each,
    /// So many of a million, at random.
    Chance(u64),
}

impl Pick {
    /// Reads a filter, perhaps with `2 of` or the like before it.
    ///
    /// # Errors
    /// It is no filter, or counts from 0.
    pub fn parse(text: &str) -> Result<Self, FaultError> {
        let (which, at) = Which::split(text)?;
        let filter = text.get(at..).unwrap_or_default().trim_end();
        let filter = Filter::parse(filter).map_err(|error| FaultError::Filter { at, error })?;
        Ok(Self { filter, which })
    }

    /// Reads a filter, perhaps with `2 of` before it, that means one packet: which of those that match.
    ///
    /// # Errors
    /// It is no filter, counts from 0, or may mean several.
    pub fn one(text: &str) -> Result<(Filter, u64), FaultError> {
        match Self::parse(text)? {
            Self { filter, which: Which::Nth(nth) } => Ok((filter, nth)),
            _ => Err(FaultError::Value("one packet is wanted here: FILTER for the first, or '2 of FILTER'".into())),
        }
    }

    /// Whether a packet is meant; `seen` counts those that match.
    pub fn takes(&self, packet: &Packet, seen: &mut u64, dice: &mut Rng) -> bool {
        if !self.filter.matches(packet) {
            return false;
        }
        *seen += 1;
        match self.which {
            Which::Nth(n) => *seen == n,
            Which::Each => true,
            Which::Chance(of_a_million) => dice.below(1_000_000) < of_a_million,
        }
    }
}

impl Which {
    /// What comes before a filter, and where the filter begins; the first, where nothing does.
    ///
    /// # Errors
    /// It counts from 0.
    pub fn split(text: &str) -> Result<(Self, usize), FaultError> {
        let begins = |at: usize| text.len() - text.get(at..).unwrap_or_default().trim_start().len();
        let head =
            text.split_once(" of ").and_then(|(head, _)| Some((Self::read(head.trim())?, begins(head.len() + 4))));
        match head {
            Some((Self::Nth(0), _)) => Err(FaultError::Value("packets are counted from 1".into())),
            Some(split) => Ok(split),
            None => Ok((Self::Nth(1), begins(0))),
        }
    }

    /// `3`, `first`, `each`, `2.5%`.
    fn read(text: &str) -> Option<Self> {
        match text {
            "first" => Some(Self::Nth(1)),
            "each" => Some(Self::Each),
            _ => match text.strip_suffix('%') {
                Some(percent) => {
                    let percent: f64 = percent.trim().parse().ok()?;
                    let of_a_million = format!("{:.0}", percent * 10_000.0).parse().ok()?;
                    (0.0..=100.0).contains(&percent).then_some(Self::Chance(of_a_million))
                }
                None => text.parse().ok().map(Self::Nth),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_of_the_matching_packets_is_said_before_the_filter() {
        let which = |text: &str| Pick::parse(text).map(|pick| pick.which).ok();
        assert_eq!(which("first of http"), Some(Which::Nth(1)));
        assert_eq!(which("http"), Some(Which::Nth(1)));
        assert_eq!(which("3 of tcp.flags.syn == 1"), Some(Which::Nth(3)));
        assert_eq!(which(" each of dns "), Some(Which::Each));
        assert_eq!(which("2.5% of tcp"), Some(Which::Chance(25_000)));
        for bad in [
            "0 of tcp",
            "-1 of tcp",
            "101% of tcp",
            "-1% of tcp",
            "nan% of tcp",
            "all of tcp",
            "2 of ",
            "",
            "tcp.flags.sin == 1",
        ] {
            assert_eq!(which(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_mistake_in_the_filter_is_found_behind_what_stands_before_it() {
        for (text, begins) in [("tcp.lem", 0), ("2 of tcp.lem", 5), ("10% of  tcp.lem", 8)] {
            let Err(FaultError::Filter { at, error }) = Pick::parse(text) else { panic!("{text} is read") };
            assert_eq!((at, error.span()), (begins, 0..7), "{text}");
        }
    }
}
