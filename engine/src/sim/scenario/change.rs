//! A scenario with something changed: a link, a host, what programs do.

use std::ops::Range;

use toml::Spanned;

use super::{Card, Errand, Host, Link, Place, Program, Scenario, check};

impl Scenario {
    /// Gives a link another MTU, or every link; what a card says for itself gives way.
    ///
    /// # Errors
    /// The sentence says what would be right.
    pub fn set_mtu(&mut self, link: Option<&str>, mtu: u16) -> Result<(), String> {
        check::mtu(mtu)?;
        for at in self.chosen(link)? {
            for end in self.ends(&self.links[at]).into_iter().flatten() {
                if let Some(card) = self.card_mut(end) {
                    card.mtu = None;
                }
            }
            self.links[at].mtu = Some(Spanned::new(0..0, mtu));
        }
        Ok(())
    }

    /// Changes the link of this name, or every link.
    ///
    /// # Errors
    /// There is no such link, or it can't be so.
    pub fn change_links(&mut self, name: Option<&str>, change: impl Fn(&mut Link)) -> Result<(), String> {
        for at in self.chosen(name)? {
            change(&mut self.links[at]);
            self.links[at].check().map_err(|(_, why)| why)?;
        }
        Ok(())
    }

    /// Changes the host of this name.
    ///
    /// # Errors
    /// There is no such host.
    pub fn change_host(&mut self, name: &str, change: impl FnOnce(&mut Host)) -> Result<(), String> {
        let names: Vec<_> = self.hosts.iter().map(|host| host.name.as_ref().clone()).collect();
        let known = || format!("no host here is called '{name}'; there are: {}", names.join(", "));
        self.hosts.iter_mut().find(|host| host.name.as_ref() == name).ok_or_else(known).map(change)
    }

    fn chosen(&self, link: Option<&str>) -> Result<Range<usize>, String> {
        let Some(name) = link else { return Ok(0..self.links.len()) };
        let at = self.link(name).ok_or_else(|| {
            let names: Vec<_> = self.links.iter().map(|link| link.name.as_str()).collect();
            format!("no link here is called '{name}'; there are: {}", names.join(", "))
        })?;
        Ok(at..at + 1)
    }

    fn card_mut(&mut self, place: Place) -> Option<&mut Card> {
        let (hosts, switches) = (self.hosts.len(), self.switches.len());
        let cards = if place.device < hosts {
            &mut self.hosts[place.device].cards
        } else {
            &mut self.routers.get_mut(place.device.checked_sub(hosts + switches)?)?.cards
        };
        cards.get_mut(place.card)
    }

    /// Lets every web server answer an upgrade with a Sec-WebSocket-Accept that fits another key.
    ///
    /// # Errors
    /// No web server speaks WebSocket here.
    pub fn set_wrong_accept(&mut self) -> Result<(), String> {
        let serves = self.hosts.iter_mut().flat_map(|host| &mut host.serve);
        let sites = serves.filter_map(|serve| match &mut serve.program {
            Program::Web(site) if site.chat.is_some() => Some(&mut site.wrong_accept),
            _ => None,
        });
        set_all(sites, "no web server here speaks WebSocket")
    }

    /// Lets every browser leave the frames of its WebSocket unmasked.
    ///
    /// # Errors
    /// No browser speaks WebSocket here.
    pub fn set_unmasked(&mut self) -> Result<(), String> {
        let visits = self.hosts.iter_mut().flat_map(|host| &mut host.visit);
        let browsers = visits.filter_map(|visit| match &mut visit.errand {
            Errand::Web(web) if web.chat.is_some() => Some(&mut web.unmasked),
            _ => None,
        });
        set_all(browsers, "no browser here speaks WebSocket")
    }
}

/// Sets each of them; an error where there is none.
fn set_all<'a>(mut all: impl Iterator<Item = &'a mut bool>, none: &str) -> Result<(), String> {
    *all.next().ok_or(none)? = true;
    all.for_each(|one| *one = true);
    Ok(())
}
