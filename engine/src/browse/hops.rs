//! What becomes of one simulated packet on every link, and at every device.

use crate::filter::Filter;
use crate::flow::Limits;
use crate::flow::reader::Reader;
use crate::model::RawFrame;
use crate::sim::Simulation;
use crate::sim::scenario::Scenario;
use crate::source::{Source, SourceError, Step};
use crate::view::hops::{self, Act, Leg};

/// A packet that goes round in circles ends with its TTL; what is flooded, or cut, may be more.
const MOST_STEPS: usize = 2000;

/// Which packet.
pub enum Which {
    /// That of the frame with this number.
    Number(u64),
    /// The n-th that matches.
    Matching(Box<Filter>, u64),
}

/// A packet on its way.
pub struct Way {
    /// The frame that was asked for.
    pub frame: u64,
    /// Its packet's number in the simulation.
    pub packet: u64,
    /// What happened, in order.
    pub steps: Vec<hops::Step>,
}

/// Why there is no way.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// There is no such frame: a sentence.
    #[error("{0}")]
    None(String),
    /// A frame can't be read.
    #[error(transparent)]
    Source(#[from] SourceError),
}

/// Follows the packet that is asked for. `worlds` are two of the same, with their faults, seen from the vantage point;
/// `goes_on` is asked at each frame that is read.
///
/// # Errors
/// There is no such frame.
pub fn follow(
    which: &Which,
    scenario: &Scenario,
    worlds: [Simulation; 2],
    goes_on: &dyn Fn() -> bool,
) -> Result<Way, Lost> {
    let [first, again] = worlds;
    let (frame, packet) = find(first, which, goes_on)?;
    let steps = all(again.seen_everywhere(scenario).with_notes(), scenario, packet, goes_on)?;
    Ok(Way { frame, packet, steps })
}

/// The frame's number, and the packet in it.
fn find(mut world: Simulation, which: &Which, goes_on: &dyn Fn() -> bool) -> Result<(u64, u64), Lost> {
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
    Err(Lost::None(match which {
        Which::Number(number) => format!("there is no frame {number} to follow: there are {}", frame.number),
        Which::Matching(..) => {
            let matching = if seen == 0 { "none".to_owned() } else { format!("only {seen}") };
            let verb = if seen > 1 { "match" } else { "matches" };
            format!("{matching} of {} frames {verb}; --at all lets one look at every link", frame.number)
        }
    }))
}

/// Everything that happens to a packet, in order.
fn all(
    mut world: Simulation,
    scenario: &Scenario,
    packet: u64,
    goes_on: &dyn Fn() -> bool,
) -> Result<Vec<hops::Step>, Lost> {
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
