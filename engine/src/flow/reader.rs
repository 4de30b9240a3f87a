//! The reading loop: frames one by one, each read with all that the frames before it have taught.
//!
//! One meaning for all: a source that is idle is asked again, what came before damage counts, and the damage is told.
//! A caller that has something to do while nothing comes (show what waits, ask whether to stop) takes [`Reader::next`];
//! everybody else takes [`each`].

use super::{Limits, Tracker};
use crate::model::{Packet, RawFrame, Wanted};
use crate::proto::{walk, walk_moving};
use crate::source::{Source, SourceError, Step};

/// A frame, what it says, and what is remembered of those before it. All three are used again for the next one.
pub struct Reader {
    /// The frame that was fetched last. Once it is read, its bytes are the packet's, unless they are kept.
    pub frame: RawFrame,
    /// The frame that was read last.
    pub packet: Packet,
    /// What all frames so far have taught.
    pub tracker: Tracker,
    keeps: bool,
}

impl Reader {
    /// One that has read nothing, and remembers within these limits.
    pub fn new(limits: Limits) -> Self {
        Self::resume(Tracker::new(limits))
    }

    /// One that goes on with what a tracker knows.
    pub fn resume(tracker: Tracker) -> Self {
        Self { frame: RawFrame::default(), packet: Packet::new(), tracker, keeps: false }
    }

    /// Leaves the bytes with the frame, too, for a caller that hands it on as it came. That costs a copy.
    #[must_use]
    pub fn keeping(mut self) -> Self {
        self.keeps = true;
        self
    }

    /// Reads of each frame only what is wanted.
    #[must_use]
    pub fn wanting(mut self, wanted: Wanted) -> Self {
        self.packet.wanted = wanted;
        self
    }

    /// Fetches the next frame of a source and reads it.
    ///
    /// # Errors
    /// The source is damaged, or cannot be read.
    pub fn next(&mut self, source: &mut dyn Source) -> Result<Step, SourceError> {
        let step = source.next(&mut self.frame)?;
        if step == Step::Frame {
            self.read();
        }
        Ok(step)
    }

    /// The same as [`each`], read by this one.
    ///
    /// # Errors
    /// As there.
    pub fn each<E: From<SourceError>>(
        &mut self,
        source: &mut dyn Source,
        mut take: impl FnMut(&Packet, &Tracker) -> Result<bool, E>,
    ) -> Result<(), E> {
        loop {
            match self.next(source)? {
                Step::Frame if take(&self.packet, &self.tracker)? => {}
                Step::Idle => {}
                Step::Frame | Step::End => return Ok(()),
            }
        }
    }

    /// Reads a frame that the caller keeps.
    pub fn look(&mut self, frame: &RawFrame) {
        walk(frame, &mut self.tracker, &mut self.packet);
    }

    /// Reads the frame that was fetched, for a caller that fetches by itself.
    pub fn read(&mut self) {
        if self.keeps {
            walk(&self.frame, &mut self.tracker, &mut self.packet);
        } else {
            walk_moving(&mut self.frame, &mut self.tracker, &mut self.packet);
        }
    }
}

/// Hands on every packet of a source, until `take` has enough (`false`) or the source ends.
///
/// # Errors
/// The source is damaged, after all that came before was handed on; or `take` fails.
pub fn each<E: From<SourceError>>(
    source: &mut dyn Source,
    limits: Limits,
    take: impl FnMut(&Packet, &Tracker) -> Result<bool, E>,
) -> Result<(), E> {
    Reader::new(limits).each(source, take)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LinkType;

    /// Two frames with a pause between them, then damage.
    struct Broken(u64);

    impl Source for Broken {
        fn next(&mut self, frame: &mut RawFrame) -> Result<Step, SourceError> {
            self.0 += 1;
            match self.0 {
                1 | 3 => {
                    *frame = RawFrame { link: LinkType::RAW, ..RawFrame::whole(self.0, vec![0x45; 20]) };
                    Ok(Step::Frame)
                }
                2 => Ok(Step::Idle),
                _ => Err(SourceError::Io { what: "a test".into(), error: std::io::ErrorKind::InvalidData.into() }),
            }
        }
    }

    #[test]
    fn a_pause_is_waited_for_and_what_came_before_damage_is_handed_on() {
        let mut seen = Vec::new();
        let ended = each(&mut Broken(0), Limits::default(), |packet, _| {
            seen.push(packet.number);
            Ok::<_, SourceError>(true)
        });
        assert!(ended.is_err());
        assert_eq!(seen, [1, 3]);
        let enough = each(&mut Broken(0), Limits::default(), |_, _| Ok::<_, SourceError>(false));
        assert!(enough.is_ok(), "who has enough does not meet the damage");
    }

    #[test]
    fn bytes_stay_with_the_frame_where_they_are_kept() {
        for keeps in [false, true] {
            let mut reader = Reader::new(Limits::default());
            reader.keeps = keeps;
            assert_eq!(reader.next(&mut Broken(0)).unwrap(), Step::Frame);
            assert_eq!(reader.frame.bytes.len() == 20, keeps);
            assert_eq!(reader.packet.buffers()[0].bytes.len(), 20);
        }
    }
}
