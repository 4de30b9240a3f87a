//! What a program that was started with rights keeps of them: nothing.
//!
//! Most of it needs root. Without it a test prints SKIPPED; under `REQUIRE_PEERS=1` it fails.
#![cfg(all(target_os = "linux", feature = "live", feature = "chat"))]

mod common;

use common::skipped;
use std::fs;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use osi_tutor::rights::{self, Files, Keep, Needs};
use osi_tutor::source::live;

/// A user and a group that no machine gives to anybody.
const UID: u32 = 54_321;
const GID: u32 = 54_322;
/// No test waits longer for a line.
const PATIENCE: Duration = Duration::from_secs(20);

/// Whether this is root, on a machine where root may capture.
fn root() -> bool {
    let is = rights::root() && live::open("lo", &live::Options::default()).is_ok();
    if !is {
        skipped("only root has rights to give up");
    }
    is
}

/// A folder of one's own, empty, and gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("osi-tutor-rights-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// One that everybody may write to.
    fn open(name: &str) -> Self {
        let folder = Self::new(name);
        fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o777)).unwrap();
        folder
    }

    /// The path of a file in it, as text.
    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn osi_tutor(args: &[&str], sudo: bool) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_osi-tutor"));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).env_remove("DOAS_USER");
    if sudo {
        command.env("SUDO_UID", UID.to_string()).env("SUDO_GID", GID.to_string())
    } else {
        command.env_remove("SUDO_UID").env_remove("SUDO_GID")
    };
    command
}

/// The program while it runs. It ends with the test.
struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Running {
    /// Starts it, and waits until it says `word`.
    fn start(args: &[&str], sudo: bool, word: &str) -> Self {
        let mut child = osi_tutor(args, sudo).stderr(Stdio::piped()).spawn().unwrap();
        let lines = lines(child.stderr.take().unwrap());
        let running = Self { child, lines };
        let mut said = String::new();
        while !said.contains(word) {
            let line = running.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("{args:?} said only: {said}"));
            said = format!("{said}{line}\n");
        }
        running
    }

    /// What the kernel says of each of its threads.
    fn status(&self) -> Vec<String> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let status = |task: fs::DirEntry| fs::read_to_string(task.path().join("status")).ok();
        tasks.filter_map(|task| status(task.unwrap())).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(from: ChildStderr) -> mpsc::Receiver<String> {
    let (to, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if to.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// The words behind `key:` in a thread's status.
fn value(status: &str, key: &str) -> String {
    let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    line.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).unwrap_or_default()
}

/// Holds for every thread: this user, this group and no other; no capability, now or ever; and a filter.
#[track_caller]
fn keeps_nothing(running: &Running, uid: u32, gid: u32) {
    let threads = running.status();
    assert!(!threads.is_empty());
    for status in threads {
        assert_eq!(value(&status, "Uid"), [uid; 4].map(|n| n.to_string()).join(" "), "{status}");
        assert_eq!(value(&status, "Gid"), [gid; 4].map(|n| n.to_string()).join(" "), "{status}");
        assert_eq!(value(&status, "Groups"), gid.to_string(), "{status}");
        for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            assert_eq!(value(&status, set), "0000000000000000", "{set}: {status}");
        }
        assert_eq!((value(&status, "NoNewPrivs").as_str(), value(&status, "Seccomp").as_str()), ("1", "2"), "{status}");
    }
}

/// The user and group that own nothing.
fn nobody() -> (u32, u32) {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let row = passwd.lines().find(|line| line.starts_with("nobody:"));
    let ids = row.and_then(|row| {
        let mut columns = row.split(':').skip(2);
        Some((columns.next()?.parse().ok()?, columns.next()?.parse().ok()?))
    });
    ids.unwrap_or((65_534, 65_534))
}

#[test]
fn a_capture_becomes_who_typed_sudo_and_its_file_is_that_users() {
    if !root() {
        return;
    }
    let folder = Folder::open("sudo");
    let file = folder.file("x.pcapng");
    let running = Running::start(&["capture", "lo", "-w", &file], true, "Capturing on lo");
    keeps_nothing(&running, UID, GID);
    let made = fs::metadata(&file).unwrap();
    assert_eq!((made.uid(), made.gid()), (UID, GID));
}

#[test]
fn a_capture_by_root_itself_becomes_nobody_and_writes_into_a_folder_of_roots_own() {
    if !root() {
        return;
    }
    let (uid, gid) = nobody();
    let (open, own) = (Folder::open("nobody"), Folder::new("own"));
    for (folder, owner) in [(&open, uid), (&own, 0)] {
        let file = folder.file("x.pcapng");
        let running = Running::start(&["capture", "lo", "-w", &file], false, "Capturing on lo");
        keeps_nothing(&running, uid, gid);
        assert_eq!(fs::metadata(&file).unwrap().uid(), owner);
    }
}

#[test]
fn the_demonstration_of_a_capture_keeps_nothing_either_and_is_seen() {
    if !root() {
        return;
    }
    let args = ["capture", "lo", "--demo", "--brief", "-c", "8", "--duration", "20"];
    let mut running = Running::start(&args, true, "Capturing on lo");
    keeps_nothing(&running, UID, GID);
    assert!(running.child.wait().unwrap().success());
    let last = running.lines.iter().last().unwrap();
    assert!(last.contains(" captured on lo, 8 shown"), "{last}");
}

#[test]
fn a_plot_is_written_at_the_end_where_nothing_else_can_be() {
    if !root() {
        return;
    }
    let folder = Folder::open("plot");
    let file = folder.file("x.svg");
    let args = ["capture", "lo", "--demo", "--plot", "seq", "-o", &file, "-c", "20", "--duration", "20"];
    let done = osi_tutor(&args, true).output().unwrap();
    assert!(done.status.success(), "{}", text(&done));
    let made = fs::metadata(&file).unwrap();
    assert!(made.uid() == UID && made.len() > 100);
}

#[test]
fn a_chat_keeps_nothing_in_any_of_its_threads() {
    if !root() {
        return;
    }
    let (uid, gid) = nobody();
    for (sudo, uid, gid) in [(true, UID, GID), (false, uid, gid)] {
        for more in [&[][..], &["--plain-websocket"]] {
            let running = Running::start(&[&["chat", "serve", "127.0.0.1:0"], more].concat(), sudo, "captured on lo");
            assert!(running.status().len() > 2, "it has threads");
            keeps_nothing(&running, uid, gid);
        }
    }
}

#[test]
fn a_lesson_on_an_interface_keeps_nothing() {
    if !root() {
        return;
    }
    let running = Running::start(&["explain", "dns", "--live=lo"], true, "Waiting on lo");
    keeps_nothing(&running, UID, GID);
}

#[test]
fn a_user_can_be_named_and_one_that_is_not_there_is_a_mistake() {
    if !root() {
        return;
    }
    let folder = Folder::new("named");
    let file = folder.file("x.pcapng");
    let running = Running::start(&["capture", "lo", "--user", "root", "-w", &file], true, "Capturing on lo");
    keeps_nothing(&running, 0, 0);
    assert_eq!(fs::metadata(&file).unwrap().uid(), 0);
    let unknown = osi_tutor(&["capture", "lo", "--user", "no-such-user"], true).output().unwrap();
    assert_eq!(
        (unknown.status.code(), text(&unknown)),
        (Some(2), "osi-tutor: there is no user called \"no-such-user\" on this machine\n".into())
    );
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_file_where_the_user_may_not_write_is_refused_with_a_way_out() {
    if !root() {
        return;
    }
    let folder = Folder::new("refused");
    chown(&folder.0, Some(UID + 1), None).unwrap();
    for sudo in [true, false] {
        let file = folder.file("x.pcapng");
        let no = osi_tutor(&["capture", "lo", "--duration", "1", "-w", &file], sudo).output().unwrap();
        let said = text(&no);
        assert_eq!(no.status.code(), Some(1), "{said}");
        assert!(said.contains("Permission denied") && said.contains("--user NAME"), "{said}");
        assert!(!Path::new(&file).exists());
    }
}

#[test]
fn root_writes_through_no_link_that_another_user_left() {
    if !root() {
        return;
    }
    let (folder, own) = (Folder::open("link"), Folder::new("target"));
    let (link, target) = (folder.0.join("x.pcapng"), own.0.join("precious"));
    fs::write(&target, "precious").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let no = osi_tutor(&["capture", "lo", "--duration", "1", "-w", link.to_str().unwrap()], false).output().unwrap();
    assert_eq!((no.status.code(), fs::read_to_string(&target).unwrap().as_str()), (Some(1), "precious"));
}

#[test]
fn sudo_leaves_nothing_of_roots_in_a_home() {
    if !root() {
        return;
    }
    let home = Folder::new("home");
    chown(&home.0, Some(UID), Some(GID)).unwrap();
    let paper = home.file("paper.csv");
    let mut quiz = osi_tutor(&["quiz", "handshake", "--count", "2", "--csv", &paper, "--name", "Ann"], true);
    let mut child = quiz.env("HOME", &home.0).env_remove("XDG_STATE_HOME").stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"1\n1\n").unwrap();
    assert!(child.wait().unwrap().success());
    let progress = osi_tutor(&["simulate", "two-hosts", "-w", &home.file("x.pcapng")], true);
    assert!({ progress }.env("HOME", &home.0).status().unwrap().success());
    let mut folders = vec![home.0.clone()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let is = entry.metadata().unwrap();
            assert_eq!((is.uid(), is.gid()), (UID, GID), "{:?}", entry.path());
            files += usize::from(is.is_file());
            folders.extend(is.is_dir().then(|| entry.path()));
        }
    }
    assert!(files >= 2, "{files}");
}

#[test]
fn sudo_still_reads_what_root_alone_may_read() {
    if !root() {
        return;
    }
    let folder = Folder::new("roots");
    let file = folder.file("x.pcapng");
    assert!(osi_tutor(&["simulate", "two-hosts", "-w", &file], false).status().unwrap().success());
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o700)).unwrap();
    let done = osi_tutor(&["read", &file, "--brief"], true).output().unwrap();
    assert!(done.status.success(), "{}", text(&done));
    // But it writes nothing there.
    let no = osi_tutor(&["read", &file, "-w", &folder.file("y.pcapng")], true).output().unwrap();
    assert_eq!(no.status.code(), Some(1));
}

#[test]
fn reading_a_file_can_start_no_program() {
    let mut child = osi_tutor(&["read", "-"], false).stdin(Stdio::piped()).spawn().unwrap();
    // What it says at its first packet, it says after the filter was set; a wrong beginning is told at once.
    let mut input = child.stdin.take().unwrap();
    let done = thread::spawn(move || {
        let status = |id: u32| fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let id = child.id();
        let mut looks = 0;
        while value(&status(id), "Seccomp") != "2" && looks < 1000 {
            looks += 1;
            thread::sleep(Duration::from_millis(10));
        }
        let found = (value(&status(id), "Seccomp"), value(&status(id), "NoNewPrivs"));
        let _ = child.kill();
        let _ = child.wait();
        found
    });
    let found = done.join().unwrap();
    let _ = input.write_all(b"x");
    assert_eq!(found, ("2".to_owned(), "1".to_owned()));
}

/// Runs in a process of its own, as the filter holds for all threads and for good.
#[test]
fn what_is_sealed_opens_reaches_and_starts_nothing_but_what_was_named() {
    const ALONE: &str = "OSI_TUTOR_SEALED";
    let name = "what_is_sealed_opens_reaches_and_starts_nothing_but_what_was_named";
    if let Some(folder) = std::env::var_os(ALONE) {
        return tries(Path::new(&folder));
    }
    let folder = Folder::new("sealed");
    let this = std::env::current_exe().unwrap();
    let mut alone = Command::new(this);
    let done = alone.args(["--exact", name, "--nocapture", "--test-threads=1"]).env(ALONE, &folder.0).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}{}", text(&done));
    if said.contains("no landlock") {
        skipped("this kernel has no landlock");
    }
}

/// Gives everything up, and then tries everything.
fn tries(folder: &Path) {
    let (mine, other) = (folder.join("mine"), folder.join("other"));
    fs::create_dir(&mine).unwrap();
    fs::write(&other, "secret").unwrap();
    fs::write(folder.join("read"), "readable").unwrap();
    let listener = |()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (known, stranger) = (listener(()), listener(()));
    let port = |of: &TcpListener| of.local_addr().unwrap().port();
    let report = rights::leave(None, Keep::Nothing);
    // The test's own thread is the second one.
    assert!(report.missing.len() <= 1, "{report:?}");
    let files = Files::Only { read: vec![folder.join("read")], write: vec![mine.clone()] };
    let report = rights::seal(&Needs { files, connect: vec![port(&known)] });
    assert!(report.seccomp, "{report:?}");
    let refused = |what: &str, e: std::io::Error| {
        assert_eq!(e.kind(), ErrorKind::PermissionDenied, "{what}: {e}");
        println!("{what}: {e}");
    };
    refused("a program", Command::new("/bin/true").status().unwrap_err());
    refused("a datagram", UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap_err());
    refused("a port", TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap_err());
    refused("IPv6", TcpStream::connect(("::1", port(&known))).unwrap_err());
    refused("a UNIX socket", UnixStream::connect("/run/nothing").unwrap_err());
    assert!(live::open("lo", &live::Options::default()).is_err());
    // What it lives on still works.
    TcpStream::connect(("127.0.0.1", port(&known))).unwrap();
    let (mut a, mut b) = UnixStream::pair().unwrap();
    a.write_all(b"x").unwrap();
    assert_eq!(thread::spawn(move || b.read(&mut [0]).unwrap()).join().unwrap(), 1);
    if report.landlock.is_none() {
        println!("no landlock");
        return;
    }
    refused("/etc/passwd", fs::read("/etc/passwd").unwrap_err());
    refused("another file", fs::read(&other).unwrap_err());
    refused("writing what may be read", fs::write(folder.join("read"), "").unwrap_err());
    refused("a new file", fs::write(folder.join("new"), "").unwrap_err());
    assert_eq!(fs::read_to_string(folder.join("read")).unwrap(), "readable");
    fs::write(mine.join("new"), "x").unwrap();
    fs::rename(mine.join("new"), mine.join("newer")).unwrap();
    if report.landlock >= Some(4) {
        refused("another port", TcpStream::connect(("127.0.0.1", port(&stranger))).unwrap_err());
    }
    fs::remove_file(mine.join("newer")).unwrap();
}

#[test]
fn the_doctor_says_what_holds() {
    if !root() {
        return;
    }
    for (sudo, becomes) in [(true, UID.to_string()), (false, "nobody".to_owned())] {
        let done = osi_tutor(&["doctor", "--json"], sudo).stdout(Stdio::piped()).output().unwrap();
        let facts = String::from_utf8(done.stdout).unwrap();
        let facts: Vec<serde_json::Value> = facts.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let fact = facts.iter().find(|fact| fact["id"] == "rights").expect("it speaks of rights");
        if fact["ok"] == true {
            let found = fact["found"].as_str().unwrap();
            let start = format!("it becomes the user {becomes}: no capability, no_new_privs, landlock");
            assert!(found.starts_with(&start) && found.ends_with("seccomp"), "{found}");
        } else {
            skipped(&format!("this kernel cannot do it all: {}", fact["found"]));
        }
        // Nobody needs them.
        let optional = |id: &str| facts.iter().any(|fact| fact["id"] == id && fact["optional"] == true);
        assert!(["tshark", "wireshark"].into_iter().all(optional));
    }
}

#[test]
fn help_that_cannot_be_written_is_an_error() {
    for args in [&["--help"][..], &["capture", "--help"], &["--version"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let done = osi_tutor(args, false).stdout(full).output().unwrap();
        assert_eq!(done.status.code(), Some(1), "{args:?}");
        assert!(text(&done).contains("standard output could not be written"), "{}", text(&done));
    }
}

#[test]
fn a_pipe_in_the_place_of_the_progress_is_not_waited_for() {
    let home = Folder::new("pipe");
    let state = home.0.join("osi-tutor");
    fs::create_dir(&state).unwrap();
    assert!(Command::new("mkfifo").arg(state.join("progress.json")).status().unwrap().success());
    let mut progress = osi_tutor(&["progress"], false);
    let child = progress.env("XDG_STATE_HOME", &home.0).stderr(Stdio::piped()).spawn().unwrap();
    let (sent, ended) = mpsc::channel();
    let id = child.id();
    thread::spawn(move || sent.send(child.wait_with_output()));
    let Ok(done) = ended.recv_timeout(PATIENCE) else {
        let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
        panic!("it waits");
    };
    let done = done.unwrap();
    assert!(done.status.success() && text(&done).contains("it is no regular file"), "{}", text(&done));
}
