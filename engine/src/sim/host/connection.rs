//! A TCP connection and the program that holds it.

use std::cell::Cell;
use std::time::Duration;

use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp::{CongestionControl, Socket, SocketBuffer, State};

use crate::peers::{Input, Peer, Want};
use crate::sim::scenario::{self, Congestion};

/// More than 65,535 bytes, so that the handshake shows a window scale (RFC 7323 §2).
const BUFFER: usize = 256 * 1024;
/// A connection that hears nothing for so long although it has something to say gives up (R2 of RFC 9293 §3.8.3).
const GIVES_UP: smoltcp::time::Duration = smoltcp::time::Duration::from_secs(100);

/// One step of a program asks for no more connections than these.
const MOST_CONNECTIONS: usize = 16;

thread_local! {
    /// The clock of TCP timestamps. smoltcp asks a bare `fn`, so the host that runs leaves its time here.
    static TIMESTAMP: Cell<u32> = const { Cell::new(0) };
}

/// Sets the clock of TCP timestamps, for the host that runs now.
pub(super) fn set_timestamp(ticks: u32) {
    TIMESTAMP.set(ticks);
}

pub(super) struct Connection {
    pub(super) card: usize,
    pub(super) handle: SocketHandle,
    peer: Box<dyn Peer + Send>,
    /// What the program wants; nothing before the connection is established.
    want: Option<Want>,
    /// What the program said and the stack has not yet taken, from `said` on.
    outbox: Vec<u8>,
    said: usize,
    end_told: bool,
    /// Peers for more connections to the same server, which the program wants.
    pub(super) more: Vec<Box<dyn Peer + Send>>,
}

impl Connection {
    pub(super) fn new(card: usize, handle: SocketHandle, peer: Box<dyn Peer + Send>) -> Self {
        let (outbox, more) = (Vec::new(), Vec::new());
        Self { card, handle, peer, want: None, outbox, said: 0, end_told: false, more }
    }

    /// Moves bytes between stack and program; says whether the stack has something new to do. A program that
    /// does not read leaves what arrives with the stack, whose window closes.
    pub(super) fn run(&mut self, now: Duration, socket: &mut Socket<'_>, reads: bool) -> bool {
        if self.want.is_none() && socket.may_send() {
            socket.set_nagle_enabled(!self.peer.no_delay());
            self.step(now, Input::Opened);
        }
        let mut busy = self.read(now, socket, reads);
        if self.want == Some(Want::Abort) {
            let open = is_open(socket);
            if open {
                socket.abort();
            }
            return open;
        }
        busy |= self.write(socket);
        if self.said < self.outbox.len() {
            return busy;
        }
        match self.want {
            // The stack has taken all that was said.
            Some(Want::Drain) if socket.may_send() && socket.can_send() => {
                self.step(now, Input::Tick);
                true
            }
            // The last words went first, so that the FIN has a segment of its own.
            Some(Want::Close | Want::Finish) if !busy && socket.may_send() => {
                socket.close();
                true
            }
            _ => busy,
        }
    }

    /// Gives the program what is due and what has arrived.
    fn read(&mut self, now: Duration, socket: &mut Socket<'_>, reads: bool) -> bool {
        let is_due = matches!(self.want, Some(Want::Wake(at) | Want::Hold(at)) if at <= now);
        if is_due || self.has_news() {
            self.step(now, Input::Tick);
        }
        let mut busy = false;
        while reads && !matches!(self.want, None | Some(Want::Hold(_))) && socket.can_recv() {
            // The closure never takes more bytes than it is shown.
            let _ = socket.recv(|bytes| (bytes.len(), self.step(now, Input::Bytes(bytes))));
            busy = true;
        }
        let listens = !matches!(self.want, None | Some(Want::Hold(_)));
        let ended = !socket.may_recv() && !socket.can_recv();
        if listens && ended && !std::mem::replace(&mut self.end_told, true) {
            self.step(now, Input::Ended);
        }
        busy
    }

    /// Gives the stack what the program said.
    fn write(&mut self, socket: &mut Socket<'_>) -> bool {
        if self.said == self.outbox.len() || !socket.can_send() {
            return false;
        }
        let taken = socket.send_slice(self.outbox.get(self.said..).unwrap_or_default()).unwrap_or_default();
        self.said += taken;
        if self.said == self.outbox.len() {
            self.outbox.clear();
            self.said = 0;
        }
        taken > 0
    }

    fn step(&mut self, now: Duration, input: Input<'_>) {
        if !self.is_done() {
            self.want = Some(self.peer.step(now, input, &mut self.outbox));
            self.more.extend(std::iter::from_fn(|| self.peer.another()).take(MOST_CONNECTIONS));
        }
    }

    fn is_done(&self) -> bool {
        matches!(self.want, Some(Want::Close | Want::Abort))
    }

    /// When its program wants to be woken.
    pub(super) fn wake(&self) -> Option<Duration> {
        match self.want {
            Some(Want::Wake(at) | Want::Hold(at)) => Some(at),
            _ => None,
        }
    }

    /// Whether somebody else gave its program something to say.
    pub(super) fn has_news(&self) -> bool {
        self.want.is_some() && !self.is_done() && !matches!(self.want, Some(Want::Hold(_))) && self.peer.has_news()
    }
}

fn is_open(socket: &Socket<'_>) -> bool {
    !matches!(socket.state(), State::Closed | State::TimeWait)
}

/// Neither end will say more (RFC 9293 §3.3.2).
pub(super) fn is_over(socket: &Socket<'_>) -> bool {
    !is_open(socket)
}

/// How a host makes its sockets.
#[derive(Clone, Copy)]
pub(super) struct Sockets {
    receive_buffer: usize,
    congestion: CongestionControl,
}

impl Sockets {
    pub(super) fn new(plan: &scenario::Host) -> Self {
        let wanted = plan.receive_buffer.as_ref().map(|bytes| *bytes.as_ref());
        Self {
            receive_buffer: wanted.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(BUFFER),
            congestion: match plan.congestion {
                Congestion::None => CongestionControl::None,
                Congestion::Reno => CongestionControl::Reno,
                Congestion::Cubic => CongestionControl::Cubic,
            },
        }
    }

    pub(super) fn listening(self, port: u16) -> Socket<'static> {
        let mut socket = self.socket();
        // It fails for port 0 only, which a scenario cannot have.
        let _ = socket.listen(port);
        socket
    }

    pub(super) fn socket(self) -> Socket<'static> {
        let receive = SocketBuffer::new(vec![0; self.receive_buffer]);
        let mut socket = Socket::new(receive, SocketBuffer::new(vec![0; BUFFER]));
        socket.set_tsval_generator(Some(|| TIMESTAMP.get()));
        socket.set_congestion_control(self.congestion);
        socket.set_timeout(Some(GIVES_UP));
        socket
    }
}

/// Says something, listens for so many bytes or so long, then breaks off.
pub(super) struct Breaker {
    plan: scenario::Reset,
    heard: u32,
    until: Option<Duration>,
}

impl Breaker {
    pub(super) fn new(plan: scenario::Reset) -> Self {
        Self { plan, heard: 0, until: None }
    }
}

impl Peer for Breaker {
    fn step(&mut self, now: Duration, input: Input<'_>, out: &mut Vec<u8>) -> Want {
        match input {
            Input::Opened => {
                out.extend_from_slice(self.plan.say.as_bytes());
                self.until = self.plan.after_ms.map(|ms| now + Duration::from_millis(ms.into()));
            }
            Input::Bytes(bytes) => {
                self.heard = self.heard.saturating_add(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
            }
            Input::Ended => return Want::Close,
            Input::Tick => {}
        }
        let heard_enough = self.plan.after_bytes.is_some_and(|bytes| self.heard >= bytes);
        if heard_enough || self.until.is_some_and(|at| at <= now) {
            return Want::Abort;
        }
        self.until.map_or(Want::Input, Want::Wake)
    }
}
