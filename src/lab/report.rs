//! What the helper tells the process that started it, over a pipe: frames, what the kernel knows, and how it ended.
//!
//! A message is a letter, the length of what follows (four bytes, little-endian), and that.

use std::io::{self, Write};
use std::sync::Arc;

use super::kernel::TcpView;
use super::refusal::Refusal;
use crate::model::{Interface, LinkType, RawFrame, Time};

/// No message is longer: the longest frame of loopback, and what stands beside it.
const LONGEST: usize = 1 << 20;
/// Letter and length.
const HEAD: usize = 5;

/// One message.
#[derive(Clone, Debug)]
pub(super) enum Report {
    /// The lab stands, so many microseconds after the helper began; its programs begin now.
    Ready(u64),
    /// A frame passed the card that is watched.
    Frame(RawFrame),
    /// What the kernel knows of one end of a connection.
    Kernel(TcpView),
    /// All is done.
    Over,
    /// There is no lab.
    Refused(Refusal),
}

impl Report {
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut body = Vec::new();
        let letter = match self {
            Self::Ready(micros) => {
                body.extend(micros.to_le_bytes());
                b'R'
            }
            Self::Frame(frame) => {
                body.extend(frame.time.0.to_le_bytes());
                body.extend(frame.len.to_le_bytes());
                body.extend(frame.link.0.to_le_bytes());
                body.push(u8::from(frame.checksum_pending));
                let interface = frame.interface.as_ref().map_or("", |i| i.name.as_str());
                for text in [interface, &*frame.comments()] {
                    body.extend(u16::try_from(text.len()).unwrap_or_default().to_le_bytes());
                    body.extend(text.bytes().take(usize::from(u16::MAX)));
                }
                body.extend(&frame.bytes);
                b'F'
            }
            Self::Kernel(view) => {
                body.extend(view.line().bytes());
                b'K'
            }
            Self::Over => b'O',
            Self::Refused(why) => {
                let (kind, code, words) = why.parts();
                body.push(kind);
                body.extend(code.to_le_bytes());
                body.extend(words.bytes());
                b'N'
            }
        };
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
        out.write_all(&[letter])?;
        out.write_all(&length.to_le_bytes())?;
        out.write_all(&body)
    }

    /// The message at the start and its length; `None` while more bytes are needed.
    ///
    /// # Errors
    /// These are no messages.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<(Self, usize)>, ()> {
        let Some((head, rest)) = bytes.split_first_chunk::<HEAD>() else { return Ok(None) };
        let [letter, length @ ..] = *head;
        let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
        if length > LONGEST {
            return Err(());
        }
        let Some(mut body) = rest.get(..length) else { return Ok(None) };
        let report = match letter {
            b'R' => take(&mut body).map(|b| Self::Ready(u64::from_le_bytes(b))),
            b'F' => frame(body).map(Self::Frame),
            b'K' => std::str::from_utf8(body).ok().and_then(TcpView::from_line).map(Self::Kernel),
            b'O' => Some(Self::Over),
            b'N' => refused(body).map(Self::Refused),
            _ => None,
        };
        report.map(|report| Some((report, HEAD + length))).ok_or(())
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

fn text(bytes: &mut &[u8]) -> Option<String> {
    let length = usize::from(u16::from_le_bytes(take(bytes)?));
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(String::from_utf8_lossy(text).into_owned())
}

fn frame(mut bytes: &[u8]) -> Option<RawFrame> {
    let b = &mut bytes;
    let (time, len, link) = (take(b)?, take(b)?, take(b)?);
    let [pending] = take(b)?;
    let (name, comment) = (text(b)?, text(b)?);
    let mut frame = RawFrame {
        number: 0,
        time: Time(i64::from_le_bytes(time)),
        len: u32::from_le_bytes(len),
        link: LinkType(u16::from_le_bytes(link)),
        checksum_pending: pending != 0,
        interface_id: None,
        interface: Some(Arc::new(Interface { name, loopback: false })),
        remark: None,
        comment,
        bytes: bytes.to_vec(),
    };
    frame.find_remark();
    Some(frame)
}

fn refused(mut bytes: &[u8]) -> Option<Refusal> {
    let [kind] = take(&mut bytes)?;
    let code = i32::from_le_bytes(take(&mut bytes)?);
    Some(Refusal::from_parts(kind, code, String::from_utf8_lossy(bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::refusal::Wanted;
    use super::*;
    use crate::model::Remark;

    fn written(report: &Report) -> Vec<u8> {
        let mut out = Vec::new();
        report.write(&mut out).unwrap();
        out
    }

    #[test]
    fn a_frame_arrives_as_it_was_sent_and_not_before_its_last_byte() {
        let mut frame = RawFrame::whole(0, vec![1, 2, 3]);
        frame.time = Time(-7);
        frame.checksum_pending = true;
        frame.remark = Some(Remark::Dropped);
        frame.interface = Some(Arc::new(Interface { name: "client".into(), loopback: false }));
        let bytes = written(&Report::Frame(frame.clone()));
        for cut in 0..bytes.len() {
            assert!(matches!(Report::read(&bytes[..cut]), Ok(None)));
        }
        let Ok(Some((Report::Frame(read), used))) = Report::read(&bytes) else { panic!("a frame") };
        assert_eq!((read.bytes, read.time, read.len, read.remark), (frame.bytes, frame.time, 3, frame.remark));
        assert_eq!((read.interface, read.checksum_pending, used), (frame.interface, true, bytes.len()));
    }

    #[test]
    fn a_refusal_arrives_with_its_reason() {
        let why = Refusal::because(Wanted::Scenario, "it has a part that no kernel plays");
        let bytes = written(&Report::Refused(why.clone()));
        let Ok(Some((Report::Refused(read), _))) = Report::read(&bytes) else { panic!("a refusal") };
        assert_eq!(read, why);
    }

    #[test]
    fn what_is_no_message_is_an_error_and_no_panic() {
        for bytes in
            [&b"X\0\0\0\0"[..], b"R\x01\0\0\0a", b"F\x02\0\0\0ab", b"K\x01\0\0\0?", b"F\xff\xff\xff\xff", b"N\0\0\0\0"]
        {
            assert!(Report::read(bytes).is_err(), "{bytes:?}");
        }
    }
}
