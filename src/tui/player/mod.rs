//! Lessons, quizzes and puzzles on the full screen, drawn from the same data as `--scenes`.
//!
//! Read [`play`] and [`ask`](fn@ask) first, then `page` (what is on a page, in parts), `draw` (where the parts go) and
//! `keys`. `asked` writes questions, `rows` what all of them are written with.

mod asked;
mod draw;
pub(super) mod keys;
mod mouse;
mod page;
mod rows;

use super::paint::Paint;
use super::rehearsal::{Happens, Nowhere};
use super::screen::Screen;
use crate::ask::session::{self, Millis};
use crate::ask::{Grade, Question, Session};
use crate::lesson::play::Record;
use crate::lesson::scene::Request;
use crate::lesson::{Input, Player};
use crate::tty::Keys;
use crate::tutor::Texts;
use crate::view::Theme;
use crate::view::mask::Mask;
use crate::view::scene::resolved;
use asked::Hand;
use crossterm::event::{Event, KeyEventKind};
use draw::Places;
use keys::Act;
use page::{Ground, Page};
use ratatui::text::Line;
use rows::Writer;
use std::cell::{OnceCell, RefCell};
use std::cmp::Ordering;
use std::io;
use std::sync::Arc;
use std::time::Instant;

/// What is needed to draw.
#[derive(Clone, Debug)]
pub struct Show {
    /// What the tutor says.
    pub texts: Arc<Texts>,
    /// Whether there is colour.
    pub color: bool,
}

/// What somebody looks at, and what is on the screen.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "what a key turns on and off")]
struct Sight {
    paint: Paint,
    theme: Theme,
    texts: Arc<Texts>,
    /// The first row of what scrolls; `None`: where the newest begins.
    top: Option<usize>,
    /// Which choice the arrows are on.
    at: Option<usize>,
    /// The field that is chosen; or a byte.
    field: Option<usize>,
    byte: Option<usize>,
    /// The field that is typed into was left.
    left: bool,
    /// What the last key went to must be in sight.
    follow: bool,
    /// The first line of the help page, if it is shown.
    help: Option<usize>,
    /// The number of a page that is being typed.
    jump: Option<String>,
    notice: String,
    /// Who is hidden, while that is wanted; pseudonyms last as long as the program.
    masks: bool,
    mask: OnceCell<RefCell<Mask>>,
    /// Fewer columns and more space, for a room that looks at it.
    projector: bool,
    /// Which page was shown last.
    number: usize,
    // Of the last drawing: the first row that was shown, the last that may be, and how many there is room for.
    here: usize,
    end: usize,
    room: usize,
    /// Rows between title and last line, and columns of the screen.
    rows: usize,
    columns: usize,
    /// Bytes in a row of those to mark.
    in_row: usize,
    places: Places,
}

/// A lesson, or a quiz.
trait Game {
    fn page(&self, ground: &Ground<'_>) -> Page;
    fn take(&mut self, input: Input);
    /// To a page, as far as open questions let. Whether that's where it is now.
    fn jump(&mut self, page: usize) -> bool;
    fn is_over(&self) -> bool;
}

/// Plays a lesson until the learner leaves, or the terminal goes away. `carry` carries out what the player asks for;
/// `keep` hears of each page that was turned and each answer, so that nothing is lost however it ends.
///
/// # Errors
/// The terminal cannot be used.
pub fn play(
    player: &mut Player<'_>,
    show: &Show,
    carry: &mut dyn FnMut(Request) -> Input,
    keep: &mut dyn FnMut(&Record),
) -> io::Result<()> {
    let kept = player.record();
    run(&mut Lesson { player, carry, keep, kept, begun: Instant::now() }, show)
}

/// Asks until all is answered, the learner leaves, or the terminal goes away. `title` and `seed` are those of the
/// questions; `graded` hears of each answer as it is given.
///
/// # Errors
/// The terminal cannot be used.
pub fn ask(
    session: &mut Session,
    (title, seed): (&str, u64),
    show: &Show,
    graded: &mut dyn FnMut(&Question, &Grade),
) -> io::Result<()> {
    session.step(session::Input::Look, 0);
    run(&mut Quiz { session, title, seed, graded, told: 0, begun: Instant::now() }, show)
}

/// Plays a lesson on a screen that is nowhere: `judge` sees each picture. What a what-if would show can't be had.
pub fn rehearse(player: &mut Player<'_>, show: &Show, happens: &[Happens], judge: &mut dyn FnMut(&[Vec<String>])) {
    let mut carry = |_| Input::Answer(Err("not here".to_owned()));
    let kept = player.record();
    let mut game = Lesson { player, carry: &mut carry, keep: &mut |_| {}, kept, begun: Instant::now() };
    rehearsed(&mut game, show, happens, judge);
}

/// The same with a quiz.
pub fn rehearse_quiz(session: &mut Session, show: &Show, happens: &[Happens], judge: &mut dyn FnMut(&[Vec<String>])) {
    session.step(session::Input::Look, 0);
    let mut game = Quiz { session, title: "a quiz", seed: 7, graded: &mut |_, _| {}, told: 0, begun: Instant::now() };
    rehearsed(&mut game, show, happens, judge);
}

fn rehearsed(game: &mut dyn Game, show: &Show, happens: &[Happens], judge: &mut dyn FnMut(&[Vec<String>])) {
    let (mut screen, mut sight) = (Nowhere::new(), Sight::new(show));
    for &happens in happens {
        screen.hears(happens);
        let mut page = None;
        let draw = |frame: &mut ratatui::Frame<'_>| {
            let area = frame.area();
            let seen = page.insert(sight.see(game, area.width, area.height));
            sight.draw(frame, seen);
        };
        screen.draw(draw, judge);
        let Some(page) = page else { return };
        let acts =
            (happens.key().map(|key| sight.key(key, &page)), happens.mouse().map(|mouse| sight.mouse(mouse, &page)));
        match acts.0.or(acts.1) {
            Some(Act::Play(inputs)) => sight.played(inputs, game),
            Some(Act::Jump(number)) => sight.jumps(number, game),
            Some(Act::Leave) => return,
            Some(Act::Look | Act::Suspend) | None => {}
        }
        if game.is_over() {
            return;
        }
    }
}

/// All that a screen of so many columns and rows says of a page, from its top to its end, however little of it is in sight.
pub fn text(player: &Player<'_>, show: &Show, (columns, rows): (u16, u16)) -> String {
    let sight = Sight::new(show);
    let page = sight.ground(columns, rows).lesson(&player.look());
    let mut out = String::new();
    let parts = page.parts.iter().map(|(_, rows)| rows).chain([&page.layers]);
    for row in parts.flatten() {
        out.push_str(&row.line.to_string());
        out.push('\n');
    }
    out
}

/// A question of a quiz as it is now, in lines for some other part of the screen.
pub(super) fn question(scene: &session::Scene<'_>, columns: usize, paint: Paint) -> Vec<Line<'static>> {
    let hand = Hand { typing: true, ..Hand::default() };
    let parts = page::asked(scene, &resolved::quiz(scene, "", 0), &|| Writer::new(paint, columns, None), hand);
    let mut lines: Vec<Line<'static>> = Vec::new();
    for (_, rows) in parts.into_iter().filter(|(_, rows)| !rows.is_empty()) {
        lines.extend((!lines.is_empty()).then(Line::default));
        lines.extend(rows.into_iter().map(|row| row.line));
    }
    lines
}

fn run(game: &mut dyn Game, show: &Show) -> io::Result<()> {
    let keys = Keys::new()?;
    let mut screen = Screen::take()?;
    let mut sight = Sight::new(show);
    while !game.is_over() {
        let mut page = None;
        screen.draw(|frame| {
            let area = frame.area();
            let seen = page.insert(sight.see(game, area.width, area.height));
            sight.draw(frame, seen);
        })?;
        let (Some(event), Some(page)) = (keys.next(), page) else { return Ok(()) };
        let act = match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => sight.key(key, &page),
            Event::Mouse(event) => sight.mouse(event, &page),
            _ => Act::Look,
        };
        match act {
            Act::Look => {}
            Act::Play(inputs) => sight.played(inputs, game),
            Act::Jump(number) => sight.jumps(number, game),
            Act::Leave => return Ok(()),
            Act::Suspend => {
                drop(screen);
                crate::tty::suspend();
                screen = Screen::take()?;
                screen.forget()?;
            }
        }
    }
    Ok(())
}

impl Sight {
    fn new(show: &Show) -> Self {
        Self {
            paint: Paint::new(show.color),
            theme: Theme::new(show.color),
            texts: Arc::clone(&show.texts),
            top: None,
            at: None,
            field: None,
            byte: None,
            left: false,
            follow: false,
            help: None,
            jump: None,
            notice: String::new(),
            masks: false,
            mask: OnceCell::new(),
            projector: false,
            number: 0,
            here: 0,
            end: 0,
            room: 1,
            rows: 1,
            columns: 80,
            in_row: 16,
            places: Places::default(),
        }
    }

    /// The player gets what a key came to; what changes is in sight then.
    fn played(&mut self, inputs: Vec<Input>, game: &mut dyn Game) {
        for input in inputs {
            let stays = matches!(input, Input::Look | Input::Layers | Input::Audience | Input::View);
            self.top = self.top.or(Some(self.here)).filter(|_| stays);
            self.follow = matches!(input, Input::Key(_));
            if matches!(input, Input::Key(crate::ask::Key::Enter) | Input::Skip) {
                (self.at, self.left) = (None, false);
            }
            game.take(input);
        }
    }

    /// The page as it is now. Of another one than before, nothing is chosen yet.
    fn see(&mut self, game: &dyn Game, columns: u16, rows: u16) -> Page {
        let page = game.page(&self.ground(columns, rows));
        if std::mem::replace(&mut self.number, page.number) == page.number {
            return page;
        }
        (self.top, self.at, self.field, self.byte, self.left) = (None, None, None, None, false);
        game.page(&self.ground(columns, rows))
    }

    fn jumps(&mut self, number: usize, game: &mut dyn Game) {
        if !game.jump(number) {
            self.notice =
                format!("Page {number} can't be seen yet: a question before it is open, or there's no such page.");
        }
    }

    fn hand(&self) -> Hand {
        Hand { at: self.at, typing: !self.left, cursor: 0, rows: self.rows.saturating_sub(10), field: self.field }
    }
}

struct Lesson<'a, 'l> {
    player: &'a mut Player<'l>,
    carry: &'a mut dyn FnMut(Request) -> Input,
    keep: &'a mut dyn FnMut(&Record),
    kept: Record,
    begun: Instant,
}

impl Game for Lesson<'_, '_> {
    fn page(&self, ground: &Ground<'_>) -> Page {
        ground.lesson(&self.player.look())
    }

    fn take(&mut self, mut input: Input) {
        while let Some(request) = self.player.step(input, since(self.begun)).request {
            input = (self.carry)(request);
        }
        let record = self.player.record();
        if record != self.kept {
            (self.keep)(&record);
            self.kept = record;
        }
    }

    fn jump(&mut self, page: usize) -> bool {
        loop {
            let scene = self.player.look();
            let (here, waits) = (scene.page, scene.offers.break_it || scene.open.is_some());
            match page.cmp(&here) {
                Ordering::Less => self.take(Input::Back),
                Ordering::Greater if !waits && here < scene.pages => self.take(Input::Next),
                order => return order == Ordering::Equal,
            }
            if self.player.look().page == here {
                return false;
            }
        }
    }

    fn is_over(&self) -> bool {
        self.player.look().over
    }
}

struct Quiz<'a> {
    session: &'a mut Session,
    title: &'a str,
    seed: u64,
    graded: &'a mut dyn FnMut(&Question, &Grade),
    told: usize,
    begun: Instant,
}

impl Game for Quiz<'_> {
    fn page(&self, ground: &Ground<'_>) -> Page {
        ground.quiz(&self.session.look(), self.title, self.seed)
    }

    fn take(&mut self, input: Input) {
        let input = match input {
            Input::Quit => session::Input::Quit,
            Input::Next => session::Input::Next,
            Input::Skip => session::Input::Skip,
            Input::Key(key) => session::Input::Key(key),
            _ => session::Input::Look,
        };
        self.session.step(input, since(self.begun));
        while let Some(grade) = self.session.grades().get(self.told) {
            if let Some(question) = self.session.questions().get(grade.question) {
                (self.graded)(question, grade);
            }
            self.told += 1;
        }
    }

    fn jump(&mut self, _page: usize) -> bool {
        false
    }

    fn is_over(&self) -> bool {
        self.session.look().over
    }
}

fn since(begun: Instant) -> Millis {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
