//! `simulate --hops`: one packet over all links.

use super::{Failure, color, faults};
use crate::cli::Simulate;
use crate::fault::Pick;
#[cfg(feature = "tui")]
use crate::fault::Report;
use crate::filter::Filter;
use crate::flow::Limits;
use crate::flow::reader::Reader;
use crate::model::RawFrame;
use crate::sim::Simulation;
use crate::sim::scenario::Scenario;
use crate::source::{Source, Step};
use crate::view::Theme;
use crate::view::hops::{self, Act, Leg};
use crate::view::json::to_line;
use crate::view::theme::Color;
use std::io::Write;

/// A packet that goes round in circles ends with its TTL; what is flooded, or cut, may be more.
const MOST_STEPS: usize = 2000;

/// Which packet.
enum Which {
    Number(u64),
    /// The n-th that matches.
    Matching(Box<Filter>, u64),
}

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
    let (number, packet) = find(world()?, &which, &|| true)?;
    let steps = follow(world()?.seen_everywhere(scenario).with_notes(), scenario, packet, &|| true)?;
    let stations = hops::stations(&steps, scenario);
    let mut text = String::new();
    if args.show.json {
        text = to_line(&hops::object(number, packet, &steps, &stations));
    } else {
        hops::heading(number, &steps, &mut text);
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
    let (number, packet) = find(world()?.0, &Which::Number(number), goes_on)?;
    let steps = follow(world()?.0.seen_everywhere(scenario).with_notes(), scenario, packet, goes_on)?;
    let mut text = String::new();
    hops::heading(number, &steps, &mut text);
    hops::text(&steps, &hops::stations(&steps, scenario), &Theme::default(), &mut text);
    Ok(text)
}

/// The frame's number, and the packet in it.
fn find(mut world: Simulation, which: &Which, goes_on: &dyn Fn() -> bool) -> Result<(u64, u64), Failure> {
    let (mut reader, mut seen) = (Reader::new(Limits::default()), 0);
    while reader.next(&mut world)? == Step::Frame && goes_on() {
        let found = match which {
            Which::Number(number) => *number == reader.frame.number,
            Which::Matching(filter, nth) => {
                seen += u64::from(filter.matches(&reader.packet));
                seen == *nth
            }
        };
        if found {
            return Ok((reader.frame.number, world.passing().packet));
        }
    }
    let frame = &reader.frame;
    Err(Failure::Usage(match which {
        Which::Number(number) => format!("there is no frame {number} to follow: there are {}", frame.number),
        Which::Matching(..) => {
            let matching = if seen == 0 { "none".to_owned() } else { format!("only {seen}") };
            let verb = if seen > 1 { "match" } else { "matches" };
            format!("{matching} of {} frames {verb}; --at all lets one look at every link", frame.number)
        }
    }))
}

/// Everything that happens to a packet, in order.
fn follow(
    mut world: Simulation,
    scenario: &Scenario,
    packet: u64,
    goes_on: &dyn Fn() -> bool,
) -> Result<Vec<hops::Step>, Failure> {
    let device = |at: usize| scenario.devices().nth(at).map_or_else(String::new, |name| name.as_ref().clone());
    let (mut steps, mut frame) = (Vec::new(), RawFrame::default());
    while steps.len() < MOST_STEPS && goes_on() {
        let shown = world.next(&mut frame)? == Step::Frame;
        // What devices did on the way to this frame comes before it.
        for note in world.notes().into_iter().filter(|note| note.id == packet) {
            steps.push(hops::Step::Act(Act { device: device(note.device), text: hops::sentence(&note.deed) }));
        }
        if !shown {
            break;
        }
        let passing = world.passing();
        if passing.packet == packet {
            let link = scenario.links.get(passing.link).map_or_else(String::new, |link| link.name.clone());
            steps.push(hops::Step::Leg(Leg::new(&frame, link, device(passing.from.device), device(passing.to.device))));
        }
    }
    Ok(steps)
}
