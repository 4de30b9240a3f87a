//! Capture files: pcap (with its variants) and pcapng, gzipped or not, from a file or a pipe.
//!
//! Readers look at a window of bytes (`Window`) and say what they need; nothing is kept but that
//! window, so a capture may be larger than memory. What tshark reads, this reads: a stored length
//! beyond the snapshot length or the wire length is believed, and text may be anything.

mod out;
mod pcap;
mod pcapng;
mod write;

pub use write::Writer;

use super::{Again, Source, SourceError, Step};
use crate::model::RawFrame;
use flate2::read::MultiGzDecoder;
use std::io::Read;
use std::mem;
use std::path::Path;
use std::sync::Arc;

/// The longest packet that is believed, in bytes (Wireshark's bound too).
const LONGEST_PACKET: usize = 262_144;
/// The longest pcapng block that is believed, in bytes.
const LONGEST_BLOCK: usize = 16 << 20;

/// An open capture.
pub struct File {
    window: Window,
    format: Format,
    number: u64,
    /// The input may pause, and its reader wants to know before the wait.
    live: bool,
    /// It was told that more must be waited for.
    told: bool,
    /// The file itself, if it is one and isn't compressed.
    again: Option<Arc<dyn Again>>,
    compressed: bool,
    /// Where the last frame's bytes are in it.
    place: u64,
}

enum Format {
    Pcap(pcap::Reader),
    Pcapng(pcapng::Reader),
}

/// The part of an input that is being looked at.
struct Window {
    input: Box<dyn Read + Send>,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// How many bytes of the input came before these.
    before: u64,
}

/// What a record reader found at the start of the window.
enum Record {
    /// A frame was written, from so many bytes; its own begin there.
    Frame(usize, usize),
    /// Nothing to show, in so many bytes.
    Skip(usize),
    /// So many bytes are needed.
    Need(usize),
    /// It cannot be read on.
    Bad(&'static str),
}

impl File {
    /// Opens a file, or standard input for `-`.
    ///
    /// # Errors
    /// It cannot be opened or read, or it is no capture.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let what = path.to_string_lossy().into_owned();
        if what == "-" {
            return Self::read(Box::new(std::io::stdin()), "standard input");
        }
        let opened = std::fs::File::open(path).and_then(|f| {
            // Reading a folder fails late and oddly; say it at once.
            if f.metadata()?.is_dir() { Err(std::io::Error::other("it is a folder, not a file")) } else { Ok(f) }
        });
        match opened {
            Ok(f) => {
                let again = Regular::of(&f);
                let opened = Self::read(Box::new(f), &what)?;
                // Of what was compressed, the places aren't the file's.
                let again = again.filter(|_| !opened.compressed);
                Ok(Self { again, ..opened })
            }
            Err(error) => Err(SourceError::Io { what, error }),
        }
    }

    /// The same; where the input is no file but a pipe, [`Step::Idle`] comes before each wait for more of it.
    ///
    /// # Errors
    /// As [`File::open`].
    pub fn open_live(path: &Path) -> Result<Self, SourceError> {
        let opened = Self::open(path)?;
        Ok(Self { live: pauses(path), ..opened })
    }

    /// Reads a capture from `input`; `what` names it in errors.
    ///
    /// # Errors
    /// It cannot be read, or it is no capture.
    pub fn read(input: Box<dyn Read + Send>, what: &str) -> Result<Self, SourceError> {
        let io = |error| SourceError::Io { what: what.to_owned(), error };
        let mut window = Window { input, bytes: Vec::new(), start: 0, end: 0, before: 0 };
        window.fill(2).map_err(io)?;
        let compressed = window.seen().starts_with(&[0x1f, 0x8b]);
        if compressed {
            let inner = mem::replace(&mut window.input, Box::new(std::io::empty()));
            let head = std::io::Cursor::new(window.seen().to_vec());
            let input = Box::new(MultiGzDecoder::new(head.chain(inner)));
            window = Window { input, bytes: Vec::new(), start: 0, end: 0, before: 0 };
        }
        window.fill(24).map_err(io)?;
        let format = match window.seen() {
            [] => return Err(SourceError::NotACapture { what: format!("{what} is empty") }),
            [0x0a, 0x0d, 0x0d, 0x0a, ..] => pcapng::Reader::begin(&mut window).map(Format::Pcapng),
            _ => pcap::Reader::begin(&mut window).map_err(io)?.map(Format::Pcap),
        };
        let format = format
            .ok_or_else(|| SourceError::NotACapture { what: format!("{what} is not a pcap or pcapng capture") })?;
        Ok(Self { window, format, number: 0, live: false, told: false, compressed, again: None, place: 0 })
    }
}

/// Whether more of it may come later: everything but a file does so.
#[cfg(unix)]
fn pauses(path: &Path) -> bool {
    use std::os::fd::AsFd;
    let about = if path.as_os_str() == "-" {
        std::io::stdin().as_fd().try_clone_to_owned().and_then(|fd| std::fs::File::from(fd).metadata())
    } else {
        path.metadata()
    };
    about.is_ok_and(|about| !about.is_file())
}

#[cfg(not(unix))]
fn pauses(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// A file of which any part can be read at any time.
struct Regular(std::fs::File);

impl Regular {
    fn of(file: &std::fs::File) -> Option<Arc<dyn Again>> {
        let regular = cfg!(unix) && file.metadata().is_ok_and(|about| about.is_file());
        let file = file.try_clone().ok().filter(|_| regular)?;
        Some(Arc::new(Self(file)))
    }
}

impl Again for Regular {
    #[cfg(unix)]
    fn read(&self, at: u64, into: &mut [u8]) -> std::io::Result<usize> {
        use std::os::unix::fs::FileExt;
        let mut have = 0;
        while let Some(space) = into.get_mut(have..).filter(|space| !space.is_empty()) {
            match self.0.read_at(space, at + have as u64) {
                Ok(0) => break,
                Ok(n) => have += n,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(have)
    }

    #[cfg(not(unix))]
    fn read(&self, _: u64, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::Unsupported.into())
    }

    fn size(&self) -> Option<u64> {
        self.0.metadata().ok().map(|about| about.len())
    }
}

impl Source for File {
    fn again(&self) -> Option<Arc<dyn Again>> {
        self.again.clone()
    }

    fn place(&self) -> u64 {
        self.place
    }

    fn next(&mut self, frame: &mut RawFrame) -> Result<Step, SourceError> {
        let after = self.number;
        loop {
            let seen = self.window.seen();
            let found = match &mut self.format {
                Format::Pcap(r) => r.record(seen, frame),
                Format::Pcapng(r) => r.record(seen, frame),
            };
            match found {
                Record::Frame(used, at) => {
                    self.place = self.window.before + (self.window.start + at) as u64;
                    self.window.start += used;
                    self.number += 1;
                    frame.number = self.number;
                    return Ok(Step::Frame);
                }
                Record::Skip(used) => self.window.start += used,
                Record::Bad(why) => return Err(SourceError::Damaged { after, why: why.to_owned() }),
                // A read brings what a pipe holds, many packets or one; so this costs little where there is much.
                Record::Need(_) if self.live && !mem::replace(&mut self.told, true) => return Ok(Step::Idle),
                Record::Need(need) => {
                    self.told = false;
                    let before = seen.len();
                    let cut = |why: String| SourceError::CutShort { after, why };
                    match self.window.fill(need) {
                        Ok(have) if have >= need => {}
                        Ok(0) if before == 0 => return Ok(Step::End),
                        Ok(have) => {
                            return Err(cut(format!("its last record needs {need} bytes and only {have} are left")));
                        }
                        // A gzip stream that ends in the middle reports itself here.
                        Err(e) => return Err(cut(e.to_string())),
                    }
                }
            }
        }
    }
}

impl Window {
    /// The bytes that have been read and not used.
    fn seen(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or(&[])
    }

    /// Reads until `need` bytes are seen or the input ends; gives how many are.
    fn fill(&mut self, need: usize) -> std::io::Result<usize> {
        if self.end - self.start < need && self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.before += self.start as u64;
            self.end -= self.start;
            self.start = 0;
        }
        while self.end - self.start < need {
            // Grow by what has really arrived, so that a length that lies costs nothing.
            let room = (self.end * 2).clamp(1 << 16, 1 << 18).max(self.end + (1 << 15));
            if self.bytes.len() < room {
                self.bytes.resize(room, 0);
            }
            let Some(space) = self.bytes.get_mut(self.end..) else { break };
            match self.input.read(space) {
                Ok(0) => break,
                Ok(n) => self.end += n,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(self.end - self.start)
    }
}
