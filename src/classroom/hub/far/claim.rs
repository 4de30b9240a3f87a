//! Who holds a class: a key of Redis with an expiry, which its owner renews. Two owners can't be: the key has one value, and
//! an owner whose renewal is late does nothing for others until it has the key again.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use redis::{Cmd, Connection};
use socketioxide::socket::Sid;
use tokio::time::sleep;

use super::lease::{HOLDS, Lease};
use super::line::Line;
use super::{Apart, Names, OLDEST, PATIENCE, Redis};
use crate::serve::code::secret;

/// How often a claim is renewed.
const RENEWED: Duration = Duration::from_secs(1);
/// How often somebody looks whether a claim lapses, or is renewed.
const LOOK: Duration = Duration::from_millis(250);
/// Classes of one Redis that are looked at.
const CLASSES: usize = 1_000;

/// Renews a claim, or takes it where nobody has it. 0: another one has it.
const RENEW: &str = "local held = redis.call('GET', KEYS[1]) \
    if held and held ~= ARGV[1] then return 0 end \
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) return 1";
/// Gives it back.
const RELEASE: &str = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

/// A claim to hold a class.
#[derive(Debug)]
pub struct Claim {
    pub(super) redis: Redis,
    pub(super) names: Names,
    /// What the key says: this program, this time.
    pub(super) term: String,
    pub(super) lease: Arc<Lease>,
}

/// A class that another program holds.
#[derive(Debug)]
pub struct Found {
    pub(super) redis: Redis,
    pub(super) names: Names,
}

/// Connects, and sees that it is new enough.
fn connect(redis: &Redis) -> Result<Connection, Apart> {
    let no = |why: &redis::RedisError| redis.no(why);
    let mut connection = redis.client()?.get_connection_with_timeout(PATIENCE).map_err(|why| no(&why))?;
    for limit in [connection.set_read_timeout(Some(PATIENCE)), connection.set_write_timeout(Some(PATIENCE))] {
        limit.map_err(|why| no(&why))?;
    }
    // Who may not ask is told later what is missing.
    let told: String = redis::cmd("INFO").arg("server").query(&mut connection).unwrap_or_default();
    match version(&told) {
        Some(version) if version < OLDEST => Err(Apart::Old(redis.at)),
        _ => Ok(connection),
    }
}

/// The first number of the version that INFO tells.
fn version(told: &str) -> Option<u32> {
    told.lines().find_map(|line| line.strip_prefix("redis_version:"))?.split('.').next()?.trim().parse().ok()
}

impl Claim {
    /// Claims the class with this room code. One that another program has claimed is waited for until that one renews its
    /// claim, which a program that was killed does not.
    ///
    /// # Errors
    /// Redis can't be had, or another program lives that holds the class.
    pub fn take(redis: Redis, code: Option<&str>) -> Result<Self, Apart> {
        let mut connection = connect(&redis)?;
        let (names, term) = (Names::of(code), secret());
        let (since, mut left) = (Instant::now(), i64::MAX);
        loop {
            let asked = Instant::now();
            let mut set = redis::cmd("SET");
            set.arg(names.claim()).arg(&term).arg("NX").arg("PX").arg(millis(HOLDS));
            let taken: Option<String> = set.query(&mut connection).map_err(|why| redis.no(&why))?;
            if taken.is_some() {
                let lease = Arc::new(Lease::new(asked));
                return Ok(Self { redis, names, term, lease });
            }
            let now: i64 =
                redis::cmd("PTTL").arg(names.claim()).query(&mut connection).map_err(|why| redis.no(&why))?;
            // Without an expiry it is nobody's of us; with more time left than before, its owner lives.
            if now == -1 || now > left || since.elapsed() > HOLDS + RENEWED {
                return Err(Apart::Held(redis.at));
            }
            left = now;
            thread::sleep(LOOK);
        }
    }

    /// Renews the claim on the line; ends when another program has it.
    pub(super) async fn renew(&self, line: &Line) {
        loop {
            if let Some(mut connection) = line.connection() {
                let asked = Instant::now();
                match self.script(RENEW).query_async::<i64>(&mut connection).await {
                    Ok(0) => return,
                    Ok(_) => self.lease.renewed(asked),
                    // The line says what is wrong with it.
                    Err(_) => {}
                }
            }
            sleep(RENEWED).await;
        }
    }

    /// Gives it back, and says so to the hubs: the class has ended.
    pub(super) async fn release(&self, line: &Line, farewell: Vec<u8>) {
        if let Some(mut connection) = line.connection() {
            let mut last = redis::pipe();
            last.cmd("PUBLISH").arg(self.names.hubs()).arg(farewell).ignore();
            let _ = last.add_command(self.script(RELEASE)).query_async::<()>(&mut connection).await;
        }
    }

    fn script(&self, text: &str) -> Cmd {
        let mut script = redis::cmd("EVAL");
        script.arg(text).arg(1).arg(self.names.claim()).arg(&self.term).arg(millis(HOLDS));
        script
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Found {
    /// Looks for the class with this room code; without one, for the only one that is there.
    ///
    /// # Errors
    /// Redis can't be had, or there is no such class, or several.
    pub fn look(redis: Redis, code: Option<&str>) -> Result<Self, Apart> {
        let (mut connection, since) = (connect(&redis)?, Instant::now());
        let mut ask = redis::cmd("PUBSUB");
        ask.arg("CHANNELS").arg("osi-tutor:*:owner");
        let codes = loop {
            let channels: Vec<String> = ask.query(&mut connection).map_err(|why| redis.no(&why))?;
            let mut codes: Vec<String> = channels.iter().take(CLASSES).filter_map(|channel| of(channel)).collect();
            codes.retain(|found| code.is_none_or(|code| code == found));
            // It may be about to begin.
            if !codes.is_empty() || since.elapsed() > PATIENCE {
                break codes;
            }
            thread::sleep(LOOK);
        };
        let at = redis.at;
        match codes.as_slice() {
            [only] => {
                let names = Names::of(Some(only));
                Ok(Self { redis, names })
            }
            [] => Err(Apart::None { at, code: code.map(str::to_owned) }),
            several => Err(Apart::Several(at, several.len())),
        }
    }

    /// The port of its Redis.
    pub fn port(&self) -> u16 {
        self.redis.port()
    }
}

/// The room code of the class whose owner listens there; empty where it has none.
fn of(channel: &str) -> Option<String> {
    let code = channel.strip_prefix("osi-tutor:")?.strip_suffix(":owner")?;
    let sound = code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    sound.then(|| code.to_owned())
}

/// A name for a hub that nobody else has.
pub(super) fn name() -> String {
    Sid::new().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_names_a_class_or_nothing() {
        assert_eq!(of(&Names::of(Some("tulip-7")).owner()).as_deref(), Some("tulip-7"));
        assert_eq!(of(&Names::of(None).owner()).as_deref(), Some(""));
        for odd in
            ["osi-tutor:a b:owner", "osi-tutor:\u{1b}[2J:owner", "x:tulip:owner", "osi-tutor:tulip", "osi-tutor:owner"]
        {
            assert_eq!(of(odd), None, "{odd}");
        }
    }

    #[test]
    fn the_version_is_read_from_what_redis_tells() {
        assert_eq!(version("# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n"), Some(7));
        assert_eq!(version("redis_version:6.2.1\n"), Some(6));
        assert!(["", "redis_version:", "redis_version:x.y"].into_iter().all(|odd| version(odd).is_none()));
    }
}
