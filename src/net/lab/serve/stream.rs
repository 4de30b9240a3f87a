//! One connection of the server, within bounds: it may not be silent for long, and no WebSocket message on it may
//! get too long.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep};

use super::Bounds;
use super::frames::Frames;

/// How the head of a request ends (RFC 9112 §2.1).
const HEAD_ENDS: [u8; 4] = *b"\r\n\r\n";

/// A connection.
#[derive(Debug)]
pub struct Stream {
    inner: TcpStream,
    silence: Duration,
    /// When the silence has lasted too long.
    patience: Pin<Box<Sleep>>,
    message: usize,
    /// Set by whoever answers 101: from here on the client speaks in frames.
    switched: Arc<AtomicBool>,
    /// Since the connection speaks WebSocket.
    frames: Option<Frames>,
    /// The last bytes that arrived.
    tail: [u8; 4],
    _seat: OwnedSemaphorePermit,
}

impl Stream {
    pub(super) fn new(inner: TcpStream, bounds: Bounds, seat: OwnedSemaphorePermit) -> Self {
        let patience = Box::pin(sleep(bounds.silence));
        let (silence, message) = (bounds.silence, bounds.message);
        Self { inner, silence, patience, message, switched: Arc::default(), frames: None, tail: [0; 4], _seat: seat }
    }

    /// What to set when the answer is 101 (RFC 6455 §4.2.2).
    pub(super) fn switch(&self) -> &Arc<AtomicBool> {
        &self.switched
    }

    /// Looks at bytes that have arrived.
    fn note(&mut self, bytes: &[u8]) -> io::Result<()> {
        let bad = |why| Err(io::Error::new(io::ErrorKind::InvalidData, why));
        if self.frames.is_none() && self.switched.load(Ordering::Acquire) {
            // Where the first frame begins is known only if none came before the answer.
            if self.tail != HEAD_ENDS {
                return bad("a frame came before the switch to WebSocket");
            }
            self.frames = Some(Frames::new(self.message));
        }
        if let Some(frames) = &mut self.frames {
            return frames.pass(bytes).or_else(|_| bad("a message is too long"));
        }
        for &byte in bytes.get(bytes.len().saturating_sub(4)..).unwrap_or_default() {
            self.tail.rotate_left(1);
            self.tail[3] = byte;
        }
        Ok(())
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        match Pin::new(&mut self.inner).poll_read(cx, buf) {
            Poll::Ready(Ok(())) => {
                let until = Instant::now() + self.silence;
                self.patience.as_mut().reset(until);
                Poll::Ready(self.note(buf.filled().get(before..).unwrap_or_default()))
            }
            Poll::Pending if self.patience.as_mut().poll(cx).is_ready() => {
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "nothing has arrived for too long")))
            }
            other => other,
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
