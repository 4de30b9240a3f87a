//! `osi-tutor chat`: a messaging system that shows its own packets.

use super::rights::Rights;
use super::{Failure, color, error};
use crate::chat::join::{self, JoinError, Shown};
use crate::chat::server::{News, Open, Options};
use crate::cli::{ChatCommand, ChatJoin, ChatServe, PORT, Transport};
use crate::peers::engineio;
use crate::rights::Needs;
use crate::serve::{code, ending};
use crate::view::Theme;
use crate::view::theme::Color;
use std::io::{self, IsTerminal as _};
use std::net::{Ipv4Addr, SocketAddr};

/// Runs it.
pub(super) fn run(command: &ChatCommand, choice: Color) -> Result<(), Failure> {
    match command {
        ChatCommand::Join(args) => join(args, choice),
        ChatCommand::Serve(args) => serve(args),
    }
}

fn serve(args: &ChatServe) -> Result<(), Failure> {
    let usual = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), PORT);
    let mut options = Options {
        address: args.address.unwrap_or(usual),
        plain: args.plain_websocket,
        share: args.share_packets,
        capture: !args.no_capture,
        names: args.names.clone(),
        code: args.room_code.clone().map(|code| if code.is_empty() { code::make_up() } else { code }),
    };
    let (share, code) = (args.share_packets, options.code.clone());
    let news = move |news: News<'_>| match news {
        News::Stands(standing) => {
            standing.told(share, code.as_deref()).iter().for_each(|line| error::tell(line));
        }
        News::Full(connections) => error::tell(&format!(
            "{connections} connections are open, as many as may be; idle ones are closed to make room."
        )),
    };
    let mut rights = Rights::of(args.user.as_deref())?;
    let open = match Open::at(&options) {
        // Nobody asked for that very port: any other serves.
        Err(e) if e.kind() == io::ErrorKind::AddrInUse && args.address.is_none() => {
            options.address.set_port(0);
            Open::at(&options)
        }
        open => open,
    };
    if open.is_ok() {
        // All sockets are open, and no byte of a stranger's has been read.
        rights.leave(None, |_| Ok(()))?;
        rights.seal(&Needs::default());
    }
    open.and_then(|open| open.serve(news)).map_err(|e| {
        let what = ending::remedy(&e, "osi-tutor chat serve");
        Failure::Data(format!("cannot serve at {}: {e}{what}", options.address))
    })
}

fn join(args: &ChatJoin, choice: Color) -> Result<(), Failure> {
    use engineio::Transport::{Polling, WebSocket};
    let account = || std::env::var("USER").ok().filter(|name| !name.is_empty());
    let linear = super::linear(args.linear);
    let screen = cfg!(feature = "tui") && !linear && io::stdin().is_terminal() && io::stdout().is_terminal();
    let options = join::Options {
        host: args.host.clone(),
        name: args.name.clone().or_else(account).unwrap_or_else(|| "guest".to_owned()),
        room: args.room.clone(),
        code: args.room_code.clone(),
        transports: match args.transport {
            Transport::Upgrade => vec![Polling, WebSocket],
            Transport::Polling => vec![Polling],
            Transport::Websocket => vec![WebSocket],
        },
        theme: Theme::new(!linear && color(choice)),
    };
    let joined =
        if screen { on_screen(&options, color(choice)) } else { join::join(&options, &mut Shown::Lines { linear }) };
    joined.map_err(|e| match e {
        JoinError::Io(e) => e.into(),
        JoinError::Unreachable(..) => Failure::Data(format!("{e}\nTo start a chat here: osi-tutor chat serve")),
        JoinError::NoChat(..) => Failure::Data(format!(
            "{e}\nIt must speak Socket.IO: a chat that was started with --plain-websocket is joined in a browser."
        )),
        JoinError::Refused(..) if args.room_code.is_none() => {
            Failure::Data(format!("{e}\nWith the code that its host has: --room-code CODE"))
        }
        JoinError::Refused(..) | JoinError::Ended(..) => Failure::Data(e.to_string()),
    })
}

/// Drawn on the full screen, which is given back before anything else is said.
#[cfg(feature = "tui")]
fn on_screen(options: &join::Options, color: bool) -> Result<(), JoinError> {
    let mut pages = crate::tui::pages::Pages::take(color)?;
    join::join(options, &mut Shown::Page(&mut |page| pages.draw(page)))
}

#[cfg(not(feature = "tui"))]
fn on_screen(options: &join::Options, _color: bool) -> Result<(), JoinError> {
    join::join(options, &mut Shown::Lines { linear: false })
}
