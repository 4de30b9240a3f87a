//! The terminal that runs a class: its keys, and what it's told.

use super::error;
use crate::classroom::hub::{Desk, News, Standing};
#[cfg(unix)]
use crate::tty::{Heard, Keys, Quiet};
#[cfg(unix)]
use crossterm::event::{Event, KeyCode, KeyEventKind};
use std::io::{self, IsTerminal as _};

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

/// Tells at the terminal what happens; of keys only where somebody hears them.
pub(super) fn teller(hears: bool, several: bool, linear: bool) -> impl Fn(News) + Send + Sync + 'static {
    move |news: News| match news {
        News::Stands(classes) => {
            for line in Standing::told(&classes, io::stderr().is_terminal() && !linear) {
                error::tell(&line);
            }
            if hears {
                error::tell("Here, Enter does what the first button of your console does; ? lists the other keys.");
            }
            if hears && several {
                error::tell("The keys lead class 1; a digit chooses another one.");
            }
        }
        News::Line(line) | News::Moved(_, line) => error::tell(&line),
        News::Leads(n) => error::tell(&format!("The keys lead class {} now.", n + 1)),
        News::Panel(..) => {}
        News::Full(connections) => error::tell(&format!(
            "{connections} connections are open, as many as may be; idle ones are closed to make room."
        )),
    }
}
