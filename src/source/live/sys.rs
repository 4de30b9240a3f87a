//! The system calls of live capture: all `unsafe` of `source` is here, each call behind a safe function.
#![expect(unsafe_code, reason = "packet sockets and signal handlers have no safe interface in std")]

use std::mem;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(target_os = "linux")]
pub(super) use packet::{
    Slot, bind_to_all, bound_to, drops, hardware_type, index_of, is_up, name_of, packet_socket, readable, receive,
    receive_buffer, set_option,
};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

extern "C" fn on_signal(_: libc::c_int) {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// Lets SIGINT and SIGTERM set a flag, once each: a second one kills.
pub(super) fn catch_interrupts() {
    for signal in [libc::SIGINT, libc::SIGTERM] {
        // SAFETY: all zeros is a valid sigaction; the handler stores to an atomic and does nothing else,
        // which is safe at any moment. No SA_RESTART: a waiting call shall return.
        unsafe {
            let mut action: libc::sigaction = mem::zeroed();
            action.sa_sigaction = on_signal as *const () as libc::sighandler_t;
            action.sa_flags = libc::SA_RESETHAND;
            libc::sigemptyset(&raw mut action.sa_mask);
            libc::sigaction(signal, &raw const action, ptr::null_mut());
        }
    }
}

/// Whether one of them came.
pub(super) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Whether standard output is a pipe that nobody reads any more.
pub(super) fn reader_gone() -> bool {
    let mut poll = libc::pollfd { fd: libc::STDOUT_FILENO, events: 0, revents: 0 };
    // SAFETY: the pointer is to one pollfd, and the count says so.
    let changed = unsafe { libc::poll(&raw mut poll, 1, 0) };
    changed > 0 && poll.revents & libc::POLLERR != 0
}

/// packet(7), recvmmsg(2), netdevice(7).
#[cfg(target_os = "linux")]
mod packet {
    use std::io;
    use std::mem;
    use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
    use std::ptr;
    use std::time::Duration;

    /// Enough for a timestamp and an auxdata, with room for what a later kernel adds.
    const CONTROL: usize = 128;

    /// Where one frame is received, with what the kernel says about it. Allocated once.
    #[derive(Debug)]
    pub(in super::super) struct Slot {
        bytes: Box<[u8]>,
        control: Box<Control>,
        from: libc::sockaddr_ll,
        len: u32,
        control_len: usize,
    }

    /// Control messages are laid out in machine words.
    #[derive(Debug)]
    #[repr(C, align(8))]
    struct Control([u8; CONTROL]);

    impl Slot {
        /// A place for a frame of up to `size` bytes.
        pub(in super::super) fn new(size: usize) -> Self {
            Self {
                bytes: vec![0; size].into(),
                control: Box::new(Control([0; CONTROL])),
                from: no_address(),
                len: 0,
                control_len: 0,
            }
        }

        /// The frame's length before it was cut to the slot's size.
        pub(in super::super) fn len(&self) -> u32 {
            self.len
        }

        /// What was stored of the frame.
        pub(in super::super) fn bytes(&self) -> &[u8] {
            let len = usize::try_from(self.len).unwrap_or(usize::MAX);
            self.bytes.get(..len).unwrap_or(&self.bytes)
        }

        /// The control messages that came with it.
        pub(in super::super) fn control(&self) -> &[u8] {
            self.control.0.get(..self.control_len).unwrap_or(&[])
        }

        /// Its link-layer sender, as the kernel read it.
        pub(in super::super) fn from(&self) -> &libc::sockaddr_ll {
            &self.from
        }
    }

    /// A packet socket that is bound to nothing yet and so receives nothing.
    pub(in super::super) fn packet_socket(kind: libc::c_int) -> io::Result<OwnedFd> {
        // SAFETY: takes no pointers; the descriptor is new and nobody else's.
        unsafe {
            let fd = check(libc::socket(libc::AF_PACKET, kind | libc::SOCK_CLOEXEC, 0))?;
            Ok(OwnedFd::from_raw_fd(fd))
        }
    }

    /// The `ARPHRD_` number of an interface.
    pub(in super::super) fn hardware_type(socket: &OwnedFd, name: &str) -> io::Result<u16> {
        let mut request = request(name);
        // SAFETY: the name is terminated; the kernel fills the member that SIOCGIFHWADDR names, which we read.
        unsafe {
            check(libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFHWADDR, &raw mut request))?;
            Ok(request.ifr_ifru.ifru_hwaddr.sa_family)
        }
    }

    /// The number of an interface.
    pub(in super::super) fn index_of(socket: &OwnedFd, name: &str) -> io::Result<i32> {
        let mut request = request(name);
        // SAFETY: the name is terminated; the kernel fills the member that SIOCGIFINDEX names, which we read.
        unsafe {
            check(libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFINDEX, &raw mut request))?;
            Ok(request.ifr_ifru.ifru_ifindex)
        }
    }

    /// The name of an interface, by its number.
    pub(in super::super) fn name_of(socket: &OwnedFd, index: i32) -> io::Result<String> {
        let mut request = request("");
        // SAFETY: SIOCGIFNAME reads the number and writes the name, terminated, into its place.
        unsafe {
            request.ifr_ifru.ifru_ifindex = index;
            check(libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFNAME, &raw mut request))?;
        }
        let name: Vec<u8> = request.ifr_name.iter().map(|c| c.to_ne_bytes()[0]).take_while(|byte| *byte != 0).collect();
        Ok(String::from_utf8_lossy(&name).into_owned())
    }

    /// Whether an interface is switched on.
    pub(in super::super) fn is_up(socket: &OwnedFd, index: i32) -> io::Result<bool> {
        let mut request = request(&name_of(socket, index)?);
        // SAFETY: the name is terminated; the kernel fills the member that SIOCGIFFLAGS names, which we read.
        unsafe {
            check(libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFFLAGS, &raw mut request))?;
            Ok(libc::c_int::from(request.ifr_ifru.ifru_flags) & libc::IFF_UP != 0)
        }
    }

    /// The number of the interface that a packet socket is bound to: 0 for all, below that for one that is gone.
    pub(in super::super) fn bound_to(socket: &OwnedFd) -> io::Result<i32> {
        let mut address = no_address();
        let mut len = size_of_as::<libc::sockaddr_ll>();
        // SAFETY: the pointer and the length describe `address`, which outlives the call.
        unsafe {
            check(libc::getsockname(socket.as_raw_fd(), (&raw mut address).cast(), &raw mut len))?;
        }
        Ok(address.sll_ifindex)
    }

    /// Lets a packet socket receive from all interfaces, those included that come later.
    pub(in super::super) fn bind_to_all(socket: &OwnedFd) -> io::Result<()> {
        const ALL: u16 = 3;
        let address = libc::sockaddr_ll { sll_family: 17, sll_protocol: ALL.to_be(), ..no_address() };
        // SAFETY: the pointer and the length describe `address`, which outlives the call.
        unsafe {
            let at = (&raw const address).cast();
            check(libc::bind(socket.as_raw_fd(), at, size_of_as::<libc::sockaddr_ll>()))?;
        }
        Ok(())
    }

    /// Sets an option whose value is an int.
    pub(in super::super) fn set_option(
        socket: &OwnedFd,
        level: libc::c_int,
        option: libc::c_int,
        value: libc::c_int,
    ) -> io::Result<()> {
        // SAFETY: the pointer and the length describe `value`, which outlives the call.
        unsafe {
            let at = (&raw const value).cast();
            check(libc::setsockopt(socket.as_raw_fd(), level, option, at, size_of_as::<libc::c_int>()))?;
        }
        Ok(())
    }

    /// Asks for a receive buffer of `size` bytes, and says what the system gave: without the right to
    /// force it, no more than `net.core.rmem_max`.
    pub(in super::super) fn receive_buffer(socket: &OwnedFd, size: libc::c_int) -> io::Result<u32> {
        set_option(socket, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, size)
            .or_else(|_| set_option(socket, libc::SOL_SOCKET, libc::SO_RCVBUF, size))?;
        // The kernel doubles the number, for its own bookkeeping, and reports it doubled.
        let doubled: libc::c_int = read_option(socket, libc::SOL_SOCKET, libc::SO_RCVBUF)?;
        Ok(doubled.unsigned_abs() / 2)
    }

    /// How many frames the kernel threw away since the last question.
    pub(in super::super) fn drops(socket: &OwnedFd) -> io::Result<u32> {
        let stats: libc::tpacket_stats = read_option(socket, libc::SOL_PACKET, libc::PACKET_STATISTICS)?;
        Ok(stats.tp_drops)
    }

    /// Waits until something can be received, or an error be fetched. A signal ends the waiting early.
    pub(in super::super) fn readable(socket: &OwnedFd, wait: Duration) -> io::Result<bool> {
        let millis = libc::c_int::try_from(wait.as_millis()).unwrap_or(libc::c_int::MAX);
        let mut poll = libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: the pointer is to one pollfd, and the count says so.
        match check(unsafe { libc::poll(&raw mut poll, 1, millis) }) {
            Ok(n) => Ok(n > 0),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// Receives what is there, without waiting, into the first slots; says how many it filled.
    pub(in super::super) fn receive(socket: &OwnedFd, slots: &mut [Slot]) -> io::Result<usize> {
        const MOST: usize = 64;
        let nowhere = libc::iovec { iov_base: ptr::null_mut(), iov_len: 0 };
        let mut places = [nowhere; MOST];
        // SAFETY: all zeros is a valid mmsghdr: no buffers.
        let mut headers: [libc::mmsghdr; MOST] = unsafe { mem::zeroed() };
        let count = slots.len().min(MOST);
        for ((slot, place), header) in slots.iter_mut().zip(&mut places).zip(&mut headers) {
            *place = libc::iovec { iov_base: slot.bytes.as_mut_ptr().cast(), iov_len: slot.bytes.len() };
            let h = &mut header.msg_hdr;
            h.msg_name = (&raw mut slot.from).cast();
            h.msg_namelen = size_of_as::<libc::sockaddr_ll>();
            h.msg_iov = place;
            h.msg_iovlen = 1;
            h.msg_control = slot.control.0.as_mut_ptr().cast();
            h.msg_controllen = CONTROL as _;
        }
        // MSG_TRUNC: report a frame's true length, even where the slot was too small for it.
        let flags = libc::MSG_DONTWAIT | libc::MSG_TRUNC;
        // SAFETY: the first `count` headers point to buffers of the stated sizes inside `slots` and
        // `places`, both of which outlive the call; without a timeout the last pointer may be null.
        let got = unsafe {
            check(libc::recvmmsg(
                socket.as_raw_fd(),
                headers.as_mut_ptr(),
                libc::c_uint::try_from(count).unwrap_or(0),
                flags as _,
                ptr::null_mut(),
            ))?
        };
        let got = usize::try_from(got).unwrap_or(0);
        for (slot, header) in slots.iter_mut().zip(&headers).take(got) {
            slot.len = header.msg_len;
            slot.control_len = as_len(header.msg_hdr.msg_controllen);
        }
        Ok(got)
    }

    fn read_option<T: Copy>(socket: &OwnedFd, level: libc::c_int, option: libc::c_int) -> io::Result<T> {
        let mut len = size_of_as::<T>();
        // SAFETY: T is a plain C struct or number here, for which all zeros is a value; the kernel
        // writes at most `len` bytes of it.
        unsafe {
            let mut value: T = mem::zeroed();
            check(libc::getsockopt(socket.as_raw_fd(), level, option, (&raw mut value).cast(), &raw mut len))?;
            Ok(value)
        }
    }

    /// A question about the interface of that name.
    fn request(name: &str) -> libc::ifreq {
        // SAFETY: all zeros is a valid ifreq; the name below stays terminated by one of them.
        let mut request: libc::ifreq = unsafe { mem::zeroed() };
        let room = request.ifr_name.len() - 1;
        for (to, from) in request.ifr_name.iter_mut().zip(name.bytes().take(room)) {
            *to = from.cast_signed() as libc::c_char;
        }
        request
    }

    fn no_address() -> libc::sockaddr_ll {
        libc::sockaddr_ll {
            sll_family: 0,
            sll_protocol: 0,
            sll_ifindex: 0,
            sll_hatype: 0,
            sll_pkttype: 0,
            sll_halen: 0,
            sll_addr: [0; 8],
        }
    }

    fn size_of_as<T>() -> libc::socklen_t {
        libc::socklen_t::try_from(size_of::<T>()).unwrap_or(0)
    }

    /// The C libraries count in types of different sizes.
    fn as_len(n: impl TryInto<usize>) -> usize {
        n.try_into().unwrap_or(0)
    }

    /// The kernel's -1 is an error, with the reason in `errno`.
    fn check(result: libc::c_int) -> io::Result<libc::c_int> {
        if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
    }
}
