//! Namespaces: a user who rules nothing but what he made himself, and a network for each device.
//! `user_namespaces(7)`, `network_namespaces(7)`.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use super::refusal::{Refusal, Wanted};
use super::sys;

/// A network namespace. It lives as long as this does, or a thread that is in it.
#[derive(Debug)]
pub(super) struct Space(File);

impl Space {
    /// The one that this thread is in.
    pub(super) fn here() -> io::Result<Self> {
        File::open("/proc/thread-self/ns/net").map(Self)
    }

    /// A new one; this thread is in it from now on.
    pub(super) fn new() -> io::Result<Self> {
        sys::unshare(libc::CLONE_NEWNET)?;
        Self::here()
    }

    /// Moves this thread there.
    pub(super) fn enter(&self) -> io::Result<()> {
        sys::enter(self.0.as_fd())
    }
}

impl AsFd for Space {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Leaves this machine's network: makes a user namespace in which this user may do everything, and a network
/// namespace that belongs to it. This process must have one thread.
pub(super) fn leave() -> Result<Space, Refusal> {
    let (user, group) = sys::who();
    let no = |wanted: Wanted| move |error: io::Error| Refusal::new(wanted, &error);
    sys::own_proc_files().map_err(no(Wanted::User))?;
    sys::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET).map_err(no(Wanted::User))?;
    // Old kernels have no such file, and need none.
    let _ = fs::write("/proc/self/setgroups", "deny");
    fs::write("/proc/self/uid_map", format!("0 {user} 1")).map_err(no(Wanted::Map))?;
    fs::write("/proc/self/gid_map", format!("0 {group} 1")).map_err(no(Wanted::Map))?;
    Space::here().map_err(no(Wanted::Net))
}

/// A setting below `/proc/sys/net`, in the namespace of this thread.
pub(super) fn set(key: &str, value: &str) -> io::Result<()> {
    fs::write(format!("/proc/sys/net/{key}"), value)
}
