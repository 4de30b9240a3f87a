//! Where a capture's blocks go: they are handed to the system whole, so that a full disk costs no more than the
//! blocks that found no room.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Blocks are handed on when so many bytes wait.
const CHUNK: usize = 1 << 16;

/// A file, a pipe or standard output, and the whole blocks that wait to be written there.
pub(super) struct Out {
    file: File,
    waiting: Vec<u8>,
    /// Bytes that stand in the file; all of them whole blocks.
    stands: u64,
    /// A file that we made ourselves: what is half written there may be cut off again.
    ours: bool,
    /// Writing failed, so nothing more can follow.
    broken: bool,
}

impl Out {
    /// Creates a file or empties one; `-` is standard output.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let (file, ours) = if path.as_os_str() == "-" {
            (standard_output()?, false)
        } else {
            let file = File::create(path)?;
            let ours = file.metadata().is_ok_and(|about| about.is_file());
            (file, ours)
        };
        Ok(Self { file, waiting: Vec::with_capacity(2 * CHUNK), stands: 0, ours, broken: false })
    }

    /// A block is complete: hands on what waits, once that is worth a call.
    pub(super) fn end_block(&mut self) -> io::Result<()> {
        if self.waiting.len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    /// Cuts off the block that was written half: `sent` bytes of what waited are in the file.
    fn give_up(&mut self, sent: usize) {
        let mut whole = 0;
        while let Some(len) = self.waiting.get(whole + 4..).and_then(|rest| rest.first_chunk()) {
            let end = whole.saturating_add(usize::try_from(u32::from_ne_bytes(*len)).unwrap_or(usize::MAX));
            if end > sent || end < whole + 12 {
                break;
            }
            whole = end;
        }
        if self.ours {
            // If this fails, too, readers still find every whole block before the half one.
            let _ = self.file.set_len(self.stands + whole as u64);
        }
        self.waiting.clear();
        self.broken = true;
    }
}

impl Write for Out {
    /// Only collects: a block may come in pieces.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.broken {
            return Err(io::ErrorKind::WriteZero.into());
        }
        let mut sent = 0;
        while let Some(rest) = self.waiting.get(sent..).filter(|rest| !rest.is_empty()) {
            match self.file.write(rest) {
                Ok(n @ 1..) => sent += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                failed => {
                    self.give_up(sent);
                    return Err(failed.err().unwrap_or_else(|| io::ErrorKind::WriteZero.into()));
                }
            }
        }
        self.stands += sent as u64;
        self.waiting.clear();
        // One giant block must not be paid for ever after.
        self.waiting.shrink_to(16 * CHUNK);
        Ok(())
    }
}

impl Drop for Out {
    fn drop(&mut self) {
        if !self.broken {
            // Who wants to know flushes.
            let _ = self.flush();
        }
    }
}

/// A descriptor of its own for standard output, without the buffer that waits for ends of lines.
#[cfg(unix)]
fn standard_output() -> io::Result<File> {
    Ok(std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned()?.into())
}

/// A handle of its own for standard output, without the buffer that waits for ends of lines.
#[cfg(windows)]
fn standard_output() -> io::Result<File> {
    Ok(std::os::windows::io::AsHandle::as_handle(&io::stdout()).try_clone_to_owned()?.into())
}

/// There is none.
#[cfg(not(any(unix, windows)))]
fn standard_output() -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(n: u32) -> Vec<u8> {
        [&6_u32.to_ne_bytes()[..], &n.to_ne_bytes(), &vec![7; n as usize - 12], &n.to_ne_bytes()].concat()
    }

    #[test]
    fn what_was_written_half_is_cut_off_at_the_last_whole_block() {
        let path = std::env::temp_dir().join(format!("osi-tutor-out-{}", std::process::id()));
        let mut out = Out::create(&path).unwrap();
        out.write_all(&block(32)).unwrap();
        out.flush().unwrap();
        for n in [20, 40, 24] {
            out.write_all(&block(n)).unwrap();
        }
        // As if the disk had taken 50 of those 84 bytes.
        out.file.write_all(&out.waiting[..50]).unwrap();
        out.give_up(50);
        assert_eq!(out.file.metadata().unwrap().len(), 32 + 20);
        assert!(out.flush().is_err(), "nothing follows a failure");
        drop(out);
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 32 + 20);
        std::fs::remove_file(&path).unwrap();
    }
}
