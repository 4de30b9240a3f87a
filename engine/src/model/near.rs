//! "Did you mean …?": the name that was probably meant by one that nobody knows.

use std::cmp::Reverse;

/// A word longer than this is no name mistyped.
const LONGEST_NAME: usize = 80;

/// The name that was probably meant: the one with the fewest typing slips, up to a third of the word; but
/// rather than several slips, a part that was left out (`tcp.syn`, `syn`) or an end (`tcp.window`).
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST_NAME {
        return None;
    }
    let word = word.to_ascii_lowercase();
    let names: Vec<_> = candidates.collect();
    let shortest = |fits: &dyn Fn(&str) -> bool| names.iter().copied().filter(|n| fits(n)).min_by_key(|n| n.len());
    let (first, last) = (word.split('.').next().unwrap_or(""), word.rsplit('.').next().unwrap_or(""));
    let ends_alike = |name: &str| name.strip_suffix(last).is_some_and(|rest| rest.ends_with('.'));
    let begins_alike = |name: &str| name.strip_prefix(first).is_some_and(|rest| rest.starts_with('.'));
    let few = typed(&word, &names, 1);
    let inner = || shortest(&|n| ends_alike(n) && (first == last || begins_alike(n)));
    let longer = || shortest(&|n| word.len() > 3 && n.starts_with(&word));
    few.or_else(inner).or_else(longer).or_else(|| typed(&word, &names, (word.len() / 3).max(1)))
}

/// The candidate with the fewest typing slips from `word`, if it has not more than `most`; of several, the
/// one that begins and ends most alike.
fn typed<'a>(word: &str, names: &[&'a str], most: usize) -> Option<&'a str> {
    let alike = |name: &str| {
        let from_start = word.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
        let from_end = word.bytes().rev().zip(name.bytes().rev()).take_while(|(a, b)| a == b).count();
        from_start + from_end
    };
    let slips = |name: &str| strsim::osa_distance(word, &name.to_ascii_lowercase());
    let near = names.iter().filter(|name| name.len().abs_diff(word.len()) <= most).map(|name| (slips(name), *name));
    near.filter(|&(n, _)| n <= most).min_by_key(|&(n, name)| (n, Reverse(alike(name)))).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested_only_when_it_is_near() {
        let names = ["tcp.port", "udp.port", "tcp.flags.syn"];
        assert_eq!(nearest("tcp.prot", names.into_iter()), Some("tcp.port"));
        assert_eq!(nearest("TCP.Port", names.into_iter()), Some("tcp.port"));
        assert_eq!(nearest("weather", names.into_iter()), None);
        for part in ["tcp.syn", "syn", "tcp.flags.sym", "tcp.flag.syn"] {
            assert_eq!(nearest(part, names.into_iter()), Some("tcp.flags.syn"), "{part}");
        }
        assert_eq!(nearest("icmp6", ["icmp", "icmpv6"].into_iter()), Some("icmpv6"));
    }
}
