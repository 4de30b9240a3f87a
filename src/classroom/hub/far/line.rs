//! The line to Redis: what is said waits its turn, what is heard goes to who listens, and a connection that breaks is made
//! again. What was to be said meanwhile is lost, and `gap` says so.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, FromRedisValue as _, PushInfo, PushKind, RedisResult};
use socketioxide_redis::drivers::{self, ChanItem, MessageStream};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::sleep;

use super::lease::Lease;
use super::post::MOST;
use super::{Apart, PATIENCE, Redis, words};
use crate::classroom::hub::{News, Tell};

/// The most messages that wait to be sent, and the most that go at once.
const OUT: usize = 16 << 10;
const AT_ONCE: usize = 256;
/// A connection that broke is tried again after so long.
const PAUSE: Duration = Duration::from_millis(500);

/// The line; each copy speaks on the same.
#[derive(Clone, Debug)]
pub(crate) struct Line(Arc<Ends>);

#[derive(Debug)]
struct Ends {
    out: mpsc::Sender<Said>,
    ears: Mutex<HashMap<String, mpsc::Sender<ChanItem>>>,
    /// Something was lost, either way.
    gap: AtomicBool,
    up: watch::Sender<Option<MultiplexedConnection>>,
    /// Who holds the class says nothing to its connections elsewhere once it may hold it no more.
    lease: Option<Arc<Lease>>,
}

/// What is to be done on the line, in order.
#[derive(Debug)]
enum Said {
    Tell(String, Vec<u8>),
    Hear(String),
    Forget(String),
}

impl Line {
    /// Connects; from then on the line mends itself, and tells so.
    pub(super) async fn open(redis: &Redis, lease: Option<Arc<Lease>>, tell: Tell) -> Result<Self, Apart> {
        let client = redis.client()?;
        let (out, from) = mpsc::channel(OUT);
        let (up, _) = watch::channel(None);
        let line = Self(Arc::new(Ends { out, ears: Mutex::default(), gap: AtomicBool::new(false), up, lease }));
        let connected = line.connect(&client).await.map_err(|why| redis.no(&why))?;
        tokio::spawn(line.clone().run(client, connected, from, tell));
        Ok(line)
    }

    /// Says something on a channel. Where too much waits, it is lost.
    pub(super) fn tell(&self, channel: String, bytes: Vec<u8>) {
        self.say(Said::Tell(channel, bytes));
    }

    /// What is said on a channel from now on.
    pub(super) fn hear(&self, channel: String, size: usize) -> mpsc::Receiver<ChanItem> {
        let (to, from) = mpsc::channel(size);
        self.ears().insert(channel.clone(), to);
        self.say(Said::Hear(channel));
        from
    }

    /// Whether something was lost since this was last asked.
    pub(super) fn gap(&self) -> bool {
        self.0.gap.swap(false, Ordering::AcqRel)
    }

    /// The connection, while there is one.
    pub(super) fn connection(&self) -> Option<MultiplexedConnection> {
        self.0.up.borrow().clone()
    }

    fn say(&self, said: Said) {
        if self.connection().is_none() || self.0.out.try_send(said).is_err() {
            self.0.gap.store(true, Ordering::Release);
        }
    }

    fn ears(&self) -> MutexGuard<'_, HashMap<String, mpsc::Sender<ChanItem>>> {
        self.0.ears.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self, client: &redis::Client) -> RedisResult<(MultiplexedConnection, Arc<Notify>)> {
        let gone = Arc::new(Notify::new());
        let (ends, goes) = (Arc::downgrade(&self.0), Arc::clone(&gone));
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_push_sender(move |push| {
                heard(&ends, push, &goes);
                Ok::<(), Infallible>(())
            });
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        let channels: Vec<String> = self.ears().keys().cloned().collect();
        if !channels.is_empty() {
            connection.subscribe(channels).await?;
        }
        self.0.up.send_replace(Some(connection.clone()));
        Ok((connection, gone))
    }

    async fn run(
        self,
        client: redis::Client,
        connected: (MultiplexedConnection, Arc<Notify>),
        mut from: mpsc::Receiver<Said>,
        tell: Tell,
    ) {
        let mut connected = connected;
        loop {
            let why = self.carry(connected, &mut from).await;
            self.0.up.send_replace(None);
            tell(News::Line(format!(
                "Redis is lost: {why}. It's tried again; phones of other computers wait meanwhile."
            )));
            connected = loop {
                sleep(PAUSE).await;
                // What waits is older than what will be shown again.
                while from.try_recv().is_ok() {}
                if let Ok(connected) = self.connect(&client).await {
                    break connected;
                }
            };
            self.0.gap.store(true, Ordering::Release);
            tell(News::Line("Redis is back.".to_owned()));
        }
    }

    /// Says what is to be said, until the connection breaks; why it did.
    async fn carry(
        &self,
        (mut connection, gone): (MultiplexedConnection, Arc<Notify>),
        from: &mut mpsc::Receiver<Said>,
    ) -> String {
        let mut waiting = Vec::new();
        loop {
            tokio::select! {
                () = gone.notified() => return "it ended the connection".to_owned(),
                _ = from.recv_many(&mut waiting, AT_ONCE) => {}
            }
            if let Err(why) = said(&mut connection, &mut waiting).await {
                return words(&why);
            }
        }
    }
}

async fn said(connection: &mut MultiplexedConnection, waiting: &mut Vec<Said>) -> RedisResult<()> {
    let mut pipe = redis::pipe();
    for said in waiting.drain(..) {
        let (channel, hears) = match said {
            Said::Tell(channel, bytes) => {
                pipe.cmd("PUBLISH").arg(channel).arg(bytes).ignore();
                continue;
            }
            Said::Hear(channel) => (channel, true),
            Said::Forget(channel) => (channel, false),
        };
        if !pipe.is_empty() {
            std::mem::take(&mut pipe).query_async::<()>(connection).await?;
        }
        if hears { connection.subscribe(channel).await? } else { connection.unsubscribe(channel).await? }
    }
    if pipe.is_empty() { Ok(()) } else { pipe.query_async(connection).await }
}

/// Something came from Redis.
fn heard(ends: &Weak<Ends>, push: PushInfo, gone: &Notify) {
    let Some(ends) = ends.upgrade() else { return };
    match push.kind {
        PushKind::Disconnection => gone.notify_one(),
        PushKind::Message => {
            let mut data = push.data.into_iter();
            let channel = data.next().and_then(|value| String::from_redis_value(value).ok());
            let bytes = data.next().and_then(|value| Vec::<u8>::from_redis_value(value).ok());
            let (Some(channel), Some(bytes)) = (channel, bytes.filter(|bytes| bytes.len() <= MOST)) else { return };
            let ears = ends.ears.lock().unwrap_or_else(PoisonError::into_inner);
            if ears.get(&channel).is_some_and(|ear| ear.try_send((channel, bytes)).is_err()) {
                ends.gap.store(true, Ordering::Release);
            }
        }
        _ => {}
    }
}

/// What the adapter speaks by: the line, if there is one.
#[derive(Clone, Debug)]
pub(crate) struct Driver(Option<Line>);

impl Driver {
    pub(super) fn new(line: Option<Line>) -> Self {
        Self(line)
    }
}

impl drivers::Driver for Driver {
    type Error = Infallible;

    /// It never waits: who is here is served whatever becomes of Redis.
    async fn publish(&self, channel: String, bytes: Vec<u8>) -> Result<(), Infallible> {
        if let Some(line) = &self.0
            && line.0.lease.as_ref().is_none_or(|lease| lease.holds())
        {
            line.tell(channel, bytes);
        }
        Ok(())
    }

    async fn subscribe(&self, channel: String, size: usize) -> Result<MessageStream<ChanItem>, Infallible> {
        Ok(self.0.as_ref().map_or_else(MessageStream::new_empty, |line| MessageStream::new(line.hear(channel, size))))
    }

    async fn unsubscribe(&self, channel: String) -> Result<(), Infallible> {
        if let Some(line) = &self.0 {
            line.ears().remove(&channel);
            line.say(Said::Forget(channel));
        }
        Ok(())
    }

    /// Only what waits for the answers of all hubs needs it, and nothing here does.
    async fn num_serv(&self, _: &str) -> Result<u16, Infallible> {
        Ok(1)
    }
}
