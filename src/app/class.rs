//! `osi-tutor class`: a lesson for a room full of phones.

use super::explain::{Played, what_if};
use super::{Failure, error, explain, store};
use crate::classroom::deck::Deck;
use crate::classroom::hub::{News, Open};
use crate::classroom::keep::{Keep, KeepError, Origin, Saved};
use crate::classroom::report::Report;
use crate::classroom::session::Session;
use crate::cli::{Class, ClassCommand, PORT, ReportForm};
use crate::lesson::player::{Input, Player, Request};
use crate::lesson::{self, Lesson, simulate};
use crate::rights::{self, Files, Needs};
use crate::serve::{code, ending};
use crate::tutor::{Audience, Texts};
use std::io::{self, IsTerminal as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Runs it.
pub(super) fn run(args: &Class) -> Result<(), Failure> {
    if let Some(ClassCommand::Report { form, state }) = &args.command {
        return report(*form, &folder(state.as_deref())?);
    }
    let folder = folder(args.state.as_deref())?;
    let saved = if args.resume { Some(Saved::read(&folder).map_err(|why| kept(&why))?) } else { None };
    let (deck, usual) = if let Some(saved) = &saved {
        (deck_of(saved)?, Some(saved.origin.address))
    } else {
        let name = args.lesson.as_deref().ok_or_else(none)?;
        (deck(name, args.lessons.as_deref(), args.audience, args.seed)?, None)
    };
    let open = open(args, usual)?;
    let (session, keep) = match saved {
        Some(saved) => saved.resume(Arc::new(deck), open.address()).map_err(|why| kept(&why))?,
        None => begin(args, deck, &folder, &open)?,
    };
    // The port is open, and no byte of a stranger's has been read.
    let write = vec![folder];
    rights::seal(&Needs { files: Files::Only { read: Vec::new(), write }, ..Needs::default() });
    let tell = |news: News| match news {
        News::Stands(standing) => standing.told(io::stderr().is_terminal()).iter().for_each(|line| error::tell(line)),
        News::Line(line) => error::tell(&line),
        News::Full(connections) => error::tell(&format!(
            "{connections} connections are open, as many as may be; idle ones are closed to make room."
        )),
    };
    Ok(open.serve(session, keep, args.names.clone(), tell)?)
}

/// Prints what is left of the class that was kept last.
fn report(form: ReportForm, folder: &Path) -> Result<(), Failure> {
    let saved = Saved::look(folder).map_err(|why| kept(&why))?;
    let session = saved.session(Arc::new(deck_of(&saved)?)).map_err(|why| kept(&why))?;
    let report = Report::of(&session);
    let text = match form {
        ReportForm::Text => report.text(),
        ReportForm::Csv => report.csv(),
        ReportForm::Html => report.html(),
    };
    Ok(io::stdout().lock().write_all(text.as_bytes())?)
}

/// Opens the port: the one that was asked for, or the usual one, or any.
fn open(args: &Class, before: Option<SocketAddr>) -> Result<Open, Failure> {
    let any = if args.lan { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST };
    let usual = before.unwrap_or(SocketAddr::new(any.into(), PORT));
    let wanted = args.listen.unwrap_or(if args.lan { SocketAddr::new(any.into(), usual.port()) } else { usual });
    let most = usize::try_from(args.most).unwrap_or(usize::MAX);
    let open = match Open::at(wanted, most) {
        // Nobody asked for that very port: any other serves.
        Err(e) if e.kind() == io::ErrorKind::AddrInUse && args.listen.is_none() => {
            Open::at(SocketAddr::new(wanted.ip(), 0), most)
        }
        open => open,
    };
    open.map_err(|e| {
        let what = ending::remedy(&e, "osi-tutor class LESSON --listen");
        Failure::Data(format!("cannot serve at {wanted}: {e}{what}"))
    })
}

/// A new class.
fn begin(args: &Class, deck: Deck, folder: &Path, open: &Open) -> Result<(Session, Keep), Failure> {
    let far = !open.address().ip().is_loopback() && !args.open;
    let origin = Origin {
        lesson: deck.name.clone(),
        folder: args.lessons.as_deref().map(std::path::absolute).transpose()?,
        seed: args.seed,
        audience: args.audience.to_string(),
        secret: code::secret(),
        code: args.room_code.clone().or_else(|| far.then(code::make_up)),
        address: open.address(),
    };
    let session = Session::new(Arc::new(deck), usize::try_from(args.most).unwrap_or(usize::MAX));
    let keep = Keep::begin(folder, origin, &session).map_err(|why| kept(&why))?;
    Ok((session, keep))
}

/// Where the class is kept.
fn folder(state: Option<&Path>) -> Result<PathBuf, Failure> {
    let own = || store().path().and_then(Path::parent).map(|folder| folder.join("class"));
    let none = || Failure::Usage("the system names no place to keep the class in; name one: --state DIR".to_owned());
    state.map(Path::to_owned).or_else(own).ok_or_else(none)
}

fn kept(why: &KeepError) -> Failure {
    match why {
        KeepError::None(_) => Failure::Data(format!("{why}; to begin one: osi-tutor class handshake")),
        KeepError::Held(_) => {
            Failure::Data(format!("{why}; it runs another class. A second one needs its own place: --state DIR"))
        }
        KeepError::Io { .. } | KeepError::Broken { .. } => Failure::Data(why.to_string()),
    }
}

fn none() -> Failure {
    Failure::Usage("which lesson? For example: osi-tutor class handshake. The list: osi-tutor explain".to_owned())
}

/// The slides of a class that was read back.
fn deck_of(saved: &Saved) -> Result<Deck, Failure> {
    let origin = &saved.origin;
    deck(&origin.lesson, origin.folder.as_deref(), saved.audience(), origin.seed)
}

/// The slides of a lesson, on its own simulation.
pub(super) fn deck(name: &str, folder: Option<&Path>, audience: Audience, seed: Option<u64>) -> Result<Deck, Failure> {
    let wanted = name.to_lowercase();
    let id = lesson::canonical(&wanted);
    let found = explain::course(folder)?.into_iter().find(|lesson| lesson.id == id);
    let missing = || Failure::Usage(format!("there is no lesson {name}; to see all: osi-tutor explain"));
    let mut lesson: Lesson = found.ok_or_else(missing)?;
    lesson.cut_for(audience);
    let trace = simulate::trace(&lesson, seed).map_err(Failure::Data)?;
    let played = Played::Simulated(trace.ends());
    let origin = format!("Simulated: {} (seed {})", lesson.source.scenario, seed.unwrap_or(lesson.source.seed));
    let mut player = Player::new(&lesson, trace, origin, audience);
    let mut carry = |request: Request| {
        let Request::WhatIf { page } = request;
        Input::Answer(what_if(&lesson, page, seed, &played).map(Box::new))
    };
    let texts = Texts::english().map_err(|e| Failure::Data(e.to_string()))?;
    Ok(Deck::of(&lesson.id, &mut player, &texts, &mut carry))
}
