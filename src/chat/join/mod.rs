//! `osi-tutor chat join`: the chat from a terminal, with the packets of one's own messages below the conversation.
//!
//! Read `client` (the program behind Socket.IO, without I/O), `model` (what is known and shown), `screen` (how it is
//! drawn) and `keys`. Without a terminal, each line of standard input is said, and each line of the output is a word
//! or a packet.

mod client;
mod keys;
mod model;
mod peel;
mod screen;

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value as Json;
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use self::client::{Client, FeedReader, Heard, Outbox};
use self::keys::Typed;
use self::model::{Model, Now};
use crate::chat::entry::Entry;
use crate::lab;
use crate::model::show;
use crate::peers::engineio::Transport;
use crate::peers::engineio::client::{Call, Line};
use crate::rng::Rng;
use crate::tty::Keys;
use crate::view::Theme;
use crate::view::plain;

/// Things heard that wait to be shown.
const WAITING: usize = 4096;
/// How long the end of standard input waits for the last answers.
const FAREWELL: Duration = Duration::from_secs(3);
/// How long a server may stay silent before it says its first word, as in the official client.
const PATIENCE: Duration = Duration::from_secs(20);
/// Before the first attempt to connect again; doubled each time.
const PAUSE: Duration = Duration::from_secs(1);
/// After so many attempts nobody waits any longer.
const ATTEMPTS: u32 = 6;

/// How to join.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server's name or address, with its port: `127.0.0.1:8080`.
    pub host: String,
    /// What we want to be called.
    pub name: String,
    /// The room.
    pub room: String,
    /// The code that the chat asks for.
    pub code: Option<String>,
    /// The transports, in the order in which they are tried.
    pub transports: Vec<Transport>,
    /// The colours.
    pub theme: Theme,
}

/// Shows a page: it asks for its lines by the columns and rows that there are.
pub type Canvas<'a> = dyn FnMut(&dyn Fn(usize, usize) -> Vec<String>) -> io::Result<()> + 'a;

/// Where it is shown.
pub enum Shown<'a> {
    /// On a screen that is drawn anew, and keys are taken.
    Page(&'a mut Canvas<'a>),
    /// Lines in, lines out.
    Lines {
        /// They hold what a keyboard has: letters, digits, punctuation.
        linear: bool,
    },
}

/// Why it ended without our wish.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The server cannot be reached.
    #[error("cannot reach {0}: {1}")]
    Unreachable(String, io::Error),
    /// It answered, and then the connection ended.
    #[error("{0} does not go on: {1}")]
    Ended(String, String),
    /// It does not let us in.
    #[error("{0} does not let you in: {1}")]
    Refused(String, String),
    /// It was never a chat, as far as could be heard.
    #[error("{0} is no chat that can be joined from here: {1}")]
    NoChat(String, String),
    /// The terminal or the output.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Joins, and talks until the user leaves.
///
/// # Errors
/// See [`JoinError`].
pub fn join(options: &Options, shown: &mut Shown<'_>) -> Result<(), JoinError> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let typed = if shown.is_page() { keys::of_terminal(Keys::new()?) } else { keys::of_lines() };
    let done = runtime.block_on(run(options, typed, shown));
    runtime.shutdown_background();
    done
}

impl Shown<'_> {
    fn is_page(&self) -> bool {
        matches!(self, Self::Page(_))
    }

    /// Draws the page, or prints the lines that are new.
    fn show(&mut self, model: &mut Model, theme: &Theme) -> io::Result<()> {
        let linear = match self {
            Self::Page(canvas) => return canvas(&|columns, rows| screen::page(model, theme, columns, rows)),
            Self::Lines { linear } => *linear,
        };
        let mut out = io::stdout().lock();
        for line in model.fresh(theme) {
            let line = if linear { spoken(&line) } else { line };
            out.write_all(line.as_bytes())?;
            out.write_all(b"\n")?;
        }
        out.flush()
    }
}

/// Every line that a terminal of 80 by 24 shows of what a server and its feed say, and the packets peeled.
pub(super) fn lines(said: &[Json]) -> Vec<String> {
    let (mut model, theme) = (Model::new("lobby"), Theme::new(false));
    model.begin(Outbox::default(), "Ada", "lobby");
    let mut lines = Vec::new();
    for (number, word) in (0..).zip(said) {
        let data = || word.get("data").cloned().unwrap_or_default();
        let heard = match word.get("event").and_then(Json::as_str) {
            Some("") => Heard::Answer(number, data()),
            Some(event) => Heard::Event(event.to_owned(), data()),
            None if word.is_string() => Heard::Seen(number % 2 == 0, word.as_str().unwrap_or_default().to_owned()),
            None => match Entry::read(&word.to_string()) {
                Some(entry) => Heard::Entry(entry),
                None => continue,
            },
        };
        model.hear(heard);
        lines.extend(model.fresh(&theme));
        lines.extend(screen::page(&model, &theme, 80, 24));
    }
    model.typed(&Typed::Peel);
    for key in [Typed::Down, Typed::Down, Typed::Right, Typed::Up] {
        lines.extend(screen::page(&model, &theme, 80, 24));
        model.typed(&key);
    }
    lines
}

/// Letters of anything that others wrote.
const SHOWN: usize = 2000;

/// Text of others, so that it cannot do anything to a terminal.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::new();
    show::escape_within(text.as_bytes(), SHOWN, &mut out);
    out
}

async fn run(options: &Options, mut typed: mpsc::Receiver<Typed>, shown: &mut Shown<'_>) -> Result<(), JoinError> {
    let mut model = Model::new(&options.room);
    let mut failures = 0;
    loop {
        let began = Instant::now();
        match dialogue(options, &mut model, &mut typed, shown).await? {
            Now::Leave => return Ok(()),
            Now::Lost(why) if !model.was_here() => return Err(JoinError::NoChat(options.host.clone(), why)),
            Now::Lost(why) if !shown.is_page() => return Err(JoinError::Ended(options.host.clone(), why)),
            Now::Lost(why) => {
                failures = if began.elapsed() > Duration::from_mins(1) { 1 } else { failures + 1 };
                if failures > ATTEMPTS {
                    return Err(JoinError::Ended(options.host.clone(), why));
                }
                let pause = PAUSE * 2_u32.pow(failures - 1);
                model.note(&format!("disconnected: {why}; next attempt in {} s", pause.as_secs()));
                shown.show(&mut model, &options.theme)?;
                if timeout(pause, leaves(&mut typed)).await.is_ok() {
                    return Ok(());
                }
            }
            Now::Go => {}
        }
    }
}

/// Waits until the user leaves. What else is typed has nobody to hear it.
async fn leaves(typed: &mut mpsc::Receiver<Typed>) {
    while let Some(key) = typed.recv().await {
        if key == Typed::Leave {
            return;
        }
    }
    // Standard input has ended; what waits to be said is still said.
    std::future::pending::<()>().await;
}

/// One connection, from its first word to its last.
async fn dialogue(
    options: &Options,
    model: &mut Model,
    typed: &mut mpsc::Receiver<Typed>,
    shown: &mut Shown<'_>,
) -> Result<Now, JoinError> {
    let (to, mut heard) = mpsc::channel(WAITING);
    let (feed, mut entries) = mpsc::channel(WAITING);
    let outbox = Outbox::default();
    let call = Call { host: options.host.clone(), path: "/socket.io/".into(), transports: options.transports.clone() };
    let line = Line::new(call, Client::new(to, outbox.clone(), options.code.as_deref()), Rng::from_system());
    if shown.is_page() && !model.was_here() {
        model.note(&format!("calling {} …", options.host));
        shown.show(model, &options.theme)?;
    }
    let reached = timeout(PATIENCE, async {
        let server = address(&options.host).await?;
        lab::call(Box::new(line), server).await.map(|()| server)
    });
    let reached = tokio::select! {
        reached = reached => reached.unwrap_or_else(|_| Err(silent())),
        // The lines of a pipe wait until somebody can hear them.
        () = leaves(typed), if shown.is_page() => return Ok(Now::Leave),
    };
    let server = match reached {
        Ok(server) => server,
        Err(e) if model.was_here() => return Ok(Now::Lost(e.to_string())),
        Err(e) => return Err(JoinError::Unreachable(options.host.clone(), e)),
    };
    let (mut first_word, mut leaving) = (Some(Instant::now() + PATIENCE), None::<Instant>);
    model.begin(outbox, &options.name, &options.room);
    loop {
        shown.show(model, &options.theme)?;
        let until = leaving.or(first_word).unwrap_or_else(|| Instant::now() + Duration::from_hours(1));
        let now = tokio::select! {
            word = heard.recv() => match word {
                Some(word) => {
                    // Its first word came; from now on the heartbeat tells whether it lives.
                    if !matches!(word, Heard::Seen(true, _)) {
                        first_word = None;
                    }
                    refused(options, model, &word)?;
                    let key = model.hear(word);
                    if let Some(key) = key {
                        let reader = FeedReader::new(options.host.clone(), key, Rng::from_system(), feed.clone());
                        // Without the feed the chat goes on; the page says so as well.
                        let _ = lab::call(Box::new(reader), server).await;
                    }
                    Now::Go
                }
                // Every connection is closed, and with them the program.
                None if leaving.is_some() => Now::Leave,
                None => Now::Lost("the connection was closed".to_owned()),
            },
            Some(entry) = entries.recv() => {
                model.hear(entry);
                Now::Go
            }
            key = typed.recv(), if leaving.is_none() => match key {
                Some(key) => model.typed(&key),
                None => Now::Leave,
            },
            () = tokio::time::sleep_until(until) => match leaving {
                Some(_) => Now::Leave,
                None if first_word.is_some() => Now::Lost(silent().to_string()),
                None => Now::Go,
            },
        };
        match now {
            Now::Go => {}
            Now::Leave if leaving.is_none() => {
                // What was typed last shall be answered, and the others hear a goodbye.
                settle(options, model, &mut heard, &mut entries, shown).await?;
                model.leave();
                leaving = Some(Instant::now() + Duration::from_millis(500));
            }
            other => return Ok(other),
        }
    }
}

/// Fails if this word is the server's no.
fn refused(options: &Options, model: &Model, word: &Heard) -> Result<(), JoinError> {
    match word {
        Heard::Ended(why) if !model.was_here() => Err(JoinError::Refused(options.host.clone(), why.clone())),
        _ => Ok(()),
    }
}

/// Waits until everything that was said is answered, and a moment longer for its packets.
async fn settle(
    options: &Options,
    model: &mut Model,
    heard: &mut mpsc::Receiver<Heard>,
    entries: &mut mpsc::Receiver<Heard>,
    shown: &mut Shown<'_>,
) -> Result<(), JoinError> {
    if shown.is_page() {
        return Ok(());
    }
    let answers = async {
        while model.waits() {
            match heard.recv().await {
                Some(word) => {
                    refused(options, model, &word)?;
                    model.hear(word);
                }
                None => return Ok::<(), JoinError>(()),
            }
        }
        let _ = timeout(Duration::from_millis(300), async {
            while let Some(entry) = entries.recv().await {
                model.hear(entry);
            }
        })
        .await;
        Ok(())
    };
    timeout(FAREWELL, answers).await.unwrap_or(Ok(()))?;
    Ok(shown.show(model, &options.theme)?)
}

/// A packet's line taken apart: who sends it, when, and what it is.
fn directed(line: &str) -> Option<(&'static str, &str, &str)> {
    let line = line.strip_prefix("  ")?;
    let (way, rest) = match (line.strip_prefix('↓'), line.strip_prefix('↑')) {
        (Some(rest), _) => ("Server to you", rest),
        (_, Some(rest)) => ("You to the server", rest),
        _ => return None,
    };
    let (at, what) = rest.trim_start().split_once("  ")?;
    at.parse::<f64>().is_ok().then_some((way, at, what))
}

/// A line as it is said: its signs in words, without the spaces that only align it.
fn spoken(line: &str) -> String {
    let said = |line: &str| match directed(line) {
        Some((way, at, what)) => plain::line(&format!("{way}, at {at} seconds: {}", plain::spelled(what))),
        None => plain::line(&plain::spelled(line)),
    };
    line.lines().map(said).collect::<Vec<_>>().join("\n")
}

/// What is said of a server that accepts a connection and never lets us in.
fn silent() -> io::Error {
    let seconds = PATIENCE.as_secs();
    io::Error::new(io::ErrorKind::TimedOut, format!("there was no answer within {seconds} seconds"))
}

async fn address(host: &str) -> io::Result<SocketAddr> {
    let first = tokio::net::lookup_host(host).await?.next();
    first.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the name has no address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_has_no_signs_and_no_columns() {
        assert_eq!(
            spoken("Ann: a → b\n  ↑ 0.000  TCP  7 → 8 [SYN] Seq=0"),
            "Ann: a to b\nYou to the server, at 0.000 seconds: TCP 7 to 8 SYN, sequence number 0"
        );
        assert_eq!(spoken("↓ 1  x: hey"), "down 1 x: hey", "a name isn't a packet");
    }
    use std::net::TcpListener;

    #[test]
    fn a_server_that_accepts_and_never_answers_is_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let options = Options {
            host: listener.local_addr().unwrap().to_string(),
            name: "Ada".into(),
            room: "lobby".into(),
            code: None,
            transports: vec![Transport::Polling, Transport::WebSocket],
            theme: Theme::new(false),
        };
        // Nobody types anything; the clock jumps to the next moment at which something is due.
        let (_nobody, typed) = mpsc::channel(1);
        let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let why = runtime.block_on(run(&options, typed, &mut Shown::Lines { linear: false })).unwrap_err().to_string();
        assert!(why.ends_with("there was no answer within 20 seconds"), "{why}");
    }
}
