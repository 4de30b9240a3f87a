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
use keys::{Command, command, line};
use std::io::{self, Write};
use std::time::Instant;

/// Shown after the keys while the page goes on below.
const MORE: &str = "  ↓ more";

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
    loop {
        let (columns, rows) = terminal::size().map_or((80, 24), |(c, r)| (usize::from(c), usize::from(r)));
        let now = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let Some(seen) = step(input, now, (columns, rows)) else { return Ok(()) };
        let room = rows.saturating_sub(1).max(1);
        let lines = seen.text.lines().count();
        let end = lines.saturating_sub(room);
        // A new page is read from its top; on the same one, the newest comes in sight.
        let turned = std::mem::replace(&mut page, seen.page) != seen.page;
        let here = if turned { 0 } else { top.unwrap_or(seen.focus).min(end) };
        // A line that is too long would push the page up by one.
        let more = if here + room < lines { MORE } else { "" };
        let help = line(seen.mode, seen.offers, columns.saturating_sub(width(more))) + more;
        draw(&seen.text, here, room, &help)?;
        (input, top) = loop {
            let Some(event) = keys.next() else { return Ok(()) };
            match event {
                Event::Key(key) if key.kind != KeyEventKind::Release => match command(key, seen.mode) {
                    Some(Command::Leave) => return Ok(()),
                    Some(Command::Play(input)) => {
                        let top = keys::stays(&input).then_some(here);
                        break (input, top);
                    }
                    Some(Command::Scroll(by)) => break (Input::Look, Some(here.saturating_add_signed(by))),
                    Some(Command::Page(by)) => {
                        let by = by * isize::try_from(room.saturating_sub(2)).unwrap_or(1);
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

fn draw(text: &str, top: usize, room: usize, help: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    queue!(out, MoveTo(0, 0), Clear(ClearType::All))?;
    for (row, line) in text.lines().skip(top).take(room).enumerate() {
        queue!(out, MoveTo(0, u16::try_from(row).unwrap_or(u16::MAX)), Print(line))?;
    }
    queue!(out, MoveTo(0, u16::try_from(room).unwrap_or(u16::MAX)), Print(help))?;
    out.flush()
}
