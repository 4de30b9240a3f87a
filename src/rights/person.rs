//! Whom a program that was started as root becomes: who typed sudo, else `nobody`, unless another was named.

use std::ffi::OsString;
use std::path::PathBuf;

/// The user and the group that own nothing, on every Linux.
#[cfg(all(target_os = "linux", feature = "rights"))]
const NOBODY: u32 = 65_534;

/// A user of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The user's number.
    pub uid: u32,
    /// The number of the user's group.
    pub gid: u32,
    /// The name; the number, where the machine knows none.
    pub name: String,
    /// Why it is this one.
    pub by: By,
}

/// Why a person was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// It was named.
    Name,
    /// Who started the program, by way of sudo or doas.
    Caller,
    /// Nobody is known to have asked: root itself did.
    Nobody,
}

/// Why it can be nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPerson {
    /// There is no such user.
    #[error("there is no user called \"{0}\" on this machine")]
    Unknown(String),
    /// Only root can become somebody else.
    #[error("only root can become \"{0}\"; without sudo this program runs as you")]
    NotRoot(String),
}

/// Whom to become: the one who is named; else, for root, who called; else `nobody`. `None`: nobody else.
///
/// # Errors
/// The one who is named is unknown, or the program may not become anybody.
pub fn choose(named: Option<&str>, variable: impl Fn(&str) -> Option<OsString>) -> Result<Option<Person>, NoPerson> {
    #[cfg(all(target_os = "linux", feature = "rights"))]
    return choose_here(named, variable);
    #[cfg(not(all(target_os = "linux", feature = "rights")))]
    {
        let _ = variable;
        named.map_or(Ok(None), |name| Err(NoPerson::NotRoot(name.to_owned())))
    }
}

/// The home of who called, once the program has become that user. sudo says root's (or what `-E` keeps).
pub fn home(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    #[cfg(all(target_os = "linux", feature = "rights"))]
    {
        use nix::unistd::{Uid, User};
        let uid = number(variable("SUDO_UID"))?;
        let user = (Uid::effective().as_raw() == uid).then(|| User::from_uid(Uid::from_raw(uid)).ok()?)?;
        user.map(|user| user.dir).filter(|dir| dir.is_absolute())
    }
    #[cfg(not(all(target_os = "linux", feature = "rights")))]
    {
        let _ = variable;
        None
    }
}

#[cfg(all(target_os = "linux", feature = "rights"))]
fn choose_here(named: Option<&str>, variable: impl Fn(&str) -> Option<OsString>) -> Result<Option<Person>, NoPerson> {
    use nix::unistd::{Uid, User};
    let by_uid = |uid: u32| User::from_uid(Uid::from_raw(uid)).ok().flatten();
    let by_name = |name: &str| User::from_name(name).ok().flatten();
    let root = Uid::effective().is_root();
    let person = |user: User, by| Person { uid: user.uid.as_raw(), gid: user.gid.as_raw(), name: user.name, by };
    if let Some(name) = named {
        let user = by_name(name).or_else(|| by_uid(name.parse().ok()?));
        let user = user.ok_or_else(|| NoPerson::Unknown(name.to_owned()))?;
        return match user.uid == Uid::effective() {
            _ if root => Ok(Some(person(user, By::Name))),
            true => Ok(None),
            false => Err(NoPerson::NotRoot(name.to_owned())),
        };
    }
    if !root {
        return Ok(None);
    }
    if let Some(uid) = number(variable("SUDO_UID")) {
        let user = by_uid(uid);
        let known = user.as_ref().map(|user| user.gid.as_raw());
        let gid = number(variable("SUDO_GID")).or(known.filter(|gid| *gid != 0)).unwrap_or(NOBODY);
        let name = user.map_or_else(|| uid.to_string(), |user| user.name);
        return Ok(Some(Person { uid, gid, name, by: By::Caller }));
    }
    let doas = variable("DOAS_USER").and_then(|name| by_name(name.to_str()?)).filter(|user| !user.uid.is_root());
    if let Some(user) = doas {
        return Ok(Some(person(user, By::Caller)));
    }
    let nobody = by_name("nobody").filter(|user| !user.uid.is_root() && user.gid.as_raw() != 0);
    let unnamed = || Person { uid: NOBODY, gid: NOBODY, name: "nobody".to_owned(), by: By::Nobody };
    Ok(Some(nobody.map_or_else(unnamed, |user| person(user, By::Nobody))))
}

/// The number of an ordinary user or group; root's is none, and the largest means "unchanged" to the kernel.
#[cfg(all(target_os = "linux", feature = "rights"))]
fn number(text: Option<OsString>) -> Option<u32> {
    let text = text?;
    let digits = text.to_str().filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?;
    digits.parse().ok().filter(|number| !matches!(*number, 0 | u32::MAX))
}

#[cfg(all(test, target_os = "linux", feature = "rights"))]
mod tests {
    use super::*;
    use nix::unistd::Uid;

    #[test]
    fn only_numbers_of_ordinary_users_count() {
        for (text, wanted) in
            [("1000", Some(1000)), ("0", None), ("4294967295", None), ("4294967294", Some(u32::MAX - 1))]
        {
            assert_eq!(number(Some(text.into())), wanted, "{text}");
        }
        for text in ["", "-1", "+5", " 5", "5x", "99999999999", "1\n"] {
            assert_eq!(number(Some(text.into())), None, "{text:?}");
        }
    }

    #[test]
    fn root_becomes_who_called_else_nobody_and_others_stay() {
        let with = |set: &'static [(&str, &str)]| {
            choose(None, move |name| set.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).into())).unwrap()
        };
        if !Uid::effective().is_root() {
            assert_eq!(with(&[("SUDO_UID", "1234")]), None);
            assert!(choose(Some("root"), |_| None).is_err());
            return;
        }
        let caller = with(&[("SUDO_UID", "54321"), ("SUDO_GID", "54322")]).unwrap();
        assert_eq!((caller.uid, caller.gid, caller.by), (54_321, 54_322, By::Caller));
        assert_eq!(with(&[("SUDO_UID", "54321"), ("SUDO_GID", "0")]).unwrap().gid, NOBODY);
        for set in [&[][..], &[("SUDO_UID", "0")], &[("SUDO_UID", "me")], &[("DOAS_USER", "root")]] {
            let nobody = with(set).unwrap();
            assert!(nobody.by == By::Nobody && nobody.uid != 0 && nobody.gid != 0, "{nobody:?}");
        }
        let named = choose(Some("root"), |_| None).unwrap().unwrap();
        assert_eq!((named.uid, named.by), (0, By::Name));
        let unknown = choose(Some("no such user"), |_| None);
        assert_eq!(unknown, Err(NoPerson::Unknown("no such user".to_owned())));
    }
}
