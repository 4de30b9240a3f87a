//! One class on several computers, joined by a Redis: one of them holds the class, the others carry phones.
//!
//! Read `post` (what they say to each other), `line` (the connection to Redis, which comes back by itself), then `center` (who
//! holds the class hears the others, and keeps the `book` of them), `claim` (there is one such, never two) and `carrier` (a
//! computer that carries phones). What is shown goes out by socketioxide's Redis adapter, over the same line.
//!
//! Redis is trusted: anyone who can write to it leads the class. What comes from it is bounded all the same.

mod book;
mod carrier;
mod center;
mod claim;
mod joint;
mod lease;
mod line;
mod post;

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::time::Duration;

use redis::{ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo as _, ProtocolVersion, RedisError};
use socketioxide::adapter::Emitter;
use socketioxide_redis::{CustomRedisAdapter, RedisAdapterConfig, RedisAdapterCtr};

use line::{Driver, Line};

pub(super) use carrier::Carrier;
pub use claim::{Claim, Found};
pub(super) use joint::{Joint, while_held};

/// What carries the words of a class to its connections, on whatever computer they are.
pub(super) type Links = CustomRedisAdapter<Emitter, Driver>;
/// What they begin with.
pub(super) type State = RedisAdapterCtr<Driver>;
/// The oldest Redis: its adapter speaks RESP3.
const OLDEST: u32 = 7;
/// How long Redis may take for anything.
const PATIENCE: Duration = Duration::from_secs(2);
/// Messages of the adapter that wait to be read.
const WAITING: usize = 16 << 10;

/// A Redis.
#[derive(Clone)]
pub struct Redis {
    info: ConnectionInfo,
    at: SocketAddr,
}

/// Its password is nobody's business.
impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("at", &self.at).finish_non_exhaustive()
    }
}

/// Why a class isn't joined by a Redis.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Apart {
    /// It is no URL of a Redis.
    #[error("this is no URL of a Redis; one looks like redis://:PASSWORD@192.168.1.5:6379")]
    Url,
    /// Its name is unknown, or has no address of IPv4.
    #[error("the Redis has no IPv4 address that can be found; name it by its address: redis://192.168.1.5:6379")]
    Nowhere,
    /// It does not answer as a Redis does.
    #[error("the Redis at {0}: {1}")]
    Refused(SocketAddr, String),
    /// It is too old.
    #[error("the Redis at {0} is too old; version {OLDEST} or later is needed")]
    Old(SocketAddr),
    /// Another program holds the class.
    #[error("another program holds this class on the Redis at {0}; to carry phones for it: osi-tutor class --join")]
    Held(SocketAddr),
    /// There is no class.
    #[error("no class {}is on the Redis at {at}; start it first: osi-tutor class handshake --redis URL", named(code.as_deref()))]
    None {
        /// Where.
        at: SocketAddr,
        /// The code that was asked for.
        code: Option<String>,
    },
    /// There are several.
    #[error("{1} classes are on the Redis at {0}; name the room code of one: --join CODE")]
    Several(SocketAddr, usize),
}

fn named(code: Option<&str>) -> &'static str {
    if code.is_some() { "with this room code " } else { "" }
}

impl Redis {
    /// The one that a URL names. Names are looked up now: later, nothing is.
    ///
    /// # Errors
    /// There is no such thing.
    pub fn at(url: &str) -> Result<Self, Apart> {
        let info = url.into_connection_info().map_err(|_| Apart::Url)?;
        let ConnectionAddr::Tcp(host, port) = info.addr() else { return Err(Apart::Url) };
        let mut found = (host.trim_matches(['[', ']']), *port).to_socket_addrs().map_err(|_| Apart::Nowhere)?;
        let at = found.find(SocketAddr::is_ipv4).ok_or(Apart::Nowhere)?;
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3).set_skip_set_lib_name();
        let address = ConnectionAddr::Tcp(at.ip().to_string(), at.port());
        Ok(Self { info: info.set_addr(address).set_redis_settings(settings), at })
    }

    /// Its port, to which connections are made.
    pub fn port(&self) -> u16 {
        self.at.port()
    }

    fn client(&self) -> Result<redis::Client, Apart> {
        redis::Client::open(self.info.clone()).map_err(|why| self.no(&why))
    }

    /// What an error says, in our words: those of others may hold anything.
    fn no(&self, why: &RedisError) -> Apart {
        match why.kind() {
            ErrorKind::RESP3NotSupported => Apart::Old(self.at),
            _ => Apart::Refused(self.at, words(why)),
        }
    }
}

fn words(why: &RedisError) -> String {
    match (why.kind(), why.code()) {
        (ErrorKind::AuthenticationFailed, _) | (_, Some("NOAUTH" | "WRONGPASS")) => {
            "it wants another user or password; they go into the URL".to_owned()
        }
        (_, Some("NOPERM")) => "this user may not do there what a class needs".to_owned(),
        (ErrorKind::Io, _) if why.is_connection_refusal() => "nothing answers there".to_owned(),
        (ErrorKind::Io, _) if why.is_timeout() => "it takes too long to answer".to_owned(),
        (ErrorKind::Io, _) => "the connection failed".to_owned(),
        (ErrorKind::Server(_), _) => "it can't serve a class now".to_owned(),
        _ => "what answers there is no Redis, or its password is missing".to_owned(),
    }
}

/// What the keys and channels of a class are called.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Names(String);

impl Names {
    /// Of the class with this room code, or of the one that has none.
    fn of(code: Option<&str>) -> Self {
        Self(format!("osi-tutor:{}", code.unwrap_or_default()))
    }

    /// The key of who holds it.
    fn claim(&self) -> &str {
        &self.0
    }

    /// Where its owner listens.
    fn owner(&self) -> String {
        format!("{}:owner", self.0)
    }

    /// Where all hubs listen.
    fn hubs(&self) -> String {
        format!("{}:hubs", self.0)
    }

    /// Where one hub listens.
    fn hub(&self, name: &str) -> String {
        format!("{}:hub:{name}", self.0)
    }
}

/// What the adapter begins with, on this line.
fn state(line: &Line, names: &Names) -> State {
    let config = RedisAdapterConfig::new().with_stream_buffer(WAITING).with_prefix(names.0.clone());
    RedisAdapterCtr::new_with_driver(Driver::new(Some(line.clone())), config)
}

/// What it begins with where no other computer is reached.
pub(super) fn alone() -> State {
    RedisAdapterCtr::new_with_driver(Driver::new(None), RedisAdapterConfig::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_redis_and_its_password_is_never_shown() {
        let redis = Redis::at("redis://:s3cret@127.0.0.1:6390/2").unwrap();
        assert_eq!((redis.port(), redis.info.redis_settings().password()), (6390, Some("s3cret")));
        assert_eq!(redis.info.redis_settings().db(), 2);
        assert!(!format!("{redis:?}").contains("s3cret"));
        for wrong in [
            "",
            "redis",
            "http://:s3cret@127.0.0.1",
            "unix:///s3cret",
            "redis+unix:///s3cret",
            "rediss://:s3cret@127.0.0.1",
        ] {
            let why = Redis::at(wrong).unwrap_err();
            assert_eq!(why, Apart::Url, "{wrong}");
            assert!(!why.to_string().contains("s3cret"));
        }
        assert_eq!(Redis::at("redis://:s3cret@[::1]:6379").unwrap_err(), Apart::Nowhere);
    }
}
