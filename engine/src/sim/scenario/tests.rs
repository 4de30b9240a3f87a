//! Scenarios that are right, and what is said about those that are not.

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
        assert_ne!(text, TWO, "{old} is in the scenario");
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

/// A scenario with a switch, two routers and a network address translation.
const WIDE: &str = r#"
title = "Wide"
about = "Everything."

[[host]]
name = "client"
mac = "02:00:00:00:00:0a"
addresses = ["10.0.0.10/24", "2001:db8:a::10/64"]
gateway = ["10.0.0.1", "2001:db8:a::1"]
resolver = "10.0.0.53"

[[host.visit]]
to = "www.example.com:80"
web = { host = "www.example.com", get = ["/"] }

[[host.visit]]
to = "198.51.100.80"
ping = { count = 2, size = 1000 }

[[host]]
name = "both"

[[host.card]]
name = "left"
mac = "02:00:00:00:00:0b"
addresses = ["10.0.0.11/24"]

[[host.card]]
name = "right"
mac = "02:00:00:00:00:0c"
addresses = ["198.51.100.80/24"]
mtu = 1400

[[switch]]
name = "switch"

[[router]]
name = "router"
nat = { inside = "lan", outside = "wan" }

[[router.card]]
name = "lan"
mac = "02:00:00:00:00:01"
addresses = ["10.0.0.1/24", "2001:db8:a::1/64"]

[[router.card]]
name = "wan"
mac = "02:00:00:00:00:02"
addresses = ["198.51.100.1/24"]

[[router.route]]
to = "0.0.0.0/0"
via = "198.51.100.80"

[[link]]
between = ["client", "switch"]

[[link]]
between = ["both:left", "switch"]
mtu = 600

[[link]]
between = ["switch", "router:lan"]
loss_percent = 0.5
queue = 20

[[link]]
between = ["router:wan", "both:right"]
mtu = 1300
jitter_us = 10
"#;

#[test]
fn devices_cards_and_links_are_found_by_their_names() {
    let scenario = Scenario::parse("wide.toml", WIDE).unwrap();
    let names: Vec<_> = scenario.links.iter().map(|link| link.name.as_str()).collect();
    assert_eq!(names, ["client-switch", "both-switch", "switch-router", "router-both"]);
    assert_eq!(scenario.device("router:wan"), Some((3, Some(1))));
    assert_eq!((scenario.device("switch"), scenario.device("router:x")), (Some((2, None)), None));
    assert_eq!(scenario.hosts[0].gateways().len(), 2);
    assert_eq!(scenario.hosts[0].cards.len(), 1);
}

#[test]
fn a_card_sends_what_it_says_or_else_what_its_link_carries() {
    let mut scenario = Scenario::parse("wide.toml", WIDE).unwrap();
    let mtu = |scenario: &Scenario, device, card| scenario.mtu(Place { device, card });
    let all = [(0, 0), (1, 0), (1, 1), (3, 0), (3, 1)].map(|(device, card)| mtu(&scenario, device, card));
    assert_eq!(all, [1500, 600, 1400, 1500, 1300]);
    scenario.set_mtu(Some("router-both"), 900).unwrap();
    assert_eq!((mtu(&scenario, 1, 1), mtu(&scenario, 3, 1), mtu(&scenario, 3, 0)), (900, 900, 1500));
    scenario.set_mtu(None, 700).unwrap();
    assert_eq!(mtu(&scenario, 0, 0), 700);
    assert!(scenario.set_mtu(None, 67).is_err() && scenario.set_mtu(Some("nowhere"), 700).is_err());
}

#[test]
fn what_does_not_fit_together_is_refused_where_it_stands() {
    let cases = [
        ("name = \"switch\"", "name = \"client\"", "another device has this name"),
        ("name = \"switch\"", "name = \"all\"", "a name is a word"),
        ("\"switch\", \"router:lan\"", "\"switch\", \"router\"", "say which card"),
        ("\"switch\", \"router:lan\"", "\"switch\", \"router:wan\"", "on a wire already"),
        ("between = [\"client\", \"switch\"]", "between = [\"switch\", \"switch\"]", "two different devices"),
        ("gateway = [\"10.0.0.1\"", "gateway = [\"10.0.9.1\"", "on none of this host's networks"),
        ("\"2001:db8:a::1\"]", "\"10.0.0.2\"]", "at most one gateway"),
        ("resolver = \"10.0.0.53\"\n", "", "a name needs a resolver"),
        ("to = \"198.51.100.80\"", "to = \"198.51.100.80:7\"", "not to a port"),
        ("www.example.com:80", "www.example.com", "needs a port"),
        ("count = 2", "count = 0", "1 to 100 times"),
        ("via = \"198.51.100.80\"", "via = \"192.0.2.1\"", "none of this router's networks"),
        ("outside = \"wan\"", "outside = \"dmz\"", "no such card"),
        ("mtu = 1400", "mtu = 60", "68 to 9216"),
        ("00:00:02", "00:00:01", "has the address"),
        ("loss_percent = 0.5", "loss_percent = 101.0", "0 to 100"),
        ("jitter_us = 10", "jitter_us = 10_000_001", "at most 10000000"),
        ("ping = { count = 2, size = 1000 }", "", "exactly one of: web, ping"),
        ("mtu = 600", "mtv = 600", "unknown field `mtv`"),
        ("title = \"Wide\"", "title = \"Wide\"\nat = \"nowhere\"", "no device and no link"),
    ];
    for (old, new, why) in cases {
        let text = WIDE.replacen(old, new, 1);
        assert_ne!(text, WIDE, "{old} is in the scenario");
        let error = Scenario::parse("x.toml", &text).unwrap_err().to_string();
        assert!(error.contains(why) && error.ends_with('^'), "{new}: {error}");
    }
}

#[test]
fn switches_in_a_ring_are_refused() {
    let switches = "[[switch]]\nname = \"two\"\n\n[[switch]]\nname = \"three\"\n\n";
    let link = |a: &str, b: &str| format!("[[link]]\nbetween = [\"{a}\", \"{b}\"]\n\n");
    let chain = link("switch", "two") + &link("two", "three");
    let text = |more: &str| WIDE.replacen("[[router]]", &format!("{switches}[[router]]"), 1) + &chain + more;
    assert!(Scenario::parse("x.toml", &text("")).is_ok());
    let error = Scenario::parse("x.toml", &text(&link("three", "switch"))).unwrap_err().to_string();
    assert!(error.contains("go round forever"), "{error}");
    let twice = "[[link]]\nname = \"again\"\nbetween = [\"switch\", \"two\"]\n";
    assert!(Scenario::parse("x.toml", &text(twice)).is_err());
}
