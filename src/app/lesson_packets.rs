//! The packets that a lesson is played on: simulated, from a file, or from a real kernel.

use super::{Failure, live_lesson};
use crate::cli::Explain;
use crate::lesson::find::search;
use crate::lesson::hosts::Hosts;
use crate::lesson::{Lesson, Trace, simulate};
use crate::model::show::escape_prose;
use crate::source::file::File;
use std::path::Path;

/// The packets that a lesson plays on.
pub(super) struct Packets {
    pub trace: Trace,
    /// In words where they come from.
    pub origin: String,
    /// They come from the lesson's own simulation.
    pub simulated: bool,
}

impl Packets {
    /// Where they were asked for: in a file, from a real kernel, or in the lesson's simulation.
    pub(super) fn of(args: &Explain, lesson: &Lesson) -> Result<Self, Failure> {
        let captured = |(trace, origin)| Self { trace, origin, simulated: false };
        if let Some(path) = &args.read {
            if args.drive && path == Path::new("-") {
                let why = "standard input cannot give both the capture and the inputs; put the capture into a file";
                return Err(Failure::Usage(why.to_owned()));
            }
            return read(lesson, path).map(captured);
        }
        if let Some(interface) = &args.live {
            return live_lesson::trace(args, lesson, interface.as_deref()).map(captured);
        }
        let trace = simulate::trace(lesson, args.seed).map_err(Failure::Data)?;
        let (name, seed) = (&lesson.source.scenario, args.seed.unwrap_or(lesson.source.seed));
        let at = lesson.source.at.as_ref().map_or(String::new(), |at| format!(", seen by {at}"));
        Ok(Self { trace, origin: format!("Simulated: {name} (seed {seed}){at}"), simulated: true })
    }
}

/// The lesson's packets in a capture file.
fn read(lesson: &Lesson, path: &Path) -> Result<(Trace, String), Failure> {
    let mut source = File::open(path)?;
    let mut name = String::new();
    escape_prose(&path.to_string_lossy(), &mut name);
    let (trace, ended) = search(lesson, Hosts::new(lesson.osi), &mut source, &mut || false);
    let (found, all) = (trace.found(lesson), lesson.shows().count());
    if !trace.plays(lesson) {
        ended?;
        return Err(Failure::Data(format!(
            "{name} holds no conversation for {id}: at best {found} of its {all} steps are in one{lacks}. \
             To capture one of your own: osi-tutor capture lo -w FILE, while your programs talk. \
             On this machine's kernel: osi-tutor explain {id} --live; simulated: osi-tutor explain {id}",
            id = lesson.id,
            lacks = lacks(&trace, lesson),
        )));
    }
    let stream = trace.stream.map_or(String::new(), |n| format!(", tcp.stream {n}"));
    let lacks = if found < all { format!(" ({found} of {all} steps are in it)") } else { String::new() };
    Ok((trace, format!("From the file {name}{stream}{lacks}")))
}

/// The first step that a trace lacks, as the filter that finds it.
fn lacks(trace: &Trace, lesson: &Lesson) -> String {
    let steps = trace.pages.iter().zip(&lesson.pages);
    let first = steps.filter(|(hits, _)| hits.is_empty()).find_map(|(_, page)| page.show());
    first.map_or(String::new(), |show| format!("; the first that is missing: {}", show.filter.it))
}
