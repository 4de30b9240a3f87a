//! A server that has to do with others: it holds a class for them, or carries phones for one that another holds.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::carrier::Carrier;
use super::center::Center;
use super::claim::{Claim, Found};
use super::line::Line;
use super::{State, state};
use crate::classroom::hub::door;
use crate::classroom::hub::house::House;
use crate::classroom::hub::owner::Owner;
use crate::classroom::hub::room::{Holder, Room};
use crate::classroom::hub::standing::Place;
use crate::classroom::hub::voice::Voice;
use crate::classroom::hub::{News, OTHERS, Open, Part, Site, Standing, Tell, Wire};
use crate::serve::{Friends, Hosts, ending};
use crate::tutor::Audience;

/// Classes that are carried, and members of one.
const CLASSES: usize = 8;
const MEMBERS: usize = 5_000;
/// When it ends, the others get so long to hear it.
const FAREWELL: Duration = Duration::from_millis(300);

/// A claim, and the line by which others hear of the class.
#[derive(Debug)]
pub(crate) struct Joint {
    claim: Claim,
    line: Line,
}

impl Joint {
    /// What a server has of it, if anything.
    pub(crate) async fn of(mut open: Open, tell: &Tell) -> io::Result<(Open, Option<Self>)> {
        let Some(claim) = open.claim.take() else { return Ok((open, None)) };
        let line = Line::open(&claim.redis, Some(Arc::clone(&claim.lease)), Arc::clone(tell)).await;
        Ok((open, Some(Self { claim, line: line.map_err(io::Error::other)? })))
    }

    pub(crate) fn state(&self) -> State {
        state(&self.line, &self.claim.names)
    }

    /// Who hears the others.
    pub(crate) fn center(self, owners: &[Arc<Owner>], standings: &[Standing], friends: Friends, tell: Tell) -> Center {
        Center::new(self.claim, self.line, owners.to_vec(), standings, friends, tell)
    }
}

/// Serves while the claim holds.
pub(crate) async fn while_held(center: Option<Center>, served: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    let Some(center) = center.map(Arc::new) else { return served.await };
    let tasks = [tokio::spawn(Arc::clone(&center).listen()), tokio::spawn(Arc::clone(&center).look_after())];
    let done = tokio::select! {
        done = served => done,
        () = center.renew() => Err(io::Error::other("another program holds this class now, so this one ends")),
    };
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    let _ = timeout(FAREWELL, center.end()).await;
    done
}

impl Open {
    /// The same, with a claim: other computers may carry phones for its classes.
    #[must_use]
    pub fn claimed(self, claim: Claim) -> Self {
        Self { claim: Some(claim), ..self }
    }

    /// Carries phones for a class that another computer holds, until Ctrl-C or a polite kill.
    ///
    /// # Errors
    /// The class can't be had, or is over; or the system takes the port away.
    pub fn carry(
        self,
        found: &Found,
        names: Vec<String>,
        tell: impl Fn(News) + Send + Sync + 'static,
    ) -> io::Result<()> {
        ending::run(carry(self, found, names, Arc::new(tell)))
    }
}

async fn carry(open: Open, found: &Found, names: Vec<String>, tell: Tell) -> io::Result<()> {
    let friends = Friends::default();
    let (carrier, held) =
        Carrier::open(found, open.at, friends.clone(), Arc::clone(&tell)).await.map_err(io::Error::other)?;
    let (line, channels) = carrier.line();
    let (site, capture) = Site::new(open, Hosts(names, friends.clone()), state(line, channels))?;
    let wire = Arc::new(Wire::new(capture, site.at.0.port(), &site.taken, Audience::default()));
    let (mut rooms, mut voices, mut members) = (Vec::new(), Vec::new(), 0);
    for (n, held) in held.into_iter().take(CLASSES).enumerate() {
        let voice = Voice::new(site.io.clone(), n, false);
        let (address, at) = site.at;
        let standing = Standing {
            title: held.title,
            address,
            at,
            code: held.code,
            secret: held.secret,
            changes: false,
            capture: wire.told(),
            most: held.most.min(MEMBERS),
            part: Part::Carries,
        };
        members += standing.most + 2 * OTHERS;
        let holder = Holder::Far(Arc::clone(&carrier), n);
        let place = Arc::new(Place::new(standing, None, 0));
        rooms.push(Arc::new(Room::new(voice.clone(), holder, place, Arc::clone(&wire), friends.clone())));
        voices.push(voice);
    }
    let house = Arc::new(House::new(rooms, Arc::default()));
    door::listen(&site.io, &house).await;
    carrier.speaks_by(voices);
    tell(News::Stands(house.standings()));
    tokio::select! {
        done = site.serve(house, members, tell) => done,
        why = carrier.over() => Err(io::Error::other(why)),
    }
}
