//! A menu of commands, each with what it does. The chosen one is shown as it would be typed, so that a learner soon
//! needs no menu.

use super::paint::Paint;
use super::screen::Screen;
use super::text::{field, fit, footer, keys_page, safe, scrolled, scrolled_by};
use crate::tty::Keys;
use crate::tty::table::{Does, meaning, on, short};
use crate::tutor::Audience;
use crate::view::measure::width;
use crossterm::event::{Event, KeyEvent, KeyEventKind, MouseButton, MouseEvent, MouseEventKind};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use std::io;

/// The lines below the list: a space, what is chosen, the keys.
const BELOW: u16 = 3;

/// What can be chosen, and what is.
#[derive(Debug)]
pub struct Menu {
    /// The first line.
    pub title: String,
    /// The rows, under their headings.
    pub groups: Vec<Group>,
    /// For whom a lesson explains.
    pub audience: Audience,
    /// Which row is chosen, counted through all groups from 0.
    pub chosen: usize,
    top: usize,
    /// Which row each line of the screen shows.
    clickable: Vec<Option<usize>>,
    /// The first line of the help page, if it is shown.
    help: Option<usize>,
}

/// The keys of the last line.
fn keys() -> [String; 5] {
    ["↑↓ choose".to_owned(), "Enter start".to_owned(), short(Does::Audience), short(Does::Help), short(Does::Quit)]
}

/// The help page.
fn help(columns: usize) -> Vec<String> {
    keys_page(on::MENU, &["The line above the last one is what you'd type in a shell."], columns)
}

/// Rows under one heading.
#[derive(Debug)]
pub struct Group {
    /// What they have in common.
    pub heading: String,
    /// The rows.
    pub rows: Vec<Row>,
}

/// A command.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is called.
    pub name: String,
    /// What it does, in half a line.
    pub about: String,
    /// What was done of it.
    pub mark: String,
    /// What follows the program's name.
    pub command: Vec<String>,
    /// It explains, and so it heeds the audience.
    pub explains: bool,
}

/// What a key comes to.
#[derive(Debug, PartialEq, Eq)]
enum Wish {
    None,
    Start,
    Leave,
    Suspend,
}

impl Menu {
    /// The first row is chosen.
    pub fn new(title: String, groups: Vec<Group>, audience: Audience) -> Self {
        Self { title, groups, audience, chosen: 0, top: 0, clickable: Vec::new(), help: None }
    }

    /// Lets somebody choose: what is to follow the program's name, or `None` if they leave or the terminal goes away.
    ///
    /// # Errors
    /// There is no terminal, or it has gone.
    pub fn choose(&mut self, color: bool) -> io::Result<Option<Vec<String>>> {
        let keys = Keys::new()?;
        let mut screen = Screen::take()?;
        loop {
            screen.draw(|frame| self.draw(frame, Paint::new(color)))?;
            let Some(event) = keys.next() else { return Ok(None) };
            let wish = match event {
                Event::Key(key) => self.key(key),
                Event::Mouse(event) => self.mouse(event),
                _ => continue,
            };
            match wish {
                Wish::None => {}
                Wish::Start => return Ok(self.row().map(|row| self.command(row))),
                Wish::Leave => return Ok(None),
                Wish::Suspend => {
                    drop(screen);
                    crate::tty::suspend();
                    screen = Screen::take()?;
                    screen.forget()?;
                }
            }
        }
    }

    fn rows(&self) -> impl DoubleEndedIterator<Item = &Row> {
        self.groups.iter().flat_map(|group| &group.rows)
    }

    fn row(&self) -> Option<&Row> {
        self.rows().nth(self.chosen)
    }

    fn command(&self, row: &Row) -> Vec<String> {
        let mut command = row.command.clone();
        if row.explains && self.audience != Audience::default() {
            command.extend(["--audience".to_owned(), self.audience.name().to_owned()]);
        }
        command
    }

    fn key(&mut self, key: KeyEvent) -> Wish {
        if key.kind == KeyEventKind::Release {
            return Wish::None;
        }
        let does = meaning(key, if self.help.is_some() { on::TEXT } else { on::MENU });
        let last = self.rows().count().saturating_sub(1);
        match does {
            Some(Does::End) => return Wish::Leave,
            Some(Does::Suspend) => return Wish::Suspend,
            _ if self.help.is_some() => {
                let top = self.help.unwrap_or(0);
                self.help = scrolled_by(does, top, 10, help(80).len().saturating_sub(1));
            }
            Some(Does::Help) => self.help = Some(0),
            Some(Does::Up) => self.chosen = self.chosen.saturating_sub(1),
            Some(Does::Down) => self.chosen = (self.chosen + 1).min(last),
            Some(Does::PageUp) => self.chosen = self.chosen.saturating_sub(10),
            Some(Does::PageDown) => self.chosen = (self.chosen + 10).min(last),
            Some(Does::First) => self.chosen = 0,
            Some(Does::Last) => self.chosen = last,
            Some(Does::Audience) => self.audience = self.audience.next(),
            Some(Does::Take) => return Wish::Start,
            Some(Does::Leave | Does::Quit) => return Wish::Leave,
            _ => {}
        }
        Wish::None
    }

    /// A click chooses, a second one on the same row starts.
    fn mouse(&mut self, event: MouseEvent) -> Wish {
        if self.help.is_some() {
            return Wish::None;
        }
        let last = self.rows().count().saturating_sub(1);
        match event.kind {
            MouseEventKind::ScrollUp => self.chosen = self.chosen.saturating_sub(1),
            MouseEventKind::ScrollDown => self.chosen = (self.chosen + 1).min(last),
            MouseEventKind::Down(MouseButton::Left) => {
                let clicked = self.clickable.get(usize::from(event.row)).copied().flatten();
                match clicked {
                    Some(row) if row == self.chosen => return Wish::Start,
                    Some(row) => self.chosen = row,
                    None => {}
                }
            }
            _ => {}
        }
        Wish::None
    }

    fn draw(&mut self, frame: &mut Frame<'_>, paint: Paint) {
        let area = frame.area();
        let columns = usize::from(area.width);
        let title = fit(&safe(&self.title), columns);
        frame.render_widget(Line::styled(title, Paint::strong()), Rect { height: area.height.min(1), ..area });
        let below = BELOW.min(area.height.saturating_sub(2));
        let list = Rect { y: area.y + area.height.min(1), height: area.height.saturating_sub(1 + below), ..area };
        if let Some(top) = self.help {
            let lines: Vec<Line<'_>> = help(columns).into_iter().skip(top).map(Line::raw).collect();
            return frame
                .render_widget(Paragraph::new(lines), Rect { height: area.height - list.y.min(area.height), ..list });
        }
        let (lines, at, rows_of) = self.lines(columns, paint);
        let rows = usize::from(list.height);
        // With the first row of a group its heading and the space above it come in sight, too.
        self.top = scrolled(self.top.min(at.saturating_sub(2)), at, rows, lines.len());
        let above = std::iter::repeat_n(None, usize::from(list.y));
        self.clickable = above.chain(rows_of.into_iter().skip(self.top).take(rows)).collect();
        let shown: Vec<Line<'_>> = lines.into_iter().skip(self.top).take(rows).collect();
        frame.render_widget(Paragraph::new(shown), list);
        let end = area.y + area.height;
        let line = |up: u16| Rect { y: end.saturating_sub(up), height: 1, ..area };
        if below > 1 {
            let command = self.row().map(|row| self.command(row).join(" ")).unwrap_or_default();
            let typed = fit(&safe(&format!("$ osi-tutor {command}")), columns);
            frame.render_widget(Line::raw(typed), line(2));
        }
        if below > 0 {
            frame.render_widget(Line::styled(footer(&keys(), 2, columns), paint.faint()), line(1));
        }
    }

    /// All lines of the list, which of them is chosen, and the row that each is, if it is one.
    fn lines(&self, columns: usize, paint: Paint) -> (Vec<Line<'static>>, usize, Vec<Option<usize>>) {
        let names = self.rows().map(|row| width(&row.name)).max().unwrap_or(0).min(24);
        let marks = self.rows().map(|row| width(&row.mark)).max().unwrap_or(0);
        let (mut lines, mut number, mut at, mut rows_of) = (Vec::new(), 0, 0, Vec::new());
        for group in &self.groups {
            lines.push(Line::raw(""));
            let mut heading = safe(&group.heading);
            if group.rows.iter().any(|row| row.explains) {
                heading = format!("{heading} (for the {})", self.audience);
            }
            lines.push(Line::styled(fit(&heading, columns), Paint::strong()));
            rows_of.extend([None, None]);
            for row in &group.rows {
                let mut text = String::from("  ");
                field(&mut text, &safe(&row.name), names);
                let room = columns.saturating_sub(width(&text) + marks + 2);
                field(&mut text, &safe(&row.about), room);
                let mark = fit(&safe(&row.mark), columns.saturating_sub(width(&text)));
                let mut line = Line::from(vec![Span::raw(fit(&text, columns)), Span::styled(mark, paint.faint())]);
                if number == self.chosen {
                    at = lines.len();
                    line = line.style(Paint::selected(true));
                }
                lines.push(line);
                rows_of.push(Some(number));
                number += 1;
            }
        }
        (lines, at, rows_of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyModifiers};
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    fn menu() -> Menu {
        let row = |name: &str, explains| Row {
            name: name.to_owned(),
            about: format!("what {name} does\u{1b}[31m, at such a length that it may have to be cut"),
            mark: "✓ done".to_owned(),
            command: vec!["explain".to_owned(), name.to_owned()],
            explains,
        };
        let group = |heading: &str, names: &[&str], explains| Group {
            heading: heading.to_owned(),
            rows: names.iter().map(|name| row(name, explains)).collect(),
        };
        let groups = vec![group("Learn", &["osi", "arp", "dns"], true), group("Look", &["lo", "eth0"], false)];
        Menu::new("osi-tutor".to_owned(), groups, Audience::default())
    }

    fn press(menu: &mut Menu, code: KeyCode) -> Wish {
        menu.key(KeyEvent::new(code, KeyModifiers::NONE))
    }

    fn picture(menu: &mut Menu, columns: u16, rows: u16) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal.draw(|frame| menu.draw(frame, Paint::new(false))).unwrap();
        let buffer = terminal.backend().buffer().clone();
        let lines = buffer.content.chunks(usize::from(columns));
        lines.map(|line| line.iter().map(ratatui::buffer::Cell::symbol).collect()).collect()
    }

    #[test]
    fn the_chosen_row_is_in_sight_at_every_size_and_its_command_below() {
        for (columns, rows) in [(1, 1), (3, 2), (20, 5), (60, 20), (80, 24), (120, 40)] {
            let mut menu = menu();
            for _ in 0..6 {
                let seen = picture(&mut menu, columns, rows);
                let name = menu.row().unwrap().name.clone();
                if rows >= 5 && columns >= 20 {
                    assert!(seen.iter().any(|line| line.starts_with(&format!("  {name}"))), "{name} {seen:#?}");
                    assert!(seen[usize::from(rows) - 2].starts_with("$ osi-tutor explai"), "{seen:#?}");
                    assert!(seen[usize::from(rows) - 1].contains("q quit"), "{seen:#?}");
                }
                assert!(!seen.concat().contains('\u{1b}'));
                press(&mut menu, KeyCode::Down);
            }
        }
    }

    #[test]
    fn keys_move_within_the_list_and_enter_starts_what_is_chosen() {
        let mut menu = menu();
        assert_eq!(press(&mut menu, KeyCode::Up), Wish::None);
        assert_eq!((menu.chosen, press(&mut menu, KeyCode::End), menu.chosen), (0, Wish::None, 4));
        assert_eq!((press(&mut menu, KeyCode::PageDown), menu.chosen), (Wish::None, 4));
        assert_eq!(press(&mut menu, KeyCode::Enter), Wish::Start);
        let row = menu.row().unwrap();
        assert_eq!(menu.command(row), ["explain", "eth0"], "what doesn't explain has no audience");
        press(&mut menu, KeyCode::Home);
        press(&mut menu, KeyCode::Char('a'));
        let row = menu.row().unwrap();
        assert_eq!(menu.command(row), ["explain", "osi", "--audience", "engineer"]);
        assert_eq!(press(&mut menu, KeyCode::Char('q')), Wish::Leave);
    }

    #[test]
    fn a_click_chooses_and_a_second_one_starts() {
        let mut menu = menu();
        picture(&mut menu, 80, 24);
        let click = |row| MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column: 4,
            row,
            modifiers: KeyModifiers::NONE,
        };
        // Title, space, heading, then the rows.
        assert_eq!((menu.mouse(click(4)), menu.chosen), (Wish::None, 1));
        assert_eq!(menu.mouse(click(4)), Wish::Start);
        for row in [0, 2, 23, 99] {
            assert_eq!((menu.mouse(click(row)), menu.chosen), (Wish::None, 1), "row {row} is no row");
        }
    }

    #[test]
    fn any_key_at_any_time_is_survived() {
        let mut menu = Menu::new(String::new(), Vec::new(), Audience::default());
        for code in [KeyCode::Down, KeyCode::End, KeyCode::PageDown, KeyCode::Enter, KeyCode::Tab, KeyCode::F(5)] {
            press(&mut menu, code);
            picture(&mut menu, 10, 4);
        }
        assert!(menu.row().is_none());
    }
}
