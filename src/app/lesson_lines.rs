//! `osi-tutor explain` where nobody sits before a screen: all of a lesson as text or as scenes, or driven by a program.

use super::{Failure, color};
use crate::cli::Explain;
use crate::drive::{self, Driven, scene_line};
use crate::lesson::scene::Request;
use crate::lesson::{Input, Player};
use crate::linear::{self, World};
use crate::tutor::Texts;
use crate::view::Theme;
use crate::view::scene::Stage;
use crate::view::theme::Color;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Instant;

/// In a pipe, all of it: as text, or each page as a scene.
pub(super) fn print(
    player: &mut Player<'_>,
    args: &Explain,
    choice: Color,
    carry: &mut dyn FnMut(Request) -> Input,
) -> Result<(), Failure> {
    let texts = texts();
    let stage = Stage::new(Theme::new(color(choice)), Arc::clone(&texts));
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
        } else if super::linear(args.linear) {
            text = linear::page(player, &texts);
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

/// Standard input and output, and a clock, for what reads and adds lines.
pub(super) fn world(play: impl FnOnce(&mut World<'_>) -> io::Result<()>) -> io::Result<()> {
    let begun = Instant::now();
    let now = || u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    play(&mut World { input: &mut io::stdin().lock(), out: &mut io::stdout().lock(), now: &now })
}

/// By lines of JSON.
pub(super) fn drive(player: &mut Player<'_>, carry: &mut dyn FnMut(Request) -> Input) -> Result<(), Failure> {
    let texts = texts();
    run(&mut drive::Lesson::new(player, &texts, carry))
}

/// Answers each line of standard input.
pub(super) fn run(driven: &mut dyn Driven) -> Result<(), Failure> {
    Ok(world(|world| drive::drive(driven, world.input, world.out, world.now))?)
}

/// What the tutor says.
pub(super) fn texts() -> Arc<Texts> {
    Arc::new(Texts::english())
}
