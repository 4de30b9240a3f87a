//! Writing pcapng: nanoseconds, interface names, comments.

use super::SourceError;
use super::out::Out;
use crate::model::RawFrame;
use pcap_file::DataLink;
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};
use pcap_file::pcapng::blocks::opt_common::CommonOption;
use std::borrow::Cow;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// A pcapng file being written. Dropped or flushed, it is whole up to the last frame.
pub struct Writer {
    out: PcapNgWriter<Out>,
    what: String,
    interfaces: Vec<(String, u16)>,
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
        Ok(Self { out, what, interfaces: Vec::new() })
    }

    /// Appends a frame; an interface is described when its first frame comes.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, frame: &RawFrame) -> Result<(), SourceError> {
        let interface_id = self.interface(frame)?;
        let options = if frame.comment.is_empty() {
            Vec::new()
        } else {
            vec![EnhancedPacketOption::Common(CommonOption::Comment(Cow::Borrowed(&frame.comment)))]
        };
        let block = EnhancedPacketBlock {
            interface_id,
            timestamp: Duration::from_nanos(u64::try_from(frame.time.0).unwrap_or(0)),
            original_len: frame.len.max(u32::try_from(frame.bytes.len()).unwrap_or(u32::MAX)),
            data: Cow::Borrowed(&frame.bytes),
            options,
        };
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
        let name = frame.interface.as_ref().map_or("", |i| i.name.as_str());
        let known = self.interfaces.iter().position(|(n, l)| n == name && *l == frame.link.0);
        let index = if let Some(i) = known {
            i
        } else {
            let mut block = InterfaceDescriptionBlock::new(DataLink::from(u32::from(frame.link.0)), 0);
            if !name.is_empty() {
                block.options.push(InterfaceDescriptionOption::IfName(Cow::Borrowed(name)));
            }
            block.options.push(InterfaceDescriptionOption::IfTsResol(InterfaceTsResolution::NANO));
            self.out.write_pcapng_block(block).map_err(|e| failed(&self.what, &e))?;
            self.interfaces.push((name.to_owned(), frame.link.0));
            self.interfaces.len() - 1
        };
        Ok(u32::try_from(index).unwrap_or(0))
    }
}

fn failed(what: &str, error: &impl std::fmt::Display) -> SourceError {
    SourceError::Io { what: what.to_owned(), error: std::io::Error::other(error.to_string()) }
}
