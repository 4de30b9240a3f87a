//! Wireshark's toolbar beside a capture of ours: `Next`, and `Lose the next segment`.
//!
//! What was written can't be taken back. So a loss is a world that is like this one up to the segment, and goes on from there.

use super::pressed::{Pressed, listen};
use crate::app::annotate::{Annotated, Pen};
use crate::app::pace::{Pace, Paced};
use crate::app::{Failure, error};
use crate::flow::Limits;
use crate::flow::reader::Reader;
use crate::model::RawFrame;
use crate::proto::tcp;
use crate::source::file::Writer;
use crate::source::{Source as _, Step};
use crate::view::extcap::{over, status};
use std::cell::Cell;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

/// Makes what is written anew, and loses the packet with that number.
pub(super) type Again<'a> = &'a mut dyn FnMut(u64) -> Result<Annotated, Failure>;

/// Words that wait for Wireshark; what is more is left out.
const WAITING: usize = 8;
/// So long the last of them may take.
const PATIENCE: Duration = Duration::from_millis(500);

/// The toolbar of one capture.
pub(super) struct Toolbar {
    wait: Pressed,
    lose: Rc<Cell<bool>>,
    says: SyncSender<Vec<u8>>,
    said_all: Receiver<()>,
}

impl Toolbar {
    /// The one behind these pipes. Neither is waited for: tshark has none.
    pub(super) fn new(pressed: Option<PathBuf>, said: Option<PathBuf>) -> Self {
        let (says, hears) = sync_channel::<Vec<u8>>(WAITING);
        let (done, said_all) = channel();
        thread::spawn(move || {
            let Some(mut pipe) = said.and_then(|path| OpenOptions::new().write(true).open(path).ok()) else { return };
            // An empty one is the last.
            let words = hears.iter().take_while(|packet| !packet.is_empty());
            words.map(|packet| pipe.write_all(&packet)).take_while(Result::is_ok).for_each(drop);
            let _ = done.send(());
        });
        let buttons = pressed.map(|path| {
            let (tell, buttons) = channel();
            let says = says.clone();
            thread::spawn(move || {
                if let Err(why) = listen(&path, &tell, &says) {
                    error::tell(&format!("Wireshark's toolbar can't be heard any more: {why}"));
                }
            });
            buttons
        });
        let lose = Rc::new(Cell::new(false));
        Self { wait: Pressed { buttons, lose: Rc::clone(&lose) }, lose, says, said_all }
    }

    /// Writes packets at their pace. Without `again` nothing can be lost any more: a kernel has sent them.
    pub(super) fn write(
        self,
        annotated: Annotated,
        pace: Pace,
        mut again: Option<Again<'_>>,
        writer: &mut Writer,
    ) -> Result<(), Failure> {
        let Annotated { source, mut comments, audience, .. } = annotated;
        let Self { wait, lose, says, said_all } = self;
        // Nobody may read at the other end.
        let say = |packet| drop(says.try_send(packet));
        let mut paced = Paced::waiting(source, pace, Box::new(wait));
        let mut pen = Pen::new();
        loop {
            let frame = &mut pen.reader.frame;
            match paced.next(frame)? {
                Step::Frame => {
                    if lose.get() && is_segment(frame) {
                        lose.set(false);
                        let number = frame.number;
                        let Some(again) = again.as_mut() else {
                            say(status("These packets are sent already; 'Lose a frame' is among the options."));
                            pen.reader.read();
                            pen.write(&comments, audience, writer)?;
                            continue;
                        };
                        let mut other = again(number)?;
                        say(status(&format!("A TCP segment was lost at packet {number}.")));
                        // Where it is lost before it gets here, the next one comes in its place.
                        let more = pass(&mut other, number, frame)?;
                        (paced.source, comments) = (other.source, other.comments);
                        if !more {
                            continue;
                        }
                        paced.keep_up(frame.time)?;
                    }
                    pen.reader.read();
                    pen.write(&comments, audience, writer)?;
                }
                Step::Idle => writer.flush()?,
                Step::End => {
                    say(over());
                    say(status("All packets have come."));
                    writer.flush()?;
                    say(Vec::new());
                    let _ = said_all.recv_timeout(PATIENCE);
                    return Ok(());
                }
            }
        }
    }
}

/// Whether it carries TCP.
fn is_segment(frame: &RawFrame) -> bool {
    let mut reader = Reader::new(Limits::default());
    reader.look(frame);
    reader.packet.layer(&tcp::ABOUT).is_some()
}

/// Passes over what was written already, and gives the packet with that number, if there is one.
fn pass(annotated: &mut Annotated, number: u64, frame: &mut RawFrame) -> Result<bool, Failure> {
    frame.number = 0;
    while frame.number < number {
        if annotated.source.next(frame)? != Step::Frame {
            return Ok(false);
        }
    }
    Ok(true)
}
