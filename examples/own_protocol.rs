//! Teaches the library a protocol of your own: the numbered messages of the scenario tcp-vs-udp, `message 7 ....`.
//!
//! ```sh
//! cargo run --example own_protocol -- 'numbered.number > 15'
//! ```

use osi_tutor::filter::Filter;
use osi_tutor::flow::{Limits, reader::Reader};
use osi_tutor::model::field::row;
use osi_tutor::model::{FieldDef, Identity, Kind, Osi, Trouble, Value};
use osi_tutor::proto::{Cursor, Next, Over, Protocol, udp, walk_on};
use osi_tutor::sim::{Simulation, scenario::Scenario};
use osi_tutor::source::Step;
use osi_tutor::view::{Theme, brief::Brief};

/// Its fields: name, label, and a sentence for beginners.
static NUMBER: FieldDef = row::dynamic(Kind::Uint(32), "numbered.number", "Number", "Which message this is.");
static FILLING: FieldDef =
    row::dynamic(Kind::Bytes, "numbered.filling", "Filling", "Dots that make it long enough.").detail();

/// What it is: help, filters, JSON and every view ask this row.
static ABOUT: Identity = Identity {
    name: "numbered",
    title: "Numbered message",
    osi: Osi::Application,
    spec: "none",
    fields: &[&NUMBER, &FILLING],
    summary: None,
};

/// How it is found and read. `follows` stays empty: keys are for the registry.
static NUMBERED: Protocol = Protocol { about: &ABOUT, follows: &[], over: Over::Packet, dissect };

/// Reads one message. The cursor stands at its first byte, and every read can fail.
fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let start = b"message ".len();
    if c.slice(0, start)? != b"message " {
        return Err(c.malformed("a numbered message begins with its name"));
    }
    let digits = c.rest(start).iter().take(9).take_while(|b| b.is_ascii_digit()).count();
    let number = c.slice(start, digits)?.iter().fold(0, |n, b| n * 10 + u64::from(b - b'0'));
    c.push(&NUMBER, start, digits, Value::Uint(number));
    c.read(&FILLING, start + digits, c.len() - start - digits)?;
    Ok(Next::end(c.len()))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let asked = std::env::args().nth(1).unwrap_or_else(|| "numbered".to_owned());
    let filter = Filter::parse_with(&asked, &[&ABOUT]).map_err(|e| format!("{e}\n{}", e.caret()))?;
    let scenario = Scenario::ready("tcp-vs-udp").expect("it is ready")?;
    let (mut world, mut reader) = (Simulation::new(&scenario, 4), Reader::new(Limits::default()));
    let (mut lines, mut drawn) = (Brief::new(Theme::new(false), None), String::new());
    loop {
        match reader.next(&mut world)? {
            Step::Frame => {}
            Step::Idle => continue,
            Step::End => break,
        }
        // The registry knows nobody on this port: whoever knows better asks for the rest to be read.
        if reader.packet.uint(&udp::DSTPORT) == Some(7000) {
            walk_on(&NUMBERED, &mut reader.tracker, &mut reader.packet);
        }
        if filter.matches(&reader.packet) {
            lines.line(&reader.packet, &mut drawn);
        }
    }
    print!("{drawn}");
    Ok(())
}
