//! Which sessions' requests the server took, and over which connections: anybody can name anybody's session.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

/// Sessions that may share a connection: a proxy's.
const SHARERS: usize = 64;

/// The sessions whose requests were taken, by where the connection comes from.
#[derive(Debug)]
pub struct Taken {
    /// How many connections are remembered.
    most: usize,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    taken: HashMap<SocketAddr, Vec<String>>,
    /// Their connections, the oldest first.
    connections: VecDeque<SocketAddr>,
}

impl Taken {
    /// None yet; of `most` connections it will be remembered.
    pub fn new(most: usize) -> Self {
        Self { most, table: Mutex::default() }
    }

    /// A request of a session was taken over this connection.
    pub fn took(&self, peer: SocketAddr, key: &str) {
        let mut guard = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let table = &mut *guard;
        if !table.taken.contains_key(&peer) {
            if table.connections.len() >= self.most
                && let Some(oldest) = table.connections.pop_front()
            {
                table.taken.remove(&oldest);
            }
            table.connections.push_back(peer);
        }
        let keys = table.taken.entry(peer).or_default();
        if !keys.iter().any(|known| known == key) {
            if keys.len() >= SHARERS {
                keys.remove(0);
            }
            keys.push(key.to_owned());
        }
    }

    /// Whether a request of this session was taken over this connection.
    pub fn is_taken(&self, peer: SocketAddr, key: &str) -> bool {
        let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        table.taken.get(&peer).is_some_and(|keys| keys.iter().any(|known| known == key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_owns_only_connections_over_which_it_was_taken() {
        let taken = Taken::new(8);
        let at = |port: u16| SocketAddr::from(([192, 0, 2, 1], port));
        taken.took(at(1), "a");
        assert!(taken.is_taken(at(1), "a") && !taken.is_taken(at(2), "a") && !taken.is_taken(at(1), "b"));
        for port in 2..20 {
            taken.took(at(port), "b");
        }
        assert!(!taken.is_taken(at(1), "a"));
        assert_eq!(taken.table.lock().unwrap().taken.len(), 8);
    }
}
