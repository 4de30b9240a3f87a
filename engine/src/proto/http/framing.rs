//! Where a message ends, and which request a response answers.

use super::head::{self, Extent, Opening};
use super::order::Order;
use crate::model::Time;
use crate::proto::{Framing, Gap, Key, StreamCtx};
use memchr::memchr;
use std::collections::VecDeque;

/// Requests that may wait for their answers. Beyond it, answers are no longer matched.
const MOST_WAITING: usize = 4096;
/// Bytes of a request's target and key that are remembered.
const LONGEST_WISH: usize = 1024;
/// The longest line that says a chunk's size.
const LONGEST_SIZE: usize = 16 << 10;

/// What both directions share.
#[derive(Clone, Debug, Default)]
pub(super) struct Exchange {
    /// Requests without an answer yet, oldest first.
    pub waiting: VecDeque<Request>,
    /// Too many waited: which request an answer belongs to is no longer known.
    pub lost_count: bool,
    /// A request was seen, so what fits no message is a piece of one, as Wireshark decides.
    pub seen: bool,
    /// What both directions go on with.
    pub switch: Option<Key>,
    /// A wish that was granted, kept for the next one: long polling needs one a request.
    pub spare: Option<Box<Wish>>,
    /// The request that came last, and whether an answer has come since.
    pub last: Option<(u64, Time, bool)>,
    /// How many there were.
    pub order: Order,
    /// The message that is read now filled a hole: later ones have been read before it.
    pub late: bool,
}

/// A request that waits for its answer.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub frame: u64,
    pub time: Time,
    pub method: Method,
    /// Only where its answer needs to know more: of an upgrade, of CONNECT, of a target that a protocol asks for.
    pub wish: Option<Box<Wish>>,
}

/// What a request asked to go on with.
#[derive(Clone, Debug, Default)]
pub(super) struct Wish {
    pub target: String,
    pub key: String,
}

/// The methods that change how an answer is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Head,
    Connect,
    Other,
}

/// How far one direction's message has been understood.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// The first line is HTTP's.
    opened: bool,
    head: usize,
    body: Body,
    /// Where the next chunk's size starts.
    at: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Body {
    #[default]
    Unknown,
    Length(usize),
    Chunked,
    Trailers,
    UntilClose,
    /// All that is here.
    Rest,
}

impl Exchange {
    /// Takes note of a request.
    pub(super) fn ask(&mut self, request: Request) {
        self.last = Some((request.frame, request.time, false));
        if self.waiting.len() >= MOST_WAITING {
            self.lost_count = true;
            self.waiting.clear();
        }
        if !self.lost_count {
            self.waiting.push_back(request);
        }
    }

    /// What to remember of a request beyond its method, if anything, in the memory of an earlier one.
    pub(super) fn wish(&mut self, wanted: bool, target: &[u8], key: &[u8]) -> Option<Box<Wish>> {
        if !wanted {
            return None;
        }
        let mut wish = self.spare.take().unwrap_or_default();
        for (into, bytes) in [(&mut wish.target, target), (&mut wish.key, key)] {
            into.clear();
            for piece in bytes.get(..LONGEST_WISH).unwrap_or(bytes).utf8_chunks() {
                into.push_str(piece.valid());
                into.push_str(if piece.invalid().is_empty() { "" } else { "\u{fffd}" });
            }
        }
        Some(wish)
    }

    /// The request that an answer shows. As in Wireshark 4.0 that is the newest one, and only once: of pipelined
    /// requests and after an interim answer the others go without.
    pub(super) fn answered(&mut self) -> Option<(u64, Time)> {
        let (frame, time, done) = self.last.as_mut()?;
        (!std::mem::replace(done, true)).then_some((*frame, *time))
    }

    /// An answer, or nobody knows how many, is missing: which requests have none?
    fn skip_answers(&mut self, gap: Gap) {
        let keep = match gap {
            Gap::None => return,
            Gap::Message => self.waiting.len().saturating_sub(1),
            // The last one is the likeliest to be answered now.
            Gap::Unknown => 1,
        };
        let lost = self.waiting.len().saturating_sub(keep);
        self.waiting.drain(..lost);
    }

    /// Whether the answer with this code, by its request's method, has no body.
    pub(super) fn bodiless(&self, code: u16) -> bool {
        let method = self.waiting.front().map_or(Method::Other, |r| r.method);
        head::bodiless(code) || method == Method::Head || method == Method::Connect && code / 100 == 2
    }
}

/// The framing of HTTP/1 (RFC 9112 §6.3) on a port that is HTTP's.
pub(super) fn frame(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    let searched = ctx.side.searched;
    let exchange: &mut Exchange = ctx.dialogue.state();
    exchange.late = ctx.late;
    if ctx.gap != Gap::None {
        // An empty line right behind a hole is the end of a message in it, rather than one before the next.
        let opening = opening_line(bytes).filter(|_| ctx.gap != Gap::Unknown || head::leading(bytes) == 0);
        match opening {
            Some(Opening::Response) => exchange.skip_answers(ctx.gap),
            None if ctx.gap == Gap::Unknown && exchange.switch.is_none() => {
                return if exchange.seen || headers(bytes) { Framing::Middle } else { Framing::Skip(bytes.len()) };
            }
            _ => {}
        }
    }
    if searched == 0
        && let Some(key) = exchange.switch.take()
    {
        return Framing::Switch(key);
    }
    if bytes.starts_with(b"PRI * HTTP/2.0\r\n\r\n") {
        return Framing::Switch(Key::Upgrade("h2c"));
    }
    let progress: &mut Progress = ctx.side.state();
    if searched == 0 {
        *progress = Progress::default();
    }
    let found = follow(progress, exchange, bytes, searched, ctx.ended);
    // A body of known length isn't searched.
    let counted = matches!(progress.body, Body::Length(_) | Body::UntilClose);
    ctx.side.searched = if counted { progress.head } else { bytes.len() };
    found
}

/// The same on another port: the first line must be whole and name its version.
pub(super) fn guess(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    if !ctx.dialogue.holds::<Exchange>() {
        let line = head::line(bytes, 0).filter(|l| l.len > l.text.len() && l.text.len() > 8);
        if !line.is_some_and(|l| head::names_version(l.text)) {
            return Framing::NotMine;
        }
    }
    frame(ctx, bytes)
}

fn follow(p: &mut Progress, exchange: &Exchange, bytes: &[u8], searched: usize, ended: bool) -> Framing {
    if p.body == Body::Unknown {
        let start = head::leading(bytes);
        match if p.opened { Recognised::Yes } else { recognise(bytes, start, searched, exchange.seen) } {
            Recognised::Yes => p.opened = true,
            Recognised::Early => return Framing::NeedMore,
            // Once HTTP is spoken here, the rest of a lost message is still HTTP's.
            Recognised::No if exchange.seen => return Framing::Message(bytes.len()),
            // Before, nobody claims it: the port is HTTP's, so no other protocol is asked.
            Recognised::No => return Framing::Skip(bytes.len()),
        }
        let Some(end) = head::end(bytes, start.max(searched.saturating_sub(3))) else {
            return if bytes.len() > head::LONGEST { Framing::Message(bytes.len()) } else { Framing::NeedMore };
        };
        *p = Progress { opened: true, head: end, body: body(bytes, start, end, exchange), at: end };
    }
    match p.body {
        Body::Length(n) => match p.head.saturating_add(n) {
            whole if whole <= bytes.len() => Framing::Message(whole),
            whole => Framing::Need(whole),
        },
        Body::Rest => Framing::Message(bytes.len()),
        Body::UntilClose if ended => Framing::Message(bytes.len()),
        Body::UntilClose => Framing::UntilClose,
        Body::Chunked | Body::Trailers | Body::Unknown => chunks(p, bytes, searched),
    }
}

/// What the first line surely opens: it must be whole, name its version, and a status line its code.
fn opening_line(bytes: &[u8]) -> Option<Opening> {
    let line = head::line(bytes, head::leading(bytes)).filter(|l| l.len > l.text.len())?;
    let opening = head::opening(line.text).filter(|_| head::names_version(line.text))?;
    (opening != Opening::Response || head::code(line.text).is_some()).then_some(opening)
}

/// Whether lines of a head are here up to its end, all of them sound: only the first line is missing.
pub(super) fn headers(bytes: &[u8]) -> bool {
    let mut at = 0;
    while let Some(line) = head::line(bytes, at).filter(|l| l.len > l.text.len()) {
        if line.text.is_empty() {
            return at > 0;
        }
        if !head::is_header(&line) {
            return false;
        }
        at += line.len;
    }
    false
}

enum Recognised {
    Yes,
    Early,
    No,
}

/// Whether the first line is HTTP's. Looks at it only once, when its end arrives; but where no HTTP was `seen`, what can't
/// become such a line waits for nothing.
fn recognise(bytes: &[u8], start: usize, searched: usize, seen: bool) -> Recognised {
    if start == bytes.len() {
        return Recognised::No;
    }
    let new = bytes.get(searched.max(start)..).unwrap_or(&[]);
    let text = bytes.first().is_some_and(|b| b.is_ascii_graphic() || b.is_ascii_whitespace());
    if text && memchr(b'\n', new).is_none() && bytes.len() <= LONGEST_SIZE {
        let hopeless = !seen && head::opens_nothing(bytes.get(start..).unwrap_or(&[]));
        return if hopeless { Recognised::No } else { Recognised::Early };
    }
    let opens = |l: &head::Line<'_>| l.len > l.text.len() && (head::opening(l.text).is_some() || head::is_header(l));
    if text && head::line(bytes, start).is_some_and(|l| opens(&l)) { Recognised::Yes } else { Recognised::No }
}

fn body(bytes: &[u8], start: usize, end: usize, exchange: &Exchange) -> Body {
    let first = head::line(bytes, start).map_or(&[][..], |l| l.text);
    let Some(opening) = head::opening(first) else { return Body::Rest };
    let response = opening == Opening::Response;
    if response && exchange.bodiless(head::code(first).unwrap_or(0)) {
        return Body::Length(0);
    }
    match Extent::of(bytes.get(..end).unwrap_or(&[])) {
        Extent::Chunked => Body::Chunked,
        Extent::Length(n) => Body::Length(usize::try_from(n).unwrap_or(usize::MAX)),
        Extent::Unsaid | Extent::Bad if response => Body::UntilClose,
        Extent::Unsaid | Extent::Bad => Body::Length(0),
    }
}

/// Goes from chunk to chunk (RFC 9112 §7.1), never back.
fn chunks(p: &mut Progress, bytes: &[u8], searched: usize) -> Framing {
    while p.body == Body::Chunked {
        let from = p.at.max(searched);
        let Some(end) = bytes.get(from..).and_then(|b| b.iter().position(|&c| c == b'\n')).map(|i| from + i + 1) else {
            // A size line without end is damage: the message is what is here.
            let waited = bytes.len().saturating_sub(p.at);
            return if waited > LONGEST_SIZE { Framing::Message(bytes.len()) } else { Framing::NeedMore };
        };
        match chunk_size(bytes.get(p.at..end).unwrap_or(&[])) {
            None => return Framing::Message(bytes.len()),
            Some(0) => (p.body, p.at) = (Body::Trailers, end),
            // The line's end after the data is counted as two bytes, as every sender writes it.
            Some(n) => p.at = end.saturating_add(n).saturating_add(2),
        }
    }
    if matches!(bytes.get(p.at..), Some([b'\n', ..])) {
        return Framing::Message(p.at + 1);
    }
    if matches!(bytes.get(p.at..), Some([b'\r', b'\n', ..])) {
        return Framing::Message(p.at + 2);
    }
    match head::end(bytes, p.at.max(searched.saturating_sub(3))) {
        Some(end) => Framing::Message(end),
        None if bytes.len().saturating_sub(p.at) > head::LONGEST => Framing::Message(bytes.len()),
        None => Framing::NeedMore,
    }
}

/// The number on a chunk's first line; what follows a semicolon is an extension.
pub(super) fn chunk_size(line: &[u8]) -> Option<usize> {
    let digits = line.split(|&b| b == b';').next().unwrap_or(&[]).trim_ascii();
    let digits = digits.get(digits.iter().take_while(|&&b| b == b'0').count().min(digits.len().checked_sub(1)?)..)?;
    if digits.len() > 8 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    usize::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Streams;

    fn ask(streams: &mut Streams, forward: bool, bytes: &[u8]) -> Framing {
        frame(&mut streams.view(forward), bytes)
    }

    #[test]
    fn pipelined_requests_are_one_message_each() {
        let mut s = Streams::default();
        let (one, two) = (&b"GET /1 HTTP/1.1\r\n\r\n"[..], &b"GET /2 HTTP/1.1\r\n\r\n"[..]);
        assert_eq!(ask(&mut s, true, &[one, two].concat()), Framing::Message(one.len()));
    }

    #[test]
    fn a_head_is_waited_for_and_searched_once() {
        let mut s = Streams::default();
        let whole = b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
        for end in 1..38 {
            assert_eq!(ask(&mut s, true, &whole[..end]), Framing::NeedMore, "{end}");
            assert_eq!(s.sides[0].searched, end);
        }
        assert_eq!(ask(&mut s, true, &whole[..38]), Framing::Need(43));
        assert_eq!(ask(&mut s, true, whole), Framing::Message(43));
    }

    #[test]
    fn what_opens_no_message_waits_for_the_end_of_no_line() {
        for (begun, goes_on) in [
            ("The quick brown fox", false),
            ("220 mail.example ESMTP", false),
            ("(a)", false),
            ("AND/OR", false),
            ("Quick", true),
            ("GET /a", true),
            ("HTTP", true),
            ("HTTP/1.1 2", true),
            ("Host: a", true),
            ("M-SEARCH *", true),
        ] {
            let mut s = Streams::default();
            let expected = if goes_on { Framing::NeedMore } else { Framing::Skip(begun.len()) };
            assert_eq!(ask(&mut s, true, begun.as_bytes()), expected, "{begun}");
            // Of a conversation that spoke HTTP, it is a piece of some message.
            s.dialogue.state::<Exchange>().seen = true;
            assert_eq!(ask(&mut s, false, begun.as_bytes()), Framing::NeedMore, "{begun}");
        }
    }

    #[test]
    fn an_odd_line_hides_no_length_behind_it() {
        for odd in [
            "X: one\r\n two\r\n\tthree\r\n",
            " \t\r\n",
            "no colon here\r\n",
            "Blank : x\r\n",
            "X\0Y: z\r\n",
            "é: 8\r\n",
            ": nameless\r\n",
            "(x): y\n",
        ] {
            let head = format!("HTTP/1.1 200 OK\r\n{odd}Content-Length: 2\r\n\r\n");
            let both = format!("{head}okHTTP/1.1 200 OK\r\n");
            assert_eq!(
                ask(&mut Streams::default(), false, both.as_bytes()),
                Framing::Message(head.len() + 2),
                "{odd:?}"
            );
        }
    }

    #[test]
    fn a_folded_length_and_a_folded_coding_count() {
        for (fold, body) in [
            ("Content-Length:\r\n 2\r\n", "ok"),
            ("Content-Length : 2\r\n", "ok"),
            ("Transfer-Encoding: gzip,\r\n\tchunked\r\n", "0\r\n\r\n"),
        ] {
            let one = format!("HTTP/1.1 200 OK\r\n{fold}\r\n{body}");
            let both = format!("{one}{one}");
            assert_eq!(ask(&mut Streams::default(), false, both.as_bytes()), Framing::Message(one.len()), "{fold:?}");
        }
    }

    #[test]
    fn chunks_are_followed_byte_by_byte() {
        let mut s = Streams::default();
        let whole = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n";
        for end in 1..whole.len() {
            assert_eq!(ask(&mut s, false, &whole[..end]), Framing::NeedMore, "{end}");
        }
        assert_eq!(ask(&mut s, false, whole), Framing::Message(whole.len()));
    }

    #[test]
    fn a_response_without_length_lasts_until_close() {
        let mut s = Streams::default();
        assert_eq!(ask(&mut s, false, b"HTTP/1.0 200 OK\r\n\r\nabc"), Framing::UntilClose);
        let mut ctx = s.view(false);
        ctx.ended = true;
        assert_eq!(frame(&mut ctx, b"HTTP/1.0 200 OK\r\n\r\nabcd"), Framing::Message(23));
    }

    #[test]
    fn an_answer_to_head_and_a_304_have_no_body() {
        let mut s = Streams::default();
        let request = Request { frame: 1, time: Time(0), method: Method::Head, wish: None };
        s.dialogue.state::<Exchange>().ask(request);
        assert_eq!(ask(&mut s, false, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"), Framing::Message(38));
        s = Streams::default();
        assert_eq!(ask(&mut s, false, b"HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n"), Framing::Message(38));
    }

    #[test]
    fn what_is_not_http_is_nobodys_on_a_port_of_http_and_another_s_elsewhere() {
        for bytes in [&b"\x16\x03\x01"[..], b"SSH-2.0-x\r\n"] {
            assert_eq!(ask(&mut Streams::default(), true, bytes), Framing::Skip(bytes.len()), "{bytes:?}");
            assert_eq!(guess(&mut Streams::default().view(true), bytes), Framing::NotMine, "{bytes:?}");
        }
        assert_eq!(ask(&mut Streams::default(), true, b"PRI * HTTP/2.0\r\n\r\n"), Framing::Switch(Key::Upgrade("h2c")));
        assert_eq!(guess(&mut Streams::default().view(true), b"GET key\r\n"), Framing::NotMine);
    }

    #[test]
    fn a_port_that_promises_nothing_needs_a_whole_first_line_with_a_version() {
        let ask = |bytes: &[u8]| guess(&mut Streams::default().view(true), bytes);
        assert_eq!(ask(b"GET / HTTP/1.1"), Framing::NotMine);
        assert_eq!(ask(b"GET / HTTP/1.1\r\n\r\n"), Framing::Message(18));
    }

    #[test]
    fn an_answer_shows_the_newest_request_and_only_once() {
        let mut exchange = Exchange::default();
        for frame in [1, 2] {
            exchange.ask(Request { frame, time: Time(0), method: Method::Other, wish: None });
        }
        assert_eq!(exchange.answered(), Some((2, Time(0))));
        assert_eq!(exchange.answered(), None);
    }

    #[test]
    fn a_chunk_size_is_hexadecimal_and_bounded() {
        assert_eq!(chunk_size(b"1F;ext=1\r\n"), Some(31));
        assert_eq!(chunk_size(b"00000000000a"), Some(10));
        for bad in [&b""[..], b"-5", b"zz", b"ffffffffffffffff"] {
            assert_eq!(chunk_size(bad), None, "{bad:?}");
        }
    }
}
