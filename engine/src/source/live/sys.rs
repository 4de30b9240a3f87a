//! The system calls of live capture: all `unsafe` of `source` is here, each call behind a safe function.
#![expect(unsafe_code, reason = "packet sockets and signal handlers have no safe interface in std")]

use std::mem;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(target_os = "linux")]
pub(super) use packet::{
    Ring, bind_to_all, bound_to, drops, error, hardware_type, index_of, is_up, name_of, packet_socket, readable,
    set_option,
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

/// packet(7), `packet_mmap` (Documentation/networking of Linux), netdevice(7).
#[cfg(target_os = "linux")]
mod packet {
    use std::io;
    use std::mem;
    use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
    use std::ptr::{self, NonNull};
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    /// A packet socket that is bound to nothing yet and so receives nothing.
    pub(in super::super) fn packet_socket(kind: libc::c_int) -> io::Result<OwnedFd> {
        // SAFETY: takes no pointers; the descriptor is new and nobody else's.
        unsafe {
            let fd = check(libc::socket(libc::AF_PACKET, kind | libc::SOCK_CLOEXEC, 0))?;
            Ok(OwnedFd::from_raw_fd(fd))
        }
    }

    /// Asks about an interface.
    ///
    /// # Safety
    /// `request` is one that reads and writes an `ifreq`, and what it reads of `about` is filled.
    unsafe fn ioctl(socket: &OwnedFd, request: libc::c_ulong, about: &mut libc::ifreq) -> io::Result<()> {
        #[cfg_attr(
            not(target_env = "musl"),
            expect(clippy::useless_conversion, reason = "the same number has another type in musl's library")
        )]
        let request: libc::Ioctl = request.try_into().map_err(io::Error::other)?;
        // SAFETY: as the caller says.
        unsafe { check(libc::ioctl(socket.as_raw_fd(), request, std::ptr::from_mut(about))).map(drop) }
    }

    /// The `ARPHRD_` number of an interface.
    pub(in super::super) fn hardware_type(socket: &OwnedFd, name: &str) -> io::Result<u16> {
        let mut request = request(name);
        // SAFETY: the name is terminated; the kernel fills the member that SIOCGIFHWADDR names, which we read.
        unsafe {
            ioctl(socket, libc::SIOCGIFHWADDR, &mut request)?;
            Ok(request.ifr_ifru.ifru_hwaddr.sa_family)
        }
    }

    /// The number of an interface.
    pub(in super::super) fn index_of(socket: &OwnedFd, name: &str) -> io::Result<i32> {
        let mut request = request(name);
        // SAFETY: the name is terminated; the kernel fills the member that SIOCGIFINDEX names, which we read.
        unsafe {
            ioctl(socket, libc::SIOCGIFINDEX, &mut request)?;
            Ok(request.ifr_ifru.ifru_ifindex)
        }
    }

    /// The name of an interface, by its number.
    pub(in super::super) fn name_of(socket: &OwnedFd, index: i32) -> io::Result<String> {
        let mut request = request("");
        // SAFETY: SIOCGIFNAME reads the number and writes the name, terminated, into its place.
        unsafe {
            request.ifr_ifru.ifru_ifindex = index;
            ioctl(socket, libc::SIOCGIFNAME, &mut request)?;
        }
        let name: Vec<u8> = request.ifr_name.iter().map(|c| c.to_ne_bytes()[0]).take_while(|byte| *byte != 0).collect();
        Ok(String::from_utf8_lossy(&name).into_owned())
    }

    /// Whether an interface is switched on.
    pub(in super::super) fn is_up(socket: &OwnedFd, index: i32) -> io::Result<bool> {
        let mut request = request(&name_of(socket, index)?);
        // SAFETY: the name is terminated; the kernel fills the member that SIOCGIFFLAGS names, which we read.
        unsafe {
            ioctl(socket, libc::SIOCGIFFLAGS, &mut request)?;
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
        write_option(socket, level, option, &value)
    }

    fn write_option<T: Copy>(socket: &OwnedFd, level: libc::c_int, option: libc::c_int, value: &T) -> io::Result<()> {
        // SAFETY: the pointer and the length describe `value`, which outlives the call.
        unsafe {
            let at = (&raw const *value).cast();
            check(libc::setsockopt(socket.as_raw_fd(), level, option, at, size_of_as::<T>()))?;
        }
        Ok(())
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

    /// The error that waits at the socket, if there is one; it is told once.
    pub(in super::super) fn error(socket: &OwnedFd) -> io::Result<Option<io::Error>> {
        let code: libc::c_int = read_option(socket, libc::SOL_SOCKET, libc::SO_ERROR)?;
        Ok((code != 0).then(|| io::Error::from_raw_os_error(code)))
    }

    /// Blocks of memory that the kernel fills with frames and we empty, in turn: `packet_mmap`, `TPACKET_V3`. No system
    /// call and no copy is made for a frame.
    #[derive(Debug)]
    pub(in super::super) struct Ring {
        at: NonNull<u8>,
        blocks: usize,
        /// The block that is ours, or the next that will be.
        block: usize,
        /// It is ours.
        ours: bool,
        /// Where in it the next frame begins, and how many are left.
        next: usize,
        left: u32,
    }

    /// A frame as it lies in the ring, with what the kernel says about it.
    #[derive(Clone, Copy, Debug)]
    pub(in super::super) struct Framed<'r> {
        pub(in super::super) head: libc::tpacket3_hdr,
        /// Its link-layer sender, as the kernel read it.
        pub(in super::super) from: libc::sockaddr_ll,
        pub(in super::super) bytes: &'r [u8],
    }

    // SAFETY: the memory belongs to the ring alone, and so goes where it goes.
    unsafe impl Send for Ring {}

    impl Ring {
        /// Bytes of a block: a multiple of any page. A longer frame is cut. The kernel hands a block over when it is
        /// full, or after a while, however little is in it: many small blocks last longer than a few large ones.
        const BLOCK: usize = 1 << 17;

        /// A ring of `size` MiB for a socket. A block waits for its last frame no longer than `retire`.
        pub(in super::super) fn new(socket: &OwnedFd, size: u32, retire: Duration) -> io::Result<Self> {
            const FRAME: usize = 2048;
            let blocks = size.clamp(1, 1 << 10) * 8;
            set_option(socket, libc::SOL_PACKET, libc::PACKET_VERSION, libc::tpacket_versions::TPACKET_V3 as _)?;
            let small = |n: usize| libc::c_uint::try_from(n).unwrap_or(libc::c_uint::MAX);
            let request = libc::tpacket_req3 {
                tp_block_size: small(Self::BLOCK),
                tp_block_nr: blocks,
                // The kernel checks this number, and does not use it in this version.
                tp_frame_size: small(FRAME),
                tp_frame_nr: small(Self::BLOCK / FRAME) * blocks,
                tp_retire_blk_tov: libc::c_uint::try_from(retire.as_millis()).unwrap_or(libc::c_uint::MAX),
                tp_sizeof_priv: 0,
                tp_feature_req_word: 0,
            };
            write_option(socket, libc::SOL_PACKET, libc::PACKET_RX_RING, &request)?;
            let blocks = usize::try_from(blocks).unwrap_or(0);
            // SAFETY: a new mapping of the ring's whole length at a place of the kernel's choice; nobody else has it.
            let at = unsafe {
                let (may, how) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
                libc::mmap(ptr::null_mut(), Self::BLOCK * blocks, may, how, socket.as_raw_fd(), 0)
            };
            match NonNull::new(at.cast()).filter(|_| at != libc::MAP_FAILED) {
                Some(at) => Ok(Self { at, blocks, block: 0, ours: false, next: 0, left: 0 }),
                None => Err(io::Error::last_os_error()),
            }
        }

        /// The next frame, if the kernel has handed its block over.
        pub(in super::super) fn frame(&mut self) -> Option<Framed<'_>> {
            while self.left == 0 {
                if std::mem::take(&mut self.ours) {
                    self.status().store(libc::TP_STATUS_KERNEL, Ordering::Release);
                    self.block = (self.block + 1) % self.blocks;
                }
                if self.status().load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 {
                    return None;
                }
                self.ours = true;
                let about: libc::tpacket_hdr_v1 = read(self.bytes(), mem::offset_of!(libc::tpacket_block_desc, hdr))?;
                self.next = usize::try_from(about.offset_to_first_pkt).unwrap_or(usize::MAX);
                self.left = about.num_pkts;
            }
            let at = self.next;
            self.left -= 1;
            let head: libc::tpacket3_hdr = read(self.bytes(), at)?;
            let wide = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
            self.next = at.saturating_add(wide(head.tp_next_offset));
            let block = self.bytes();
            let from = read(block, at + size_of::<libc::tpacket3_hdr>().next_multiple_of(libc::TPACKET_ALIGNMENT))?;
            let begin = at + usize::from(head.tp_mac);
            let bytes = block.get(begin..begin.saturating_add(wide(head.tp_snaplen)))?;
            Some(Framed { head, from, bytes })
        }

        /// Who has the current block.
        fn status(&self) -> &AtomicU32 {
            let at = self.block * Self::BLOCK + mem::offset_of!(libc::tpacket_block_desc, hdr);
            // SAFETY: `block` is below `blocks`, so this lies in the mapping, which lives as long as `self`; the first
            // word of `hdr` is the status, aligned to 8, and both sides use it as one word.
            unsafe { AtomicU32::from_ptr(self.at.add(at).as_ptr().cast()) }
        }

        /// The current block, which must be ours: the kernel writes to it when it is given back.
        fn bytes(&self) -> &[u8] {
            debug_assert!(self.ours);
            // SAFETY: as above, and no block reaches beyond the mapping. While the block is ours, only its status is
            // ever written, by us, and that needs `&mut self`.
            unsafe { std::slice::from_raw_parts(self.at.add(self.block * Self::BLOCK).as_ptr(), Self::BLOCK) }
        }
    }

    impl Drop for Ring {
        fn drop(&mut self) {
            // SAFETY: this very mapping, which nobody uses any more.
            unsafe {
                libc::munmap(self.at.as_ptr().cast(), Self::BLOCK * self.blocks);
            }
        }
    }

    /// A plain struct of C that begins at this byte.
    fn read<T: Copy>(bytes: &[u8], at: usize) -> Option<T> {
        let place = bytes.get(at..at.checked_add(size_of::<T>())?)?;
        // SAFETY: as many bytes are there, and every T here is made of numbers, for which any bits are a value.
        Some(unsafe { ptr::read_unaligned(place.as_ptr().cast()) })
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

    /// The kernel's -1 is an error, with the reason in `errno`.
    fn check(result: libc::c_int) -> io::Result<libc::c_int> {
        if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
    }
}
