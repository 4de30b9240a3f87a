//! The host may change its network: where others find it now.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::house::House;
use super::owner::Owner;
use super::{News, Tell};
use crate::serve::Routes;

/// How often the routing table is asked.
const LOOK: Duration = Duration::from_secs(3);

/// What has changed.
#[derive(Debug, PartialEq, Eq)]
enum Change {
    /// Others find it there now.
    To(IpAddr),
    /// It is in no network.
    Lost,
}

/// Where others find this machine, as it was told last.
#[derive(Debug)]
struct Known {
    at: IpAddr,
    lost: bool,
}

impl Known {
    /// The routing table has this address now, or none.
    fn now(&mut self, found: Option<IpAddr>) -> Option<Change> {
        match found {
            Some(at) if at != self.at || self.lost => {
                *self = Self { at, lost: false };
                Some(Change::To(at))
            }
            None if !self.lost && !self.at.is_loopback() => {
                self.lost = true;
                Some(Change::Lost)
            }
            _ => None,
        }
    }
}

/// Tells all classes where others find them, whenever that changes. Who listens at one address stays there.
pub(super) async fn follow(
    (house, owners): (Arc<House>, Vec<Arc<Owner>>),
    (address, routes): (SocketAddr, Option<Routes>),
    tell: Tell,
) {
    let Some(routes) = routes.filter(|_| address.is_ipv4()) else { return };
    let Some(first) = house.standings().first().map(|class| class.at.ip()).filter(|_| address.ip().is_unspecified())
    else {
        return;
    };
    let mut known = Known { at: first, lost: false };
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        // Where the routes can't be read, nothing is known to have changed.
        let Ok(found) = routes.own_address() else { return };
        match known.now(found) {
            Some(Change::To(at)) => {
                let at = SocketAddr::new(at, address.port());
                for owner in &owners {
                    owner.moves(at).await;
                }
                let said = format!("This machine has another address now. Students open   http://{at}/");
                tell(News::Moved(house.standings(), said));
            }
            Some(Change::Lost) => {
                tell(News::Line("This machine is in no network now: no phone reaches it.".to_owned()));
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_once_and_a_network_that_comes_back_too() {
        let [home, cafe, own] = ["192.168.1.7", "10.0.0.9", "127.0.0.1"].map(|ip| ip.parse::<IpAddr>().unwrap());
        let mut known = Known { at: home, lost: false };
        assert_eq!(known.now(Some(home)), None);
        assert_eq!((known.now(None), known.now(None)), (Some(Change::Lost), None));
        assert_eq!((known.now(Some(home)), known.now(Some(home))), (Some(Change::To(home)), None));
        assert_eq!(known.now(Some(cafe)), Some(Change::To(cafe)));
        let mut alone = Known { at: own, lost: false };
        assert_eq!((alone.now(None), alone.now(Some(home))), (None, Some(Change::To(home))), "it began without one");
    }
}
