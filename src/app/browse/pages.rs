//! The pages that keys of the full screen open, as long as somebody may want to read them.

use super::super::Failure;
use crate::flow::Limits;
use crate::flow::follow::Follower;
use crate::flow::reader::each;
use crate::model::RawFrame;
use crate::proto::ConversationKind;
use crate::source::file::Writer;
use crate::source::{Source, Step};
use crate::tutor::Texts;
use crate::view::Theme;
use crate::view::follow::{Follow, How, Shape, Transcript};
use crate::view::reference::{Reference, Topic};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Bytes of a page: nobody scrolls through more.
const PAGE: usize = 1 << 20;
const CUT: &str = "\nIt goes on: this page shows its first MiB. The commands ladder and follow print all of it.\n";

/// Why something could not be done.
pub(super) fn said(failure: Failure) -> String {
    match failure {
        Failure::Usage(why) | Failure::Data(why) => why,
        Failure::ClosedPipe => String::new(),
    }
}

/// The text of a page, as much of it as somebody may read.
#[derive(Default)]
pub(super) struct Text {
    bytes: Vec<u8>,
    full: bool,
}

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.full |= self.bytes.len() + bytes.len() > PAGE;
        if self.full {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a view writes, or why it could not.
pub(super) fn drawn(draw: impl FnOnce(&mut Text) -> Result<(), Failure>) -> Result<String, String> {
    let mut out = Text::default();
    match draw(&mut out) {
        Err(Failure::ClosedPipe) if out.full => out.bytes.extend_from_slice(CUT.as_bytes()),
        done => done.map_err(said)?,
    }
    Ok(String::from_utf8_lossy(&out.bytes).into_owned())
}

/// What both ends of a conversation said.
pub(super) fn followed(
    source: &mut dyn Source,
    kind: ConversationKind,
    stream: u32,
    columns: usize,
    out: &mut Text,
) -> Result<(), Failure> {
    let view = Follow::new(Theme::default(), Some(columns), How::Text);
    let mut follower = Follower::new(kind, stream);
    let mut transcript = Transcript::new(kind, stream, None, Shape::Turns(view));
    let mut waiting = Vec::new();
    each(source, Limits::default(), |packet, _| {
        transcript.packet(packet, &mut follower, &mut waiting);
        out.write_all(&waiting)?;
        waiting.clear();
        Ok::<_, Failure>(true)
    })?;
    transcript.finish(&mut follower, &mut waiting);
    Ok(out.write_all(&waiting)?)
}

/// What a field means, as `explain FIELD` says it.
pub(super) fn meaning(name: &str) -> Option<String> {
    let topic = Topic::find(name)?;
    let (texts, theme) = (Texts::english(), Theme::default());
    let mut out = String::new();
    Reference { course: &[], audience: crate::tutor::Audience::Student, texts: &texts, theme: &theme }
        .draw(topic, &mut out);
    Some(out)
}

/// Writes frames into a new file; never over another one.
pub(super) fn write(source: &mut dyn Source, path: &Path) -> Result<u64, String> {
    let no = |e: &dyn std::fmt::Display| format!("{} could not be written: {e}", path.display());
    File::options().write(true).create_new(true).open(path).map_err(|e| no(&e))?;
    let mut writer = Writer::create(path).map_err(|e| no(&e))?;
    let (mut frame, mut written) = (RawFrame::default(), 0);
    while source.next(&mut frame).map_err(|e| no(&e))? == Step::Frame {
        writer.write(&frame).map_err(|e| no(&e))?;
        written += 1;
    }
    writer.flush().map_err(|e| no(&e))?;
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_end_is_cut_and_says_so() {
        let endless = |out: &mut Text| {
            loop {
                out.write_all(b"one more line\n")?;
            }
        };
        let text = drawn(endless).unwrap();
        assert!(text.len() <= PAGE + CUT.len() && text.ends_with(CUT), "{}", text.len());
        assert_eq!(drawn(|out| Ok(out.write_all(b"short")?)), Ok("short".to_owned()));
    }
}
