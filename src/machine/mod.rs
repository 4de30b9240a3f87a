//! Rank 7: what this machine allows, and how to get the rest: one place, for `doctor` and for every message that says no.

#[cfg(feature = "live")]
mod right;
pub mod told;
pub mod wireshark;

#[cfg(feature = "live")]
pub use right::{denied, let_capture};

use crate::rights;
use std::io::{IsTerminal, Read as _, Write};
use std::path::{Path, PathBuf};

/// A terminal smaller than this shows a step of a lesson only in parts.
const ROOM: (u16, u16) = (80, 24);
/// One thing that this machine allows or not.
#[derive(Debug)]
pub struct Fact {
    /// Its name, for programs.
    pub id: &'static str,
    /// What it is good for, in a few words.
    pub about: &'static str,
    /// Whether all is well.
    pub ok: bool,
    /// Whether nobody needs it.
    pub optional: bool,
    /// What was found, in a sentence without a full stop.
    pub found: String,
    /// A command that would help.
    pub remedy: Option<String>,
}

impl Fact {
    fn new(id: &'static str, about: &'static str, found: Result<String, (String, Option<String>)>) -> Self {
        let ok = found.is_ok();
        let (found, remedy) = match found {
            Ok(found) => (found, None),
            Err((found, remedy)) => (found, remedy),
        };
        Self { id, about, ok, optional: false, found, remedy }
    }

    /// The same, where one can do without.
    fn optional(id: &'static str, about: &'static str, found: Found) -> Self {
        Self { optional: true, ..Self::new(id, about, found) }
    }
}

/// What only the program around it knows.
#[derive(Clone, Copy)]
pub struct Program<'p> {
    /// Whether it uses colours.
    pub colours: bool,
    /// Whether it was told never to.
    pub never: bool,
    /// Where progress is kept; asked once the rights are given up, for then the user may be another.
    pub progress: &'p dyn Fn() -> Option<PathBuf>,
}

/// Everything, in the order in which a learner meets it. Asking gives up the rights of this program, for good.
pub fn facts(own: Program<'_>) -> Vec<Fact> {
    let mut facts = vec![
        Fact::new("simulation", "simulated packets", Ok("always: no right, no network needed".into())),
        Fact::new("lab", "explain LESSON --live", lab()),
        Fact::new("capture", "capture, explain --live=IFACE, chat serve", capture()),
    ];
    let person = rights::choose(None, |name| std::env::var_os(name)).ok().flatten();
    let mut report = rights::Report::default();
    // Who typed sudo is whose progress is kept; what root itself learns is root's.
    let caller = person.as_ref().is_some_and(|person| person.by == rights::By::Caller);
    if caller {
        report.join(rights::leave(person.as_ref(), rights::Keep::Nothing));
    }
    let rest = [
        Fact::new("terminal", "lessons, step by step", terminal()),
        Fact::optional("colours", "layers by colour", colours(own)),
        Fact::new("utf8", "lines and arrows", utf8()),
        Fact::new("progress", "what you have learnt is kept", progress((own.progress)())),
        Fact::optional("tshark", "a second opinion", program("tshark", "tshark")),
        Fact::optional("wireshark", "the same packets in windows", program("wireshark", "wireshark")),
    ];
    if !caller {
        report.join(rights::leave(person.as_ref(), rights::Keep::Nothing));
    }
    // What the kernel says of it while it is open is what holds at that moment.
    let status = std::fs::File::open("/proc/self/status");
    report.join(rights::seal(&rights::Needs::default()));
    facts.push(Fact::optional("rights", "what is given up before a packet is read", kept(&report, person, status)));
    facts.extend(rest);
    facts
}

/// What this program, having given up its rights, still has.
fn kept(report: &rights::Report, person: Option<rights::Person>, status: std::io::Result<std::fs::File>) -> Found {
    if !cfg!(all(target_os = "linux", any(feature = "live", feature = "chat"))) {
        return Err(("on this system it keeps those that it was started with".into(), None));
    }
    if let Some(sentence) = report.sentence() {
        return Err((sentence.trim_end_matches('.').to_owned(), None));
    }
    let mut text = String::new();
    status.and_then(|status| status.take(1 << 16).read_to_string(&mut text)).map_err(|e| (e.to_string(), None))?;
    held(&text, report.landlock, person.map(|person| person.name))
}

/// The same, read from a `/proc/PID/status`.
fn held(status: &str, landlock: Option<u32>, becomes: Option<String>) -> Found {
    let value = |key: &str| status.lines().find_map(|line| Some(line.strip_prefix(key)?.strip_prefix(':')?.trim()));
    let none = |set: &&str| value(set).is_some_and(|bits| bits.bytes().all(|b| b == b'0'));
    let wanted = [
        ("a capability", ["CapInh", "CapPrm", "CapEff"].iter().all(none)),
        ("a way to new privileges", value("NoNewPrivs") == Some("1")),
        ("every system call", value("Seccomp") == Some("2")),
    ];
    if let Some((what, _)) = wanted.iter().find(|(_, holds)| !holds) {
        return Err((format!("this program keeps {what}"), None));
    }
    let user = becomes.map_or_else(|| "it stays your user".to_owned(), |name| format!("it becomes the user {name}"));
    let fence = landlock.map_or(String::new(), |abi| format!(", landlock (version {abi})"));
    Ok(format!("{user}: no capability, no_new_privs{fence}, seccomp"))
}

type Found = Result<String, (String, Option<String>)>;

/// Builds a lab and lets it go.
#[cfg(all(feature = "lab", feature = "live", target_os = "linux"))]
fn lab() -> Found {
    use crate::lab::{Lab, OURSELVES};
    match Lab::start(OURSELVES, &["lab-helper", "two-hosts"].map(Into::into)) {
        Ok(lab) => Ok(format!("a private network stands after {} ms", lab.ready().as_millis())),
        Err(why) => Err((why.to_string(), why.remedy().map(str::to_owned))),
    }
}

#[cfg(not(all(feature = "lab", feature = "live", target_os = "linux")))]
fn lab() -> Found {
    Err((NO_LAB.into(), None))
}

/// Why there is none in this program.
#[cfg(not(all(feature = "lab", feature = "live", target_os = "linux")))]
pub const NO_LAB: &str = "this program was built without it, or for another system than Linux";

/// Opens each interface that is up, and lets it go.
#[cfg(feature = "live")]
fn capture() -> Found {
    use crate::source::live::{self, OpenError, Options, State};
    let nics = live::interfaces();
    let up: Vec<_> = nics.iter().filter(|nic| nic.state == State::Up).map(|nic| nic.name.as_str()).collect();
    let Some(first) = up.iter().find(|name| **name == "lo").or(up.first()) else {
        return Err(("no network interface is up".into(), None));
    };
    match live::open(first, &Options { promiscuous: false, ..Options::default() }) {
        Ok(_) => Ok(format!("allowed on {}", up.join(", "))),
        Err(OpenError::Denied { .. }) if cfg!(target_os = "linux") => {
            Err(("this program lacks the capability cap_net_raw".into(), right::let_capture()))
        }
        Err(OpenError::Denied { .. }) => Err(("this program lacks the right; start it with sudo".into(), None)),
        Err(why) => Err((why.to_string(), None)),
    }
}

#[cfg(not(feature = "live"))]
fn capture() -> Found {
    Err(("this program was built without live capture".into(), None))
}

fn terminal() -> Found {
    if !std::io::stdout().is_terminal() {
        return Ok("standard output isn't one: everything is printed without a pause".into());
    }
    let (columns, rows) = crossterm::terminal::size().unwrap_or_default();
    let kind = std::env::var("TERM").unwrap_or_default();
    let found = format!("{kind} with {columns} columns and {rows} rows");
    match (columns, rows) {
        _ if kind.is_empty() || kind == "dumb" => {
            Err(("TERM says that it cannot be drawn on".into(), Some("export TERM=xterm-256color".into())))
        }
        (columns, rows) if columns < ROOM.0 || rows < ROOM.1 => {
            Err((format!("{found}: make the window at least {} by {}", ROOM.0, ROOM.1), None))
        }
        _ => Ok(found),
    }
}

fn colours(own: Program<'_>) -> Found {
    let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    match own.colours {
        true => Ok("used".into()),
        false if own.never => Ok("not used, as --color never says".into()),
        false if set("NO_COLOR") => Err(("not used, as NO_COLOR says".into(), Some("unset NO_COLOR".into()))),
        false if !std::io::stdout().is_terminal() => Ok("not used: standard output is no terminal".into()),
        false => Err(("not used, as TERM or CLICOLOR says".into(), Some("osi-tutor --color always …".into()))),
    }
}

fn utf8() -> Found {
    if cfg!(windows) {
        return Ok("the system's own".into());
    }
    // The first that is set decides: locale(7).
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|n| std::env::var(n).ok().filter(|v| !v.is_empty()));
    let name = locale.unwrap_or_else(|| "C".into());
    let plain = name.to_lowercase().replace('-', "");
    if plain.ends_with("utf8") {
        return Ok(format!("the locale is {name}"));
    }
    Err((format!("the locale {name} does not name UTF-8; lines may look torn"), Some("export LC_ALL=C.UTF-8".into())))
}

/// Tries to write where progress is kept, or would be.
fn progress(path: Option<PathBuf>) -> Found {
    let Some(path) = path else {
        let found = "neither XDG_STATE_HOME nor HOME says where";
        return Err((found.into(), Some("export XDG_STATE_HOME=$HOME/.local/state".into())));
    };
    let folder = path.parent().unwrap_or(&path);
    let there = folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(folder);
    match probe(there) {
        Ok(()) => Ok(format!("in {}", path.display())),
        Err(why) => {
            let found = format!("{} cannot be written: {why}", there.display());
            Err((found, Some("export XDG_STATE_HOME=$HOME/.local/state".into())))
        }
    }
}

/// Writes a file into a folder, and takes it away again.
fn probe(folder: &Path) -> std::io::Result<()> {
    let file = folder.join(format!(".osi-tutor-{}", std::process::id()));
    let written = std::fs::File::create_new(&file)?.write_all(b"?");
    std::fs::remove_file(&file)?;
    written
}

/// Whether a program is on the path; `package` brings it.
fn program(name: &str, package: &str) -> Found {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let file = |folder: PathBuf| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if let Some(file) = std::env::split_paths(&paths).map(file).find(|file| file.is_file()) {
        return Ok(file.display().to_string());
    }
    let install = if cfg!(target_os = "macos") { "brew install" } else { "sudo apt install" };
    let remedy = (!cfg!(windows)).then(|| format!("{install} {package}"));
    Err((format!("{name} is not on the path"), remedy))
}

/// The path of this very binary, as a shell takes it.
pub fn this_program() -> String {
    let path = std::env::current_exe().map(|p| p.to_string_lossy().into_owned());
    quoted(&path.unwrap_or_else(|_| "osi-tutor".to_owned()))
}

/// As a shell takes it: quoted where it holds anything unusual.
pub fn quoted(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/._-+:@".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_from_what_the_kernel_says() {
        let status = "Name:\tosi-tutor\nCapInh:\t0000\nCapPrm:\t0000\nCapEff:\t0000\nNoNewPrivs:\t1\nSeccomp:\t2\n";
        let found = held(status, Some(7), Some("ada".into())).unwrap();
        assert_eq!(found, "it becomes the user ada: no capability, no_new_privs, landlock (version 7), seccomp");
        assert!(held(status, None, None).unwrap().starts_with("it stays your user: "));
        for (from, to, says) in [
            ("CapEff:\t0000", "CapEff:\t2000", "a capability"),
            ("NoNewPrivs:\t1", "NoNewPrivs:\t0", "privileges"),
            ("Seccomp:\t2", "Seccomp:\t0", "system call"),
        ] {
            let (why, _) = held(&status.replace(from, to), Some(7), None).unwrap_err();
            assert!(why.contains(says), "{why}");
        }
    }

    #[test]
    fn a_folder_that_can_be_written_is_left_as_it_was() {
        let folder = std::env::temp_dir().join(format!("osi-tutor-machine-{}", std::process::id()));
        assert!(probe(&folder).is_err(), "there is no such folder");
        std::fs::create_dir(&folder).unwrap();
        probe(&folder).unwrap();
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
        std::fs::remove_dir(&folder).unwrap();
    }

    #[test]
    fn a_program_that_nobody_has_comes_with_a_remedy() {
        let Err((found, _)) = program("no-such-program", "no-such-package") else { panic!("it is not there") };
        assert_eq!(found, "no-such-program is not on the path");
    }

    #[test]
    fn a_path_with_blanks_is_quoted_for_the_shell() {
        assert_eq!(quoted("/usr/bin/osi-tutor"), "/usr/bin/osi-tutor");
        assert_eq!(quoted("/my tools/it's"), r"'/my tools/it'\''s'");
    }
}
