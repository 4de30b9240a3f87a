//! Rank 2: display filters, in Wireshark 4.0's language, over the fields of [`proto`](crate::proto).
//!
//! Read [`Filter`], then down the pipeline: `lexer` (text to tokens), `parse` (tokens to the tree of
//! `ast`), `check` (words become fields, values get types), `eval` (the tree runs over a packet).
//! `names` knows what words mean, `literal` how values are written, `capture` what a capture filter would be here.
//!
//! What a name stands for may occur several times in a packet: an address at either end, a header in a
//! tunnel, a header that an ICMP error quotes. A comparison is true when one of the values satisfies it.
//! Only `!=` and `===` want all of them, and `any` and `all` say so for any other operator.

mod ast;
mod capture;
mod check;
mod error;
mod eval;
mod expert;
mod item;
mod lexer;
mod literal;
mod made;
mod names;
mod parse;
mod text;
mod write;

pub use error::FilterError;
pub use expert::{UNUSUAL, is_unusual};
pub use made::Made;
pub use names::{ALIASES, Alias, View, field};
pub use write::for_field;

use crate::model::{FieldDef, Identity, Packet};
use std::fmt;
use std::str::FromStr;

/// A condition on packets, ready to run.
#[derive(Clone, Debug)]
pub struct Filter {
    written: ast::Expr,
    ready: eval::Node,
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// Which word is wrong, why, and what was probably meant.
    pub fn parse(source: &str) -> Result<Self, FilterError> {
        Self::parse_among(source, &names::Names(&[]))
    }

    /// Reads a filter that may name fields of these protocols, too, which are not in the registry
    /// ([`walk_on`](crate::proto::walk_on)).
    ///
    /// # Errors
    /// As for [`Filter::parse`].
    pub fn parse_with(source: &str, own: &[&'static Identity]) -> Result<Self, FilterError> {
        Self::parse_among(source, &names::Names(own))
    }

    fn parse_among(source: &str, names: &names::Names) -> Result<Self, FilterError> {
        Self::read(source, names).map_err(|fault| {
            // What is offered in place of a capture filter must itself be a filter.
            let meant = capture::translate(source).filter(|(meant, _)| Self::read(meant, names).is_ok());
            let fault = meant.map_or(fault, |(meant, put)| {
                let said = format!("that is capture-filter language; a display filter says: {meant}{put}");
                error::Fault::new(&(0..source.len()), said)
            });
            fault.in_source(source)
        })
    }

    fn read(source: &str, names: &names::Names) -> Result<Self, error::Fault> {
        let written = parse::parse(source)?;
        let ready = check::check(&written, names)?;
        Ok(Self { written, ready })
    }

    /// The first protocol in it that has another name since Wireshark 3.0, and that name.
    pub fn old_name(&self) -> Option<(&'static str, &'static str)> {
        let text = self.written.to_string();
        // Text in quotes is no name.
        let mut unquoted = text.replace("\\\\", "").replace("\\\"", "");
        unquoted = unquoted.split('"').step_by(2).collect();
        let mut words = unquoted.split(|c: char| !(c.is_alphanumeric() || "._-".contains(c)));
        words.find_map(names::renamed)
    }

    /// The fields that decide it; `None` where it looks at a packet as a whole.
    pub fn fields(&self) -> Option<Vec<&'static FieldDef>> {
        self.ready.fields()
    }

    /// Whether it asks for something that [`Wanted::line`](crate::model::Wanted::line) leaves out.
    pub fn reads_details(&self) -> bool {
        self.fields().is_none_or(|fields| fields.iter().any(|field| field.detail))
    }

    /// Whether the packet satisfies it.
    pub fn matches(&self, packet: &Packet) -> bool {
        self.ready.holds(packet)
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(source: &str) -> Result<Self, FilterError> {
        Self::parse(source)
    }
}

impl PartialEq for Filter {
    /// Written alike, up to spaces, spellings of operators and needless parentheses.
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl fmt::Display for Filter {
    /// The canonical form, which reads back as the same filter.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.written.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RawFrame;
    use crate::proto::{NoMemory, walk};
    use proptest::prelude::*;

    /// A request from 10.0.0.1:50000 to 192.168.7.9:80.
    fn request() -> Packet {
        let builder = etherparse::PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [0xff; 6])
            .ipv4([10, 0, 0, 1], [192, 168, 7, 9], 64)
            .tcp(50000, 80, 1000, 4096)
            .psh()
            .ack(7);
        let mut bytes = Vec::new();
        builder.write(&mut bytes, b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").unwrap();
        let raw = RawFrame::whole(5, bytes);
        let mut packet = Packet::new();
        walk(&raw, &mut NoMemory::default(), &mut packet);
        packet
    }

    fn holds(filter: &str) -> bool {
        Filter::parse(filter).unwrap_or_else(|e| panic!("{e}\n{}", e.caret())).matches(&request())
    }

    #[track_caller]
    fn all_hold(filters: &[&str]) {
        for f in filters {
            assert!(holds(f), "{f}");
        }
    }

    #[track_caller]
    fn none_holds(filters: &[&str]) {
        for f in filters {
            assert!(!holds(f), "{f}");
        }
    }

    #[track_caller]
    fn refused(filter: &str, word: &str, suggestion: Option<&str>) {
        let e = Filter::parse(filter).expect_err(filter);
        assert_eq!((filter.get(e.span()), e.suggestion()), (Some(word), suggestion), "{filter}: {e}");
    }

    // ---- presence and logic

    #[test]
    fn a_bare_name_asks_whether_it_is_there() {
        all_hold(&["tcp", "ip && tcp.flags.syn", "!udp", "not udp and not not ip", "udp or tcp", "udp ^^ tcp"]);
        none_holds(&["udp", "tcp.analysis.retransmission", "tcp xor ip", "!(tcp || udp)", "udp.port"]);
    }

    #[test]
    fn and_binds_tighter_than_or_and_not_takes_a_whole_comparison() {
        all_hold(&["tcp || ip && udp"]);
        all_hold(&["!tcp.port == 443", "not tcp.port in {443}"]);
        none_holds(&["!tcp.port == 80"]);
    }

    // ---- comparison

    #[test]
    fn one_of_several_values_is_enough_except_for_unequal() {
        all_hold(&["tcp.port == 80", "tcp.port > 1024", "any tcp.port != 80", "tcp.port !== 80", "tcp.port ~= 80"]);
        none_holds(&["tcp.port != 80", "all tcp.port > 1024", "tcp.port === 80", "udp.port != 80"]);
        all_hold(&["all tcp.port in {1..65535}", "tcp.port != 443", "tcp.port not in {443, 8443}"]);
    }

    #[test]
    fn what_is_not_there_is_neither_equal_nor_different() {
        all_hold(&["ip.ttl != 63", "ip.ttl === 64", "all ip.ttl > 63", "ip.ttl <= 64", "ip.src != 10.0.0.2"]);
        none_holds(&["ip.ttl != 64", "ip.ttl !== 64", "ip.ttl === 63", "all ip.ttl < 64", "ip.src != 10.0.0.0/8"]);
        none_holds(&["ipv6.hlim == 64", "ipv6.hlim != 64", "all ipv6.hlim != 64", "ipv6.hlim === 64"]);
    }

    #[test]
    fn values_are_written_as_in_wireshark() {
        all_hold(&["ip.ttl == 0x40", "ip.ttl == 0100", "ip.ttl == 0b1000000", "ip.ttl == '@'", "ip.ttl == '\\x40'"]);
        all_hold(&["ip.proto == \"TCP\"", "ip.proto == TCP"]);
        all_hold(&[
            "tcp.flags.push == 1",
            "tcp.flags.push == True",
            "tcp.flags.push == \"Set\"",
            "tcp.flags.syn == false",
        ]);
        all_hold(&["eth.dst == ff-ff-ff-ff-ff-ff", "eth.dst == ffff.ffff.ffff", "eth.addr contains 00:00:01"]);
        all_hold(&["frame.time == \"1970-01-01\"", "frame.time_epoch < 0.5", "frame.time_epoch > -1"]);
    }

    #[test]
    fn an_address_can_be_compared_with_a_network_and_as_text() {
        all_hold(&[
            "ip.src == 10.0.0.0/8",
            "ip.addr == 192.168.7.9",
            "ip.dst > 192.168.0.0",
            "ip.host == \"10.0.0.1\"",
        ]);
        all_hold(&[
            "ip.addr in {10.0.0.0 .. 10.0.0.255}",
            "ip.src & 255.0.0.0 == 10.0.0.0",
            "ip.dst_host contains \"7.9\"",
        ]);
        none_holds(&["ip.src != 10.0.0.0/8", "ip.src == 10.1.0.0/16", "ip.src < 10.0.0.0/8"]);
    }

    #[test]
    fn a_set_has_commas_between_its_values() {
        all_hold(&[
            "tcp.port in {80, 443}",
            "tcp.port in {80,443}",
            "tcp.port in {22, 79..81}",
            "tcp.port in {79 .. 81}",
        ]);
        for (set, word) in [("{80 443}", "443"), ("{22 79..81}", "79"), ("{80, 81 82}", "82")] {
            let e = Filter::parse(&format!("tcp.port in {set}")).expect_err(set);
            assert!(e.to_string().contains("commas between them"), "{e}");
            assert_eq!(format!("tcp.port in {set}").get(e.span()), Some(word));
        }
        none_holds(&["tcp.port in {443}", "tcp.port in {81..49999}"]);
    }

    // ---- bytes, slices, patterns

    #[test]
    fn slices_take_bytes_and_fail_where_there_are_none() {
        all_hold(&["eth.src[0:3] == 02:00:00", "eth.src[-1] == 1", "eth.src[:2] == 0200", "eth.src[4-5] == 00:01"]);
        all_hold(&["eth.src[0,5,4-5] == 02:01:00:01", "tcp[13] & 0x08", "frame[12:2] == 08:00", "eth.src[5:] == 01"]);
        none_holds(&["eth.src[6:]", "eth.src[4:4] == 00", "eth.src[-7]", "tcp[13] & 2"]);
        all_hold(&["eth.src[9] != 00", "eth.src[0,9] == 02", "tcp.payload[0:3] == \"GET\""]);
        none_holds(&["tcp[20:3]", "eth.src[9,0] == 02", "udp.payload"]);
    }

    #[test]
    fn a_number_without_a_sign_cannot_be_compared_with_a_negative_one() {
        all_hold(&["frame.len != -5", "frame.len === -5", "frame.len - 100 < 0", "frame.len / 0 != 0"]);
        none_holds(&["frame.len > -5", "frame.len == -5", "tcp.port in {-1..65535}", "frame.len / 0 == 0"]);
    }

    #[test]
    fn comparisons_can_be_chained() {
        all_hold(&["tcp.dstport < tcp.srcport < 60000", "80 == tcp.dstport < tcp.srcport"]);
        none_holds(&["tcp.dstport < tcp.srcport < 80", "!tcp.dstport < tcp.srcport < 60000"]);
    }

    #[test]
    fn a_protocol_is_its_bytes_with_all_that_it_carries() {
        all_hold(&[
            "tcp contains \"GET\"",
            "eth contains 47:45:54",
            "frame matches \"host: A\\\\.EXAMPLE\"",
            "tcp ~ r\"^..\"",
        ]);
        all_hold(&["tcp matches \"(?-i)GET\"", "len(eth.src) == 6", "len(tcp.port) == 2"]);
        none_holds(&["tcp matches \"(?-i)get\"", "ip contains \"\"", "udp contains \"GET\""]);
    }

    #[test]
    fn calculations_bind_tighter_than_comparisons() {
        all_hold(&["tcp.flags & 0x18 == 0x18", "tcp.dstport * 2 + 1 == 161", "tcp.srcport >= 4 * {tcp.dstport + 3}"]);
        all_hold(&[
            "frame.number % 2",
            "-frame.number < 0",
            "frame.number -5 == 0",
            "max(tcp.srcport, tcp.dstport) == 50000",
        ]);
        all_hold(&["count(tcp.port) == 2", "string(frame.number) matches \"[13579]$\"", "abs(-ip.ttl) == 64"]);
        none_holds(&["tcp.flags & 2", "frame.number / 0 == 0", "frame.number -5"]);
    }

    #[test]
    fn layers_are_counted_from_one() {
        all_hold(&["ip.src#1 == 10.0.0.1", "ip#[1-3]", "tcp.port#1 == 80"]);
        none_holds(&["ip.src#2", "ip.src#[2-9] == 10.0.0.1", "ip#2"]);
    }

    // ---- errors

    #[test]
    fn an_error_points_at_the_word_and_suggests_a_name() {
        refused("ip && tcp.prot == 80", "tcp.prot", Some("tcp.port"));
        refused("TCP", "TCP", Some("tcp"));
        refused("tcp.port == http", "http", None);
        refused("tcp.port == 65536", "65536", None);
        refused("ip.proto == TPC", "TPC", Some("TCP"));
        refused("ip.src == 10.0.0.0/33", "10.0.0.0/33", None);
        refused("tcp.port = 80", "=", None);
        refused("tcp and", "", None);
        refused("(tcp", "", None);
        refused("tcp)", ")", None);
        refused("tcp.port AND ip", "AND", Some("and"));
        refused("ip.src matches \"10\"", "ip.src", None);
        refused("tcp matches \"(\"", "\"(\"", None);
        refused("tcp.analysis.retransmission == 1", "tcp.analysis.retransmission", None);
        refused("lenn(tcp) > 1", "lenn", Some("len"));
        refused("ip.src == eth.src", "eth.src", None);
        refused("tcp.port[0] == 1", "tcp.port", None);
        refused("1 == 1", "1", None);
        refused("tcp.flag.syn", "tcp.flag.syn", Some("tcp.flags.syn"));
        refused("tcp && syn", "syn", Some("tcp.flags.syn"));
        refused("tcp.port == 80 or 443", "443", None);
        refused("tcp.port in {80, 443", "", None);
        refused("tcp.port == \"80\"", "\"80\"", None);
        refused("tcp.port =! 80", "=!", None);
        refused("tcp.port <> 80", "<>", None);
        refused("http.host == 'ab' && ip", "'ab'", None);
        refused("http.host == “ab”", "“", None);
        refused("tcp 🦀", "🦀", None);
        refused("port 80", "port 80", None);
        refused("  ", "", None);
    }

    #[test]
    fn a_capture_filter_is_told_as_a_display_filter() {
        for (typed, meant) in [
            ("port 80", "tcp.port == 80 || udp.port == 80"),
            ("host 10.0.0.1", "ip.addr == 10.0.0.1"),
            ("tcp port 443 and host 10.0.0.1", "tcp.port == 443 && ip.addr == 10.0.0.1"),
            ("src net 10/8", "ip.src == 10.0.0.0/8"),
            ("net 192.168.7", "ip.addr == 192.168.7.0/24"),
            ("dst host 2001:db8::1", "ipv6.dst == 2001:db8::1"),
            ("not arp and icmp6", "!(arp) && icmpv6"),
            ("udp portrange 1-2", "udp.port in {1..2}"),
            ("udp dst port domain or 67", "udp.dstport == 53 || udp.dstport == 67"),
            ("port 80 and src 10.0.0.1", "(tcp.port == 80 || udp.port == 80) && ip.src == 10.0.0.1"),
            ("tcp[tcpflags] & tcp-syn != 0", "tcp.flags.syn == 1"),
            ("tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "tcp.flags & 0x03 != 0x00"),
            ("icmp[icmptype] = icmp-echo", "icmp.type == 8"),
            ("ether host 02:00:00:00:00:01", "eth.addr == 02:00:00:00:00:01"),
            ("greater 1000 and vlan 7", "frame.len >= 1000 && vlan.id == 7"),
            ("net 10.0.0.0 mask 255.0.0.0", "ip.addr == 10.0.0.0/8"),
            ("src net 172.16.0.0 mask 255.240.0.0 or arp", "ip.src == 172.16.0.0/12 || arp"),
            ("src or dst host 10.0.0.1", "ip.addr == 10.0.0.1"),
            ("src and dst net 10/8", "ip.src == 10.0.0.0/8 && ip.dst == 10.0.0.0/8"),
            (
                "udp src and dst port 53 or 5353",
                "udp.srcport == 53 && udp.dstport == 53 || udp.srcport == 5353 && udp.dstport == 5353",
            ),
            (
                "host www.example.com and port 80",
                "ip.addr == 192.0.2.1 && (tcp.port == 80 || udp.port == 80), with www.example.com's address in place of \
                 192.0.2.1",
            ),
            (
                "src host a.example and dst b.example",
                "ip.src == 192.0.2.1 && ip.dst == 192.0.2.2, with a.example's address in place of 192.0.2.1 and \
                 b.example's address in place of 192.0.2.2",
            ),
        ] {
            let said = Filter::parse(typed).expect_err(typed).to_string();
            assert_eq!(said, format!("that is capture-filter language; a display filter says: {meant}"), "{typed}");
        }
        for other in [
            "tcp && syn",
            "port",
            "host",
            "port 70000",
            "src net 10/99",
            "tcp.port 80",
            "net 10.0.0.0 mask 255.0.255.0",
        ] {
            let said = Filter::parse(other).expect_err(other).to_string();
            assert!(!said.contains("capture-filter"), "{other}: {said}");
        }
    }

    #[test]
    fn what_is_made_from_the_whole_packet_compares_as_a_field_does() {
        all_hold(&[
            "frame.protocols == \"eth:ethertype:ip:tcp:http\"",
            "frame.protocols contains \"ip:tcp\" && len(frame.protocols) == 25",
            "_ws.expert && count(_ws.expert.message) == 1",
            "_ws.expert.severity == Chat && _ws.expert.severity == \"chat\" && _ws.expert.severity < 0x400000",
            "_ws.expert.group in {Sequence, Malformed}",
            "_ws.expert.message matches \"^get .*http\" && upper(_ws.expert.message) contains \"GET\"",
            "frame.time_delta_displayed == 0",
            "frame.encap_type == 1 && frame.marked == 0",
        ]);
        none_holds(&["_ws.malformed", "_ws.short", "frame.interface_id", "data-text-lines", "urlencoded-form.key"]);
    }

    #[test]
    fn a_name_that_needs_later_packets_is_refused_and_says_what_to_use() {
        for name in ["tcp.reassembled_in", "ip.reassembled_in > 3", "icmp.resp_in", "http.next_request_in == 7"] {
            let said = Filter::parse(name).expect_err(name).to_string();
            assert!(said.contains("packets that come later") && said.contains("instead"), "{said}");
        }
    }

    #[test]
    fn old_names_of_protocols_are_taken() {
        for (old, meant) in [
            ("ssl", ("ssl", "tls")),
            ("ssl.record.version == 0x303", ("ssl", "tls")),
            ("tcp && !bootp", ("bootp", "dhcp")),
            ("bootp.option.type == 53 && ip", ("bootp", "dhcp")),
        ] {
            assert_eq!(Filter::parse(old).map(|f| f.old_name()).ok(), Some(Some(meant)), "{old}");
        }
        for new in ["tls", "http.host contains \"ssl\"", "http.host == \"bootp.example\""] {
            assert_eq!(Filter::parse(new).map(|f| f.old_name()).ok(), Some(None), "{new}");
        }
        all_hold(&["!ssl && !bootp"]);
    }

    #[test]
    fn a_hostile_filter_is_refused_and_does_not_exhaust_the_stack() {
        let long = 20_000;
        for deep in ["(".repeat(long), "!".repeat(long), "-".repeat(long), "{".repeat(long), "tcp[0][0]".to_owned()] {
            assert!(Filter::parse(&deep).is_err());
        }
        assert!(Filter::parse(&format!("frame.len{} > 1", " + 1".repeat(5_000))).is_err());
        assert!(Filter::parse(&"tcp||".repeat(long)).is_err());
        for huge in ["a".repeat(10_000_000), "a".repeat(60_000), format!("tcp == \"{}", "\u{202e}\x1b".repeat(9_000))] {
            let e = Filter::parse(&huge).unwrap_err();
            let shown = e.to_string() + &e.caret();
            assert!(shown.len() < 1_000 && !shown.contains(['\u{202e}', '\x1b']), "{shown}");
        }
        assert!(Filter::parse(&format!("{}tcp", "tcp||".repeat(5_000))).unwrap().matches(&request()));
    }

    // ---- printing

    #[test]
    fn the_canonical_form_has_one_spelling() {
        for (written, canonical) in [
            ("tcp.port eq 80 and not( udp )", "tcp.port == 80 && !udp"),
            ("(ip or tcp)", "ip || tcp"),
            ("tcp.port in {80,443,1..2}", "tcp.port in {80, 443, 1 .. 2}"),
            ("tcp contains r\"a\\b\"", "tcp contains \"a\\\\b\""),
            ("!tcp.port==80", "!(tcp.port == 80)"),
            ("ip || frame.len<ip.len<9", "ip || frame.len < ip.len && ip.len < 9"),
            ("eth.src[ 0 - 2 , :3,4]==0", "eth.src[0-2,0:3,4:1] == 0"),
            ("tcp.srcport == {tcp.dstport + 1} * 2", "tcp.srcport == {tcp.dstport + 1} * 2"),
        ] {
            assert_eq!(Filter::parse(written).unwrap().to_string(), canonical);
        }
    }

    fn conditions() -> impl Strategy<Value = String> {
        let value = prop_oneof![
            Just("80".to_owned()),
            Just("tcp.dstport".to_owned()),
            Just("-5".to_owned()),
            Just("{tcp.srcport + 1} * 2 - 3".to_owned()),
            Just("'\\x00'".to_owned()),
        ];
        let relation = prop::sample::select(vec!["==", "ne", "===", "~=", ">", "le"]);
        let text = ".{0,8}".prop_map(|s: String| format!("\"{}\"", s.replace('\\', "\\\\").replace('"', "\\\"")));
        let leaf = prop_oneof![
            prop::sample::select(vec!["tcp", "ip.src", "eth.src[0:2,-1]", "tcp.flags & 2", "ip#[1-2]"])
                .prop_map(str::to_owned),
            (prop::sample::select(vec!["", "any ", "all "]), relation, value.clone())
                .prop_map(|(q, r, v)| format!("{q}tcp.port {r} {v}")),
            (prop::sample::select(vec!["in", "not in"]), value.clone(), value)
                .prop_map(|(op, a, b)| format!("tcp.port {op} {{{a}, {b}..{a}}}")),
            text.prop_map(|t| format!("frame contains {t}")),
        ];
        leaf.prop_recursive(4, 24, 3, |inner| {
            let operator = prop::sample::select(vec!["&&", "and", "||", "xor"]);
            prop_oneof![
                inner.clone().prop_map(|e| format!("!({e})")),
                inner.clone().prop_map(|e| format!("not {e}")),
                (inner.clone(), operator.clone(), inner.clone()).prop_map(|(a, op, b)| format!("({a}) {op} ({b})")),
                (inner.clone(), operator, inner).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_canonical_form_reads_back_as_the_same_filter(source in conditions()) {
            let filter = Filter::parse(&source).unwrap();
            let printed = filter.to_string();
            let again = Filter::parse(&printed).unwrap();
            prop_assert_eq!(&filter, &again, "{} -> {}", source, printed);
            prop_assert_eq!(printed, again.to_string());
            let packet = request();
            prop_assert_eq!(filter.matches(&packet), again.matches(&packet));
        }

        #[test]
        fn no_text_makes_the_parser_panic(source in "\\PC{0,40}", more in "[-a-z0-9.:\"'\\[\\]{}()&|!=<>~#, ]{0,60}") {
            for text in [source, more] {
                if let Err(e) = Filter::parse(&text) {
                    let _ = (e.caret(), e.to_string());
                }
            }
        }
    }
}
