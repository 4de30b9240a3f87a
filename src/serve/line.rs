//! All connections of a server, and what each is about: where there are too many, one that nobody would miss goes.
//!
//! A bound for each address would lock out a classroom behind one router. So nobody is refused; instead the address
//! that holds most of the idle and half-open connections loses the oldest of them.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use tokio::sync::oneshot;

use super::frames::Judge;

/// What a connection is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// The head of a request is awaited, or half here.
    Head,
    /// The body of a request is half here.
    Body,
    /// A request is being answered; that may take long.
    Answer,
    /// The last answer is out, and no other request has begun.
    Idle,
    /// It speaks WebSocket.
    Switched,
}

/// One connection, as its stream, its requests and the table of all know it.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) address: SocketAddr,
    phase: AtomicU8,
    over: AtomicBool,
    end: Mutex<Option<oneshot::Sender<()>>>,
    /// Who judges the messages of its WebSocket.
    pub(super) judge: OnceLock<Arc<dyn Judge>>,
    /// To whom what is refused on it is told: a number that the caller gave.
    pub(super) owner: OnceLock<usize>,
    number: u64,
    lines: Arc<Lines>,
}

/// All connections, the oldest first.
#[derive(Default)]
pub(super) struct Lines {
    table: Mutex<Table>,
    refused: Option<Refused>,
}

/// Hears why somebody was cut off, or got no answer; and the connection's owner, if it has one.
type Refused = Box<dyn Fn(&'static str, Option<usize>) + Send + Sync>;

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lines")
    }
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    lines: BTreeMap<u64, Weak<Line>>,
}

impl Lines {
    /// None yet; this hears what is refused on them.
    pub(super) fn telling(refused: impl Fn(&'static str, Option<usize>) + Send + Sync + 'static) -> Self {
        Self { refused: Some(Box::new(refused)), ..Self::default() }
    }

    /// A new connection, and what tells its stream to end.
    pub(super) fn open(self: &Arc<Self>, address: SocketAddr) -> (Arc<Line>, oneshot::Receiver<()>) {
        let (end, ended) = oneshot::channel();
        let mut table = self.table();
        table.next += 1;
        let line = Arc::new(Line {
            address,
            phase: AtomicU8::new(Phase::Head as u8),
            over: AtomicBool::new(false),
            end: Mutex::new(Some(end)),
            judge: OnceLock::new(),
            owner: OnceLock::new(),
            number: table.next,
            lines: Arc::clone(self),
        });
        let number = table.next;
        table.lines.insert(number, Arc::downgrade(&line));
        (line, ended)
    }

    /// Ends the connection that is missed least; whether there was one.
    pub(super) fn shed(&self) -> bool {
        let table = self.table();
        let all: Vec<Arc<Line>> = table.lines.values().filter_map(Weak::upgrade).collect();
        drop(table);
        let mut held: HashMap<IpAddr, (usize, &Arc<Line>)> = HashMap::new();
        for line in all.iter().filter(|line| line.is_expendable()) {
            held.entry(line.address.ip().to_canonical()).or_insert((0, line)).0 += 1;
        }
        let Some((_, line)) = held.into_values().max_by_key(|&(count, line)| (count, std::cmp::Reverse(line.number)))
        else {
            return false;
        };
        line.hang_up();
        true
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    pub(super) fn phase(&self) -> Phase {
        const ALL: [Phase; 5] = [Phase::Head, Phase::Body, Phase::Answer, Phase::Idle, Phase::Switched];
        ALL.into_iter().find(|&phase| phase as u8 == self.phase.load(Ordering::Acquire)).unwrap_or(Phase::Head)
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Release);
    }

    /// Ends the connection, whatever is under way.
    pub(super) fn hang_up(&self) {
        self.over.store(true, Ordering::Release);
        if let Some(end) = self.end.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = end.send(());
        }
    }

    /// Something that it sent was refused.
    pub(super) fn refuse(&self, why: &'static str) {
        if let Some(refused) = &self.lines.refused {
            refused(why, self.owner.get().copied());
        }
    }

    /// Whether it has been ended.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// Whether nothing is lost with it but somebody's time.
    fn is_expendable(&self) -> bool {
        !self.is_over() && matches!(self.phase(), Phase::Head | Phase::Body | Phase::Idle)
    }
}

impl Line {
    /// Its stream has gone; whoever else knows it keeps no place.
    pub(super) fn close(&self) {
        self.over.store(true, Ordering::Release);
        self.lines.table().lines.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(lines: &Arc<Lines>, address: &str, phase: Phase) -> (Arc<Line>, oneshot::Receiver<()>) {
        let (line, ended) = lines.open(format!("{address}:5000").parse().unwrap());
        line.enter(phase);
        (line, ended)
    }

    #[test]
    fn who_holds_most_half_requests_loses_the_oldest() {
        let lines = Arc::new(Lines::default());
        let guest = open(&lines, "192.0.2.1", Phase::Idle);
        let busy = open(&lines, "192.0.2.66", Phase::Answer);
        let floods: Vec<_> = (0..3).map(|_| open(&lines, "192.0.2.66", Phase::Head)).collect();
        assert!(lines.shed() && lines.shed());
        let ended: Vec<bool> = floods.iter().map(|(line, _)| line.is_over()).collect();
        assert_eq!((ended, guest.0.is_over(), busy.0.is_over()), (vec![true, true, false], false, false));
    }

    #[test]
    fn what_is_being_answered_or_talks_stays_and_what_has_gone_is_forgotten() {
        let lines = Arc::new(Lines::default());
        let stay = [Phase::Answer, Phase::Switched].map(|phase| open(&lines, "192.0.2.1", phase));
        let (gone, _ended) = open(&lines, "192.0.2.1", Phase::Head);
        gone.close();
        assert!(!lines.shed());
        assert_eq!(lines.table().lines.len(), stay.len());
    }
}
