//! The system calls of the lab: all `unsafe` of `net` is here, each call behind a safe function.
//!
//! namespaces(7), setns(2), prctl(2), getrlimit(2), netlink(7), packet(7), `SIOCETHTOOL` of netdevice(7), `TCP_INFO` of tcp(7).
#![expect(unsafe_code, reason = "namespaces and packet sockets have no safe interface in std")]

use std::io;
use std::mem;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};
use std::ptr;
use std::time::Duration;

/// The part of `tcp_info` that every kernel since 2.6 has: up to `tcpi_total_retrans`.
pub(super) const TCP_INFO: usize = 104;

/// The effective user and group.
pub(super) fn who() -> (u32, u32) {
    // SAFETY: neither takes anything, and neither can fail.
    unsafe { (libc::geteuid(), libc::getegid()) }
}

/// Lets this process write its own files below `/proc`. A program with file capabilities may not, at first.
pub(super) fn own_proc_files() -> io::Result<()> {
    // SAFETY: takes numbers only.
    check(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0) }).map(drop)
}

/// Asks the kernel to kill this process when its parent dies, however that happens.
pub(super) fn die_with_parent() -> io::Result<()> {
    // SAFETY: takes numbers only.
    check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0) }).map(drop)
}

/// Moves this thread into new namespaces; a new user namespace needs a process of one thread.
pub(super) fn unshare(flags: libc::c_int) -> io::Result<()> {
    // SAFETY: takes a number only; no memory is unshared.
    check(unsafe { libc::unshare(flags & (libc::CLONE_NEWUSER | libc::CLONE_NEWNET)) }).map(drop)
}

/// Moves this thread into a network namespace.
pub(super) fn enter(space: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: takes a descriptor that is open for the length of the call.
    check(unsafe { libc::setns(space.as_raw_fd(), libc::CLONE_NEWNET) }).map(drop)
}

/// A socket to this namespace's kernel, for links, addresses and routes.
pub(super) fn netlink() -> io::Result<OwnedFd> {
    socket(libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_ROUTE)
}

/// A packet socket on one interface: it gives what comes in there and sends what is written to it. It never waits.
pub(super) fn port(index: u32) -> io::Result<OwnedFd> {
    /// `linux/if_packet.h`.
    const PACKET_IGNORE_OUTGOING: libc::c_int = 23;
    let port = socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_NONBLOCK, 0)?;
    let yes: libc::c_int = 1;
    let every = u16::try_from(libc::ETH_P_ALL).unwrap_or(3).to_be();
    // SAFETY: each pointer and length describe a value that outlives the call; all zeros is a valid sockaddr_ll.
    unsafe {
        let at = (&raw const yes).cast();
        check(libc::setsockopt(port.as_raw_fd(), libc::SOL_PACKET, PACKET_IGNORE_OUTGOING, at, size_of_as(&yes)))?;
        let mut address: libc::sockaddr_ll = mem::zeroed();
        address.sll_family = u16::try_from(libc::AF_PACKET).unwrap_or_default();
        address.sll_protocol = every;
        address.sll_ifindex = libc::c_int::try_from(index).unwrap_or_default();
        check(libc::bind(port.as_raw_fd(), (&raw const address).cast(), size_of_as(&address)))?;
    }
    Ok(port)
}

/// A socket for echo requests, which needs no right where `ping_group_range` allows it: icmp(7).
pub(super) fn echo(v4: bool) -> io::Result<OwnedFd> {
    let (family, protocol) =
        if v4 { (libc::AF_INET, libc::IPPROTO_ICMP) } else { (libc::AF_INET6, libc::IPPROTO_ICMPV6) };
    socket(family, libc::SOCK_DGRAM | libc::SOCK_NONBLOCK, protocol)
}

/// Lets a UDP socket send with this TTL (or hop limit), and hear of every error on the way as an error of its own.
pub(super) fn probe(socket: BorrowedFd<'_>, v4: bool, ttl: u8) -> io::Result<()> {
    let options = if v4 {
        [(libc::IPPROTO_IP, libc::IP_TTL, ttl), (libc::IPPROTO_IP, libc::IP_RECVERR, 1)]
    } else {
        [(libc::IPPROTO_IPV6, libc::IPV6_UNICAST_HOPS, ttl), (libc::IPPROTO_IPV6, libc::IPV6_RECVERR, 1)]
    };
    for (level, option, value) in options {
        let value = libc::c_int::from(value);
        let at = (&raw const value).cast();
        // SAFETY: the pointer and the length describe `value`, which outlives the call.
        check(unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, at, size_of_as(&value)) })?;
    }
    Ok(())
}

/// Switches off one offload of an interface: `command` is an `ETHTOOL_S…` of linux/ethtool.h that takes a value.
pub(super) fn switch_off(socket: BorrowedFd<'_>, name: &str, command: u32) -> io::Result<()> {
    const SIOCETHTOOL: u16 = 0x8946;
    // `struct ethtool_value`: the command and its value.
    let mut value = [command, 0];
    // SAFETY: all zeros is a valid ifreq, and its name stays terminated by a zero; `ifru_data` points to two words,
    // which is what the command reads and writes, and both outlive the call.
    unsafe {
        let mut request: libc::ifreq = mem::zeroed();
        let room = request.ifr_name.len() - 1;
        for (to, from) in request.ifr_name.iter_mut().zip(name.bytes().take(room)) {
            *to = from.cast_signed() as libc::c_char;
        }
        request.ifr_ifru.ifru_data = value.as_mut_ptr().cast();
        check(libc::ioctl(socket.as_raw_fd(), SIOCETHTOOL.into(), &raw mut request)).map(drop)
    }
}

/// What the kernel knows of a TCP connection: the beginning of `struct tcp_info`.
pub(super) fn tcp_info(socket: BorrowedFd<'_>) -> io::Result<[u8; TCP_INFO]> {
    let mut info = [0; TCP_INFO];
    let mut len = size_of_as(&info);
    // SAFETY: the kernel writes at most `len` bytes, which is the size of `info`.
    unsafe {
        let at = info.as_mut_ptr().cast();
        check(libc::getsockopt(socket.as_raw_fd(), libc::IPPROTO_TCP, libc::TCP_INFO, at, &raw mut len))?;
    }
    Ok(info)
}

/// Waits until one of these can be read, or until the time is up; says which. A signal ends the waiting early.
pub(super) fn wait(on: &[BorrowedFd<'_>], patience: Duration) -> io::Result<bool> {
    let poll = |fd: &BorrowedFd<'_>| libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let mut polls: Vec<_> = on.iter().map(poll).collect();
    let count = libc::nfds_t::try_from(polls.len()).unwrap_or_default();
    // SAFETY: all zeros is a valid timespec.
    let mut time: libc::timespec = unsafe { mem::zeroed() };
    time.tv_sec = patience.as_secs().try_into().unwrap_or(1);
    time.tv_nsec = patience.subsec_nanos().into();
    // SAFETY: the pointer and the count describe `polls`; the timespec outlives the call; no signal mask is given.
    match check(unsafe { libc::ppoll(polls.as_mut_ptr(), count, &raw const time, ptr::null()) }) {
        Ok(ready) => Ok(ready > 0),
        Err(e) if e.kind() == io::ErrorKind::Interrupted => Ok(false),
        Err(e) => Err(e),
    }
}

fn socket(family: libc::c_int, kind: libc::c_int, protocol: libc::c_int) -> io::Result<OwnedFd> {
    // SAFETY: takes no pointers; the descriptor is new and nobody else's.
    unsafe {
        let fd = check(libc::socket(family, kind | libc::SOCK_CLOEXEC, protocol))?;
        Ok(OwnedFd::from_raw_fd(fd))
    }
}

fn size_of_as<T>(value: &T) -> libc::socklen_t {
    libc::socklen_t::try_from(size_of_val(value)).unwrap_or(0)
}

/// The kernel's -1 is an error, with the reason in `errno`.
fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
