//! Rank 7: the plain player. Keys in, scenes out; nothing but a terminal is needed.
//!
//! What a key means depends on what is asked (`Mode`): where something is typed, letters are letters. Tab skips and
//! ? gives a hint everywhere.

mod keys;
pub mod quiz;

use crate::ask::Mode;
use crate::lesson::play::Record;
use crate::lesson::scene::{Offers, Request};
use crate::lesson::{Input, Player};
use crate::tty::{Keys, Screen};
use crate::view::measure::width;
use crate::view::scene::Stage;
use crossterm::cursor::MoveTo;
use crossterm::event::{Event, KeyEventKind};
use crossterm::style::Print;
use crossterm::terminal::{Clear, ClearType};
use crossterm::{queue, terminal};
#[cfg(feature = "tui")]
pub(crate) use keys::answer;
use keys::{Command, command, line};
use std::io::{self, Write};
use std::time::Instant;

/// Plays a lesson in the terminal until the learner leaves, or the terminal goes away. `stage` makes a stage for
/// a number of columns and rows; `carry` carries out what the player asks for; `keep` hears of each page that was turned and
/// each answer, so that nothing is lost however it ends.
///
/// # Errors
/// The terminal cannot be used.
pub fn play(
    player: &mut Player<'_>,
    stage: &dyn Fn(usize, usize) -> Stage,
    carry: &mut dyn FnMut(Request) -> Input,
    keep: &mut dyn FnMut(&Record),
) -> io::Result<()> {
    let mut kept = player.record();
    drive(&mut |mut input, now, (columns, rows)| {
        loop {
            let scene = player.step(input, now);
            if let Some(request) = scene.request.filter(|_| !scene.over) {
                input = carry(request);
                continue;
            }
            let seen = (!scene.over).then(|| {
                let mut text = String::new();
                let focus = stage(columns, rows).draw(&scene, &mut text);
                Seen { text, focus, page: scene.page, mode: scene.mode, offers: scene.offers }
            });
            let record = player.record();
            if record != kept {
                keep(&record);
                kept = record;
            }
            return seen;
        }
    })
}

/// What there is to see now.
struct Seen {
    text: String,
    /// The line that should be in sight.
    focus: usize,
    page: usize,
    mode: Mode,
    offers: Offers,
}

/// Shows what comes of each key, until that is nothing, the learner leaves, or the terminal goes away. `step` takes an
/// input, the milliseconds since the begin, and the columns and rows of the screen.
fn drive(step: &mut dyn FnMut(Input, u64, (usize, usize)) -> Option<Seen>) -> io::Result<()> {
    let keys = Keys::new()?;
    let _screen = Screen::take()?;
    let begun = Instant::now();
    let (mut input, mut top, mut page) = (Input::Look, None, 0);
    let mut picture = Picture::default();
    loop {
        let (columns, rows) = terminal::size().map_or((80, 24), |(c, r)| (usize::from(c), usize::from(r)));
        let now = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let Some(seen) = step(input, now, (columns, rows)) else { return Ok(()) };
        let sheet = Sheet::new(&seen, rows.saturating_sub(1).max(1));
        // A new page is read from its top; on the same one, the newest comes in sight.
        let turned = std::mem::replace(&mut page, seen.page) != seen.page;
        let here = if turned { 0 } else { top.unwrap_or(seen.focus).min(sheet.end) };
        let more = match (here > 0, here < sheet.end) {
            (true, true) => "  ↑↓ more",
            (true, false) => "  ↑ more",
            (false, true) => "  ↓ more",
            (false, false) => "",
        };
        // A line that is too long would push the page up by one.
        let help = line(seen.mode, seen.offers, columns.saturating_sub(width(more))) + more;
        picture.draw(sheet.lines(here), &help, (columns, rows))?;
        (input, top) = loop {
            let Some(event) = keys.next() else { return Ok(()) };
            match event {
                Event::Key(key) if key.kind != KeyEventKind::Release => match command(key, seen.mode) {
                    Some(Command::Leave) => return Ok(()),
                    // What is not read yet comes before the next page.
                    Some(Command::Play(Input::Next)) if keys::reads_on(key) && here < sheet.end => {
                        break (Input::Look, Some(here + sheet.room.saturating_sub(1).max(1)));
                    }
                    Some(Command::Play(input)) => {
                        let top = keys::stays(&input).then_some(here);
                        break (input, top);
                    }
                    Some(Command::Scroll(by)) => break (Input::Look, Some(here.saturating_add_signed(by))),
                    Some(Command::Page(by)) => {
                        let by = by * isize::try_from(sheet.room.saturating_sub(1)).unwrap_or(1);
                        break (Input::Look, Some(here.saturating_add_signed(by)));
                    }
                    None => {}
                },
                Event::Resize(..) => break (Input::Look, Some(here)),
                _ => {}
            }
        };
    }
}

/// A page on a screen: its title stays, and an open question stays at the end; what is between scrolls.
struct Sheet<'t> {
    title: &'t str,
    between: Vec<&'t str>,
    question: Vec<&'t str>,
    /// Rows for what scrolls, and how far it does.
    room: usize,
    end: usize,
}

impl<'t> Sheet<'t> {
    fn new(seen: &'t Seen, rows: usize) -> Self {
        let mut lines = seen.text.lines();
        let title = lines.next().unwrap_or("");
        let mut between: Vec<&str> = lines.collect();
        let rows = rows.saturating_sub(1).max(1);
        let begins = seen.focus.saturating_sub(1);
        let long = between.len().saturating_sub(begins);
        let stays = seen.mode != Mode::Read && between.len() > rows && seen.focus > 1 && long + 4 <= rows;
        let question = if stays { between.split_off(begins) } else { Vec::new() };
        let room = rows - question.len();
        let end = between.len().saturating_sub(room);
        Self { title, between, question, room, end }
    }

    fn lines(&self, from: usize) -> Vec<&'t str> {
        let between = self.between.iter().skip(from).take(self.room);
        std::iter::once(&self.title).chain(between).chain(&self.question).copied().collect()
    }
}

/// What is on the screen: only rows that change are written again, so that nothing flickers.
#[derive(Default)]
struct Picture {
    size: (usize, usize),
    rows: Vec<String>,
}

impl Picture {
    fn draw<'t>(&mut self, mut lines: Vec<&'t str>, help: &'t str, size: (usize, usize)) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if std::mem::replace(&mut self.size, size) != size {
            self.rows.clear();
            queue!(out, Clear(ClearType::All))?;
        }
        lines.resize(size.1.saturating_sub(1).max(1), "");
        lines.push(help);
        self.rows.resize(lines.len(), String::new());
        for ((row, new), old) in (0..).zip(lines).zip(&mut self.rows) {
            if old != new {
                queue!(out, MoveTo(0, row), Clear(ClearType::UntilNewLine), Print(new))?;
                new.clone_into(old);
            }
        }
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(lines: usize, focus: usize, mode: Mode) -> Seen {
        let text: Vec<String> = (0..lines).map(|n| format!("line {n}")).collect();
        Seen { text: text.join("\n"), focus, page: 1, mode, offers: Offers::default() }
    }

    #[test]
    fn an_open_question_stays_in_sight_while_what_is_above_it_scrolls() {
        let seen = seen(40, 34, Mode::Choose(4));
        let sheet = Sheet::new(&seen, 23);
        for from in [0, sheet.end] {
            let lines = sheet.lines(from);
            assert_eq!((lines.len(), lines[0], lines[17], lines[22]), (23, "line 0", "line 34", "line 39"));
        }
        assert_eq!(sheet.lines(0)[1], "line 1");
        assert_eq!(sheet.lines(sheet.end)[16], "line 33", "nothing is out of reach");
    }

    #[test]
    fn a_page_without_a_question_scrolls_below_its_title() {
        let seen = seen(40, 0, Mode::Read);
        let sheet = Sheet::new(&seen, 23);
        assert_eq!(sheet.lines(sheet.end)[22], "line 39");
        assert_eq!(sheet.lines(5)[..2], ["line 0", "line 6"]);
    }

    #[test]
    fn no_screen_is_too_low() {
        for rows in 0..4 {
            let seen = seen(40, 34, Mode::Choose(4));
            let sheet = Sheet::new(&seen, rows);
            assert!(!sheet.lines(sheet.end).is_empty(), "{rows}");
        }
    }
}
