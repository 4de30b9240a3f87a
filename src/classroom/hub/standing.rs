//! Where a class is: its address, its code, its links, and who can reach it.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value as Json, json};

use super::{Class, Wire};
use crate::ask::session::Millis;
use crate::classroom::codes::Codes;
use crate::classroom::keep::Origin;
use crate::classroom::qr;
use crate::machine::let_capture;
use crate::serve::{own_address, reach};

/// Where a class is.
#[derive(Clone, PartialEq, Eq)]
pub struct Standing {
    /// What it is about.
    pub title: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// Where phones find it: a number, never a name.
    pub at: SocketAddr,
    /// The room code.
    pub code: Option<String>,
    /// The teacher's secret.
    pub secret: String,
    /// Address or code have changed, or will: stages show them all the time.
    pub changes: bool,
    /// The interfaces on which votes are captured; or why none is, in one sentence, unless nobody wanted it.
    pub capture: Result<Vec<String>, Option<String>>,
    /// How many may be in it.
    pub most: usize,
    /// What this computer has to do with others.
    pub part: Part,
}

/// What a computer has to do with others that serve the same class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// There are none.
    Alone,
    /// It holds the class, and others may carry phones for it.
    Holds,
    /// It carries phones for a class that another one holds.
    Carries,
}

impl fmt::Debug for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Standing").field("address", &self.address).field("at", &self.at).finish_non_exhaustive()
    }
}

impl Standing {
    pub(super) fn new(
        (address, at): (SocketAddr, SocketAddr),
        (session, keep, _): &Class,
        wire: &Wire,
        part: Part,
    ) -> Self {
        let Origin { code, secret, rotate, .. } = keep.origin().clone();
        let (title, most, capture) = (session.deck().title.clone(), session.most(), wire.told());
        Self { title, address, at, code, secret, changes: rotate.is_some(), capture, most, part }
    }

    /// Where others find what listens at this address.
    pub(super) fn found(address: SocketAddr) -> SocketAddr {
        let at = if address.ip().is_unspecified() { own_address(address.is_ipv4()) } else { Some(address.ip()) };
        let loopback = if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
        SocketAddr::new(at.unwrap_or(loopback), address.port())
    }

    /// What phones open; the code is in it, so that nobody who scans it has to type.
    pub fn url(&self) -> String {
        self.page("", self.code.as_deref())
    }

    /// The page of the projector.
    pub fn stage(&self) -> String {
        self.page("stage", self.code.as_deref())
    }

    /// The page of the teacher.
    pub fn teach(&self) -> String {
        self.page("teach", Some(&self.secret))
    }

    /// What the stage shows of it: where to go, and by which code.
    pub(super) fn sign(&self) -> Json {
        let rows = qr::cells(&self.url());
        let row = |row: &Vec<bool>| row.iter().map(|&dark| if dark { '1' } else { '0' }).collect::<String>();
        let rows: Vec<String> = rows.iter().map(row).collect();
        json!({ "address": self.front(), "code": self.code, "qr": rows })
    }

    /// What can be typed on a phone.
    pub fn front(&self) -> String {
        self.page("", None)
    }

    fn page(&self, name: &str, fragment: Option<&str>) -> String {
        let fragment = fragment.map(|text| format!("#{text}")).unwrap_or_default();
        format!("http://{}/{name}{fragment}", self.at)
    }

    /// Says where everybody finds these classes, and who can reach them; with QR codes where they can be drawn.
    pub fn told(classes: &[Self], picture: bool) -> Vec<String> {
        let mut lines = Vec::new();
        for (n, class) in (1..).zip(classes) {
            if classes.len() > 1 {
                lines.push(format!("Class {n}: {}", class.title));
            }
            lines.extend(class.found_at(picture));
        }
        lines.extend(classes.first().into_iter().flat_map(Self::reached));
        lines
    }

    /// Where everybody finds it.
    pub fn found_at(&self, picture: bool) -> Vec<String> {
        let mut lines = Vec::new();
        if picture && !self.at.ip().is_loopback() {
            lines.extend(qr::lines(&self.url()));
        }
        lines.push(format!("Students open   {}", self.url()));
        if let Some(code) = &self.code {
            lines.push(format!("                or {} and type the room code {code}", self.front()));
        }
        lines.push(format!("The projector   {}", self.stage()));
        lines.push(format!("You teach at    {}  (keep this link to yourself: it leads the class)", self.teach()));
        lines
    }

    /// Who can reach it, and what is captured.
    pub fn reached(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.address.ip().is_loopback() {
            lines.push(
                "Only this machine can reach it. For phones in the room, start it with --lan, or --listen ADDRESS."
                    .to_owned(),
            );
        } else {
            lines.push(format!(
                "{} can be reached from {}. Nothing is encrypted: who can listen there reads the votes and the code.",
                self.address,
                reach(self.address.ip())
            ));
        }
        match &self.capture {
            Ok(names) => {
                lines.push(format!("Votes are captured on {}: each student can see their own.", names.join(", ")));
            }
            Err(Some(why)) => {
                lines.push(format!("No student can see the packet of their vote: {why}."));
                let give =
                    |give| format!("To capture votes, give the right once, to a group, and log in again:\n  {give}");
                lines.extend(let_capture().map(give));
            }
            Err(None) => {}
        }
        if self.part == Part::Holds {
            let code = self.code.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
            lines.push(format!("Other computers carry phones for it by: osi-tutor class --join{code} --redis URL"));
        }
        lines.push(match self.part {
            Part::Alone | Part::Holds => "Ctrl-C ends it; osi-tutor class --resume goes on where it was.".to_owned(),
            Part::Carries => {
                "Ctrl-C ends it: the class goes on where it's held, and the phones of this computer move there."
                    .to_owned()
            }
        });
        lines
    }
}

/// Where a class is now: who holds it and who carries its connections know it from here.
#[derive(Debug)]
pub(super) struct Place(Mutex<(Standing, Codes)>);

impl Place {
    /// There, from this time of the class on; its code lasts `minutes`, or as long as the class.
    pub(super) fn new(standing: Standing, minutes: Option<u16>, now: Millis) -> Self {
        let codes = Codes::new(standing.code.clone(), minutes, now);
        Self(Mutex::new((standing, codes)))
    }

    fn both(&self) -> MutexGuard<'_, (Standing, Codes)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it is.
    pub(super) fn now(&self) -> Standing {
        self.both().0.clone()
    }

    /// The room codes that let somebody in.
    pub(super) fn good_codes(&self) -> Vec<String> {
        self.both().1.good().to_vec()
    }

    /// Whether a member's phone that comes back with this code, if any, means this class.
    pub(super) fn knows_code(&self, code: &str) -> bool {
        let codes = &self.both().1;
        code.is_empty() || codes.newest().is_none() || codes.knows(code)
    }

    /// Others find it there from now on.
    pub(super) fn moves(&self, at: SocketAddr) {
        let standing = &mut self.both().0;
        (standing.at, standing.changes) = (at, true);
    }

    /// Looks whether it's time for another room code. `Some`: other codes are good now; and whether one of them is new.
    pub(super) fn turn(&self, now: Millis, fresh: impl FnOnce() -> String) -> Option<bool> {
        let (standing, codes) = &mut *self.both();
        let new = codes.turn(now, fresh)?;
        standing.code = codes.newest().map(str::to_owned);
        Some(new)
    }
}
