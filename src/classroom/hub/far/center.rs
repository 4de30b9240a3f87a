//! Who holds a class hears the hubs that carry phones for it: it does what they ask, once; counts their members; and tells
//! all of them that it lives.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval};

use super::book::{Book, Gone, Judged};
use super::claim::Claim;
use super::line::Line;
use super::post::{self, ASKS, Answers, BATCH, Batch, Beat, Comes, Held, LINKS};
use crate::classroom::hub::ask::{Answer, Ask, Reply};
use crate::classroom::hub::owner::Owner;
use crate::classroom::hub::{News, Standing, Tell};
use crate::classroom::session::Input;
use crate::serve::Friends;

/// How often the hubs are looked after; every second time they hear that the owner lives.
const LOOK: Duration = Duration::from_millis(500);
/// Letters that wait to be read.
const MAIL: usize = 512;
/// Bytes of answers that go together.
const TOGETHER: usize = 1 << 20;
/// Reasons of a hub for which something was refused, and bytes of one.
const REASONS: usize = 32;
const REASON: usize = 200;

/// Who holds the classes.
#[derive(Debug)]
pub(crate) struct Center {
    claim: Claim,
    line: Line,
    owners: Vec<Arc<Owner>>,
    held: Vec<Held>,
    book: Mutex<Book>,
    begun: Instant,
    /// Something may have been missed of what was shown.
    missed: AtomicBool,
    friends: Friends,
    tell: Talk,
}

/// Says something at the terminal.
#[derive(Clone)]
pub(super) struct Talk(pub(super) Tell);

impl std::fmt::Debug for Talk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Talk")
    }
}

impl Talk {
    pub(super) fn say(&self, line: String) {
        (self.0)(News::Line(line));
    }
}

/// An answer that is to be given: to which question, of which class, and whether it changed anything.
struct Given {
    number: u64,
    class: usize,
    reply: Reply,
    again: bool,
    keeps: bool,
}

impl Center {
    pub(crate) fn new(
        claim: Claim,
        line: Line,
        owners: Vec<Arc<Owner>>,
        standings: &[Standing],
        friends: Friends,
        tell: Tell,
    ) -> Self {
        let held = |standing: &Standing| Held {
            title: standing.title.clone(),
            code: standing.code.clone(),
            secret: standing.secret.clone(),
            most: standing.most,
        };
        Self {
            claim,
            line,
            owners,
            held: standings.iter().map(held).collect(),
            book: Mutex::default(),
            begun: Instant::now(),
            missed: AtomicBool::new(false),
            friends,
            tell: Talk(tell),
        }
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds the claim; ends when another program has it.
    pub(crate) async fn renew(&self) {
        self.claim.renew(&self.line).await;
    }

    /// Says that it ends.
    pub(crate) async fn end(&self) {
        self.claim.release(&self.line, self.beat(true)).await;
    }

    // ---- what hubs ask

    /// Reads what hubs say.
    pub(crate) async fn listen(self: Arc<Self>) {
        let mut mail = self.line.hear(self.claim.names.owner(), MAIL);
        while let Some((_, bytes)) = mail.recv().await {
            // Who may no longer hold the class answers nobody: it will be asked again.
            if !self.claim.lease.holds() {
                continue;
            }
            match post::read::<Batch>(&bytes, BATCH) {
                Some(batch) => self.take(batch).await,
                None => self.refuse("a message over Redis that can't be understood", 1),
            }
        }
    }

    fn refuse(&self, why: &str, times: u32) {
        self.owners.iter().take(1).for_each(|owner| owner.refuse(why, times));
    }

    async fn take(self: &Arc<Self>, batch: Batch) {
        let Batch { hub, turn, comes, low, asks, refused, missed } = batch;
        if let Some(comes) = comes {
            self.comes(&hub, turn, &comes).await;
        }
        if !self.book().hears(&hub, turn, low, self.now()) {
            return;
        }
        for (why, times) in refused.into_iter().take(REASONS) {
            self.refuse(&why.chars().take(REASON).collect::<String>(), times);
        }
        self.missed.fetch_or(missed, Ordering::AcqRel);
        let (mut given, mut waits) = (Vec::new(), vec![0; self.owners.len()]);
        for (number, class, ask) in asks.into_iter().take(ASKS) {
            let (Some(owner), Some(wait)) = (self.owners.get(class), waits.get_mut(class)) else { continue };
            let judged = self.book().judge(&hub, number);
            let keeps = matches!(ask, Ask::Take(_) | Ask::Volunteer { .. });
            let (reply, again) = match judged {
                Judged::Nothing => continue,
                Judged::Done(reply) => (reply, true),
                Judged::New => {
                    let (reply, at) = self.does((&hub, class), owner, ask).await;
                    *wait = at.max(*wait);
                    (reply, false)
                }
            };
            given.push(Given { number, class, reply, again, keeps });
        }
        if given.is_empty() {
            return;
        }
        // The next batch need not wait for the disk.
        let center = Arc::clone(self);
        tokio::spawn(async move {
            for (owner, wait) in center.owners.iter().zip(waits) {
                owner.kept(wait).await;
            }
            for Given { number, reply, keeps, .. } in given.iter().filter(|given| !given.again) {
                if *keeps {
                    center.book().did((&hub, turn), *number, reply);
                } else {
                    center.book().forget((&hub, turn), *number);
                }
            }
            center.answer(&hub, turn, given);
        });
    }

    /// Does what is asked; and the number of the input that the disk has to have first.
    async fn does(&self, (hub, class): (&str, usize), owner: &Owner, ask: Ask) -> (Reply, u64) {
        // A hub speaks for its own members.
        if let Ask::Take(Input::Leave { member }) = &ask
            && !self.book().left(hub, class, *member)
        {
            return (Ok(Answer::Done), 0);
        }
        let (reply, at) = owner.heed(ask).await;
        if let Ok(Answer::Joined(joined)) = &reply {
            self.book().joined(hub, class, joined.member);
        }
        (reply, at)
    }

    /// Gives answers: as many together as are not too long.
    fn answer(&self, hub: &str, turn: u32, given: Vec<Given>) {
        let none = || Answers { turn, term: self.claim.term.clone(), ..Answers::default() };
        let (mut answers, mut length) = (none(), 0);
        for Given { number, class, reply, .. } in given {
            length += match &reply {
                Ok(Answer::Seen(seen)) => seen.to_string().len(),
                Ok(Answer::Joined(joined)) => {
                    answers.pages.insert(class, (*joined.page).clone());
                    REASON
                }
                Ok(Answer::Selected(packets)) => 8 * packets.len(),
                _ => REASON,
            };
            answers.replies.push((number, reply));
            if length > TOGETHER {
                self.post(hub, &std::mem::replace(&mut answers, none()));
                length = 0;
            }
        }
        if !answers.replies.is_empty() {
            self.post(hub, &answers);
        }
    }

    fn post(&self, hub: &str, answers: &Answers) {
        self.line.tell(self.claim.names.hub(hub), post::write(answers));
    }

    // ---- who is here

    /// A hub comes, with its members.
    async fn comes(&self, hub: &str, turn: u32, comes: &Comes) {
        let judged = self.book().comes(hub, turn, comes, self.now());
        let held = match judged {
            Err(why) => Err(why),
            Ok(None) => Ok(self.held.clone()),
            Ok(Some(before)) => {
                self.let_go(&before).await;
                for (class, (owner, links)) in self.owners.iter().zip(&comes.members).enumerate() {
                    for (&member, &links) in links {
                        for _ in 0..links.min(LINKS) {
                            if owner.comes_back(member).await {
                                self.book().joined(hub, class, member);
                            }
                        }
                    }
                }
                let count: usize = comes.members.iter().map(BTreeMap::len).sum();
                self.tell.say(format!("http://{}/ carries phones for this class ({count} here).", comes.at));
                self.befriend().await;
                self.missed.store(true, Ordering::Release);
                Ok(self.held.clone())
            }
        };
        self.post(hub, &Answers { turn, term: self.claim.term.clone(), held: Some(held), ..Answers::default() });
    }

    async fn let_go(&self, gone: &Gone) {
        for (owner, links) in self.owners.iter().zip(&gone.links) {
            for (&member, &links) in links {
                for _ in 0..links {
                    let _ = owner.heed(Ask::Take(Input::Leave { member })).await;
                }
            }
        }
    }

    /// Looks after the hubs.
    pub(crate) async fn look_after(self: Arc<Self>) {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut up, mut beats) = (true, true);
        loop {
            ticks.tick().await;
            let was = std::mem::replace(&mut up, self.line.connection().is_some());
            if !up {
                continue;
            }
            if !was {
                self.book().pardon(self.now());
            }
            let gone = self.book().silent(self.now());
            for gone in &gone {
                self.let_go(gone).await;
                self.tell.say(format!("http://{}/ is gone; its phones try the other addresses.", gone.at));
            }
            if !gone.is_empty() {
                self.befriend().await;
            }
            if self.line.gap() || self.missed.swap(false, Ordering::AcqRel) {
                for owner in &self.owners {
                    owner.show_again().await;
                }
            }
            beats = !beats;
            if beats && self.claim.lease.holds() {
                self.line.tell(self.claim.names.hubs(), self.beat(false));
            }
        }
    }

    fn beat(&self, ends: bool) -> Vec<u8> {
        let owner = self.owners.first().map_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0)), |owner| owner.at());
        post::write(&Beat { term: self.claim.term.clone(), owner, hubs: self.book().hubs(), ends })
    }

    /// Phones here hear where else the class is.
    async fn befriend(&self) {
        let hubs = self.book().hubs().into_iter().map(|(_, _, at)| at).collect();
        if self.friends.are(hubs) {
            for owner in &self.owners {
                owner.voice().hubs(&self.friends).await;
            }
        }
    }
}
