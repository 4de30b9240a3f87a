//! Captures that explain themselves: simulated packets or a file, each packet with comments that Wireshark shows.

use super::Failure;
use super::lesson_lines::texts;
use super::origin::Origin;
use crate::ask::Kind;
use crate::ask::draft::paper::{Maker, fill};
use crate::fault::Faults;
use crate::flow::Limits;
use crate::flow::reader::Reader;
use crate::lesson::format::DefaultSource;
use crate::lesson::{Lesson, Player, simulate};
use crate::machine::quoted;
use crate::model::show::escape_prose;
use crate::source::file::{File, Writer};
use crate::source::{Source, Step};
use crate::tutor::{Audience, Moment, Texts};
use crate::view::brief::sentence;
use crate::view::comments::Comments;
use std::path::Path;
use std::sync::Arc;

/// Questions beside the packets of a capture, as many as a paper has.
const QUESTIONS: usize = 10;

/// Packets, and what is said beside them.
pub(super) struct Annotated {
    pub source: Box<dyn Source>,
    pub comments: Comments,
    /// What is said of the whole.
    pub about: String,
    pub audience: Audience,
}

impl Annotated {
    /// A lesson's simulation, with what the lesson says and asks.
    pub(super) fn lesson(
        lesson: &mut Lesson,
        seed: Option<u64>,
        audience: Audience,
        faults: &Faults,
    ) -> Result<Self, Failure> {
        lesson.cut_for(audience);
        let source = DefaultSource { seed: seed.unwrap_or(lesson.source.seed), ..lesson.source.clone() };
        let world = || simulate::broken(&source, faults).map_err(Failure::Usage);
        let trace = simulate::search(lesson, &mut world()?).map_err(Failure::Data)?;
        let comments = Comments::of_lesson(&mut Player::new(lesson, trace, String::new(), audience));
        let id = &lesson.id;
        let mut about = format!("Lesson {id}: {}\n", lesson.title);
        about += &of_source(&source, faults);
        about += &signed(audience, &format!("to answer the questions: osi-tutor explain {id} --seed {}", source.seed));
        Ok(Self { source: Box::new(world()?), comments, about, audience })
    }

    /// A ready scenario, with what the tutor says.
    pub(super) fn scenario(source: &DefaultSource, audience: Audience, faults: &Faults) -> Result<Self, Failure> {
        let world = simulate::broken(source, faults).map_err(Failure::Usage)?;
        let DefaultSource { scenario, seed, .. } = source;
        let about = of_source(source, faults)
            + &signed(audience, &format!("to see them explained in full: osi-tutor simulate {scenario} --seed {seed}"));
        Ok(Self { source: Box::new(world), comments: Comments::default(), about, audience })
    }

    /// A capture, with what the tutor says, and questions that are made from it.
    pub(super) fn file(path: &Path, seed: u64, audience: Audience) -> Result<Self, Failure> {
        if path == Path::new("-") {
            let why = "standard input can be read only once, and this reads twice; put the capture into a file";
            return Err(Failure::Usage(why.to_owned()));
        }
        let mut origin = Origin::of(path)?;
        let mut maker = Maker::new(&origin.name(), seed, &Kind::QUIZ, QUESTIONS, Vec::new(), sentence);
        // What is damaged is told when it is written.
        let _ = origin.packets(&mut |packet, tracker| maker.take(packet, tracker));
        let (again, fresh) = maker.finish();
        let questions = fill(again, fresh, seed, QUESTIONS);
        let mut shown = String::new();
        escape_prose(&path.to_string_lossy(), &mut shown);
        let next = format!("for the answers: osi-tutor quiz {} --seed {seed} --answers", quoted(&shown));
        let about = format!("{}\n{}", origin.title(), signed(audience, &next));
        let comments = Comments::of_questions(&questions);
        Ok(Self { source: Box::new(File::open(path)?), comments, about, audience })
    }

    /// Writes it, as fast as its packets come.
    pub(super) fn write(mut self, writer: &mut Writer) -> Result<(), Failure> {
        let mut pen = Pen::new();
        loop {
            match pen.reader.next(self.source.as_mut())? {
                Step::Frame => pen.write(&self.comments, self.audience, writer)?,
                Step::Idle => writer.flush()?,
                Step::End => return Ok(writer.flush()?),
            }
        }
    }
}

/// Reads packets and writes them with what is said beside them.
pub(super) struct Pen {
    pub reader: Reader,
    texts: Arc<Texts>,
}

impl Pen {
    pub(super) fn new() -> Self {
        Self { reader: Reader::new(Limits::default()).keeping(), texts: texts() }
    }

    /// Writes the packet that was read.
    pub(super) fn write(&mut self, comments: &Comments, who: Audience, writer: &mut Writer) -> Result<(), Failure> {
        let Self { reader, texts } = self;
        let said = comments.beside(&Moment::new(&reader.packet, &reader.tracker), who, texts);
        let kept = &mut reader.frame.comment;
        if !kept.is_empty() && !said.is_empty() {
            kept.push('\n');
        }
        kept.push_str(&said);
        Ok(writer.write(&reader.frame)?)
    }
}

fn of_source(source: &DefaultSource, faults: &Faults) -> String {
    let at = source.at.as_ref().map_or(String::new(), |at| format!(", seen by {at}"));
    let broken = if faults.is_empty() { "" } else { ", with a fault" };
    format!("Simulated: {} (seed {}){at}{broken}. No packet here crosses a real wire.\n", source.scenario, source.seed)
}

/// Who wrote it, and what to do next.
pub(super) fn signed(audience: Audience, next: &str) -> String {
    format!("Explained for: {}. Written by osi-tutor {}; {next}", audience.name(), env!("CARGO_PKG_VERSION"))
}
