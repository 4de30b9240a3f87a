//! The terminal that leads a class: where students come in, what the class does, what was answered, which keys lead on.
//! It shows what the teacher's console shows; a key hides what is the teacher's alone.

mod draw;

use super::paint::Paint;
use super::screen::Screen;
use super::text::{keys_page, scrolled_by};
use crate::classroom::hub::{Desk, News, Standing};
use crate::classroom::panel::Panel;
use crate::classroom::qr;
use crate::tty::table::{Does, meaning, on};
use crate::tty::{Heard, Keys};
use crate::view::measure::wrap;
use crossterm::event::{Event, KeyEvent, KeyEventKind};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long a key is waited for before what has changed is drawn.
const LOOK: Duration = Duration::from_millis(100);
/// Lines that are kept of what was said.
const SAID: usize = 50;

/// A terminal that leads classes, until it's given back.
#[derive(Debug)]
pub struct Terminal {
    shown: Arc<Mutex<Shown>>,
    thread: JoinHandle<io::Result<()>>,
}

/// What it shows.
#[derive(Debug, Default)]
struct Shown {
    seats: Vec<Seat>,
    /// The class that the keys lead.
    at: usize,
    /// What was said, the newest last.
    said: VecDeque<String>,
    /// A page of text over it, and its first line.
    page: Option<(Over, usize)>,
    /// The first line of the class.
    top: usize,
    /// What is the teacher's alone is hidden.
    projected: bool,
    changed: bool,
    /// The server has ended.
    over: bool,
}

/// One class.
#[derive(Debug)]
struct Seat {
    standing: Standing,
    /// The address as a QR code.
    qr: Vec<String>,
    panel: Panel,
}

/// A page of text over the class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    /// All links: one of them leads the class, so they are not always in sight.
    Links,
    /// The keys.
    Help,
}

/// What a key comes to.
#[derive(Debug, PartialEq, Eq)]
enum Wish {
    None,
    /// It's the desk's.
    Press(char),
    /// Ctrl-C.
    End,
}

impl Terminal {
    /// Takes the terminal; keys go to the desk.
    pub fn take(desk: Desk, color: bool) -> Self {
        let shown = Arc::new(Mutex::new(Shown { page: Some((Over::Links, 0)), ..Shown::default() }));
        let draws = Arc::clone(&shown);
        let thread = thread::spawn(move || lead(&draws, &Leads(desk).0, Paint::new(color)));
        Self { shown, thread }
    }

    /// Who hears the server's news.
    pub fn hears(&self) -> impl Fn(News) + Send + Sync + 'static {
        let shown = Arc::clone(&self.shown);
        move |news| locked(&shown).hear(news)
    }

    /// Gives the terminal back: the server has ended.
    ///
    /// # Errors
    /// It could not be taken, or it has gone.
    pub fn give_back(self) -> io::Result<()> {
        locked(&self.shown).over = true;
        self.thread.join().unwrap_or(Ok(()))
    }
}

/// Who leads the class here. Whatever ends that, a terminal that goes in the middle of a picture too, the server ends with it.
struct Leads(Desk);

impl Drop for Leads {
    fn drop(&mut self) {
        self.0.press(Desk::END);
    }
}

fn locked(shown: &Mutex<Shown>) -> MutexGuard<'_, Shown> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Draws, and hands keys on, until the server ends, Ctrl-C is pressed or the terminal goes.
fn lead(shown: &Mutex<Shown>, desk: &Desk, paint: Paint) -> io::Result<()> {
    let keys = Keys::new()?;
    let mut screen = Screen::take_without_mouse()?;
    loop {
        let changed = {
            let mut shown = locked(shown);
            if shown.over {
                return Ok(());
            }
            std::mem::take(&mut shown.changed)
        };
        if changed {
            screen.draw(|frame| locked(shown).draw(frame, paint))?;
        }
        match keys.within(LOOK) {
            Heard::Gone => return Ok(()),
            Heard::Nothing => {}
            Heard::Event(event) => {
                let mut shown = locked(shown);
                shown.changed = true;
                match event {
                    Event::Key(key) if key.kind != KeyEventKind::Release => match shown.key(key) {
                        Wish::None => {}
                        Wish::Press(key) => {
                            desk.press(key);
                        }
                        Wish::End => return Ok(()),
                    },
                    _ => {}
                }
            }
        }
    }
}

impl Shown {
    /// The server tells something.
    fn hear(&mut self, news: News) {
        self.changed = true;
        match news {
            News::Stands(all) => self.stand(all),
            News::Moved(all, line) => {
                self.stand(all);
                self.say(line);
            }
            News::Panel(n, panel) => {
                if let Some(seat) = self.seats.get_mut(n) {
                    seat.panel = *panel;
                }
            }
            News::Leads(n) => (self.at, self.top) = (n, 0),
            News::Line(line) => self.say(line),
            News::Full(most) => {
                self.say(format!("{most} connections are open, as many as may be; idle ones are closed."));
            }
        }
    }

    fn stand(&mut self, all: Vec<Standing>) {
        let mut before = std::mem::take(&mut self.seats).into_iter();
        let seat = |standing: Standing| {
            let qr = if standing.at.ip().is_loopback() { Vec::new() } else { qr::lines(&standing.url()) };
            Seat { qr, standing, panel: before.next().map(|seat| seat.panel).unwrap_or_default() }
        };
        self.seats = all.into_iter().map(seat).collect();
    }

    fn say(&mut self, line: String) {
        if self.said.len() >= SAID {
            self.said.pop_front();
        }
        self.said.push_back(line);
    }

    fn key(&mut self, key: KeyEvent) -> Wish {
        if let Some((over, top)) = self.page {
            match meaning(key, on::TEXT) {
                Some(Does::End) => return Wish::End,
                Some(Does::Take) => self.page = None,
                does => {
                    let last = self.over(over, 80).len().saturating_sub(1);
                    self.page = scrolled_by(does, top, 10, last).map(|top| (over, top));
                }
            }
            return Wish::None;
        }
        let several = self.seats.len() > 1;
        let digit =
            |n: usize| u32::try_from(n).ok().and_then(|n| char::from_digit(n, 10)).map_or(Wish::None, Wish::Press);
        match meaning(key, on::CLASS) {
            Some(Does::Lead(key)) => return Wish::Press(key),
            Some(Does::Pick(n)) if several => return digit(usize::from(n)),
            Some(Does::Next) if several => return Wish::Press('\t'),
            Some(Does::Before) if several => {
                return digit(if self.at == 0 { self.seats.len() } else { self.at });
            }
            Some(Does::End) => return Wish::End,
            Some(Does::Links) => self.page = Some((Over::Links, 0)),
            Some(Does::Help) => self.page = Some((Over::Help, 0)),
            Some(Does::Projector) => self.projected = !self.projected,
            Some(Does::Up) => self.top = self.top.saturating_sub(1),
            // As far as there is something, which the next picture knows.
            Some(Does::Down) => self.top += 1,
            _ => {}
        }
        Wish::None
    }

    /// The lines of a page of text.
    fn over(&self, over: Over, columns: usize) -> Vec<String> {
        match over {
            Over::Help => keys_page(on::CLASS, &["The last line names the keys that do something now."], columns),
            Over::Links => {
                let all: Vec<Standing> = self.seats.iter().map(|seat| seat.standing.clone()).collect();
                let mut lines =
                    vec!["The class is open. Enter goes on; a shows these links once more.".to_owned(), String::new()];
                let told = Standing::told(&all, false);
                lines.extend(told.iter().flat_map(|line| wrap(line, columns.max(20))).map(str::to_owned));
                lines
            }
        }
    }
}

#[cfg(test)]
mod tests;
