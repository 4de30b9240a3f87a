//! `simulate --endpoints`: after each frame, what the hosts' stacks hold now.

use super::{Failure, columns};
use crate::flow::Limits;
use crate::flow::reader::Reader;
use crate::sim::{Endpoint, Simulation};
use crate::source::Step;
use crate::stats::series::Flights;
use crate::view::Theme;
use crate::view::brief::Brief;
use crate::view::endpoints as view;
use crate::view::json::to_line;
use std::io::Write as _;

/// Shows each frame, and under it what it changed. `names` are the devices' names in their order.
pub(super) fn run(
    simulation: &mut Simulation,
    names: &[&str],
    (as_json, count): (bool, Option<u64>),
    theme: &Theme,
) -> Result<(), Failure> {
    let mut reader = Reader::new(Limits::default());
    let mut brief = Brief::new(theme.clone(), columns());
    let mut flights = Flights::default();
    let mut known: Vec<Endpoint> = Vec::new();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut shown = 0;
    let mut text = String::new();
    while count.is_none_or(|most| shown < most) {
        match reader.next(simulation)? {
            Step::Frame => {}
            Step::Idle => continue,
            Step::End => break,
        }
        let packet = &reader.packet;
        shown += 1;
        flights.add(packet, &reader.tracker);
        let now = simulation.endpoints();
        text.clear();
        if as_json {
            text = to_line(&view::seen(packet, &now, names));
        } else {
            brief.line(packet, &mut text);
            for endpoint in &now {
                let before = known.iter().find(|before| before.device == endpoint.device);
                view::changes(view::name(names, endpoint), before, endpoint, &flights, theme, &mut text);
            }
        }
        known = now;
        out.write_all(text.as_bytes())?;
    }
    Ok(out.flush()?)
}
