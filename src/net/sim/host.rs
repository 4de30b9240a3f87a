//! A host: a network card, a TCP/IP stack, and the programs on it.
//!
//! [`Host::run`] lets all of them do what they can now; [`Host::wake`] says when there is more to do
//! although no frame arrives (RFC 9293 §3.8.1's retransmission timer, a program's pause).

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, IpCidr};

use super::wire::Port;
use crate::net::apps::{Input, Peer, Want, web};
use crate::net::rng::Rng;
use crate::net::scenario;

/// More than 65,535 bytes, so that the handshake shows a window scale (RFC 7323 §2).
const BUFFER: usize = 256 * 1024;
/// Where the ports begin that a client's system picks from (RFC 6335 §6).
const DYNAMIC_PORTS: u16 = 49_152;

thread_local! {
    /// The clock of TCP timestamps. smoltcp asks a bare `fn`, so the host that runs leaves its time here.
    static TIMESTAMP: Cell<u32> = const { Cell::new(0) };
}

pub(super) struct Host {
    pub(super) port: Port,
    interface: Interface,
    sockets: SocketSet<'static>,
    listeners: Vec<Listener>,
    connections: Vec<Connection>,
    visits: VecDeque<scenario::Visit>,
    /// When the next visit may begin, once the one before it has ended.
    next_visit: Option<Duration>,
    next_port: u16,
    timestamp_offset: u32,
    rng: Rng,
}

struct Listener {
    handle: SocketHandle,
    port: u16,
    site: Arc<web::Site>,
}

/// A TCP connection and the program that holds it.
struct Connection {
    handle: SocketHandle,
    peer: Box<dyn Peer + Send>,
    /// What the program wants; nothing before the connection stands.
    want: Option<Want>,
    /// What the program said and the stack has not yet taken.
    outbox: Vec<u8>,
    end_told: bool,
}

impl Host {
    pub(super) fn new(plan: &scenario::Host, mut rng: Rng) -> Self {
        let mut config = Config::new(EthernetAddress(plan.mac.0).into());
        config.random_seed = rng.roll();
        let mut port = Port::default();
        let mut interface = Interface::new(config, &mut port, Instant::ZERO);
        interface.update_ip_addrs(|addresses| {
            for prefix in plan.addresses.as_ref() {
                // A scenario has no more addresses than the stack has room for.
                let _ = addresses.push(IpCidr::new(prefix.address.into(), prefix.length));
            }
        });
        let mut sockets = SocketSet::new(Vec::new());
        let listen = |serve: &scenario::Serve| Listener {
            handle: sockets.add(listening(serve.port.get())),
            port: serve.port.get(),
            site: Arc::new(serve.web.clone()),
        };
        Self {
            listeners: plan.serve.iter().map(listen).collect(),
            port,
            interface,
            sockets,
            connections: Vec::new(),
            next_visit: plan.visit.first().map(|first| Duration::from_millis(first.after_ms.into())),
            visits: plan.visit.iter().cloned().collect(),
            next_port: DYNAMIC_PORTS | u16::try_from(rng.below(1 << 14)).unwrap_or_default(),
            timestamp_offset: u32::try_from(rng.below(1 << 32)).unwrap_or_default(),
            rng,
        }
    }

    /// Lets stack and programs do all that they can at this moment.
    pub(super) fn run(&mut self, now: Duration) {
        let millis = u32::try_from(now.as_millis() & u128::from(u32::MAX)).unwrap_or_default();
        TIMESTAMP.set(self.timestamp_offset.wrapping_add(millis));
        self.start_visit(now);
        loop {
            self.interface.poll(instant(now), &mut self.port, &mut self.sockets);
            self.accept();
            let mut busy = false;
            for connection in &mut self.connections {
                busy |= connection.run(now, self.sockets.get_mut(connection.handle));
            }
            if !busy {
                break;
            }
        }
        self.plan_visit(now);
        self.sweep();
    }

    /// When there is something to do although no frame arrives.
    pub(super) fn wake(&mut self, now: Duration) -> Option<Duration> {
        let stack = self.interface.poll_at(instant(now), &self.sockets);
        // What could not be done now can be done a little later, or the clock would stand still.
        let later = now + Duration::from_millis(1);
        let stack = stack.map(|at| Duration::from_micros(u64::try_from(at.total_micros()).unwrap_or(0)));
        let stack = stack.map(|at| if at <= now { later } else { at });
        let peers = self.connections.iter().filter_map(|connection| match connection.want {
            Some(Want::Wake(at) | Want::Hold(at)) => Some(at),
            _ => None,
        });
        peers.chain(stack).chain(self.next_visit).min()
    }

    /// Every visit was made, and no connection will say more: what remains waits only for time to pass.
    pub(super) fn is_done(&self) -> bool {
        let over = |connection: &Connection| is_over(self.sockets.get::<Socket<'_>>(connection.handle));
        self.visits.is_empty() && self.connections.iter().all(over)
    }

    fn start_visit(&mut self, now: Duration) {
        let Some(visit) = self.next_visit.filter(|&at| at <= now).and_then(|_| self.visits.pop_front()) else { return };
        self.next_visit = None;
        let local = self.next_port;
        self.next_port = DYNAMIC_PORTS | local.wrapping_add(1);
        let mut socket = new_socket();
        // The scenario was checked: the address can be visited, and we have one of its kind.
        if socket.connect(self.interface.context(), *visit.to.as_ref(), local).is_ok() {
            let peer = Box::new(web::Client::new(visit.web, self.rng.fork()));
            self.connections.push(Connection::new(self.sockets.add(socket), peer));
        }
    }

    /// The next visit waits until the last has ended.
    fn plan_visit(&mut self, now: Duration) {
        let Some(visit) = self.visits.front() else { return };
        let over = |connection: &Connection| is_over(self.sockets.get::<Socket<'_>>(connection.handle));
        if self.next_visit.is_none() && self.connections.iter().all(over) {
            self.next_visit = Some(now + Duration::from_millis(visit.after_ms.into()));
        }
    }

    /// Forgets connections that have ended for good.
    fn sweep(&mut self) {
        let sockets = &mut self.sockets;
        self.connections.retain(|connection| {
            let ended = sockets.get::<Socket<'_>>(connection.handle).state() == State::Closed;
            if ended {
                sockets.remove(connection.handle);
            }
            !ended
        });
    }

    /// A listening socket that was spoken to becomes a connection, and a new one listens in its place.
    fn accept(&mut self) {
        for listener in &mut self.listeners {
            if self.sockets.get::<Socket<'_>>(listener.handle).state() != State::Listen {
                let handle = std::mem::replace(&mut listener.handle, self.sockets.add(listening(listener.port)));
                let peer = Box::new(web::Server::new(Arc::clone(&listener.site), self.rng.fork()));
                self.connections.push(Connection::new(handle, peer));
            }
        }
    }
}

impl Connection {
    fn new(handle: SocketHandle, peer: Box<dyn Peer + Send>) -> Self {
        Self { handle, peer, want: None, outbox: Vec::new(), end_told: false }
    }

    /// Moves bytes between stack and program; says whether the stack has something new to do.
    fn run(&mut self, now: Duration, socket: &mut Socket<'_>) -> bool {
        if self.want.is_none() && socket.may_send() {
            self.step(now, Input::Opened);
        }
        if matches!(self.want, Some(Want::Wake(at)) if at <= now) {
            self.step(now, Input::Tick);
        }
        let mut busy = false;
        while socket.can_recv() {
            // The closure never takes more bytes than it is shown.
            let _ = socket.recv(|bytes| (bytes.len(), self.step(now, Input::Bytes(bytes))));
            busy = true;
        }
        if self.want.is_some() && !socket.may_recv() && !std::mem::replace(&mut self.end_told, true) {
            self.step(now, Input::Ended);
        }
        if !self.outbox.is_empty() && socket.can_send() {
            let taken = socket.send_slice(&self.outbox).unwrap_or_default();
            self.outbox.drain(..taken);
            return busy || taken > 0;
        }
        // The last words go first, so that the FIN has a segment of its own.
        if self.want == Some(Want::Close) && self.outbox.is_empty() && socket.may_send() {
            socket.close();
            return true;
        }
        busy
    }

    fn step(&mut self, now: Duration, input: Input<'_>) {
        if self.want != Some(Want::Close) {
            self.want = Some(self.peer.step(now, input, &mut self.outbox));
        }
    }
}

/// Neither end will say more (RFC 9293 §3.3.2).
fn is_over(socket: &Socket<'_>) -> bool {
    matches!(socket.state(), State::Closed | State::TimeWait)
}

fn listening(port: u16) -> Socket<'static> {
    let mut socket = new_socket();
    // It fails for port 0 only, which a scenario cannot have.
    let _ = socket.listen(port);
    socket
}

fn new_socket() -> Socket<'static> {
    let buffer = || SocketBuffer::new(vec![0; BUFFER]);
    let mut socket = Socket::new(buffer(), buffer());
    socket.set_tsval_generator(Some(|| TIMESTAMP.get()));
    // Browsers and web servers send at once (TCP_NODELAY).
    socket.set_nagle_enabled(false);
    socket
}

fn instant(now: Duration) -> Instant {
    Instant::from_micros(i64::try_from(now.as_micros()).unwrap_or(i64::MAX))
}
