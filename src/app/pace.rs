//! `simulate --pace`: the simulation's clock runs along with the wall's, or stops until a key is pressed.

use super::Failure;
use super::wait::{Terminal, Wait};
use crate::model::{RawFrame, Time};
use crate::source::{Source, SourceError, Step};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// How fast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Pace {
    /// So many simulated seconds a second.
    Speed(f64),
    /// A key a frame.
    Step,
}

/// A source whose frames come when it is their time.
pub(super) struct Paced<'s> {
    /// Where they come from. Another one that has got as far may take over.
    pub source: Box<dyn Source + 's>,
    pace: Pace,
    begun: Instant,
    /// When the first frame was captured.
    first: Option<Time>,
    wait: Box<dyn Wait + 's>,
    /// A frame was given and may not have been shown yet.
    shown: bool,
    over: bool,
}

impl Pace {
    /// The same where only keys can say when to go on.
    ///
    /// # Errors
    /// It is neither, or there is no terminal to press a key in.
    pub(super) fn by_keys(text: &str) -> Result<Self, Failure> {
        let pace = Self::read(text)?;
        if pace == Self::Step && !std::io::stdin().is_terminal() {
            return Err(Failure::Usage("--pace step waits for keys and needs a terminal; try --pace 1".into()));
        }
        Ok(pace)
    }

    /// `1`, `0.1`, `step`.
    ///
    /// # Errors
    /// It is neither.
    pub(super) fn read(text: &str) -> Result<Self, Failure> {
        if text == "step" {
            return Ok(Self::Step);
        }
        match text.parse::<f64>() {
            Ok(speed) if (0.001..=1000.0).contains(&speed) => Ok(Self::Speed(speed)),
            _ => Err(Failure::Usage(format!(
                "--pace wants a speed from 0.001 to 1000 (1 is real time), or 'step', not '{}'",
                text.escape_debug()
            ))),
        }
    }
}

impl<'s> Paced<'s> {
    /// The clock starts now; the keys of the terminal go on.
    pub(super) fn new(source: Box<dyn Source + 's>, pace: Pace) -> Self {
        Self::waiting(source, pace, Box::new(Terminal::default()))
    }

    /// The same, with somebody else who waits.
    pub(super) fn waiting(source: Box<dyn Source + 's>, pace: Pace, wait: Box<dyn Wait + 's>) -> Self {
        Self { source, pace, begun: Instant::now(), first: None, wait, shown: false, over: false }
    }

    /// Waits until it is time for what happens at this moment, but not to be told to go on.
    pub(super) fn keep_up(&mut self, at: Time) -> std::io::Result<()> {
        if self.pace != Pace::Step {
            self.over = !self.wait(at)?;
        }
        Ok(())
    }

    /// Waits until it is time for what happens at this moment; says whether more is wanted.
    fn wait(&mut self, at: Time) -> std::io::Result<bool> {
        let at_most = match self.pace {
            Pace::Speed(speed) => {
                let first = *self.first.get_or_insert(at);
                let since = Duration::from_nanos(at.since(first).unwrap_or(0).max(0).unsigned_abs());
                Some(since.div_f64(speed).saturating_sub(self.begun.elapsed()))
            }
            Pace::Step => None,
        };
        self.wait.wait(at_most)
    }
}

impl Source for Paced<'_> {
    fn next(&mut self, frame: &mut RawFrame) -> Result<Step, SourceError> {
        // What was given shall be on the screen before the wait for the next one.
        if std::mem::take(&mut self.shown) {
            return Ok(Step::Idle);
        }
        if self.over {
            return Ok(Step::End);
        }
        let step = self.source.next(frame)?;
        if step == Step::Frame {
            let keys = |error| SourceError::Io { what: "nobody says when to go on".into(), error };
            self.over = !self.wait(frame.time).map_err(keys)?;
            if self.over {
                return Ok(Step::End);
            }
            self.shown = true;
        }
        Ok(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_a_speed_or_a_step() {
        assert_eq!(Pace::read("0.1").ok(), Some(Pace::Speed(0.1)));
        for bad in ["0", "-1", "nan", "inf", "fast", "", "1e9"] {
            assert!(matches!(Pace::read(bad), Err(Failure::Usage(_))), "{bad}");
        }
    }
}
