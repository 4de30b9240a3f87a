//! The keys of the terminal that runs a class.

use crate::classroom::hub::Desk;
#[cfg(unix)]
use crate::tty::{Heard, Keys, Quiet};
#[cfg(unix)]
use crossterm::event::{Event, KeyCode, KeyEventKind};

/// How long a thread waits for a key before it looks whether the program ends.
#[cfg(unix)]
const LOOK: std::time::Duration = std::time::Duration::from_millis(200);

/// Hands on the keys of the terminal, if somebody sits there; they are not shown until what is given here is dropped.
#[cfg(unix)]
pub(super) fn typed(desk: Desk) -> Option<Quiet> {
    let quiet = Quiet::take()?;
    let keys = Keys::new().ok()?;
    std::thread::spawn(move || {
        loop {
            let key = match keys.within(LOOK) {
                Heard::Gone => return,
                Heard::Event(Event::Key(key)) if key.kind == KeyEventKind::Press => match key.code {
                    KeyCode::Char(c) if key.modifiers.is_empty() => c,
                    KeyCode::Enter | KeyCode::PageDown => '\n',
                    KeyCode::PageUp => 'b',
                    _ => continue,
                },
                Heard::Event(_) | Heard::Nothing => continue,
            };
            if !desk.press(key) {
                return;
            }
        }
    });
    Some(quiet)
}

/// Here, only the console leads the class.
#[cfg(not(unix))]
pub(super) fn typed(_: Desk) -> Option<()> {
    None
}
