//! Rank 0: the terminal, taken for a while and given back; and what happens at it.
//!
//! Raw mode, the alternate screen and the hidden cursor are given back however the program ends: when the guard is
//! dropped, after a signal (the program then ends in the usual way), and before a panic says its message, which would
//! be lost on the alternate screen.
//!
//! A terminal can go away at any time: its window is closed, the line of an ssh session is cut, the system wants the
//! program to end. A program that waits for keys hears of all that as [`Heard::Gone`], with SIGHUP or without it (a
//! program under `su` or `nohup` gets none, and its reads then say "nothing, try again" for ever).

pub mod table;

use crossterm::cursor::{Hide, Show};
use crossterm::event::{self, DisableMouseCapture, EnableMouseCapture, Event};
use crossterm::execute;
use crossterm::terminal::{
    DisableLineWrap, EnableLineWrap, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use std::io;
use std::sync::Once;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// How often to look whether the terminal is still there.
const LOOK: Duration = Duration::from_millis(200);

/// What happened at the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A key, or another size.
    Event(Event),
    /// Nothing in the time that was given.
    Nothing,
    /// There is no terminal any more, or the program was asked to end: nothing else will come.
    Gone,
}

/// Raw mode: keys come one by one and are not shown. The terminal is as before when this is dropped.
#[derive(Debug)]
pub struct Raw(());

/// The whole screen, in raw mode; given back when this is dropped.
#[derive(Debug)]
pub struct Screen(());

/// What is taken of the terminal: there is one, so there is one record, which a panic in any thread finds.
static TAKEN: AtomicU8 = AtomicU8::new(0);
/// In [`TAKEN`]: raw mode.
const RAW: u8 = 1;
/// In [`TAKEN`]: the alternate screen, without line wrap or cursor.
const SCREEN: u8 = 2;
/// In [`TAKEN`]: clicks and the wheel.
const MOUSE: u8 = 4;

/// Waits for keys.
#[derive(Debug)]
pub struct Keys {
    #[cfg(unix)]
    watch: watch::Watch,
}

impl Raw {
    /// Takes single keys.
    ///
    /// # Errors
    /// There is no terminal.
    pub fn take() -> io::Result<Self> {
        take(RAW)?;
        Ok(Self(()))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        give_back();
    }
}

impl Screen {
    /// Takes the screen.
    ///
    /// # Errors
    /// There is no terminal.
    pub fn take() -> io::Result<Self> {
        take(RAW | SCREEN)?;
        Ok(Self(()))
    }

    /// Takes the mouse, too: what it does is heard as events.
    ///
    /// # Errors
    /// There is no terminal.
    pub fn take_with_mouse() -> io::Result<Self> {
        take(RAW | SCREEN | MOUSE)?;
        Ok(Self(()))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Single keys that are not shown; everything else is as usual: lines end as they do, Ctrl-C interrupts. The terminal is
/// as before when this is dropped.
#[cfg(unix)]
#[derive(Debug)]
pub struct Quiet(rustix::termios::Termios);

#[cfg(unix)]
impl Quiet {
    /// Takes single keys; `None` where nobody types: standard input is no terminal, or belongs to another program now.
    pub fn take() -> Option<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcgetpgrp, tcsetattr};
        let input = io::stdin();
        let before = tcgetattr(&input).ok()?;
        if tcgetpgrp(&input).ok()? != rustix::process::getpgrp() {
            return None;
        }
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        tcsetattr(&input, OptionalActions::Now, &quiet).ok()?;
        Some(Self(before))
    }
}

#[cfg(unix)]
impl Drop for Quiet {
    fn drop(&mut self) {
        let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, &self.0);
    }
}

fn take(what: u8) -> io::Result<()> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let next = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            next(panic);
        }));
    });
    enable_raw_mode()?;
    TAKEN.store(what, Ordering::SeqCst);
    if what & SCREEN != 0 {
        execute!(io::stdout(), EnterAlternateScreen, DisableLineWrap, Hide).inspect_err(|_| give_back())?;
    }
    if what & MOUSE != 0 {
        execute!(io::stdout(), EnableMouseCapture).inspect_err(|_| give_back())?;
    }
    Ok(())
}

/// Gives back what is taken. Only once: who leaves the alternate screen a second time moves the cursor over what was
/// written since.
fn give_back() {
    let taken = TAKEN.swap(0, Ordering::SeqCst);
    if taken & MOUSE != 0 {
        let _ = execute!(io::stdout(), DisableMouseCapture);
    }
    if taken & SCREEN != 0 {
        let _ = execute!(io::stdout(), Show, EnableLineWrap, LeaveAlternateScreen);
    }
    if taken & RAW != 0 {
        let _ = disable_raw_mode();
    }
}

/// Stops the program as Ctrl-Z does where keys are not taken, until the shell lets it go on. What is taken of the
/// terminal must be given back before.
pub fn suspend() {
    #[cfg(unix)]
    let _ = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP);
}

impl Keys {
    /// From now on SIGTERM, SIGHUP and SIGINT are heard as [`Heard::Gone`]; the second one of a kind kills.
    ///
    /// # Errors
    /// The system does not let signals be caught.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            watch: watch::Watch::new()?,
        })
    }

    /// The next key or size; `None` when nothing else will come.
    pub fn next(&self) -> Option<Event> {
        loop {
            match self.within(LOOK) {
                Heard::Event(event) => return Some(event),
                Heard::Nothing => {}
                Heard::Gone => return None,
            }
        }
    }

    /// What happens in so long; at most 200 milliseconds of it are waited for.
    pub fn within(&self, time: Duration) -> Heard {
        #[cfg(unix)]
        if self.watch.is_gone() {
            return Heard::Gone;
        }
        let heard = event::poll(time.min(LOOK)).and_then(|some| if some { event::read().map(Some) } else { Ok(None) });
        match heard {
            Ok(Some(event)) => Heard::Event(event),
            Ok(None) => Heard::Nothing,
            Err(_) => Heard::Gone,
        }
    }
}

#[cfg(unix)]
mod watch {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::flag;
    use std::fs::File;
    use std::io::{self, IsTerminal as _, stdin};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Watches over the terminal and the signals.
    #[derive(Debug)]
    pub(super) struct Watch {
        asked: Arc<AtomicBool>,
        /// The terminal that keys come from, where standard input is none.
        terminal: Option<File>,
    }

    impl Watch {
        pub(super) fn new() -> io::Result<Self> {
            let asked = Arc::new(AtomicBool::new(false));
            for signal in [SIGTERM, SIGHUP, SIGINT] {
                // In this order: the second signal finds the flag set.
                flag::register_conditional_default(signal, Arc::clone(&asked))?;
                flag::register(signal, Arc::clone(&asked))?;
            }
            let terminal = if stdin().is_terminal() { None } else { Some(File::open("/dev/tty")?) };
            Ok(Self { asked, terminal })
        }

        pub(super) fn is_gone(&self) -> bool {
            let input = stdin();
            let mut fd = [match &self.terminal {
                Some(file) => PollFd::new(file, PollFlags::empty()),
                None => PollFd::new(&input, PollFlags::empty()),
            }];
            let hung_up = poll(&mut fd, Some(&Timespec::default())).is_ok_and(|n| n > 0);
            hung_up || self.asked.load(Ordering::Relaxed)
        }
    }
}
