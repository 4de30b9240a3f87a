//! `simulate --pace`: the simulation's clock runs along with the wall's, or stops until a key is pressed.

use super::Failure;
use crate::model::{RawFrame, Time};
use crate::sim::START;
use crate::source::{Source, SourceError, Step};
use crate::tty::{Keys, Raw};
use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};
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
    source: &'s mut dyn Source,
    pace: Pace,
    begun: Instant,
    /// The keys, once they were waited for.
    keys: Option<Keys>,
    /// A frame was given and may not have been shown yet.
    shown: bool,
    over: bool,
}

impl Pace {
    /// `1`, `0.1`, `step`.
    ///
    /// # Errors
    /// It is neither, or there is no terminal to press a key in.
    pub(super) fn read(text: &str) -> Result<Self, Failure> {
        if text == "step" {
            if !std::io::stdin().is_terminal() {
                return Err(Failure::Usage("--pace step waits for keys and needs a terminal; try --pace 1".into()));
            }
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
    /// The clock starts now.
    pub(super) fn new(source: &'s mut dyn Source, pace: Pace) -> Self {
        Self { source, pace, begun: Instant::now(), keys: None, shown: false, over: false }
    }

    /// Waits until it is time for what happens at this moment.
    fn wait(&mut self, at: Time) -> std::io::Result<()> {
        match self.pace {
            Pace::Speed(speed) => {
                let since = Duration::from_nanos(at.since(START).unwrap_or(0).max(0).unsigned_abs());
                let due = since.div_f64(speed);
                std::thread::sleep(due.saturating_sub(self.begun.elapsed()));
            }
            Pace::Step => {
                let keys = match self.keys.take() {
                    Some(keys) => keys,
                    None => Keys::new()?,
                };
                self.over = !key(&keys)?;
                self.keys = Some(keys);
            }
        }
        Ok(())
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
            let keys = |error| SourceError::Io { what: "the terminal gives no keys".into(), error };
            self.wait(frame.time).map_err(keys)?;
            if self.over {
                return Ok(Step::End);
            }
            self.shown = true;
        }
        Ok(step)
    }
}

/// Waits for a key; says whether it means to go on. A terminal that is gone does not.
fn key(keys: &Keys) -> std::io::Result<bool> {
    let _raw = Raw::take()?;
    let pressed = std::iter::from_fn(|| keys.next()).find_map(|event| match event {
        Event::Key(key) if key.kind == KeyEventKind::Press => Some(key),
        _ => None,
    });
    let Some(key) = pressed else { return Ok(false) };
    let interrupted = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    Ok(!interrupted && !matches!(key.code, KeyCode::Char('q') | KeyCode::Esc))
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
