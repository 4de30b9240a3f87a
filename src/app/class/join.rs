//! `osi-tutor class --redis URL`: a class on several computers, if this program was built so.

use crate::app::Failure;
use crate::cli::Class;

#[cfg(feature = "redis")]
pub(super) use here::{Redis, claimed, port, redis, run};

#[cfg(feature = "redis")]
mod here {
    use super::{Class, Failure};
    use crate::app::class::opened_for;
    use crate::app::class_keys::teller;
    use crate::app::rights::as_caller;
    use crate::classroom::hub::Open;
    use crate::classroom::hub::far::{Apart, Claim, Found};
    use crate::rights::{self, Files, Needs};

    pub(in crate::app::class) use crate::classroom::hub::far::Redis;

    fn no(why: &Apart) -> Failure {
        match why {
            Apart::Url => Failure::Usage(why.to_string()),
            _ => Failure::Data(why.to_string()),
        }
    }

    /// The Redis that was named.
    pub(in crate::app::class) fn redis(args: &Class) -> Result<Option<Redis>, Failure> {
        args.redis.as_deref().map(Redis::at).transpose().map_err(|why| no(&why))
    }

    /// The ports of that Redis.
    pub(in crate::app::class) fn port(redis: Option<&Redis>) -> Vec<u16> {
        redis.map(Redis::port).into_iter().collect()
    }

    /// The class with this code is this program's.
    pub(in crate::app::class) fn claimed(
        open: Open,
        redis: Option<Redis>,
        code: Option<&str>,
    ) -> Result<Open, Failure> {
        let Some(redis) = redis else { return Ok(open) };
        Ok(open.claimed(Claim::take(redis, code).map_err(|why| no(&why))?))
    }

    /// Carries phones for the class with this code; empty for the only one that is there.
    pub(in crate::app::class) fn run(args: &Class, code: &str) -> Result<(), Failure> {
        let Some(redis) = redis(args)? else {
            return Err(Failure::Usage("--join needs the Redis of the class: --redis URL".to_owned()));
        };
        let open = opened_for(args, None, 1)?;
        let open = if args.no_capture { open } else { open.capturing() };
        as_caller();
        let connect = vec![redis.port()];
        let found = Found::look(redis, Some(code).filter(|code| !code.is_empty())).map_err(|why| no(&why))?;
        rights::seal(&Needs { files: Files::Only { read: Vec::new(), write: Vec::new() }, connect });
        Ok(open.carry(&found, args.names.clone(), teller(false, false, crate::app::linear(args.linear)))?)
    }
}

/// Nothing of it.
#[cfg(not(feature = "redis"))]
pub(super) enum Redis {}

#[cfg(not(feature = "redis"))]
pub(super) fn redis(args: &Class) -> Result<Option<Redis>, Failure> {
    if args.redis.is_none() {
        return Ok(None);
    }
    Err(Failure::Usage(
        "this program was built without Redis; packages have it, and from a checkout \
         `cargo install --locked --path . --features redis` builds it"
            .to_owned(),
    ))
}

#[cfg(not(feature = "redis"))]
pub(super) fn port(_: Option<&Redis>) -> Vec<u16> {
    Vec::new()
}

#[cfg(not(feature = "redis"))]
#[expect(clippy::unnecessary_wraps, reason = "with the feature, a class may be somebody else's")]
pub(super) fn claimed(
    open: crate::classroom::hub::Open,
    _: Option<Redis>,
    _: Option<&str>,
) -> Result<crate::classroom::hub::Open, Failure> {
    Ok(open)
}

#[cfg(not(feature = "redis"))]
pub(super) fn run(args: &Class, _: &str) -> Result<(), Failure> {
    redis(args).map(drop)
}
