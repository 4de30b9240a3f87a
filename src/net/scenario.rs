//! A scenario: which hosts there are, how they are joined, and what each does.
//!
//! It is a TOML file; `lessons/scenarios/` holds the ready ones, and they are compiled in. A key that we
//! do not know is an error, and so is a value that makes no sense: both say where.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU16, NonZeroU32};

use serde::Deserialize;
use toml::Spanned;

use super::apps::web;

/// The ready scenarios: name and TOML.
pub const READY: &[(&str, &str)] = &[
    ("two-hosts", include_str!("../../lessons/scenarios/two-hosts.toml")),
    ("two-hosts-ipv6", include_str!("../../lessons/scenarios/two-hosts-ipv6.toml")),
];

/// More hosts than these make no lesson.
const MAX_HOSTS: usize = 64;
/// More servers than these on one host neither.
const MAX_SERVERS: usize = 16;

/// Hosts, the links between them, and what each host does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is, in a few words.
    pub title: String,
    /// What there is to see, in a sentence.
    pub about: String,
    /// The seed where none is asked for.
    #[serde(default = "one")]
    pub seed: u64,
    /// The hosts. The capture is taken at the first.
    #[serde(rename = "host")]
    pub hosts: Vec<Host>,
    /// The wires.
    #[serde(rename = "link")]
    pub links: Vec<Link>,
}

/// One host with one interface.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Its name in this scenario.
    pub name: Spanned<String>,
    /// The address of its network card.
    pub mac: Mac,
    /// Its IP addresses, with the length of their network's prefix.
    pub addresses: Spanned<Vec<Prefix>>,
    /// The web servers that run on it.
    #[serde(default)]
    pub serve: Vec<Serve>,
    /// The visits that it makes, one after the other.
    #[serde(default)]
    pub visit: Vec<Visit>,
}

/// A server that waits at a port.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serve {
    /// Its TCP port.
    pub port: NonZeroU16,
    /// What it offers.
    pub web: web::Site,
}

/// A connection that a host opens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visit {
    /// The server's address and port.
    pub to: Spanned<SocketAddr>,
    /// How long the host waits after the visit before this one has ended.
    #[serde(default)]
    pub after_ms: u32,
    /// What it wants there.
    pub web: web::Visit,
}

/// A wire between two hosts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The names of the two.
    pub between: [Spanned<String>; 2],
    /// How long a signal travels, in microseconds.
    #[serde(default)]
    pub delay_us: u32,
    /// How many bits can be sent in a millisecond (kbit/s); without it, sending takes no time.
    pub rate_kbit: Option<NonZeroU32>,
}

/// The address of a network card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Mac(pub [u8; 6]);

/// An address and how many of its first bits name the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Prefix {
    /// The address.
    pub address: IpAddr,
    /// The bits of the network.
    pub length: u8,
}

/// Why a scenario cannot be used. Its text has several lines: a caret stands under the place.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    file: String,
    line: usize,
    column: usize,
    message: String,
    /// The line, and how many characters of it are meant.
    text: String,
    width: usize,
}

impl Scenario {
    /// A ready scenario by its name.
    pub fn ready(name: &str) -> Option<Result<Self, Error>> {
        READY.iter().find(|(n, _)| *n == name).map(|(_, text)| Self::parse(&format!("{name}.toml"), text))
    }

    /// Reads a scenario. `file` is the name for error messages.
    ///
    /// # Errors
    /// The first place that is wrong.
    pub fn parse(file: &str, text: &str) -> Result<Self, Error> {
        let error = |span, message: &str| Error::at(file, text, span, message);
        let scenario: Self = toml::from_str(text).map_err(|e| error(e.span().unwrap_or(0..0), e.message()))?;
        scenario.check().map_err(|(span, message)| error(span, &message))?;
        Ok(scenario)
    }

    /// The place of a host by its name.
    pub fn host(&self, name: &str) -> Option<usize> {
        self.hosts.iter().position(|host| host.name.as_ref() == name)
    }

    /// What the grammar cannot say: names that fit, and each host on exactly one wire.
    fn check(&self) -> Result<(), (std::ops::Range<usize>, String)> {
        let place = |host: &Host| host.name.span();
        if self.hosts.is_empty() {
            return Err((0..0, "there is no host".into()));
        }
        if let Some(host) = self.hosts.get(MAX_HOSTS) {
            return Err((place(host), format!("there are more than {MAX_HOSTS} hosts")));
        }
        let mut wires = vec![0; self.hosts.len()];
        for name in self.links.iter().flat_map(|link| &link.between) {
            let host = self.host(name.as_ref()).ok_or_else(|| (name.span(), "no host has this name".into()))?;
            wires[host] += 1;
            if wires[host] > 1 {
                return Err((name.span(), "this host stands on a wire already".into()));
            }
        }
        for (at, host) in self.hosts.iter().enumerate() {
            let count = host.addresses.as_ref().len();
            if self.host(host.name.as_ref()) != Some(at) {
                return Err((place(host), "another host has this name".into()));
            }
            if wires[at] == 0 {
                return Err((place(host), "no link joins this host to another".into()));
            }
            if host.serve.len() > MAX_SERVERS {
                return Err((place(host), format!("more than {MAX_SERVERS} servers run on this host")));
            }
            if !(1..=2).contains(&count) {
                return Err((host.addresses.span(), "a host has one or two addresses".into()));
            }
            for visit in &host.visit {
                let (to, family) = (visit.to.as_ref(), |p: &Prefix| p.address.is_ipv4());
                if to.port() == 0 || !is_unicast(to.ip()) {
                    return Err((visit.to.span(), "nobody can be visited at this address".into()));
                }
                if !host.addresses.as_ref().iter().any(|own| family(own) == to.is_ipv4()) {
                    return Err((visit.to.span(), "the host has no address of this kind".into()));
                }
            }
        }
        Ok(())
    }
}

impl Error {
    fn at(file: &str, text: &str, span: std::ops::Range<usize>, message: &str) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let whole = text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
        let meant = text.get(span).unwrap_or_default().lines().next().unwrap_or_default();
        Self {
            file: file.into(),
            line: before.matches('\n').count() + 1,
            column: before.get(start..).unwrap_or_default().chars().count() + 1,
            message: message.trim_end().replace('\n', "; "),
            text: whole.into(),
            width: meant.chars().count().max(1),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, message, .. } = self;
        writeln!(f, "{file}:{line}:{column}: {message}")?;
        writeln!(f, "  {}", self.text.replace(|c: char| c.is_control(), " "))?;
        write!(f, "  {:>column$}{}", "^", "^".repeat(self.width - 1))
    }
}

impl TryFrom<String> for Mac {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bad = "a MAC address is six bytes, like \"02:00:00:00:00:01\"";
        let mut bytes = [0; 6];
        let mut parts = text.split(':');
        for byte in &mut bytes {
            let part = parts.next().filter(|part| part.len() == 2).ok_or(bad)?;
            *byte = u8::from_str_radix(part, 16).map_err(|_| bad)?;
        }
        match (parts.next(), bytes[0] & 1) {
            (Some(_), _) => Err(bad),
            (None, 1) => Err("this MAC address names a group, not one card"),
            (None, _) if bytes == [0; 6] => Err("no card has this MAC address"),
            (None, _) => Ok(Self(bytes)),
        }
    }
}

impl TryFrom<String> for Prefix {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bad = "an address needs its prefix length, like \"192.0.2.10/24\"";
        let (address, length) = text.split_once('/').ok_or(bad)?;
        let (address, length) = (address.parse().map_err(|_| bad)?, length.parse().map_err(|_| bad)?);
        match length <= if matches!(address, IpAddr::V4(_)) { 32 } else { 128 } {
            false => Err("the prefix is longer than the address"),
            true if !is_unicast(address) => Err("no single host can have this address"),
            true => Ok(Self { address, length }),
        }
    }
}

fn is_unicast(address: IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    !(address.is_unspecified() || address.is_multicast() || broadcast)
}

fn one() -> u64 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = READY[0].1;

    fn error(text: &str) -> String {
        Scenario::parse("x.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn every_ready_scenario_parses_and_says_what_it_is() {
        for (name, _) in READY {
            let scenario = Scenario::ready(name).unwrap().unwrap();
            assert!(!scenario.title.is_empty() && scenario.about.ends_with('.'), "{name}");
        }
        assert!(Scenario::ready("no-such").is_none());
    }

    #[test]
    fn an_unknown_key_is_refused_with_line_and_caret() {
        let text = TWO.replacen("seed = 1", "sead = 1", 1);
        let line = 1 + text.lines().position(|line| line.starts_with("sead")).unwrap();
        let error = error(&text);
        assert!(error.starts_with(&format!("x.toml:{line}:1: unknown field `sead`")), "{error}");
        assert!(error.ends_with("\n  sead = 1\n  ^^^^"), "{error}");
    }

    #[test]
    fn values_that_make_no_sense_are_refused_where_they_stand() {
        let cases = [
            ("02:00:00:00:00:0a", "03:00:00:00:00:0a", "names a group"),
            ("02:00:00:00:00:0a", "02:00", "six bytes"),
            ("192.0.2.10/24", "192.0.2.10/33", "longer than the address"),
            ("192.0.2.10/24", "224.0.0.1/24", "no single host"),
            ("[\"client\", \"server\"]", "[\"client\", \"nobody\"]", "no host has this name"),
            ("[\"client\", \"server\"]", "[\"client\", \"client\"]", "on a wire already"),
            ("to = \"192.0.2.80:80\"", "to = \"192.0.2.80:0\"", "nobody can be visited"),
            ("to = \"192.0.2.80:80\"", "to = \"[2001:db8::80]:80\"", "no address of this kind"),
        ];
        for (old, new, why) in cases {
            let text = TWO.replacen(old, new, 1);
            assert_ne!(text, TWO, "{old} stands in the scenario");
            let error = error(&text);
            assert!(error.contains(why) && error.ends_with('^'), "{new}: {error}");
        }
    }

    #[test]
    fn a_broken_file_is_an_error_and_no_panic() {
        for end in (0..TWO.len()).filter(|&end| TWO.is_char_boundary(end)) {
            let _ = Scenario::parse("cut.toml", &TWO[..end]);
        }
        assert!(error("title = \"\u{1b}\"").starts_with("x.toml:1:"));
    }
}
