//! `osi-tutor class`: a lesson, a quiz or a capture for a room full of phones.

use super::class_deck::{Made, capture, made, shelf};
use super::class_keys::typed;
use super::rights::as_caller;
use super::{Failure, error, store};
use crate::classroom::hub::{Desk, News, Open};
use crate::classroom::keep::{Keep, KeepError, Origin, Saved};
use crate::classroom::report::Report;
use crate::classroom::session::Session;
use crate::classroom::shelf::Shelf;
use crate::cli::{Class, ClassCommand, PORT, ReportForm};
use crate::rights::{self, Files, Needs};
use crate::serve::{code, ending};
use std::io::{self, IsTerminal as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A port, a class, where it is kept, and the packets that are browsed.
type Ready = (Open, Session, Keep, Option<Shelf>);

/// Runs it.
pub(super) fn run(args: &Class) -> Result<(), Failure> {
    if let Some(ClassCommand::Report { form, state }) = &args.command {
        as_caller();
        return report(*form, &folder(state.as_deref())?);
    }
    let folder = folder(args.state.as_deref())?;
    // What needs a right is opened first.
    let before = args.resume.then(|| Saved::look(&folder).ok()).flatten().map(|saved| saved.origin.address);
    let open = open(args, before).map(|open| if args.no_capture { open } else { open.capturing() });
    as_caller();
    let saved = if args.resume { Some(Saved::read(&folder).map_err(|why| kept(&why))?) } else { None };
    let (open, session, keep, packets) = match saved {
        Some(saved) => {
            // A capture that is gone can't be filtered; its slides are kept.
            let packets = saved.origin.capture.as_deref().and_then(|path| shelf(path).ok());
            let open = open?;
            let (session, keep) = saved.resume(open.address()).map_err(|why| kept(&why))?;
            (open, session, keep, packets)
        }
        None => begin(args, &folder, open)?,
    };
    // The port is open, and no byte of a stranger's has been read.
    let write = vec![folder];
    rights::seal(&Needs { files: Files::Only { read: Vec::new(), write }, ..Needs::default() });
    let (desk, keys) = Desk::new();
    let typed = typed(desk);
    let hears = typed.is_some();
    let tell = move |news: News| match news {
        News::Stands(standing) => {
            standing.told(io::stderr().is_terminal()).iter().for_each(|line| error::tell(line));
            if hears {
                error::tell("Here, Enter does what the first button of your console does; ? lists the other keys.");
            }
        }
        News::Line(line) => error::tell(&line),
        News::Full(connections) => error::tell(&format!(
            "{connections} connections are open, as many as may be; idle ones are closed to make room."
        )),
    };
    // The terminal is given back after that.
    Ok(open.serve((session, keep, packets), args.names.clone(), keys, tell)?)
}

/// Prints what is left of the class that was kept last.
fn report(form: ReportForm, folder: &Path) -> Result<(), Failure> {
    let saved = Saved::look(folder).map_err(|why| kept(&why))?;
    let session = saved.session().map_err(|why| kept(&why))?;
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
    opened(wanted, args.listen.is_some(), most, "osi-tutor class LESSON --listen")
}

/// Opens a port; any other, if nobody asked for that very one and it's taken. `command` would name another.
pub(super) fn opened(wanted: SocketAddr, asked: bool, most: usize, command: &str) -> Result<Open, Failure> {
    let open = match Open::at(wanted, most) {
        Err(e) if e.kind() == io::ErrorKind::AddrInUse && !asked => Open::at(SocketAddr::new(wanted.ip(), 0), most),
        open => open,
    };
    open.map_err(|e| Failure::Data(format!("cannot serve at {wanted}: {e}{}", ending::remedy(&e, command))))
}

/// A new class. What is wrong with its slides is said before what is wrong with the port.
fn begin(args: &Class, folder: &Path, open: Result<Open, Failure>) -> Result<Ready, Failure> {
    let Made { deck, packets } = made(args)?;
    let open = open?;
    let far = !open.address().ip().is_loopback() && !args.open;
    let origin = Origin {
        capture: packets.as_ref().and(capture(args)).map(std::path::absolute).transpose()?,
        secret: code::secret(),
        code: args.room_code.clone().or_else(|| far.then(code::make_up)),
        address: open.address(),
    };
    let session = Session::new(Arc::new(deck), usize::try_from(args.most).unwrap_or(usize::MAX));
    let keep = Keep::begin(folder, origin, &session).map_err(|why| kept(&why))?;
    Ok((open, session, keep, packets))
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
