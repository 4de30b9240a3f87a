//! What may still be asked of the kernel: two tables, and the filters that are made of them. seccomp(2).
//!
//! Two filters, because there are two answers. What would open a way out gets "not permitted". What nobody here has
//! heard of gets "not implemented", which a library takes for an older kernel and lives with: a call that was
//! forgotten must not end anybody's work. Every filter is asked, and the first installed speaks only where the second
//! one allows; so the second allows what the first refuses.

use libc::c_long;
use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter_all_threads,
};
use std::collections::BTreeMap;

/// Ways out that are open to anybody: other programs, other processes, sockets of our own, and calls that would go
/// round the filter.
const REFUSED: &[c_long] = &[
    // Programs, and namespaces to run them in.
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_unshare,
    libc::SYS_setns,
    // Other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_kill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    // The kernel's workshops.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    // Addresses of our own.
    libc::SYS_bind,
    libc::SYS_listen,
];

/// Ways out for who has rights left. They are gone by then; this is the second lock on the same door.
const REFUSED_TO_ROOT: &[c_long] = &[
    // Mounts, and other roots.
    libc::SYS_chroot,
    libc::SYS_pivot_root,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    // Users, groups, owners.
    libc::SYS_setuid,
    libc::SYS_setgid,
    libc::SYS_setreuid,
    libc::SYS_setregid,
    libc::SYS_setresuid,
    libc::SYS_setresgid,
    libc::SYS_setfsuid,
    libc::SYS_setfsgid,
    libc::SYS_setgroups,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_mknodat,
    // The kernel.
    libc::SYS_personality,
    libc::SYS_process_madvise,
    libc::SYS_kcmp,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_syslog,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_clock_settime,
    libc::SYS_settimeofday,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
];

/// The same two, by names that only the oldest processor has.
#[cfg(target_arch = "x86_64")]
const REFUSED_HERE: &[c_long] = &[libc::SYS_fork, libc::SYS_vfork];
#[cfg(target_arch = "x86_64")]
const REFUSED_TO_ROOT_HERE: &[c_long] =
    &[libc::SYS_chown, libc::SYS_lchown, libc::SYS_mknod, libc::SYS_kexec_file_load];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_HERE: &[c_long] = &[];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_TO_ROOT_HERE: &[c_long] = &[];

/// What a program does that reads, computes, writes, waits, and has threads.
const ALLOWED: &[c_long] = &[
    // Files.
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_preadv,
    libc::SYS_pwritev,
    libc::SYS_preadv2,
    libc::SYS_pwritev2,
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_getdents64,
    libc::SYS_getcwd,
    libc::SYS_mkdirat,
    libc::SYS_unlinkat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_umask,
    libc::SYS_ftruncate,
    libc::SYS_truncate,
    libc::SYS_fallocate,
    libc::SYS_fadvise64,
    libc::SYS_readahead,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_utimensat,
    libc::SYS_flock,
    libc::SYS_fcntl,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_pipe2,
    libc::SYS_copy_file_range,
    libc::SYS_sendfile,
    libc::SYS_splice,
    // Memory.
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_msync,
    libc::SYS_mincore,
    libc::SYS_brk,
    libc::SYS_membarrier,
    // Threads, and the program itself.
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_futex_waitv,
    libc::SYS_set_robust_list,
    libc::SYS_get_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_rseq,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_getpgid,
    libc::SYS_getsid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getresuid,
    libc::SYS_getresgid,
    libc::SYS_getgroups,
    libc::SYS_capget,
    libc::SYS_capset,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_getcpu,
    libc::SYS_getpriority,
    libc::SYS_prlimit64,
    libc::SYS_getrusage,
    libc::SYS_times,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    libc::SYS_getrandom,
    libc::SYS_wait4,
    libc::SYS_waitid,
    // They can only take more away.
    libc::SYS_seccomp,
    libc::SYS_landlock_create_ruleset,
    libc::SYS_landlock_add_rule,
    libc::SYS_landlock_restrict_self,
    // Time.
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
    libc::SYS_timerfd_gettime,
    libc::SYS_getitimer,
    libc::SYS_setitimer,
    // Signals.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigpending,
    libc::SYS_rt_sigsuspend,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_signalfd4,
    // Waiting.
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    // Sockets that are open, and what comes to them.
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_recvmmsg,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_getsockopt,
    libc::SYS_setsockopt,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_shutdown,
];

/// The same, by names that only the oldest processor has.
#[cfg(target_arch = "x86_64")]
const ALLOWED_HERE: &[c_long] = &[
    libc::SYS_open,
    libc::SYS_creat,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_readlink,
    libc::SYS_getdents,
    libc::SYS_mkdir,
    libc::SYS_rmdir,
    libc::SYS_unlink,
    libc::SYS_rename,
    libc::SYS_renameat,
    libc::SYS_link,
    libc::SYS_chmod,
    libc::SYS_dup2,
    libc::SYS_pipe,
    libc::SYS_poll,
    libc::SYS_select,
    libc::SYS_epoll_create,
    libc::SYS_epoll_wait,
    libc::SYS_eventfd,
    libc::SYS_pause,
    libc::SYS_alarm,
    libc::SYS_time,
    libc::SYS_getpgrp,
    libc::SYS_getrlimit,
    libc::SYS_setrlimit,
    libc::SYS_arch_prctl,
];
/// renameat, getrlimit and setrlimit, by the numbers of `asm-generic/unistd.h`: not every C library names them here.
#[cfg(target_arch = "aarch64")]
const ALLOWED_HERE: &[c_long] = &[38, 163, 164];
#[cfg(target_arch = "riscv64")]
const ALLOWED_HERE: &[c_long] = &[];

/// What a thread may ask about itself with prctl(2): its name, the names of its memory, and to have fewer rights.
const ABOUT_ITSELF: [libc::c_int; 8] = [
    libc::PR_SET_NAME,
    libc::PR_GET_NAME,
    0x5356_4d41, // PR_SET_VMA
    libc::PR_SET_NO_NEW_PRIVS,
    libc::PR_GET_NO_NEW_PRIVS,
    libc::PR_GET_DUMPABLE,
    libc::PR_GET_SECCOMP,
    libc::PR_CAPBSET_READ,
];

/// `asm-generic/ioctls.h`: to type, and what a console does besides, pasting among it.
const TIOCSTI: u64 = 0x5412;
const TIOCLINUX: u64 = 0x541c;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;
/// An argument's number, and what it is compared with.
type Test = (u8, SeccompCmpOp, u64);

/// What shall hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filter {
    /// New TCP connections over IPv4 may be made.
    pub(super) connect: bool,
    /// Only the ways out that are open to anybody are shut, which is done in a fifth of the time.
    pub(super) light: bool,
}

/// Installs the filters, for all threads.
pub(super) fn install(wanted: Filter) -> Result<(), Error> {
    let [not_permitted, not_implemented] =
        [libc::EPERM, libc::ENOSYS].map(|why| SeccompAction::Errno(why.unsigned_abs()));
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let first: BpfProgram =
        SeccompFilter::new(refused(wanted)?, SeccompAction::Allow, not_permitted, arch)?.try_into()?;
    apply_filter_all_threads(&first)?;
    if wanted.light {
        return Ok(());
    }
    let second: BpfProgram = SeccompFilter::new(allowed()?, not_implemented, SeccompAction::Allow, arch)?.try_into()?;
    apply_filter_all_threads(&second)
}

/// What gets "not permitted".
fn refused(wanted: Filter) -> Result<Rules, Error> {
    use SeccompCmpOp::{Eq, MaskedEq, Ne};
    let word = |number: libc::c_int| u64::from(number.unsigned_abs());
    let (exec, thread) = (word(libc::PROT_EXEC), word(libc::CLONE_THREAD));
    let root = [REFUSED_TO_ROOT, REFUSED_TO_ROOT_HERE].into_iter().filter(|_| !wanted.light);
    let calls = [REFUSED, REFUSED_HERE].into_iter().chain(root).flatten();
    let mut rules: Rules = calls.map(|&call| (call, Vec::new())).collect();
    // Each test that holds is a reason to refuse.
    let tables: [(c_long, &[Test]); 7] = [
        // A new process; a new thread is none.
        (libc::SYS_clone, &[(0, MaskedEq(thread), 0)]),
        // Memory that can be run.
        (libc::SYS_mmap, &[(2, MaskedEq(exec), exec)]),
        (libc::SYS_mprotect, &[(2, MaskedEq(exec), exec)]),
        // Typing in the user's place: the shell that waits at this terminal would run it.
        (libc::SYS_ioctl, &[(1, Eq, TIOCSTI), (1, Eq, TIOCLINUX)]),
        // Signals to other programs.
        (libc::SYS_tgkill, &[(0, Ne, std::process::id().into())]),
        (libc::SYS_socketpair, &[(0, Ne, word(libc::AF_UNIX))]),
        // Any other family, kind (by the bits of SOCK_STREAM, which is 1) or protocol than TCP's over IPv4.
        (
            libc::SYS_socket,
            &[
                (0, Ne, word(libc::AF_INET)),
                (1, MaskedEq(0b0001), 0),
                (1, MaskedEq(0b0010), 0b0010),
                (1, MaskedEq(0b0100), 0b0100),
                (1, MaskedEq(0b1000), 0b1000),
                (2, Ne, 0),
            ],
        ),
    ];
    for (call, tests) in tables {
        rules.insert(call, tests.iter().cloned().map(rule).collect::<Result<_, _>>()?);
    }
    if !wanted.connect {
        rules.extend([libc::SYS_socket, libc::SYS_connect].map(|call| (call, Vec::new())));
    }
    Ok(rules)
}

/// What does not get "not implemented": all that the first filter judges, and what is harmless.
fn allowed() -> Result<Rules, Error> {
    let harmless = ALLOWED.iter().chain(ALLOWED_HERE).map(|&call| (call, Vec::new()));
    let mut rules = refused(Filter { connect: false, light: false })?;
    rules.values_mut().for_each(Vec::clear);
    rules.extend(harmless);
    let asked = ABOUT_ITSELF.iter().map(|option| rule((0, SeccompCmpOp::Eq, u64::from(option.unsigned_abs()))));
    rules.insert(libc::SYS_prctl, asked.collect::<Result<_, _>>()?);
    Ok(rules)
}

fn rule((argument, test, value): Test) -> Result<SeccompRule, Error> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, test, value)?;
    Ok(SeccompRule::new(vec![condition])?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_call_is_both_refused_and_allowed() {
        let refused: BTreeSet<_> = refused(Filter { connect: true, light: false }).unwrap().into_keys().collect();
        let both: Vec<_> = ALLOWED.iter().chain(ALLOWED_HERE).filter(|call| refused.contains(call)).collect();
        assert!(both.is_empty(), "{both:?}");
        let rows = ALLOWED.len() + ALLOWED_HERE.len() + refused.len();
        // Those, prctl and connect.
        assert_eq!(allowed().unwrap().len(), rows + 2, "a row stands twice");
    }
}
