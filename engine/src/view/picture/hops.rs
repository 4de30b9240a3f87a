//! One packet on its way over several links, as a picture: a line for each device, an arrow for each link.

use super::Picture;
use super::sequence::{Arrow, Mark, Sequence};
use crate::view::hops::{Leg, Station, Step};

/// What each link shows of a header, where the packet has it.
const SHOWN: [(&str, &str); 9] = [
    ("eth.src", "from card"),
    ("eth.dst", "to card"),
    ("ip.src", "from"),
    ("ip.dst", "to"),
    ("ip.ttl", "TTL"),
    ("ipv6.src", "from"),
    ("ipv6.dst", "to"),
    ("ipv6.hlim", "hop limit"),
    ("ip.checksum", "header checksum"),
];

/// Draws it. What a device changed is beside the link that it sent the packet on.
pub fn draw(number: u64, steps: &[Step], stations: &[Station]) -> Picture {
    let heads: Vec<Vec<String>> =
        stations.iter().map(|station| vec![station.device.clone(), station.kind.to_owned()]).collect();
    let mut drawn = Sequence::new(&heads);
    let at = |device: &str| stations.iter().position(|station| station.device == device).unwrap_or(0);
    let begins = steps.iter().find_map(|step| if let Step::Leg(leg) = step { Some(leg.time) } else { None });
    let mut last: Option<&Leg> = None;
    let mut said = "";
    for step in steps {
        if drawn.is_full() {
            drawn.note("… the rest is left out");
            break;
        }
        match step {
            // Each of several fragments may wait for the same answer: that is said once.
            Step::Act(act) if act.text == said => {}
            Step::Act(act) => {
                said = &act.text;
                drawn.note(&format!("{}: {}", act.device, act.text));
            }
            Step::Leg(leg) => {
                let mut time = String::new();
                let since = begins.and_then(|first| leg.time.since(first)).unwrap_or_default();
                crate::model::show::seconds(since, 6, &mut time);
                let remark = leg.remark.map(|remark| ("p-alarm", remark.sentence().to_owned()));
                drawn.arrow(&Arrow {
                    number: None,
                    time: &time,
                    from: at(&leg.from),
                    to: Some(at(&leg.to)),
                    label: &format!("link {}", leg.link),
                    below: fields(leg, last).into_iter().chain(remark).collect(),
                    lost: leg.remark.is_some_and(crate::model::Remark::is_loss),
                    mark: Mark::None,
                });
                last = Some(leg);
            }
        }
    }
    let names: Vec<&str> = stations.iter().map(|station| station.device.as_str()).collect();
    drawn.finish(format!("The packet of frame {number}, link by link"), format!("It meets {}.", names.join(", ")))
}

/// The fields of a link; what changed since the last link says so.
fn fields(leg: &Leg, last: Option<&Leg>) -> Vec<(&'static str, String)> {
    let shown = SHOWN.iter().filter_map(|(field, name)| {
        let value = leg.value(field)?;
        let was = last.and_then(|last| last.value(field));
        Some(match was.filter(|was| *was != value) {
            Some(was) => ("p-bold", format!("{name} {value}, was {was}")),
            None => ("p-faint", format!("{name} {value}")),
        })
    });
    shown.collect()
}
