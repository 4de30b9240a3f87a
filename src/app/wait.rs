//! Who waits for a frame's time, and may be told to go on.

use crate::tty::{Keys, Raw};
use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};
use std::time::Duration;

/// Who waits until a frame may be shown.
pub(super) trait Wait {
    /// Waits that long; without a time, until it is told to go on. Says whether more is wanted.
    ///
    /// # Errors
    /// There is nobody to be told by.
    fn wait(&mut self, at_most: Option<Duration>) -> std::io::Result<bool>;
}

/// At a terminal, where a key means to go on; once it was waited for.
#[derive(Default)]
pub(super) struct Terminal(Option<Keys>);

impl Wait for Terminal {
    fn wait(&mut self, at_most: Option<Duration>) -> std::io::Result<bool> {
        if let Some(time) = at_most {
            std::thread::sleep(time);
            return Ok(true);
        }
        let keys = match self.0.take() {
            Some(keys) => keys,
            None => Keys::new()?,
        };
        let more = key(&keys)?;
        self.0 = Some(keys);
        Ok(more)
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
