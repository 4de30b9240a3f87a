//! Pseudonyms: dealt, not chosen, so that nobody can write on the others' screens.

const WHAT: [&str; 24] = [
    "Quiet", "Swift", "Patient", "Bright", "Curious", "Steady", "Gentle", "Brave", "Clever", "Calm", "Merry", "Keen",
    "Nimble", "Honest", "Lucky", "Sunny", "Bold", "Tidy", "Wise", "Jolly", "Proud", "Silver", "Golden", "Early",
];
const WHO: [&str; 24] = [
    "Router", "Switch", "Packet", "Socket", "Beacon", "Bridge", "Cable", "Frame", "Gateway", "Host", "Link", "Modem",
    "Port", "Relay", "Segment", "Server", "Signal", "Stream", "Token", "Tunnel", "Window", "Antenna", "Buffer",
    "Cookie",
];
/// The numbers that follow.
const NUMBERS: u64 = 99;

/// A name that is not taken, such as "Quiet Router 7"; the dice say which.
pub(super) fn deal(dice: u64, is_taken: impl Fn(&str) -> bool) -> String {
    let pick = |from: &[&'static str], n: u64| from.get(usize::try_from(n).unwrap_or(0) % from.len()).copied();
    let name = |n: u64| {
        let (what, who) = (pick(&WHAT, n / NUMBERS / 24).unwrap_or(WHAT[0]), pick(&WHO, n / NUMBERS).unwrap_or(WHO[0]));
        format!("{what} {who} {}", n % NUMBERS + 1)
    };
    let all = WHAT.len() as u64 * WHO.len() as u64 * NUMBERS;
    let first = dice % all;
    // There are 57,000 names; a class has fewer members, so that one is free.
    (0..all).map(|on| name((first + on) % all)).find(|name| !is_taken(name)).unwrap_or_else(|| name(first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_differ_even_if_the_dice_do_not() {
        let mut taken = HashSet::new();
        for _ in 0..1_000 {
            let name = deal(7, |name| taken.contains(name));
            assert!(name.len() <= 24 && name.is_ascii(), "{name}");
            assert!(taken.insert(name));
        }
    }
}
