//! The loop: what the source's thread has read is taken in, keys are heard, the screen is drawn.

use super::{BLOCK, Browser, Options, Wish};
use crate::browse::pass::Index;
use crate::browse::store::Batch;
use crate::model::RawFrame;
use crate::source::{Source, Step};
use crate::tty::{Heard, Keys};
use crate::tui::rehearsal::{Happens, Nowhere};
use crate::tui::screen::Screen;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use crossterm::event::{Event, KeyEventKind};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// Frames that are handed on together, and how many such batches may wait.
const BATCH: usize = 512;
const WAITING: usize = 64;
/// A batch that is not full is handed on after this long.
const PATIENCE: Duration = Duration::from_millis(50);
/// How long the screen may stand still while there is something to do, and while there is not.
const BUSY: Duration = Duration::from_millis(40);
const QUIET: Duration = Duration::from_millis(150);

/// What the source's thread says.
enum Message {
    Frames(Batch),
    /// The link is down, or came back.
    Link(bool),
    /// No more will come: at the end, or because of this.
    End(Option<String>),
}

/// Shows what a source gives, until somebody leaves. A live source is followed: the newest packet is chosen.
///
/// Gives what broke the source, if something did.
///
/// # Errors
/// There is no terminal, or it has gone.
pub fn run(source: Box<dyn Source + Send>, live: bool, options: Options) -> io::Result<Option<String>> {
    let stop = Arc::new(AtomicBool::new(false));
    let (send, receive) = sync_channel(WAITING);
    let stopped = Arc::clone(&stop);
    let again = source.again();
    let index = Index::new(options.limits, options.room, again.is_some(), BLOCK);
    let reader =
        std::thread::Builder::new().name("source".into()).spawn(move || read(source, index, &send, &stopped))?;
    let mut browser = Browser::over(options, again, BLOCK);
    if live {
        browser = browser.following();
    }
    let shown = show(&mut browser, &receive);
    stop.store(true, Ordering::Relaxed);
    drop(receive);
    // A source that waits for its next frame is left to the end of the program.
    if reader.is_finished() {
        let _ = reader.join();
    }
    shown.map(|()| browser.broken.take())
}

/// Shows frames on a screen that is nowhere: `judge` sees each picture. They come one by one while keys are pressed, as those
/// of a capture do.
pub fn rehearse(options: Options, frames: &[RawFrame], happens: &[Happens], judge: &mut dyn FnMut(&[Vec<String>])) {
    let mut index = Index::new(options.limits, options.room, false, BLOCK);
    let mut browser = Browser::over(options, None, BLOCK).following();
    let (mut screen, mut coming) = (Nowhere::new(), frames.iter());
    for &happens in happens {
        let mut batch = Batch::default();
        if let Some(frame) = coming.next() {
            index.take(frame, 0, &mut batch);
            browser.take(batch);
        } else if !browser.ended {
            browser.ended(None);
        }
        screen.hears(happens);
        browser.work(Instant::now() + BUSY);
        screen.draw(|frame| browser.draw(frame), judge);
        if happens.key().map(|key| browser.key(key)) == Some(Wish::Quit) {
            return;
        }
        if let Some(mouse) = happens.mouse() {
            browser.mouse(mouse);
        }
    }
}

/// Reads the source to its end, or until nobody wants more.
fn read(mut source: Box<dyn Source + Send>, mut index: Index, send: &SyncSender<Message>, stop: &AtomicBool) {
    let mut batch = Batch::default();
    let (mut frame, mut down) = (RawFrame::default(), false);
    let mut since = Instant::now();
    let why = loop {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let step = source.next(&mut frame);
        match step {
            Ok(Step::Frame) => {
                batch.left_out += source.left_out();
                index.take(&frame, source.place(), &mut batch);
            }
            Ok(Step::Idle) => {}
            Ok(Step::End) => break None,
            Err(ref e) => break Some(e.to_string()),
        }
        if source.down() != down {
            down = !down;
            if send.send(Message::Link(down)).is_err() {
                return;
            }
        }
        let idle = !matches!(step, Ok(Step::Frame));
        // In a file that is read fast, nobody needs to ask the clock for each frame.
        let some = (!batch.is_empty() || batch.refused > 0)
            && (idle || (batch.len().is_multiple_of(16) && since.elapsed() >= PATIENCE));
        if batch.len() >= BATCH || some {
            if send.send(Message::Frames(std::mem::take(&mut batch))).is_err() {
                return;
            }
            since = Instant::now();
        }
    };
    // Nobody may hear it any more.
    let _ = send.send(Message::Frames(batch));
    let _ = send.send(Message::End(why));
}

fn show(browser: &mut Browser, receive: &Receiver<Message>) -> io::Result<()> {
    let keys = Keys::new()?;
    let mut screen = Screen::take()?;
    // The first screen has packets in it, where they are there at once.
    if let Ok(first) = receive.recv_timeout(BUSY) {
        browser.hear(first);
    }
    loop {
        let until = Instant::now() + BUSY;
        let came = take(browser, receive, until);
        let busy = browser.work(until) || came == Came::More;
        screen.draw(|frame| browser.draw(frame))?;
        let wait = match came {
            _ if busy => Duration::ZERO,
            Came::Nothing => QUIET,
            // More is on its way: who sends it must not wait for us.
            Came::Some | Came::More => BUSY,
        };
        match keys.within(wait) {
            Heard::Gone => return Ok(()),
            Heard::Event(Event::Key(key)) if key.kind != KeyEventKind::Release => match browser.key(key) {
                Wish::None => {}
                Wish::Quit => return Ok(()),
                Wish::Suspend => {
                    drop(screen);
                    crate::tty::suspend();
                    screen = Screen::take()?;
                    screen.forget()?;
                }
                Wish::Copy(text) => {
                    // OSC 52; a terminal that doesn't allow it ignores it.
                    write!(io::stdout(), "\x1b]52;c;{}\x07", BASE64_STANDARD.encode(text))?;
                    io::stdout().flush()?;
                }
            },
            Heard::Event(Event::Mouse(event)) => browser.mouse(event),
            Heard::Event(_) | Heard::Nothing => {}
        }
    }
}

/// What has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    Nothing,
    Some,
    /// More than there was time for.
    More,
}

/// Takes in what has come.
fn take(browser: &mut Browser, receive: &Receiver<Message>, until: Instant) -> Came {
    let mut came = Came::Nothing;
    while let Ok(message) = receive.try_recv() {
        browser.hear(message);
        came = Came::Some;
        if Instant::now() >= until {
            return Came::More;
        }
    }
    came
}

impl Browser {
    /// The source's thread said something.
    fn hear(&mut self, message: Message) {
        match message {
            Message::Frames(batch) => self.take(batch),
            Message::Link(down) => self.link(down),
            Message::End(why) => self.ended(why),
        }
    }
}
