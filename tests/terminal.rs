//! Terminals that go away, and programs that are asked to end: nothing spins, nothing is lost, the screen is given back.
//!
//! Each program runs in a terminal of its own. It ends with the test: what lives too long is killed.
#![cfg(target_os = "linux")]

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take here. A slow machine needs some of it; a program that hangs needs all.
const PATIENCE: Duration = Duration::from_secs(20);

/// A size of the screen that is played.
fn size(size: u16) -> NonZero<u16> {
    NonZero::new(size).unwrap()
}

/// A program in a terminal of 80 by 24.
struct Played {
    child: Child,
    /// Our end of the terminal; dropped, the terminal is gone.
    ours: Option<File>,
    seen: String,
    /// What the screen shows: only what changed is written.
    screen: vt100::Parser,
    home: PathBuf,
}

impl Played {
    /// Starts it. `hangs_up`: the terminal's end comes with SIGHUP, as from a shell; else as under `su` or `nohup`.
    fn start(name: &str, hangs_up: bool, args: &[&str]) -> Self {
        Self::run(Path::new(env!("CARGO_BIN_EXE_osi-tutor")), name, hangs_up, args)
    }

    /// The same with another program.
    fn run(program: &Path, name: &str, hangs_up: bool, args: &[&str]) -> Self {
        let home = std::env::temp_dir().join(format!("osi-tutor-terminal-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&home);
        std::fs::create_dir_all(&home).unwrap();
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        tcsetwinsize(&ours, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let theirs = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
        let theirs = File::options().read(true).write(true).open(theirs).unwrap();
        let mut command = Command::new("setsid");
        // A session without a controlling terminal gets no signal from it.
        command.args(hangs_up.then_some("--ctty")).arg(program).args(args);
        command.env("XDG_STATE_HOME", &home).env("TERM", "xterm-256color");
        command.stdin(theirs.try_clone().unwrap()).stdout(theirs.try_clone().unwrap()).stderr(theirs);
        let child = command.spawn().unwrap();
        Self {
            child,
            ours: Some(File::from(ours)),
            seen: String::new(),
            screen: vt100::Parser::new(size(24), size(80), 0),
            home,
        }
    }

    /// What the program writes next; `None` if it is silent for so long, or has no terminal any more.
    fn read(&mut self, patience: Duration) -> Option<String> {
        let ours = self.ours.as_mut()?;
        let wait = Timespec::try_from(patience).unwrap();
        let mut bytes = [0; 4096];
        match poll(&mut [PollFd::new(ours, PollFlags::IN)], Some(&wait)) {
            Ok(1..) => {
                let n = ours.read(&mut bytes).ok()?;
                self.screen.process(&bytes[..n]);
                Some(String::from_utf8_lossy(&bytes[..n]).into_owned())
            }
            _ => None,
        }
    }

    /// Waits until the screen shows this.
    fn wait_to_see(&mut self, text: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.screen.screen().contents().contains(text) {
            match self.read(end.saturating_duration_since(Instant::now())) {
                Some(text) => self.seen += &text,
                None => panic!("{text:?} is never to be seen: {}", self.screen.screen().contents()),
            }
        }
    }

    /// Waits until the screen says so, since the last time.
    fn wait_for(&mut self, text: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.seen.contains(text) {
            match self.read(end.saturating_duration_since(Instant::now())) {
                Some(text) => self.seen += &text,
                None => panic!("{text:?} never came: {:?}", self.seen),
            }
        }
        self.seen = self.seen.split_off(self.seen.find(text).unwrap() + text.len());
    }

    fn press(&mut self, keys: &str) {
        self.ours.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    /// Sends a signal to the program.
    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// The window is closed.
    fn close(&mut self) {
        self.ours = None;
    }

    /// Waits until the program has ended; what it wrote after what was waited for.
    fn end(&mut self) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            if self.child.try_wait().unwrap().is_some() {
                break;
            }
            assert!(Instant::now() < end, "it goes on for ever: {:?}", self.seen);
            match self.read(Duration::from_millis(20)) {
                Some(text) => self.seen += &text,
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        }
        while let Some(text) = self.read(Duration::ZERO) {
            self.seen += &text;
        }
        std::mem::take(&mut self.seen)
    }

    /// The page of a lesson that is kept, and how many answers were right.
    fn kept(&self, lesson: &str) -> Option<(u64, u64)> {
        let text = std::fs::read(self.home.join("osi-tutor/progress.json")).ok()?;
        let all: serde_json::Value = serde_json::from_slice(&text).unwrap();
        Some((all["lessons"][lesson]["page"].as_u64()?, all["right"].as_u64()?))
    }
}

impl Drop for Played {
    fn drop(&mut self) {
        self.ours = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.home);
    }
}

/// What is played, its arguments, and what its screen says once it waits for keys.
const PLAYED: [(&str, &[&str], &str); 3] = [
    ("explain", &["explain", "handshake"], "q quit"),
    ("quiz", &["quiz", "two-hosts", "--seed", "1"], "q quit"),
    ("pace", &["simulate", "two-hosts", "--pace", "step", "--brief"], "q ends"),
];

#[test]
#[cfg(feature = "classroom")]
fn keys_at_the_terminal_lead_a_class_and_ctrl_c_gives_it_back_as_it_was() {
    use rustix::termios::{LocalModes, tcgetattr};
    let mut class = Played::start("class", true, &["class", "handshake", "--listen", "127.0.0.1:0", "--linear"]);
    let shown = |class: &Played| {
        let modes = tcgetattr(class.ours.as_ref().unwrap()).unwrap().local_modes;
        [LocalModes::ICANON, LocalModes::ECHO, LocalModes::ISIG].map(|mode| modes.contains(mode))
    };
    class.wait_for("? lists the other keys");
    assert_eq!(shown(&class), [false, false, true], "single keys, not shown; Ctrl-C still interrupts");
    for (key, answer) in [
        ("?", "Enter: Next slide"),
        ("\r", "Slide 1 of "),
        ("l", "Locked. Enter: "),
        ("l", "0 here. Enter: "),
        ("n", "Slide 2 of "),
        ("v", "vote 1 is open. 0 of 0 answered."),
        ("c", "the vote is closed"),
        ("r", "the answer is shown"),
        ("h", "Show the hint: this can't be done now."),
    ] {
        class.press(key);
        class.wait_for(answer);
    }
    class.press("\u{3}");
    class.end();
    assert_eq!(shown(&class), [true; 3]);
}

#[test]
#[cfg(all(feature = "classroom", feature = "tui"))]
fn a_class_is_led_on_the_full_screen_at_any_size_and_ends_with_its_terminal() {
    // One address beyond this machine, so that there is a code to scan; nobody comes.
    let args = ["class", "handshake", "dns", "--listen", "0.0.0.0:0", "--no-capture"];
    let mut class = Played::start("class-screen", true, &args);
    class.wait_to_see("You teach at");
    class.press("\r");
    class.wait_to_see("The lobby: people come in.");
    class.press("n");
    class.wait_to_see("Slide 1 of ");
    for (ws_row, ws_col) in [(40, 120), (1, 1), (2, 200), (20, 60), (24, 80)] {
        let size = Winsize { ws_row, ws_col, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(class.ours.as_ref().unwrap(), size).unwrap();
        class.press("??");
    }
    for (key, seen) in [
        ("\t", "class 2 of 2"),
        ("1", "class 1 of 2"),
        ("n", "Slide 2 of "),
        ("v", "vote 1 is open"),
        ("?", "run the what-if"),
        ("q", "0 of 0 answered"),
        ("c", "the vote is closed"),
        ("r", "the answer is shown"),
        ("h", "Show the hint: this can't be done now."),
    ] {
        class.press(key);
        class.wait_to_see(seen);
    }
    class.press("\u{3}");
    let last = class.end();
    assert!(GIVEN_BACK.iter().all(|given_back| last.contains(given_back)), "{last:?}");
    for signal in ["TERM", "HUP"] {
        let mut class = Played::start(&format!("class-{signal}"), true, &args);
        class.wait_to_see("You teach at");
        class.signal(signal);
        let last = class.end();
        assert!(GIVEN_BACK.iter().all(|given_back| last.contains(given_back)), "{signal}: {last:?}");
    }
    for hangs_up in [true, false] {
        let mut class = Played::start("class-gone", hangs_up, &args);
        class.wait_to_see("You teach at");
        class.close();
        class.end();
    }
}

#[test]
fn a_terminal_that_goes_away_ends_the_program_with_or_without_a_signal() {
    for (name, args, ready) in PLAYED {
        for hangs_up in [true, false] {
            let mut played = Played::start(&format!("{name}-{hangs_up}"), hangs_up, args);
            played.wait_for(ready);
            played.close();
            played.end();
        }
    }
}

#[test]
fn a_polite_kill_gives_the_screen_back_and_keeps_the_progress() {
    for signal in ["TERM", "HUP", "INT"] {
        let mut played = Played::start(&format!("kill-{signal}"), true, &["explain", "handshake"]);
        played.wait_to_see("1 of ");
        played.press(" ");
        played.wait_to_see("2 of ");
        played.signal(signal);
        let last = played.end();
        for given_back in GIVEN_BACK {
            assert!(last.contains(given_back), "{signal}: {given_back:?} in {last:?}");
        }
        assert_eq!(played.kept("handshake"), Some((2, 0)), "{signal}");
    }
}

/// What the screen is given back with: the ordinary screen, the cursor, the wrapping of lines.
const GIVEN_BACK: [&str; 3] = ["\x1b[?1049l", "\x1b[?25h", "\x1b[?7h"];

#[test]
fn a_panic_gives_the_screen_back_once_and_then_says_its_message() {
    let this = std::env::current_exe().unwrap();
    for thread in ["its_own_thread", "another_thread"] {
        let name = format!("panics_in_{thread}_with_the_screen_taken");
        let mut played = Played::run(&this, thread, true, &["--ignored", "--exact", "--nocapture", &name]);
        played.wait_for("\x1b[?1049h");
        let last = played.end();
        let message = last.find("the message of a panic").unwrap_or_else(|| panic!("no message: {last:?}"));
        for given_back in GIVEN_BACK {
            assert_eq!(last.matches(given_back).count(), 1, "{given_back:?} in {last:?}");
            assert!(last.find(given_back) < Some(message), "{given_back:?} after the message: {last:?}");
        }
        // Raw mode is over: a line break begins at the left again.
        assert!(last.get(message..).unwrap_or_default().contains("\r\n"), "{last:?}");
    }
}

#[test]
#[ignore = "panics, in a terminal that another test gives it"]
fn panics_in_its_own_thread_with_the_screen_taken() {
    let _screen = osi_tutor::tty::Screen::take().unwrap();
    panic!("the message of a panic");
}

#[test]
#[ignore = "panics, in a terminal that another test gives it"]
fn panics_in_another_thread_with_the_screen_taken() {
    let _screen = osi_tutor::tty::Screen::take().unwrap();
    let other = std::thread::spawn(|| panic!("the message of a panic"));
    assert!(other.join().is_err());
}

#[test]
fn progress_is_written_after_each_page_and_each_answer_once() {
    let mut played = Played::start("kept", true, &["explain", "handshake"]);
    played.wait_to_see("1 of ");
    played.press(" ");
    played.wait_to_see("2 of ");
    played.press("0");
    played.wait_to_see("The answer: ");
    // All of the page is in sight.
    played.press(" ");
    played.wait_to_see("3 of ");
    // No chance to write anything now.
    played.signal("KILL");
    played.end();
    assert_eq!(played.kept("handshake"), Some((3, 0)));
}

#[test]
fn a_dumb_terminal_gets_lines_that_are_only_added_and_keeps_progress() {
    let program = env!("CARGO_BIN_EXE_osi-tutor");
    let mut played = Played::run(
        Path::new("env"),
        "dumb",
        true,
        &["TERM=dumb", program, "explain", "handshake", "--color", "always"],
    );
    let mut all = String::new();
    for (wanted, keys) in [
        ("Enter goes on. ? lists the commands.", "\n"),
        ("Type a number, 1 to 4, then Enter.", "1\n"),
        ("Right.", "\n"),
        ("Page 3 of ", "?\n"),
        // The end of the input.
        ("Commands:", "\u{4}"),
    ] {
        while !all.contains(wanted) {
            all += &played.read(PATIENCE).unwrap_or_else(|| panic!("{wanted:?} never came: {all}"));
        }
        played.press(keys);
    }
    all += &played.end();
    assert!(all.chars().all(|c| matches!(c, ' '..='~' | '\n' | '\r')), "{all:?}");
    assert_eq!(played.kept("handshake"), Some((3, 1)));
}

/// A chat to join; it ends with the test.
#[cfg(feature = "chat")]
struct Chat(Child, String);

#[cfg(feature = "chat")]
impl Chat {
    fn start() -> Self {
        use std::io::BufRead as _;
        let mut child = Command::new(env!("CARGO_BIN_EXE_osi-tutor"))
            .args(["chat", "serve", "127.0.0.1:0", "--no-capture"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = std::io::BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines.map_while(Result::ok).find_map(|line| {
            let rest = line.split("http://").nth(1)?;
            Some(rest.split('/').next()?.to_owned())
        });
        Self(child, address.unwrap())
    }
}

#[cfg(feature = "chat")]
impl Drop for Chat {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(feature = "chat")]
#[test]
fn a_chat_is_left_when_the_terminal_goes_and_by_ctrl_c_at_any_time() {
    for hangs_up in [true, false] {
        let chat = Chat::start();
        let mut played = Played::start(&format!("chat-{hangs_up}"), hangs_up, &["chat", "join", &chat.1]);
        played.wait_for("in the room");
        played.close();
        played.end();
    }
    // While it waits to connect again.
    let chat = Chat::start();
    let mut played = Played::start("chat-again", true, &["chat", "join", &chat.1]);
    played.wait_for("in the room");
    drop(chat);
    played.wait_for("next attempt in 4 s");
    played.press("\x03");
    let begun = Instant::now();
    played.end();
    assert!(begun.elapsed() < Duration::from_secs(4), "it waited for the next attempt");
    // While nobody answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let mut played = Played::start("chat-silent", true, &["chat", "join", &address]);
    played.wait_for("calling");
    played.press("\x03");
    played.end();
}

#[test]
fn no_lesson_and_no_name_writes_anything_raw() {
    let folder = std::env::temp_dir().join(format!("osi-tutor-raw-{}", std::process::id()));
    let evil = folder.join("a\u{1b}]0;T\u{7}\u{202e}b");
    std::fs::create_dir_all(&evil).unwrap();
    let run = |args: &[&std::ffi::OsStr]| {
        Command::new(env!("CARGO_BIN_EXE_osi-tutor")).args(args).stdin(Stdio::null()).output().unwrap()
    };
    let path = |p: &Path| p.as_os_str().to_owned();
    let new = run(&["lesson".as_ref(), "new".as_ref(), "mine".as_ref(), "--lessons".as_ref(), &path(&evil)]);
    assert!(new.status.success());
    assert!(!String::from_utf8_lossy(&new.stdout).contains(['\u{1b}', '\u{7}', '\u{202e}']), "{new:?}");
    // A lesson that was sound, but for references that Markdown decodes.
    let file = evil.join("500-mine.md");
    let text = std::fs::read_to_string(&file).unwrap();
    let evil_text = text.replacen("\n\n", "\n\na&#27;]52;c;cm0=&#7;&#x9b;31m &#x202e;txt.exe\n\n", 1);
    assert_ne!(text, evil_text);
    std::fs::write(&file, evil_text).unwrap();
    let check = run(&["lesson".as_ref(), "check".as_ref(), &path(&evil)]);
    assert_eq!(check.status.code(), Some(1));
    let play = run(&["explain".as_ref(), "mine".as_ref(), "--lessons".as_ref(), &path(&evil)]);
    for out in [&check.stdout, &check.stderr, &play.stdout, &play.stderr] {
        let out = String::from_utf8_lossy(out);
        assert!(!out.contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')), "{out:?}");
    }
    assert!(String::from_utf8_lossy(&play.stdout).contains(r"a\x1b]52;c;cm0=\x07\u{009b}31m \u{202e}txt.exe"));
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn a_lesson_that_is_no_ordinary_file_or_has_no_end_is_refused() {
    let folder = std::env::temp_dir().join(format!("osi-tutor-endless-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    // An ordinary file whose length says 0, and that has 64 bits for each page of memory.
    std::os::unix::fs::symlink("/proc/self/pagemap", folder.join("1-x.md")).unwrap();
    assert!(Command::new("mkfifo").arg(folder.join("2-y.md")).status().unwrap().success());
    for path in [folder.clone(), folder.join("1-x.md"), folder.join("2-y.md")] {
        let check =
            Command::new(env!("CARGO_BIN_EXE_osi-tutor")).args(["lesson", "check"]).arg(&path).output().unwrap();
        assert_eq!(check.status.code(), Some(1), "{check:?}");
    }
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn the_full_screen_takes_any_size_and_ends_with_its_terminal() {
    let capture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures/websocket.pcap");
    let mut played = Played::start("browser", true, &["read", capture]);
    played.wait_for("q quit");
    for (ws_row, ws_col) in [(40, 120), (1, 1), (2, 200), (24, 80)] {
        let size = Winsize { ws_row, ws_col, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(played.ours.as_ref().unwrap(), size).unwrap();
        played.press("\t4j");
    }
    played.press("?");
    played.wait_to_see("unusual or marked packet");
    played.press("qq");
    assert!(played.end().contains("\x1b[?1049l"), "the screen is given back");

    for hangs_up in [true, false] {
        let mut played = Played::start("browser-gone", hangs_up, &["simulate", "two-hosts"]);
        played.wait_for("q quit");
        played.close();
        played.end();
    }
}

/// A lesson and a quiz on the real screen.
#[cfg(feature = "tui")]
#[test]
fn a_lesson_and_a_quiz_take_any_size_and_keep_what_was_answered() {
    let mut played = Played::start("player", true, &["explain", "handshake"]);
    played.wait_to_see("1 of 19");
    for (ws_row, ws_col) in [(40, 120), (1, 1), (2, 200), (20, 60), (24, 80)] {
        let size = Winsize { ws_row, ws_col, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(played.ours.as_ref().unwrap(), size).unwrap();
        played.press("??");
    }
    played.press(" ");
    played.wait_to_see("2 of 19");
    played.press("\x1b[B\r");
    played.wait_to_see("✓ Right.");
    played.press("?");
    played.wait_to_see("go to a page or a packet by its number");
    played.press("qq");
    assert!(played.end().contains("\x1b[?1049l"), "the screen is given back");
    assert_eq!(played.kept("handshake"), Some((2, 1)));

    let mut played = Played::start("player-quiz", true, &["quiz", "two-hosts", "--seed", "1"]);
    played.wait_to_see("1 of 10");
    played.press("\x1b");
    played.wait_to_see("Enter type");
    played.press("0");
    played.wait_to_see("2 of 10");
    played.press("\x03");
    assert!(played.end().contains("0 of 0 right"));
}
