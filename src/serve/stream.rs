//! One connection of the server, within bounds: the head of a request comes within its time, nobody is silent or
//! deaf for long, and no WebSocket message on it may get too long.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::Bounds;
use super::frames::{Frames, Refused};
use super::line::{Line, Phase};

/// How the head of a request ends (RFC 9112 §2.1).
const HEAD_ENDS: [u8; 4] = *b"\r\n\r\n";

/// A connection.
#[derive(Debug)]
pub struct Stream {
    inner: TcpStream,
    bounds: Bounds,
    line: Arc<Line>,
    /// Told when the connection is to end for another's sake.
    ended: oneshot::Receiver<()>,
    /// Since when the head is awaited, if one is.
    since: Instant,
    /// When the last bytes arrived.
    heard: Instant,
    /// Ends when the peer has been waited for long enough.
    patience: Pin<Box<Sleep>>,
    /// Ends when the peer has not read for long enough; there while nothing can be written.
    stuck: Option<Pin<Box<Sleep>>>,
    /// Since the connection speaks WebSocket.
    frames: Option<Frames>,
    /// The last bytes that arrived.
    tail: [u8; 4],
    _seat: OwnedSemaphorePermit,
}

impl Stream {
    pub(super) fn new(
        inner: TcpStream,
        bounds: Bounds,
        (line, ended): (Arc<Line>, oneshot::Receiver<()>),
        seat: OwnedSemaphorePermit,
    ) -> Self {
        let now = Instant::now();
        let patience = Box::pin(sleep_until(now + bounds.head));
        let tail = [0; 4];
        Self {
            inner,
            bounds,
            line,
            ended,
            since: now,
            heard: now,
            patience,
            stuck: None,
            frames: None,
            tail,
            _seat: seat,
        }
    }

    /// What the others know of it.
    pub(super) fn line(&self) -> &Arc<Line> {
        &self.line
    }

    /// Looks at bytes that have arrived.
    fn note(&mut self, bytes: &[u8]) -> io::Result<()> {
        let line = Arc::clone(&self.line);
        let bad = |why| {
            line.refuse(why);
            Err(io::Error::new(io::ErrorKind::InvalidData, why))
        };
        if self.frames.is_none() && self.line.phase() == Phase::Switched {
            // Where the first frame begins is known only if none came before the answer.
            if self.tail != HEAD_ENDS {
                return bad("a frame came before the switch to WebSocket");
            }
            self.frames = Some(Frames::new(self.bounds.message, self.line.judge.get().cloned()));
        }
        if let Some(frames) = &mut self.frames {
            return frames.pass(bytes).or_else(|why| match why {
                Refused::TooLong => bad("a message was too long: its connection was cut"),
                Refused::Unwanted => bad("nobody wants such a message: its connection was cut"),
            });
        }
        for &byte in bytes.get(bytes.len().saturating_sub(4)..).unwrap_or_default() {
            self.tail.rotate_left(1);
            self.tail[3] = byte;
        }
        Ok(())
    }

    /// Bytes have arrived, or the peer's end of them.
    fn arrived(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.heard = Instant::now();
        match self.line.phase() {
            Phase::Idle => {
                self.since = self.heard;
                self.line.enter(Phase::Head);
            }
            Phase::Head if self.heard > self.since + self.bounds.head => return Err(late()),
            _ => {}
        }
        self.note(bytes)
    }

    /// Until when the peer may say nothing.
    fn deadline(&self) -> Instant {
        match self.line.phase() {
            Phase::Head => self.since + self.bounds.head,
            _ => self.heard + self.bounds.silence,
        }
    }

    /// Whether the peer's time is up; if not, the task is woken when it may be.
    fn is_late(&mut self, cx: &mut Context<'_>) -> bool {
        loop {
            let deadline = self.deadline();
            if deadline <= Instant::now() {
                return true;
            }
            if self.patience.deadline() != deadline {
                self.patience.as_mut().reset(deadline);
            }
            if self.patience.as_mut().poll(cx).is_pending() {
                return false;
            }
        }
    }

    /// Ends it. What has not been read by the peer is thrown away, here and in the kernel.
    fn cut(&mut self, cx: &mut Context<'_>) {
        self.line.hang_up();
        let _ = self.inner.set_zero_linger();
        // Whoever waits until something can be written is woken by this.
        let _ = Pin::new(&mut self.inner).poll_shutdown(cx);
    }

    /// Lets a peer that does not read go.
    fn unless_deaf<T>(&mut self, cx: &mut Context<'_>, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if done.is_ready() {
            self.stuck = None;
            return done;
        }
        let patience = self.bounds.deafness;
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(sleep(patience)));
        if stuck.as_mut().poll(cx).is_ready() {
            self.cut(cx);
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "nothing has been read for too long")));
        }
        Poll::Pending
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.line.close();
    }
}

fn late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "nothing has arrived for too long")
}

fn over<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.line.is_over() || Pin::new(&mut self.ended).poll(cx).is_ready() {
            self.cut(cx);
            return over();
        }
        // Who does not read is not read either: the answers to more would pile up here.
        if self.stuck.is_some() {
            match self.inner.poll_write_ready(cx) {
                Poll::Ready(_) => self.stuck = None,
                Poll::Pending => return self.unless_deaf(cx, Poll::Pending),
            }
        }
        let before = buf.filled().len();
        let done = match Pin::new(&mut self.inner).poll_read(cx, buf) {
            Poll::Ready(Ok(())) => self.arrived(buf.filled().get(before..).unwrap_or_default()),
            Poll::Ready(Err(e)) => Err(e),
            Poll::Pending if self.is_late(cx) => {
                // A browser may open connections that it never uses.
                if self.line.phase() == Phase::Head && self.tail != [0; 4] {
                    self.line.refuse("a request was never finished: its connection was cut");
                }
                Err(late())
            }
            Poll::Pending => return Poll::Pending,
        };
        if done.is_err() {
            self.cut(cx);
        }
        Poll::Ready(done)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.line.is_over() {
            return over();
        }
        let done = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.unless_deaf(cx, done)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.line.is_over() {
            return over();
        }
        let done = Pin::new(&mut self.inner).poll_write_vectored(cx, bytes);
        self.unless_deaf(cx, done)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = Pin::new(&mut self.inner).poll_flush(cx);
        self.unless_deaf(cx, done)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.unless_deaf(cx, done)
    }
}
