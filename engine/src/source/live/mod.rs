//! Live capture: frames as they pass an interface of this machine.
//!
//! Start with [`open`]. On Linux, `linux` receives from a packet socket of our own that pnet binds;
//! elsewhere, `portable` uses pnet's own receive path. `sys` holds every system call. pnet stays
//! behind this door: nothing outside this folder names it. [`record`] puts a thread between the two, so
//! that neither the socket nor the file waits for what is shown.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod portable;
mod record;
#[cfg(unix)]
mod sys;

#[cfg(target_os = "linux")]
pub use linux::Live;
#[cfg(not(target_os = "linux"))]
pub use portable::Live;
pub use record::{Choice, Reins, Screen, Sum, Wish, record};

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use pnet::datalink::{self, NetworkInterface};

/// The largest frame that loopback has been seen to carry is 65,549 bytes (a segmentation-offload
/// frame: Ethernet and 64 KiB of IP). Smaller buffers cut it silently.
pub const WHOLE: u32 = 65_600;

/// How long to wait for a frame before saying that there is none.
const WAIT: Duration = Duration::from_millis(100);

/// MiB of frames that may wait in the kernel.
const BUFFER: u32 = 32;

/// How to capture.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Also take frames that are addressed to other machines.
    pub promiscuous: bool,
    /// How many bytes of each frame to keep.
    pub snaplen: u32,
    /// How long to wait for a frame before answering [`super::Step::Idle`].
    pub wait: Duration,
    /// MiB of frames that the kernel may hold until we come to read, where the system lets a program say so.
    pub buffer: u32,
    /// Only take what this machine sends, where the system tells that (Linux).
    pub sent_only: bool,
}

/// One network interface of this machine, as `osi-tutor interfaces` lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nic {
    /// Its name, as [`open`] takes it.
    pub name: String,
    /// What the system calls it in words; mostly empty.
    pub description: String,
    /// Its hardware address; none where it has no link layer of its own.
    pub mac: Option<[u8; 6]>,
    /// Its IP addresses with the lengths of their networks' prefixes.
    pub addresses: Vec<(IpAddr, u8)>,
    /// Whether frames can pass it.
    pub state: State,
    /// What is sent there comes back to this machine.
    pub loopback: bool,
    /// It has exactly one neighbour: a tunnel or a modem line.
    pub point_to_point: bool,
    /// It is all of them at once.
    pub all: bool,
}

/// Whether frames can pass an interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Nobody has switched it on.
    #[default]
    Down,
    /// It is on but has no link: the cable is out, the radio has not joined.
    NoLink,
    /// It is on, and has a link.
    Up,
}

/// Why no capture could begin.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no interface of that name.
    #[error("there is no interface called \"{name}\"")]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The names that exist.
        known: Vec<String>,
    },
    /// The system lets only a privileged program see other programs' packets.
    #[error("this program may not capture on {name}")]
    Denied {
        /// The interface.
        name: String,
    },
    /// It is switched off, so nothing would ever come.
    #[error("interface {name} is down: nothing passes it until somebody switches it on")]
    Down {
        /// The interface.
        name: String,
    },
    /// The system refused for another reason.
    #[error("cannot {what} on {name}: {error}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// The interface.
        name: String,
        /// What the system said.
        error: io::Error,
    },
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Down => "down",
            Self::NoLink => "no link",
            Self::Up => "up",
        })
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { promiscuous: true, snaplen: WHOLE, wait: WAIT, buffer: BUFFER, sent_only: false }
    }
}

/// The interfaces of this machine, in the system's order.
pub fn interfaces() -> Vec<Nic> {
    let mut all = datalink::interfaces();
    all.sort_by_key(|i| i.index);
    all.iter().map(nic).collect()
}

/// What stands for all interfaces at once.
const ANY: &str = "any";

/// All interfaces at once, where the system can listen so.
pub fn any() -> Option<Nic> {
    let all = Nic { name: ANY.into(), state: State::Up, all: true, ..Nic::default() };
    cfg!(target_os = "linux").then_some(all)
}

/// Starts to capture on the interface called `name`; on Linux, `any` is all of them at once.
///
/// # Errors
/// See [`OpenError`].
pub fn open(name: &str, options: &Options) -> Result<Live, OpenError> {
    let all = datalink::interfaces();
    let Some(found) = all.iter().find(|i| i.name == name) else {
        #[cfg(target_os = "linux")]
        if name == ANY {
            return Live::open_all(name, options);
        }
        let known = all.into_iter().map(|i| i.name).chain(any().map(|nic| nic.name)).collect();
        return Err(OpenError::Unknown { name: name.to_owned(), known });
    };
    if cfg!(unix) && !found.is_up() {
        return Err(OpenError::Down { name: name.to_owned() });
    }
    Live::open(found, options)
}

/// Takes Ctrl-C and a polite kill from now on: instead of dying, [`interrupted`] turns true. A second
/// Ctrl-C kills as usual. Where the system has no such signals, nothing changes.
pub fn catch_interrupts() {
    #[cfg(unix)]
    sys::catch_interrupts();
}

/// Whether somebody has asked this program to stop since [`catch_interrupts`].
pub fn interrupted() -> bool {
    #[cfg(unix)]
    let asked = sys::interrupted();
    #[cfg(not(unix))]
    let asked = false;
    asked
}

/// Whether standard output is a pipe that nobody reads any more (`… | head`). Writing would tell, too;
/// but on a quiet interface there may be nothing to write for hours.
pub fn reader_gone() -> bool {
    #[cfg(unix)]
    let gone = sys::reader_gone();
    #[cfg(not(unix))]
    let gone = false;
    gone
}

/// Turns the system's answer into the reason that a person can act on.
fn refused(what: &'static str, name: &str, error: io::Error) -> OpenError {
    let name = name.to_owned();
    match error.kind() {
        io::ErrorKind::PermissionDenied => OpenError::Denied { name },
        _ => OpenError::Io { what, name, error },
    }
}

impl Nic {
    /// What a learner would capture there for, in one line.
    pub fn good_for(&self) -> &'static str {
        /// Names that Linux and its helpers give, by how they begin.
        const BY_NAME: [(&str, &str); 7] = [
            ("wl", "Wi-Fi: what this machine says over the radio."),
            ("docker", "Containers on this machine talk to each other and out through it."),
            ("br-", "A bridge: containers or virtual machines meet here."),
            ("virbr", "Virtual machines on this machine talk to each other and out through it."),
            ("veth", "One end of a virtual cable to a container."),
            ("wg", "A WireGuard tunnel: inside it packets are readable, outside encrypted."),
            ("tun", "A tunnel, often a VPN: inside it packets are readable."),
        ];
        match self.state {
            State::Down => return "Nothing: it is switched off.",
            State::NoLink => return "Nothing yet: it is on, but has no link.",
            State::Up if self.all => return "All of them at once; each frame says where it passed.",
            State::Up => {}
        }
        if self.loopback {
            return "Programs on this machine talk here: the best place to begin.";
        }
        let named = BY_NAME.iter().find(|(start, _)| self.name.starts_with(start));
        match named {
            Some((_, text)) => text,
            None if self.point_to_point => "A tunnel or a modem line: one neighbour, and no Ethernet.",
            None if self.addresses.is_empty() => "Frames that pass by; this machine has no address there.",
            None => "What this machine says to its network and the Internet.",
        }
    }
}

fn nic(i: &NetworkInterface) -> Nic {
    #[cfg(unix)]
    let (up, running) = (i.is_up(), i.is_running());
    // pnet gives no flags on Windows: an interface with an address is taken to be in use.
    #[cfg(not(unix))]
    let (up, running) = (!i.ips.is_empty(), true);
    Nic {
        name: i.name.clone(),
        description: i.description.clone(),
        mac: i.mac.map(|m| [m.0, m.1, m.2, m.3, m.4, m.5]).filter(|m| *m != [0; 6]),
        addresses: i.ips.iter().map(|net| (net.ip(), net.prefix())).collect(),
        state: match (up, running) {
            (false, _) => State::Down,
            (true, false) => State::NoLink,
            (true, true) => State::Up,
        },
        loopback: i.is_loopback(),
        point_to_point: i.is_point_to_point(),
        all: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_answered_with_the_names_that_exist() {
        let Err(OpenError::Unknown { name, known }) = open("no-such0", &Options::default()) else {
            panic!("such an interface cannot exist");
        };
        assert_eq!(name, "no-such0");
        assert_eq!(known.len(), interfaces().len() + usize::from(any().is_some()));
    }

    #[test]
    fn each_interface_is_good_for_something() {
        let nic = |name: &str, state, loopback| Nic { name: name.into(), state, loopback, ..Nic::default() };
        assert!(nic("lo", State::Up, true).good_for().contains("the best place to begin"));
        assert!(nic("wlp3s0", State::Up, false).good_for().starts_with("Wi-Fi"));
        assert!(nic("wlp3s0", State::Down, false).good_for().contains("switched off"));
        assert!(nic("eth0", State::Up, false).good_for().contains("no address"));
    }

    #[test]
    fn a_missing_right_is_told_apart_from_other_refusals() {
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        assert!(matches!(refused("open a socket", "lo", denied), OpenError::Denied { .. }));
        let other = io::Error::from(io::ErrorKind::OutOfMemory);
        assert!(matches!(refused("open a socket", "lo", other), OpenError::Io { .. }));
    }
}
