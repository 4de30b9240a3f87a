//! `osi-tutor class`: a lesson, a quiz or a capture for a room full of phones; or several, each with its own room.

mod join;
mod state;

use super::Failure;
use super::class_deck::{Made, capture, made, shelf};
use super::class_keys::{teller, typed};
use super::rights::as_caller;
use crate::classroom::hub::{Class as Room, Desk, Open};
use crate::classroom::keep::{Keep, Origin, Saved};
use crate::classroom::session::Session;
use crate::cli::{Class, ClassCommand, PORT};
use crate::rights::{self, Files, Needs};
use crate::serve::{code, ending};
use crate::view::theme::Color;
use join::Redis;
use state::{CLASSES, folders, kept, kept_classes, report, saved};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

/// Runs it.
pub(super) fn run(args: &Class, choice: Color) -> Result<(), Failure> {
    if let Some(ClassCommand::Report { form, state, class }) = &args.command {
        as_caller();
        return report(*form, &folders(state.as_deref())?, usize::from(*class));
    }
    if let Some(code) = &args.join {
        return join::run(args, code);
    }
    let (redis, folders) = (join::redis(args)?, folders(args.state.as_deref())?);
    let connect = join::port(redis.as_ref());
    // What needs a right is opened first.
    let first = folders.first().filter(|_| args.resume).and_then(|folder| Saved::look(folder).ok());
    let many = if args.resume { kept_classes(&folders) } else { args.what.len() };
    let open = opened_for(args, first.map(|saved| saved.origin.address), many);
    let open = open.map(|open| if args.no_capture { open } else { open.capturing() });
    as_caller();
    let (open, classes) =
        if args.resume { resume(open, saved(&folders)?, redis)? } else { begin(args, &folders, open, redis)? };
    // The port is open, and no byte of a stranger's has been read.
    let write = folders.into_iter().take(1).collect();
    rights::seal(&Needs { files: Files::Only { read: Vec::new(), write }, connect });
    let ((desk, keys), names) = (Desk::new(), args.names.clone());
    let linear = super::linear(args.linear);
    #[cfg(feature = "tui")]
    if !linear && super::has_screen() {
        let terminal = crate::tui::class::Terminal::take(desk, super::color(choice));
        let done = open.serve(classes, names, keys, terminal.hears());
        // Before anything else is said.
        terminal.give_back()?;
        return Ok(done?);
    }
    let _ = choice;
    let typed = typed(desk);
    let (hears, several) = (typed.is_some(), classes.len() > 1);
    // The terminal is given back after that.
    Ok(open.serve(classes, names, keys, teller(hears, several, linear))?)
}

/// Opens the port: the one that was asked for, or the usual one, or any.
fn opened_for(args: &Class, before: Option<SocketAddr>, many: usize) -> Result<Open, Failure> {
    let any = if args.lan { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST };
    let usual = before.unwrap_or(SocketAddr::new(any.into(), PORT));
    let wanted = args.listen.unwrap_or(if args.lan { SocketAddr::new(any.into(), usual.port()) } else { usual });
    let most = most(args).saturating_mul(many.clamp(1, CLASSES));
    opened(wanted, args.listen.is_some(), most, "osi-tutor class LESSON --listen")
}

/// How many students each class takes.
fn most(args: &Class) -> usize {
    usize::try_from(args.most).unwrap_or(usize::MAX)
}

/// Opens a port; any other, if nobody asked for that very one and it's taken. `command` would name another.
pub(super) fn opened(wanted: SocketAddr, asked: bool, most: usize, command: &str) -> Result<Open, Failure> {
    let open = match Open::at(wanted, most) {
        Err(e) if e.kind() == io::ErrorKind::AddrInUse && !asked => Open::at(SocketAddr::new(wanted.ip(), 0), most),
        open => open,
    };
    open.map_err(|e| Failure::Data(format!("cannot serve at {wanted}: {e}{}", ending::remedy(&e, command))))
}

/// Goes on with classes that were kept.
fn resume(open: Result<Open, Failure>, all: Vec<Saved>, redis: Option<Redis>) -> Result<(Open, Vec<Room>), Failure> {
    let code = all.first().and_then(|saved| saved.origin.code.clone());
    if redis.is_some() && all.iter().any(|saved| saved.origin.rotate.is_some()) {
        let why = "the room code of this class changes, so it can't be joined over a Redis; leave --redis out";
        return Err(Failure::Usage(why.to_owned()));
    }
    let (open, mut classes) = (join::claimed(open?, redis, code.as_deref())?, Vec::new());
    for saved in all {
        // A capture that is gone can't be filtered; its slides are kept.
        let packets = saved.origin.capture.as_deref().and_then(|path| shelf(path).ok());
        let (session, keep) = saved.resume(open.address()).map_err(|why| kept(&why))?;
        classes.push((session, keep, packets));
    }
    Ok((open, classes))
}

/// New classes. What is wrong with their slides is said before what is wrong with the port.
fn begin(
    args: &Class,
    folders: &[PathBuf],
    open: Result<Open, Failure>,
    redis: Option<Redis>,
) -> Result<(Open, Vec<Room>), Failure> {
    let several = args.what.len() > 1;
    if args.what.is_empty() {
        let example = "which lesson? For example: osi-tutor class handshake. The list: osi-tutor explain";
        return Err(Failure::Usage(example.to_owned()));
    }
    if args.what.len() > CLASSES {
        return Err(Failure::Usage(format!("one program runs at most {CLASSES} classes; start a second one")));
    }
    if several && (args.open || args.room_code.is_some()) {
        let why =
            "the code leads each student to a class, so each class gets its own; leave --open and --room-code out";
        return Err(Failure::Usage(why.to_owned()));
    }
    let made = args.what.iter().map(|what| made(args, what)).collect::<Result<Vec<Made>, Failure>>()?;
    let (open, mut classes) = (open?, Vec::new());
    let far = (!open.address().ip().is_loopback() || redis.is_some()) && !args.open;
    let code = || args.room_code.clone().or_else(|| (far || several || args.rotate.is_some()).then(code::make_up));
    let codes: Vec<_> = made.iter().map(|_| code()).collect();
    let open = join::claimed(open, redis, codes.first().and_then(Option::as_deref))?;
    for (((Made { deck, packets }, what), folder), code) in made.into_iter().zip(&args.what).zip(folders).zip(codes) {
        let origin = Origin {
            capture: packets.as_ref().and(capture(args, what)).map(std::path::absolute).transpose()?,
            secret: code::secret(),
            code,
            address: open.address(),
            rotate: args.rotate,
        };
        let session = Session::new(Arc::new(deck), most(args));
        let keep = Keep::begin(folder, origin, &session).map_err(|why| kept(&why))?;
        classes.push((session, keep, packets));
    }
    // Those of a run before are no part of this one.
    for folder in folders.iter().skip(classes.len()) {
        Keep::put_aside(folder).map_err(|why| kept(&why))?;
    }
    Ok((open, classes))
}
