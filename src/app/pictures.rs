//! `osi-tutor export svg`: ladder, layers, plot or hops as a picture.

use super::lesson_lines::texts;
use super::origin::Origin;
use super::plot::Plot;
use super::{Failure, hops};
use crate::browse::hops::Which;
use crate::cli::{Draw, Drawn};
use crate::lesson::{self, simulate};
use crate::sim::Simulation;
use crate::tutor::Moment;
use crate::view::hops::stations;
use crate::view::picture::{self, Picture};
use crate::view::scene::resolved::{Conversation, Ladder, Layers};
use std::path::Path;

/// The whole file.
pub(super) fn svg(what: &Path, draw: &Draw) -> Result<String, Failure> {
    let mut origin = Origin::of(what)?;
    if let (Origin::Scenario(_, _, seed), Some(other)) = (&mut origin, draw.seed) {
        *seed = other;
    }
    let from = match &origin {
        Origin::File(..) => origin.title(),
        Origin::Scenario(..) => format!("{}. No packet here crosses a real wire.", origin.title()),
    };
    let picture = match draw.drawn {
        Drawn::Ladder if draw.stream.is_none() => match lesson_of(what, draw)? {
            Some(picture) => picture,
            None => connection(&mut origin, 0)?,
        },
        Drawn::Ladder => connection(&mut origin, draw.stream.unwrap_or_default())?,
        Drawn::Layers => layers(&mut origin, draw)?,
        Drawn::Plot => {
            let mut plot = Plot::of(draw.plot, draw.stream, &from);
            origin.packets(&mut |packet, tracker| plot.packet(packet, tracker))?;
            picture::chart::draw(&plot.chart()?)
        }
        Drawn::Hops => {
            let Origin::Scenario(scenario, _, seed) = &origin else {
                let why = "hops are of simulated packets: a capture sees one link; name a lesson or a scenario";
                return Err(Failure::Usage(why.to_owned()));
            };
            let which = Which::Number(draw.packet);
            let steps = hops::way(&which, scenario, [0; 2].map(|_| Simulation::new(scenario, *seed)), &|| true)?.steps;
            picture::hops::draw(draw.packet, &steps, &stations(&steps, scenario))
        }
    };
    Ok(picture.file(&from))
}

/// The packets that a lesson shows; nothing if it's no lesson.
fn lesson_of(what: &Path, draw: &Draw) -> Result<Option<Picture>, Failure> {
    let name = what.to_string_lossy().to_lowercase();
    let lesson = lesson::built_in(lesson::canonical(&name)).transpose().map_err(|e| Failure::Data(e.to_string()))?;
    let Some(mut lesson) = lesson else { return Ok(None) };
    lesson.cut_for(draw.audience);
    let trace = simulate::trace(&lesson, draw.seed).map_err(Failure::Data)?;
    Ok(Some(picture::ladder::draw(&Ladder::of_lesson(&trace), &lesson.title, 0, None)))
}

/// A TCP connection.
fn connection(origin: &mut Origin, stream: u32) -> Result<Picture, Failure> {
    let mut conversation = Conversation::new(stream);
    origin.packets(&mut |packet, tracker| conversation.take(packet, tracker))?;
    let Conversation { ladder, left_out, streams, .. } = conversation;
    let name = origin.name();
    if ladder.rows.is_empty() {
        return Err(Failure::Data(match streams {
            0 => format!("{name} holds no TCP connection; --what layers --packet N draws one packet of any kind"),
            1 => format!("there is no TCP stream {stream}: {name} holds only stream 0"),
            n => format!("there is no TCP stream {stream}: {name} holds streams 0 to {}", n - 1),
        }));
    }
    let more = if left_out > 0 { format!(", without its last {left_out} packets") } else { String::new() };
    Ok(picture::ladder::draw(&ladder, &format!("TCP stream {stream}{more}"), 0, None))
}

fn layers(origin: &mut Origin, draw: &Draw) -> Result<Picture, Failure> {
    let (texts, mut found, mut last) = (texts(), None, 0);
    origin.packets(&mut |packet, tracker| {
        last = packet.number;
        if packet.number == draw.packet {
            found = Some(Layers::of(&Moment::new(packet, tracker), draw.audience, &texts));
        }
    })?;
    let why = || Failure::Data(format!("there is no packet {}: {} holds {last}", draw.packet, origin.name()));
    Ok(picture::layers::draw(&found.ok_or_else(why)?))
}
