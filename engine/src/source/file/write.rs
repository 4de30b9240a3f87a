//! Writing pcapng: nanoseconds, interface names, comments. What was read can be written, whatever it holds.

use super::SourceError;
use super::out::Out;
use super::pcapng::{self, LONGEST_COMMENT, LONGEST_NAME, MOST_INTERFACES, cut};
use crate::model::{RawFrame, Time, clamp};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};
use pcap_file::pcapng::blocks::opt_common::CommonOption;
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::pcapng::{PcapNgWriter, RawBlock};
use pcap_file::{DataLink, Endianness};
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

/// Stamps count from 1970 and have no sign; what is earlier counts from this second (in 1677, before any [`Time`]).
const EARLY: i64 = i64::MIN / 1_000_000_000 - 1;

/// A pcapng file being written. Dropped or flushed, it is whole up to the last frame.
pub struct Writer {
    out: PcapNgWriter<Out>,
    what: String,
    /// The interfaces of this section, by name.
    interfaces: HashMap<String, HashMap<Kind, u32>>,
    count: u32,
    /// The block in the making.
    body: Vec<u8>,
}

/// What the frames of one described interface have in common, besides its name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Kind {
    link: u16,
    /// What each of its frames without a time was cut to; 0 if to nothing.
    snaplen: u32,
    /// Its times are before 1970.
    early: bool,
}

impl Writer {
    /// Creates the file, replacing one that exists; `-` is standard output.
    ///
    /// # Errors
    /// It cannot be created or written.
    pub fn create(path: &Path) -> Result<Self, SourceError> {
        Self::about(path, "")
    }

    /// The same, with a comment on the capture as a whole; an empty one says nothing.
    ///
    /// # Errors
    /// It cannot be created or written.
    pub fn about(path: &Path, comment: &str) -> Result<Self, SourceError> {
        let what = path.to_string_lossy().into_owned();
        let what = if what == "-" { "standard output".to_owned() } else { what };
        let made = Out::create(path).map_err(|error| SourceError::Io { what: what.clone(), error })?;
        let comment = cut(comment, LONGEST_COMMENT);
        let mut section = SectionHeaderBlock { endianness: Endianness::native(), ..SectionHeaderBlock::default() };
        if !comment.is_empty() {
            section.options.push(SectionHeaderOption::Common(CommonOption::Comment(Cow::Borrowed(comment))));
        }
        let out = PcapNgWriter::with_section_header(made, section).map_err(|e| failed(&what, &e))?;
        Ok(Self { out, what, interfaces: HashMap::new(), count: 0, body: Vec::new() })
    }

    /// Appends a frame; an interface is described when its first frame comes.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, frame: &RawFrame) -> Result<(), SourceError> {
        let kept = clamp(frame.bytes.len());
        let len = frame.len.max(kept);
        if !frame.time.is_known() {
            return self.simple(frame, kept, len);
        }
        let kind = Kind { link: frame.link.0, snaplen: 0, early: frame.time < Time(0) };
        let id = self.interface(frame, kind)?;
        // Both count modulo 2^64, and the difference has no sign.
        let nanos =
            if kind.early { frame.time.0.wrapping_sub(EARLY.wrapping_mul(1_000_000_000)) } else { frame.time.0 };
        let [high, low] = [nanos.cast_unsigned() >> 32, nanos.cast_unsigned() & 0xffff_ffff];
        let [high, low] = [high, low].map(|half| u32::try_from(half).unwrap_or(0));
        let comments = frame.comments();
        let comment = cut(&comments, LONGEST_COMMENT).as_bytes();
        self.block(pcapng::ENHANCED, &[id, high, low, kept, len], &frame.bytes, &[(pcapng::COMMENT, comment)])
    }

    /// A frame without a time: only a simple packet has none. It belongs to the first interface, and what it was
    /// cut to is told there.
    fn simple(&mut self, frame: &RawFrame, kept: u32, len: u32) -> Result<(), SourceError> {
        let snaplen = if kept < len { kept } else { 0 };
        let kind = Kind { link: frame.link.0, snaplen, early: false };
        if self.known(frame, kind) != Some(0) && self.count > 0 {
            self.section()?;
        }
        self.interface(frame, kind)?;
        self.block(pcapng::SIMPLE, &[len], &frame.bytes, &[])
    }

    /// Hands everything written so far to the operating system.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn flush(&mut self) -> Result<(), SourceError> {
        self.out.get_mut().flush().map_err(|error| SourceError::Io { what: self.what.clone(), error })
    }

    fn known(&self, frame: &RawFrame, kind: Kind) -> Option<u32> {
        self.interfaces.get(name(frame))?.get(&kind).copied()
    }

    /// The number of a frame's interface, which is described now if it was not.
    fn interface(&mut self, frame: &RawFrame, kind: Kind) -> Result<u32, SourceError> {
        if let Some(id) = self.known(frame, kind) {
            return Ok(id);
        }
        if self.count as usize >= MOST_INTERFACES {
            self.section()?;
        }
        let name = name(frame);
        let mut block = InterfaceDescriptionBlock::new(DataLink::from(u32::from(kind.link)), kind.snaplen);
        if !name.is_empty() {
            block.options.push(InterfaceDescriptionOption::IfName(Cow::Borrowed(name)));
        }
        block.options.push(InterfaceDescriptionOption::IfTsResol(InterfaceTsResolution::NANO));
        if kind.early {
            block.options.push(InterfaceDescriptionOption::IfTsOffset(EARLY));
        }
        self.out.write_pcapng_block(block).map_err(|e| failed(&self.what, &e))?;
        let id = self.count;
        self.interfaces.entry(name.to_owned()).or_default().insert(kind, id);
        self.count += 1;
        Ok(id)
    }

    /// Begins another section, in which no interface is described.
    fn section(&mut self) -> Result<(), SourceError> {
        self.interfaces.clear();
        self.count = 0;
        let section = SectionHeaderBlock { endianness: Endianness::native(), ..SectionHeaderBlock::default() };
        self.out.write_pcapng_block(section).map(drop).map_err(|e| failed(&self.what, &e))
    }

    /// A block: its words, bytes padded to 4, and those options that say something.
    fn block(&mut self, kind: u32, words: &[u32], data: &[u8], options: &[(u16, &[u8])]) -> Result<(), SourceError> {
        let body = &mut self.body;
        body.clear();
        for word in words {
            body.extend_from_slice(&word.to_ne_bytes());
        }
        let put = |bytes: &[u8], body: &mut Vec<u8>| {
            body.extend_from_slice(bytes);
            body.resize(body.len().next_multiple_of(4), 0);
        };
        put(data, body);
        let mut said = options.iter().filter(|(_, value)| !value.is_empty()).peekable();
        let any = said.peek().is_some();
        for (code, value) in said {
            body.extend_from_slice(&code.to_ne_bytes());
            body.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_ne_bytes());
            put(value, body);
        }
        if any {
            // An option of code 0 ends them.
            put(&[0; 4], body);
        }
        let len = clamp(body.len() + 12);
        let block = RawBlock { type_: kind, initial_len: len, body: Cow::Borrowed(body), trailer_len: len };
        self.out.write_raw_block(&block).map_err(|e| failed(&self.what, &e))?;
        self.out.get_mut().end_block().map_err(|error| SourceError::Io { what: self.what.clone(), error })
    }
}

fn name(frame: &RawFrame) -> &str {
    cut(frame.interface.as_ref().map_or("", |i| &i.name), LONGEST_NAME)
}

fn failed(what: &str, error: &impl std::fmt::Display) -> SourceError {
    SourceError::Io { what: what.to_owned(), error: std::io::Error::other(error.to_string()) }
}
