//! Why there can be no lab on this machine, in a sentence, and what would change that.

use std::fmt;
use std::fs;
use std::io;

/// What was wanted of the system when it said no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A user namespace.
    User,
    /// To be its ruler.
    Map,
    /// A network namespace.
    Net,
    /// A virtual cable or a bridge.
    Link,
    /// An address, a route or a setting.
    Setting,
    /// To see packets.
    Capture,
    /// A thread, a port or a pipe.
    Start,
    /// That it answers in time, or at all.
    Answer,
    /// That the scenario can be built of kernels.
    Scenario,
}

/// The system's no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    wanted: Wanted,
    /// The system's number for the reason; 0 where it has none.
    code: i32,
    /// The reason in words.
    words: String,
}

/// In the order of the numbers that the helper sends.
const ALL: [Wanted; 9] = [
    Wanted::User,
    Wanted::Map,
    Wanted::Net,
    Wanted::Link,
    Wanted::Setting,
    Wanted::Capture,
    Wanted::Start,
    Wanted::Answer,
    Wanted::Scenario,
];

impl Refusal {
    pub(super) fn new(wanted: Wanted, error: &io::Error) -> Self {
        Self { wanted, code: error.raw_os_error().unwrap_or(0), words: error.to_string() }
    }

    /// A reason in words of our own.
    pub(super) fn because(wanted: Wanted, words: impl Into<String>) -> Self {
        Self { wanted, code: 0, words: words.into() }
    }

    /// As the helper sends it.
    pub(super) fn parts(&self) -> (u8, i32, &str) {
        let at = ALL.iter().position(|wanted| *wanted == self.wanted).unwrap_or_default();
        (u8::try_from(at).unwrap_or_default(), self.code, &self.words)
    }

    /// From what the helper sent.
    pub(super) fn from_parts(wanted: u8, code: i32, words: String) -> Self {
        Self { wanted: ALL.get(usize::from(wanted)).copied().unwrap_or(Wanted::Answer), code, words }
    }

    /// Whether the system forbids it, rather than that something went wrong.
    pub fn is_forbidden(&self) -> bool {
        matches!(self.wanted, Wanted::User | Wanted::Map | Wanted::Net | Wanted::Link)
            || matches!(self.wanted, Wanted::Setting | Wanted::Capture) && self.code == EPERM
    }

    /// A command that would allow it; `None` where there is none.
    pub fn remedy(&self) -> Option<&'static str> {
        match self.wanted {
            Wanted::Start | Wanted::Answer | Wanted::Scenario => None,
            _ => self.cause().and_then(|cause| cause.remedy),
        }
    }

    fn cause(&self) -> Option<&'static Cause> {
        let refused = matches!(self.code, EPERM | EACCES | ENOSPC | EUSERS);
        CAUSES.iter().find(|cause| refused && (cause.holds)())
    }
}

impl fmt::Display for Refusal {
    /// One clause, without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(cause) = self.cause().filter(|_| self.is_forbidden()) {
            return f.write_str(cause.words);
        }
        let words = &self.words;
        match self.wanted {
            Wanted::User if matches!(self.code, EINVAL | ENOSYS) => f.write_str("this kernel has no user namespaces"),
            Wanted::User => write!(f, "the system forbids user namespaces ({words})"),
            Wanted::Map => write!(f, "the system gives a user namespace but no rights in it ({words})"),
            Wanted::Net => write!(f, "the system forbids network namespaces ({words})"),
            Wanted::Link => write!(f, "the system gives no virtual network cards ({words})"),
            Wanted::Setting => write!(f, "the private network could not be set up ({words})"),
            Wanted::Capture => write!(f, "the private network could not be captured ({words})"),
            Wanted::Start => write!(f, "its programs could not be started ({words})"),
            Wanted::Answer | Wanted::Scenario => f.write_str(words),
        }
    }
}

// errno(3) on Linux; the numbers of other systems never come here.
const EPERM: i32 = 1;
const EACCES: i32 = 13;
const EINVAL: i32 = 22;
const ENOSPC: i32 = 28;
const ENOSYS: i32 = 38;
const EUSERS: i32 = 87;

/// A known reason for a refusal.
struct Cause {
    holds: fn() -> bool,
    words: &'static str,
    remedy: Option<&'static str>,
}

/// The first that holds is the reason.
static CAUSES: [Cause; 5] = [
    Cause {
        holds: || sysctl("user/max_user_namespaces") == Some(0),
        words: "user namespaces are switched off here (user.max_user_namespaces is 0)",
        remedy: Some("sudo sysctl user.max_user_namespaces=10000"),
    },
    Cause {
        holds: || sysctl("user/max_net_namespaces") == Some(0),
        words: "network namespaces are switched off here (user.max_net_namespaces is 0)",
        remedy: Some("sudo sysctl user.max_net_namespaces=10000"),
    },
    Cause {
        holds: || sysctl("kernel/unprivileged_userns_clone") == Some(0),
        words: "only root may make user namespaces here (kernel.unprivileged_userns_clone is 0)",
        remedy: Some("sudo sysctl kernel.unprivileged_userns_clone=1"),
    },
    Cause {
        holds: || sysctl("kernel/apparmor_restrict_unprivileged_userns") == Some(1),
        words: "AppArmor forbids user namespaces to ordinary programs here \
                (kernel.apparmor_restrict_unprivileged_userns is 1)",
        remedy: Some("sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"),
    },
    Cause {
        holds: is_filtered,
        words: "a seccomp filter forbids user namespaces, as it does in most containers",
        remedy: Some("docker run --security-opt seccomp=unconfined …"),
    },
];

/// A number below `/proc/sys`.
fn sysctl(key: &str) -> Option<u64> {
    fs::read_to_string(format!("/proc/sys/{key}")).ok()?.trim().parse().ok()
}

/// Whether this process stands behind a seccomp filter.
fn is_filtered() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().any(|line| line.strip_prefix("Seccomp:").is_some_and(|mode| mode.trim() == "2"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_survives_the_way_from_the_helper() {
        for wanted in ALL {
            let refusal = Refusal { wanted, code: EPERM, words: "no".into() };
            let (kind, code, words) = refusal.parts();
            assert_eq!(Refusal::from_parts(kind, code, words.into()), refusal);
            assert!(!refusal.to_string().ends_with('.'));
        }
    }

    #[test]
    fn a_kernel_without_user_namespaces_is_named_as_such() {
        let refusal = Refusal::new(Wanted::User, &io::Error::from_raw_os_error(EINVAL));
        assert_eq!(refusal.to_string(), "this kernel has no user namespaces");
        assert!(refusal.is_forbidden() && refusal.remedy().is_none());
    }
}
