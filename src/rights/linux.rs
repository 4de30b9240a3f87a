//! The two steps, as the kernel of Linux takes them.

use super::{Files, Keep, Needs, Person, Report};
use caps::{CapSet, Capability, CapsHashSet, errors::CapsError};
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, LandlockStatus, NetPort, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetError, Scope,
};
use nix::sys::prctl;
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};
use std::fmt::Display;
use std::fs;
use std::path::Path;

/// What is asked of landlock; an older kernel gives what it has.
const WANTED: ABI = ABI::V7;

/// The order matters: each step needs a right that a later one takes away.
pub(super) fn leave(person: Option<&Person>, keep: Keep) -> Report {
    let mut report = Report::default();
    // Users and capabilities belong to threads; one that runs already would keep them.
    let threads = fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    if threads > 1 {
        report.missing.push(format!("{} of its threads began before it gave them up", threads - 1));
    }
    if caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP).unwrap_or(false) {
        note(&mut report, "bounding set", caps::clear(None, CapSet::Bounding));
    }
    if let Some(person) = person {
        let (uid, gid) = (Uid::from_raw(person.uid), Gid::from_raw(person.gid));
        note(&mut report, "groups", setgroups(&[gid]));
        note(&mut report, "group", setresgid(gid, gid, gid));
        if keep == Keep::Reading {
            note(&mut report, "capabilities", prctl::set_keepcaps(true));
        }
        let became = setresuid(uid, uid, uid).map_err(|why| format!("cannot become {}: {why}", person.name));
        note(&mut report, "user", became);
    }
    note(&mut report, "capabilities", capabilities(keep));
    note(&mut report, "no_new_privs", prctl::set_no_new_privs());
    report
}

/// Leaves of the capabilities what is kept.
fn capabilities(keep: Keep) -> Result<(), CapsError> {
    let mut kept = CapsHashSet::new();
    let right = Capability::CAP_DAC_READ_SEARCH;
    if keep == Keep::Reading && caps::has_cap(None, CapSet::Permitted, right)? {
        kept.insert(right);
    }
    // Kernels before 4.3 have no ambient set.
    let _ = caps::clear(None, CapSet::Ambient);
    caps::clear(None, CapSet::Inheritable)?;
    caps::clear(None, CapSet::Effective)?;
    caps::set(None, CapSet::Permitted, &kept)?;
    caps::set(None, CapSet::Effective, &kept)
}

pub(super) fn seal(needs: &Needs) -> Report {
    let mut report = Report::default();
    note(&mut report, "no_new_privs", prctl::set_no_new_privs());
    if let Files::Only { read, write } = &needs.files {
        match fence(read, write, &needs.connect) {
            Ok(LandlockStatus::Available { effective_abi, .. }) => {
                let abi = effective_abi as u32;
                report.landlock = Some(abi);
                if abi < ABI::V4 as u32 {
                    report.missing.push(format!("landlock {abi} guards files, but no connections"));
                }
            }
            Ok(LandlockStatus::NotEnabled) => report.missing.push("landlock is switched off in this kernel".into()),
            Ok(LandlockStatus::NotImplemented) => report.missing.push("this kernel has no landlock".into()),
            Err(why) => report.missing.push(format!("landlock: {why}")),
        }
    }
    match filter(needs) {
        Ok(()) => report.seccomp = true,
        Err(why) => report.missing.push(format!("seccomp: {why}")),
    }
    report
}

/// Which files and ports may still be opened: landlock(7).
fn fence<P: AsRef<Path>>(read: &[P], write: &[P], connect: &[u16]) -> Result<LandlockStatus, RulesetError> {
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(WANTED))?
        .handle_access(AccessNet::from_all(WANTED))?
        .scope(Scope::from_all(WANTED))?
        .create()?;
    let reading = AccessFs::from_read(WANTED) & !BitFlags::from(AccessFs::Execute);
    for path in read {
        rules = open(rules, path.as_ref(), reading)?;
    }
    for path in write {
        rules = open(rules, path.as_ref(), reading | AccessFs::from_write(WANTED))?;
    }
    for &port in connect {
        rules = rules.add_rule(NetPort::new(port, AccessNet::ConnectTcp))?;
    }
    Ok(rules.restrict_self()?.landlock)
}

/// Leaves a file, or a folder with all that it holds, open to `access`. What is not there cannot be opened anyway.
fn open(rules: RulesetCreated, path: &Path, access: BitFlags<AccessFs>) -> Result<RulesetCreated, RulesetError> {
    let Ok(at) = PathFd::new(path) else { return Ok(rules) };
    let access = if path.is_dir() { access } else { access & AccessFs::from_file(WANTED) };
    rules.add_rule(PathBeneath::new(at, access))
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))]
fn filter(needs: &Needs) -> Result<(), String> {
    super::calls::install(super::calls::Filter {
        connect: !needs.connect.is_empty(),
        light: matches!(needs.files, Files::Any),
    })
    .map_err(|why| match why {
        seccompiler::Error::Seccomp(why) | seccompiler::Error::Prctl(why) => why.to_string(),
        why => why.to_string(),
    })
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")))]
fn filter(_: &Needs) -> Result<(), String> {
    Err(format!("its filter is not written for {}", std::env::consts::ARCH))
}

fn note<T>(report: &mut Report, what: &str, done: Result<T, impl Display>) {
    if let Err(why) = done {
        report.missing.push(format!("{what}: {why}"));
    }
}
