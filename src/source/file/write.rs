//! Writing pcapng: nanoseconds, interface names, comments.

use super::SourceError;
use super::out::Out;
use crate::model::{Interface, RawFrame, clamp};
use pcap_file::DataLink;
use pcap_file::pcapng::PcapNgBlock;
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};
use pcap_file::pcapng::blocks::opt_common::CommonOption;
use pcap_file::pcapng::blocks::section_header::SectionHeaderBlock;
use pcap_file::pcapng::blocks::simple_packet::SimplePacketBlock;
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The most bytes of an option's value that are written; padded, they fit a length of 16 bits.
const LONGEST_OPTION: usize = 65_532;

/// A pcapng file being written. Dropped or flushed, it is whole up to the last frame.
pub struct Writer {
    out: PcapNgWriter<Out>,
    what: String,
    /// The numbers of the interfaces that were described in this section, by link type and name.
    interfaces: HashMap<u16, HashMap<String, u32>>,
    /// Where the last frame came from.
    last: Option<(Arc<Interface>, u16, u32)>,
    described: u32,
}

impl Writer {
    /// Creates the file, replacing one that exists; `-` is standard output.
    ///
    /// # Errors
    /// It cannot be created or written.
    pub fn create(path: &Path) -> Result<Self, SourceError> {
        let what = path.to_string_lossy().into_owned();
        let what = if what == "-" { "standard output".to_owned() } else { what };
        let made = Out::create(path).map_err(|error| SourceError::Io { what: what.clone(), error })?;
        let out = PcapNgWriter::new(made).map_err(|e| failed(&what, &e))?;
        Ok(Self { out, what, interfaces: HashMap::new(), last: None, described: 0 })
    }

    /// Appends a frame; an interface is described when its first frame comes.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, frame: &RawFrame) -> Result<(), SourceError> {
        if frame.untimed {
            return self.simple(frame);
        }
        let interface_id = self.interface(frame)?;
        let options = if frame.comment.is_empty() {
            Vec::new()
        } else {
            vec![EnhancedPacketOption::Common(CommonOption::Comment(Cow::Borrowed(within(&frame.comment))))]
        };
        self.block(EnhancedPacketBlock {
            interface_id,
            timestamp: Duration::from_nanos(u64::try_from(frame.time.0).unwrap_or(0)),
            original_len: original(frame),
            data: Cow::Borrowed(&frame.bytes),
            options,
        })
    }

    /// A frame without a time. Its block names no interface: the first of the section is meant.
    fn simple(&mut self, frame: &RawFrame) -> Result<(), SourceError> {
        if self.described > 0 && self.interface(frame)? != 0 {
            self.block(SectionHeaderBlock::default())?;
            self.interfaces.clear();
            (self.last, self.described) = (None, 0);
        }
        self.interface(frame)?;
        self.block(SimplePacketBlock { original_len: original(frame), data: Cow::Borrowed(&frame.bytes) })
    }

    fn block<'b>(&mut self, block: impl PcapNgBlock<'b>) -> Result<(), SourceError> {
        self.out.write_pcapng_block(block).map_err(|e| failed(&self.what, &e))?;
        self.out.get_mut().end_block().map_err(|error| SourceError::Io { what: self.what.clone(), error })
    }

    /// Hands everything written so far to the operating system.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn flush(&mut self) -> Result<(), SourceError> {
        self.out.get_mut().flush().map_err(|error| SourceError::Io { what: self.what.clone(), error })
    }

    fn interface(&mut self, frame: &RawFrame) -> Result<u32, SourceError> {
        let link = frame.link.0;
        if let (Some((last, of, id)), Some(now)) = (&self.last, &frame.interface)
            && Arc::ptr_eq(last, now)
            && *of == link
        {
            return Ok(*id);
        }
        let name = frame.interface.as_ref().map_or("", |i| within(&i.name));
        let known = self.interfaces.get(&link).and_then(|names| names.get(name)).copied();
        let id = if let Some(id) = known {
            id
        } else {
            let mut block = InterfaceDescriptionBlock::new(DataLink::from(u32::from(link)), 0);
            if !name.is_empty() {
                block.options.push(InterfaceDescriptionOption::IfName(Cow::Borrowed(name)));
            }
            block.options.push(InterfaceDescriptionOption::IfTsResol(InterfaceTsResolution::NANO));
            self.block(block)?;
            self.interfaces.entry(link).or_default().insert(name.to_owned(), self.described);
            self.described += 1;
            self.described - 1
        };
        self.last = frame.interface.as_ref().map(|i| (Arc::clone(i), link, id));
        Ok(id)
    }
}

/// What of a text fits into an option, whose length has 16 bits.
fn within(text: &str) -> &str {
    let end = (0..=text.len().min(LONGEST_OPTION)).rev().find(|&n| text.is_char_boundary(n));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

fn original(frame: &RawFrame) -> u32 {
    frame.len.max(clamp(frame.bytes.len()))
}

fn failed(what: &str, error: &impl std::fmt::Display) -> SourceError {
    SourceError::Io { what: what.to_owned(), error: std::io::Error::other(error.to_string()) }
}
