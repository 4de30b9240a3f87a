//! `osi-tutor explain` where nobody sits before a screen: all of a lesson as text or as scenes, or driven by a program.

use super::{Failure, color};
use crate::cli::Explain;
use crate::drive::{self, Driven, scene_line};
use crate::lesson::scene::Request;
use crate::lesson::{Input, Player};
use crate::tutor::Texts;
use crate::view::Theme;
use crate::view::scene::Stage;
use crate::view::theme::Color;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

/// In a pipe, all of it: as text, or each page as a scene.
pub(super) fn print(
    player: &mut Player<'_>,
    args: &Explain,
    choice: Color,
    carry: &mut dyn FnMut(Request) -> Input,
) -> Result<(), Failure> {
    let texts = texts()?;
    let stage = Stage::new(Theme::new(color(choice)), None, Arc::clone(&texts));
    let mut out = std::io::stdout().lock();
    loop {
        // Nobody answers here: hints and answers are printed below their questions.
        player.step(Input::Hint, 0);
        player.step(Input::Skip, 0);
        let asked = player.step(Input::WhatIf, 0).request;
        if let Some(request) = asked {
            player.step(carry(request), 0);
        }
        let mut text = String::new();
        if args.scenes {
            text = scene_line(player, &texts);
        } else {
            stage.draw(&player.look(), &mut text);
            text.push('\n');
        }
        out.write_all(text.as_bytes())?;
        if player.step(Input::Next, 0).over {
            return Ok(out.flush()?);
        }
    }
}

/// By lines of JSON.
pub(super) fn drive(player: &mut Player<'_>, carry: &mut dyn FnMut(Request) -> Input) -> Result<(), Failure> {
    let texts = texts()?;
    run(&mut drive::Lesson::new(player, &texts, carry))
}

/// Answers each line of standard input.
pub(super) fn run(driven: &mut dyn Driven) -> Result<(), Failure> {
    let begun = Instant::now();
    let now = || u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(drive::drive(driven, &mut std::io::stdin().lock(), &mut std::io::stdout().lock(), &now)?)
}

/// What the tutor says.
pub(super) fn texts() -> Result<Arc<Texts>, Failure> {
    Ok(Arc::new(Texts::english().map_err(|e| Failure::Data(e.to_string()))?))
}
