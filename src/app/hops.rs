//! `simulate --hops`: one packet over all links.

use super::{Failure, color, faults, json_line};
use crate::cli::{Color, Simulate};
use crate::fault::Pick;
use crate::filter::Filter;
use crate::flow::Limits;
use crate::flow::reader::Reader;
use crate::model::RawFrame;
use crate::sim::scenario::Scenario;
use crate::sim::{Deed, Note, Simulation};
use crate::source::{Source, Step};
use crate::view::Theme;
use crate::view::hops::{self, Act, Leg, Station};
use serde_json::{Value, json};
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
    let (number, packet) = find(world()?, &which)?;
    let steps = follow(world()?.seen_everywhere(scenario).with_notes(), scenario, packet)?;
    let stations = stations(&steps, scenario);
    let mut text;
    if args.show.json {
        text = json_line(&json(number, packet, &steps, &stations));
    } else {
        let links = steps.iter().filter(|step| matches!(step, hops::Step::Leg(_))).count();
        let times = if links == 1 { "once".to_owned() } else { format!("{links} times") };
        text = format!("Frame {number}: its packet crosses a link {times}.\n\n");
        hops::text(&steps, &stations, &Theme::new(color(choice)), &mut text);
    }
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

/// The frame's number, and the packet in it.
fn find(mut world: Simulation, which: &Which) -> Result<(u64, u64), Failure> {
    let (mut reader, mut seen) = (Reader::new(Limits::default()), 0);
    while reader.next(&mut world)? == Step::Frame {
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
fn follow(mut world: Simulation, scenario: &Scenario, packet: u64) -> Result<Vec<hops::Step>, Failure> {
    let device = |at: usize| scenario.devices().nth(at).map_or_else(String::new, |name| name.as_ref().clone());
    let (mut steps, mut frame) = (Vec::new(), RawFrame::default());
    while steps.len() < MOST_STEPS {
        let shown = world.next(&mut frame)? == Step::Frame;
        // What devices did on the way to this frame comes before it.
        for note in world.notes().into_iter().filter(|note| note.id == packet) {
            steps.push(hops::Step::Act(Act { device: device(note.device), text: sentence(&note) }));
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

/// What a device did, in words.
fn sentence(note: &Note) -> String {
    match &note.deed {
        Deed::Switched => "knows behind which port this MAC address is, and sends it out there alone".into(),
        Deed::Flooded => {
            "does not know behind which port the receiver is, or it is for all: sends it out at every other".into()
        }
        Deed::Routed { next, prefix } => {
            format!("takes one from TTL or hop limit; a line of its table fits {prefix} bits and says: on to {next}")
        }
        Deed::Waits { next } => format!("must first ask for the link address of {next}; the packet waits"),
        Deed::Translated => "translates: writes another address, and perhaps another port, into it".into(),
        Deed::Fragmented(pieces) => {
            format!("cuts it into {pieces} fragments, for the next link carries no more at once")
        }
        Deed::Dropped(why) => format!("drops it: {why}"),
        Deed::Refused(why) => format!("does not pass it on, and tells the sender – {why}"),
        Deed::Answered => "is itself the receiver".into(),
        Deed::Delivered => "is the receiver: its stack takes the packet".into(),
        Deed::Lost => "never gets it: it is lost on the link".into(),
    }
}

/// The devices in the order in which the packet met them.
fn stations(steps: &[hops::Step], scenario: &Scenario) -> Vec<Station> {
    let mut stations = Vec::<Station>::new();
    for step in steps {
        let met = match step {
            hops::Step::Leg(leg) => [Some(&leg.from), Some(&leg.to)],
            hops::Step::Act(act) => [Some(&act.device), None],
        };
        for device in met.into_iter().flatten() {
            if stations.iter().any(|station| station.device == *device) {
                continue;
            }
            let (hosts, switches) = (scenario.hosts.len(), scenario.switches.len());
            let (kind, reads) = match scenario.device(device) {
                Some((at, _)) if at < hosts => {
                    ("host", "an end of the conversation, where all layers are read and written")
                }
                Some((at, _)) if at < hosts + switches => {
                    ("switch", "reads layer 2, the Ethernet header, and changes nothing")
                }
                Some((at, _))
                    if scenario.routers.get(at - hosts - switches).is_some_and(|router| router.nat.is_some()) =>
                {
                    ("router with NAT", "reads layer 3, the IP header, and for NAT the ports of layer 4")
                }
                _ => ("router", "reads layer 3, the IP header, and writes a new layer 2"),
            };
            stations.push(Station { device: device.clone(), kind, reads });
        }
    }
    stations
}

fn json(number: u64, packet: u64, steps: &[hops::Step], stations: &[Station]) -> Value {
    let step = |step: &hops::Step| match step {
        hops::Step::Act(act) => json!({ "device": act.device, "did": act.text }),
        hops::Step::Leg(leg) => {
            let fields: serde_json::Map<_, _> =
                leg.fields.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
            json!({ "link": leg.link, "from": leg.from, "to": leg.to, "time_epoch": leg.time.to_string(), "fields": fields })
        }
    };
    let devices: Vec<_> =
        stations.iter().map(|s| json!({ "name": s.device, "kind": s.kind, "reads": s.reads })).collect();
    json!({ "v": 1, "frame": number, "packet": packet, "devices": devices, "steps": steps.iter().map(step).collect::<Vec<_>>() })
}
