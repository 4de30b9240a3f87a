//! `simulate --hops`: one packet over all links.

use super::{Failure, color, faults};
use crate::browse::hops::{Lost, Way, Which, follow};
use crate::cli::Simulate;
use crate::fault::Pick;
#[cfg(feature = "tui")]
use crate::fault::Report;
use crate::sim::Simulation;
use crate::sim::scenario::Scenario;
use crate::view::Theme;
use crate::view::hops;
use crate::view::json::to_line;
use crate::view::theme::Color;
use std::io::Write;

/// Follows the packet that was asked for. `world` makes the scenario's world anew, with its
/// faults, seen from the vantage point.
///
/// # Errors
/// There is no such frame, or output cannot be written.
pub(super) fn run(
    args: &Simulate,
    which: &str,
    scenario: &Scenario,
    world: &dyn Fn() -> Result<Simulation, Failure>,
    choice: Color,
) -> Result<(), Failure> {
    let which = if let Ok(number) = which.trim().parse() {
        Which::Number(number)
    } else {
        let (filter, nth) = Pick::one(which).map_err(faults::failure)?;
        Which::Matching(filter.into(), nth)
    };
    let Way { frame, packet, steps } = way(&which, scenario, [world()?, world()?], &|| true)?;
    let stations = hops::stations(&steps, scenario);
    let mut text = String::new();
    if args.show.json {
        text = to_line(&hops::object(frame, packet, &steps, &stations));
    } else {
        hops::heading(frame, &steps, &mut text);
        hops::text(&steps, &stations, &Theme::new(color(choice)), &mut text);
    }
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

/// The page about a frame's packet. `goes_on` is asked at each frame that is read.
///
/// # Errors
/// There is no such frame.
#[cfg(feature = "tui")]
pub(super) fn page(
    number: u64,
    scenario: &Scenario,
    world: &dyn Fn() -> Result<(Simulation, Report), Failure>,
    goes_on: &dyn Fn() -> bool,
) -> Result<String, Failure> {
    let worlds = [world()?.0, world()?.0];
    let Way { frame, steps, .. } = way(&Which::Number(number), scenario, worlds, goes_on)?;
    let mut text = String::new();
    hops::heading(frame, &steps, &mut text);
    hops::text(&steps, &hops::stations(&steps, scenario), &Theme::default(), &mut text);
    Ok(text)
}

/// What becomes of a packet: [`follow`].
///
/// # Errors
/// There is no such frame.
pub(super) fn way(
    which: &Which,
    scenario: &Scenario,
    worlds: [Simulation; 2],
    goes_on: &dyn Fn() -> bool,
) -> Result<Way, Failure> {
    follow(which, scenario, worlds, goes_on).map_err(|lost| match lost {
        Lost::None(why) => Failure::Usage(why),
        Lost::Source(why) => why.into(),
    })
}
