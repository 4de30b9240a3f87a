//! `osi-tutor` alone, and `osi-tutor explain` alone: a menu, where there is a terminal.

use super::{Failure, error, store};
use crate::cli::{Cli, Explain};
use crate::lesson::Lesson;
use crate::view::lessons as view;
use crate::view::plain::plain;
use crate::view::theme::Color;
use clap::CommandFactory;
use std::io::Write;

/// The menu of everything; without a terminal, the help, as for any command that is not whole.
pub(super) fn run(choice: Color) -> u8 {
    #[cfg(feature = "tui")]
    if super::has_screen() {
        return screen::everything(choice).map_or_else(|failure| failure.report(), |()| 0);
    }
    let _ = choice;
    let asked = Cli::command().subcommand_required(true).arg_required_else_help(true);
    asked.try_get_matches_from(["osi-tutor"]).map_or_else(|e| error::usage(&e), |_| 0)
}

/// The course: as a menu, or one lesson a line.
pub(super) fn course(lessons: &[Lesson], args: &Explain, choice: Color) -> Result<(), Failure> {
    #[cfg(feature = "tui")]
    if super::has_screen() && !args.linear {
        return screen::course(lessons, args, choice);
    }
    let _ = choice;
    let text = view::course(lessons, &store().read().unwrap_or_default(), args.lessons.as_deref());
    let text = if super::linear(args.linear) { plain(&text) } else { text };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

#[cfg(feature = "tui")]
mod screen {
    use super::super::menu_rows::REST;
    use super::super::{Failure, color, error, store};
    use crate::cli::{Explain, Worded};
    use crate::lesson::{self, Lesson};
    use crate::tui::menu::{Group, Menu, Row};
    use crate::tutor::Audience;
    use crate::view::lessons::done;
    use crate::view::theme::Color;
    use std::ffi::OsString;
    use std::io::BufRead;
    use std::process::Command;

    /// The course and everything else.
    pub(super) fn everything(choice: Color) -> Result<(), Failure> {
        let lessons = lesson::course().map_err(|e| Failure::Data(e.to_string()))?;
        let rest = REST.iter().map(|(heading, rows)| Group {
            heading: (*heading).to_owned(),
            rows: rows.iter().map(|(name, about, command)| row(name, about, command)).collect(),
        });
        let title = "osi-tutor · see, in real packets, how the network works";
        play(title, Audience::default(), choice, &[], &|| {
            std::iter::once(learn(&lessons)).chain(rest.clone()).collect()
        })
    }

    /// The course alone. What was given beside its name goes on to each lesson.
    pub(super) fn course(lessons: &[Lesson], args: &Explain, choice: Color) -> Result<(), Failure> {
        let more =
            args.lessons.iter().flat_map(|folder| [OsString::from("--lessons"), folder.clone().into_os_string()]);
        let more: Vec<OsString> = more.collect();
        play("The course", args.audience, choice, &more, &|| vec![learn(lessons)])
    }

    fn row(name: &str, about: &str, command: &[&str]) -> Row {
        let command = command.iter().map(|word| (*word).to_owned()).collect();
        Row { name: name.to_owned(), about: about.to_owned(), mark: String::new(), command, explains: false }
    }

    /// The lessons, with what was done of each.
    fn learn(lessons: &[Lesson]) -> Group {
        let progress = store().read().unwrap_or_default();
        let rows = lessons.iter().map(|lesson| {
            let mut mark = done(lesson, &progress);
            if mark.is_empty() {
                mark = format!("{} min", lesson.minutes);
            }
            Row { mark, explains: true, ..row(&lesson.id, &lesson.title, &["explain", &lesson.id]) }
        });
        Group { heading: "Learn".to_owned(), rows: rows.collect() }
    }

    /// Starts what is chosen, as a program of its own, until somebody leaves.
    fn play(
        title: &str,
        audience: Audience,
        choice: Color,
        more: &[OsString],
        groups: &dyn Fn() -> Vec<Group>,
    ) -> Result<(), Failure> {
        let program = std::env::current_exe()?;
        let mut menu = Menu::new(title.to_owned(), groups(), audience);
        while let Some(command) = menu.choose(color(choice))? {
            let explains = command.first().is_some_and(|word| word == "explain");
            let more = if explains { more } else { &[] };
            let color = format!("--color={}", choice.word());
            Command::new(&program).arg(color).args(command).args(more).status()?;
            error::tell("\nEnter goes back to the menu.");
            let mut line = Vec::new();
            // Whatever is typed, and whatever cannot be read: the menu is next.
            let _ = std::io::stdin().lock().read_until(b'\n', &mut line);
            menu.groups = groups();
        }
        Ok(())
    }
}
