//! A filter that is ready to run: names are rows, values are typed, patterns are compiled.
//!
//! A name can have several values in one packet, so every operand hands its values one by one to
//! whoever asked. Nothing is collected, and short texts are made on the stack: nothing is allocated.

use super::ast::{Arithmetic, Function, Piece, Relation};
use super::item::{Item, Scratch, Taker};
use super::literal::Constant;
use super::names::{Named, View};
use crate::model::{Field, FieldDef, Kind, Layer, Packet, Span, Value};
use regex::bytes::Regex;
use std::cmp::Ordering;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A condition.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Or(Vec<Node>),
    Xor(Vec<Node>),
    And(Vec<Node>),
    Not(Box<Node>),
    /// At least one value, or for a name one field or layer, is there.
    Present(Operand),
    /// At least one value is not zero.
    NonZero(Operand),
    /// One pair of values, or with `all` every pair, has this relation.
    Compare {
        all: bool,
        left: Operand,
        relation: Relation,
        right: Operand,
    },
    Matches {
        all: bool,
        left: Operand,
        pattern: Regex,
    },
    In {
        all: bool,
        left: Operand,
        set: Vec<(Operand, Option<Operand>)>,
    },
}

/// Something with values.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Constant(Constant),
    Name { named: Named, layers: Option<Vec<Piece>> },
    Slice(Box<Operand>, Vec<Piece>),
    Call(Function, Vec<Operand>),
    Negate(Box<Operand>),
    Arithmetic(Arithmetic, Box<Operand>, Box<Operand>),
}

impl Node {
    pub(super) fn holds(&self, packet: &Packet) -> bool {
        match self {
            Self::Or(list) => list.iter().any(|n| n.holds(packet)),
            Self::And(list) => list.iter().all(|n| n.holds(packet)),
            Self::Xor(list) => list.iter().fold(false, |odd, n| odd ^ n.holds(packet)),
            Self::Not(n) => !n.holds(packet),
            Self::Present(Operand::Name { named, layers }) => present(named, layers.as_deref(), packet),
            Self::Present(operand) => operand.each(packet, &mut |item| item.bytes().is_none_or(|b| !b.is_empty())),
            Self::NonZero(operand) => operand.each(packet, &mut |item| match item {
                Item::Int(n) => n != 0,
                Item::Bytes(b) | Item::Text(b) | Item::Net(b, _) => b.iter().any(|&b| b != 0),
                Item::Nothing => false,
            }),
            Self::Compare { all, left, relation, right } => match (left.row(), right) {
                (Some(def), Operand::Constant(right)) => compare(packet, def, *relation, right.item(), *all),
                _ => judge(*all, |verdict| {
                    left.each(packet, &mut |a| {
                        right.each(packet, &mut |b| {
                            let known = comparable(a, b, left.is_signed());
                            // What cannot be compared speaks neither for one that holds nor against all.
                            verdict(if known { related(a, *relation, b) } else { *all })
                        })
                    })
                }),
            },
            Self::Matches { all, left, pattern } => judge(*all, |verdict| {
                left.each(packet, &mut |a| verdict(a.bytes().is_some_and(|text| pattern.is_match(text))))
            }),
            Self::In { all, left, set } => judge(*all, |verdict| {
                left.each(packet, &mut |a| {
                    let is_in = |(low, high): &(Operand, Option<Operand>)| member(a, left, low, high.as_ref(), packet);
                    verdict(set.iter().any(is_in))
                })
            }),
        }
    }
}

/// Runs a search over pairs of values: for one that holds, or for `all` for one that does not. Without
/// any pair, nothing holds.
fn judge(all: bool, search: impl FnOnce(&mut dyn FnMut(bool) -> bool) -> bool) -> bool {
    let mut seen = false;
    let stopped = search(&mut |holds| {
        seen = true;
        holds != all
    });
    seen && stopped != all
}

/// What nearly all comparisons are: one row with one value.
fn compare(packet: &Packet, def: &'static FieldDef, relation: Relation, b: Item<'_>, all: bool) -> bool {
    let mut seen = false;
    for a in packet.all(def).filter_map(|field| item(field, packet)) {
        let holds = if comparable(a, b, is_signed(def.kind)) { related(a, relation, b) } else { all };
        if holds != all {
            return holds;
        }
        seen = true;
    }
    seen && all
}

/// Wireshark cannot compare a number without a sign with a negative one.
fn comparable(a: Item<'_>, b: Item<'_>, is_signed: bool) -> bool {
    match (a, b) {
        (Item::Nothing, _) | (_, Item::Nothing) => false,
        (Item::Int(a), Item::Int(b)) => a < 0 || b >= 0 || is_signed,
        _ => true,
    }
}

fn present(named: &Named, layers: Option<&[Piece]>, packet: &Packet) -> bool {
    if matches!(named.view, View::Payload | View::Made(_)) {
        return each_of(named, layers, packet, &mut |_| true);
    }
    own_layers(named, layers, packet, |_| true)
        || match layers {
            None => packet.fields.iter().any(|f| is_one_of(f, named)),
            Some(layers) => {
                chosen(named, layers, packet).any(|l| packet.fields_of(l).iter().any(|f| is_one_of(f, named)))
            }
        }
}

fn is_one_of(field: &Field, named: &Named) -> bool {
    named.fields.iter().any(|def| std::ptr::eq(*def, field.def))
}

/// The layers that may hold the name, each protocol's counted from 1, as far as `#` picks them.
fn chosen<'a>(named: &'a Named, layers: &'a [Piece], packet: &'a Packet) -> impl Iterator<Item = &'a Layer> {
    packet.layers.iter().enumerate().filter_map(move |(i, layer)| {
        let own = named.protocols.iter().any(|p| std::ptr::eq(*p, layer.proto))
            || named.fields.iter().any(|def| layer.proto.fields.iter().any(|f| std::ptr::eq(*f, *def)));
        let same = |l: &&Layer| std::ptr::eq(l.proto, layer.proto);
        let number = packet.layers.iter().take(i + 1).filter(same).count();
        let picked = |p: &Piece| p.within(usize::MAX).is_some_and(|range| range.contains(&number));
        (own && layers.iter().any(picked)).then_some(layer)
    })
}

fn member(item: Item<'_>, left: &Operand, low: &Operand, high: Option<&Operand>, packet: &Packet) -> bool {
    let stands = |relation, b: Item<'_>| comparable(item, b, left.is_signed()) && related(item, relation, b);
    match high {
        None => low.each(packet, &mut |b| stands(Relation::Eq, b)),
        Some(high) => {
            low.each(packet, &mut |b| stands(Relation::Ge, b)) && high.each(packet, &mut |b| stands(Relation::Le, b))
        }
    }
}

impl Node {
    /// The fields that decide it; `None` where a whole packet does.
    pub(super) fn fields(&self) -> Option<Vec<&'static FieldDef>> {
        let (mut fields, mut whole) = (Vec::new(), false);
        self.names(&mut |named| {
            whole |= matches!(named.view, View::Made(_));
            fields.extend_from_slice(&named.fields);
        });
        (!whole).then_some(fields)
    }

    fn names(&self, see: &mut dyn FnMut(&Named)) {
        match self {
            Self::Or(list) | Self::Xor(list) | Self::And(list) => list.iter().for_each(|node| node.names(see)),
            Self::Not(node) => node.names(see),
            Self::Present(operand) | Self::NonZero(operand) | Self::Matches { left: operand, .. } => operand.names(see),
            Self::Compare { left, right, .. } => [left, right].into_iter().for_each(|operand| operand.names(see)),
            Self::In { left, set, .. } => {
                left.names(see);
                set.iter().flat_map(|(low, high)| high.iter().chain([low])).for_each(|operand| operand.names(see));
            }
        }
    }
}

impl Operand {
    fn names(&self, see: &mut dyn FnMut(&Named)) {
        match self {
            Self::Constant(_) => {}
            Self::Name { named, .. } => see(named),
            Self::Slice(of, _) | Self::Negate(of) => of.names(see),
            Self::Call(_, of) => of.iter().for_each(|operand| operand.names(see)),
            Self::Arithmetic(_, a, b) => [a, b].into_iter().for_each(|operand| operand.names(see)),
        }
    }

    /// Gives each value to `take` until it has seen enough; tells whether it has.
    fn each(&self, packet: &Packet, take: Taker<'_>) -> bool {
        match self {
            Self::Constant(constant) => take(constant.item()),
            Self::Name { named, layers } => each_of(named, layers.as_deref(), packet, take),
            Self::Slice(of, pieces) => match &**of {
                // Only its own part can be sliced, not what it carries.
                Self::Name { named, layers } if named.is_protocol() => {
                    own_layers(named, layers.as_deref(), packet, |l| {
                        slice(Item::Bytes(packet.bytes(l.span)), pieces, &mut *take)
                    })
                }
                of => of.each(packet, &mut |item| slice(item, pieces, &mut *take)),
            },
            Self::Negate(of) => of.each(packet, &mut |item| match item {
                Item::Int(n) => take(Item::Int(n.saturating_neg())),
                _ => false,
            }),
            Self::Arithmetic(op, a, b) => {
                a.each(packet, &mut |a| b.each(packet, &mut |b| apply(*op, a, b, &mut *take)))
            }
            Self::Call(function, of) => call(*function, of, packet, take),
        }
    }

    /// The row that it stands for, if it's one as it is.
    fn row(&self) -> Option<&'static FieldDef> {
        match self {
            Self::Name { named, layers: None } => named.row(),
            _ => None,
        }
    }

    /// Whether its numbers can be negative by their type.
    fn is_signed(&self) -> bool {
        match self {
            Self::Name { named, .. } => named.kind().is_some_and(is_signed),
            Self::Negate(of) | Self::Arithmetic(_, of, _) => of.is_signed(),
            Self::Call(_, of) => of.first().is_some_and(Self::is_signed),
            Self::Constant(_) | Self::Slice(..) => true,
        }
    }
}

fn is_signed(kind: Kind) -> bool {
    matches!(kind, Kind::Int(_) | Kind::Duration | Kind::Millis | Kind::Moment)
}

impl Constant {
    fn item(&self) -> Item<'_> {
        match self {
            Self::Int(n) => Item::Int(*n),
            Self::Bytes(b) => Item::Bytes(b),
            Self::Text(t) => Item::Text(t),
            Self::Net(b, bits) => Item::Net(b, *bits),
        }
    }
}

/// The values of a name: of its fields, and for a protocol the bytes from its header on.
fn each_of(named: &Named, layers: Option<&[Piece]>, packet: &Packet, take: Taker<'_>) -> bool {
    if let View::Made(made) = named.view {
        return made.each(packet, take);
    }
    let mut field = |f: &Field| is_one_of(f, named) && each_value(f, named.view, packet, take);
    let found = match layers {
        None => match *named.fields {
            // As nearly all are: then one look at each field of the packet is enough.
            [def] => {
                let mut own = packet.all(def);
                own.any(|f| each_value(f, named.view, packet, take))
            }
            _ => packet.fields.iter().any(&mut field),
        },
        Some(layers) => chosen(named, layers, packet).any(|l| packet.fields_of(l).iter().any(&mut field)),
    };
    found
        || own_layers(named, layers, packet, |l| match named.view {
            View::Payload => Some(payload(l, packet)).is_some_and(|b| !b.is_empty() && take(Item::Bytes(b))),
            _ => take(Item::Bytes(reach(l, packet))),
        })
}

/// Gives each layer of the protocol to `take` until it has seen enough.
fn own_layers(named: &Named, layers: Option<&[Piece]>, packet: &Packet, take: impl FnMut(&Layer) -> bool) -> bool {
    let own = |l: &&Layer| named.protocols.iter().any(|p| std::ptr::eq(*p, l.proto));
    match layers {
        _ if named.protocols.is_empty() => false,
        None => packet.layers.iter().filter(own).any(take),
        Some(layers) => chosen(named, layers, packet).filter(own).any(take),
    }
}

/// The bytes of a layer with all that it carries. As in Wireshark, a layer that begins its buffer has
/// the whole of it.
fn reach<'a>(layer: &Layer, packet: &'a Packet) -> &'a [u8] {
    let span = layer.span;
    let len = if span.start == 0 { u32::MAX } else { layer.end.saturating_sub(span.start) };
    within(packet, Span { len, ..span })
}

/// The bytes that a layer carries.
fn payload<'a>(layer: &Layer, packet: &'a Packet) -> &'a [u8] {
    let start = layer.span.end();
    within(packet, Span { start, len: layer.end.saturating_sub(start), ..layer.span })
}

/// The part of a span that its buffer has.
fn within(packet: &Packet, span: Span) -> &[u8] {
    let all = packet.buffers().get(usize::from(span.buf)).map_or(&[][..], |b| &b.bytes);
    let end = span.start.saturating_add(span.len) as usize;
    all.get(span.start as usize..end.min(all.len())).unwrap_or(&[])
}

/// What a field holds, if it holds something.
#[inline]
fn item<'a>(field: &Field, packet: &'a Packet) -> Option<Item<'a>> {
    Some(match field.value {
        Value::None => return None,
        Value::Bool(b) => Item::Int(b.into()),
        Value::Uint(n) => Item::Int(n.into()),
        Value::Int(n) | Value::Nanos(n) => Item::Int(n.into()),
        Value::Bytes(s) if field.def.kind != Kind::Text => Item::Bytes(packet.bytes(s)),
        Value::Bytes(s) | Value::Text(s) => Item::Text(packet.bytes(s)),
    })
}

fn each_value(field: &Field, view: View, packet: &Packet, take: Taker<'_>) -> bool {
    let Some(item) = item(field, packet) else { return false };
    match (view, item) {
        (View::Text, _) => as_text(item, field.def.kind, take),
        (View::Bit(mask), Item::Bytes(b)) => take(Item::Int((b.first().copied().unwrap_or(0) & mask != 0).into())),
        _ => take(item),
    }
}

/// A value as text: numbers in decimal, addresses as people write them.
fn as_text(item: Item<'_>, kind: Kind, take: Taker<'_>) -> bool {
    let mut out = Scratch::default();
    // Writing to a scratch cannot fail.
    let _ = match (item, kind) {
        (Item::Int(n), _) => write!(out, "{n}"),
        (Item::Bytes(b), Kind::Ipv4) => <[u8; 4]>::try_from(b).map_or(Ok(()), |a| write!(out, "{}", Ipv4Addr::from(a))),
        (Item::Bytes(b), Kind::Ipv6) => {
            <[u8; 16]>::try_from(b).map_or(Ok(()), |a| write!(out, "{}", Ipv6Addr::from(a)))
        }
        (Item::Bytes(b), _) => {
            b.iter().enumerate().try_for_each(|(i, b)| write!(out, "{}{b:02x}", if i > 0 { ":" } else { "" }))
        }
        (Item::Text(t) | Item::Net(t, _), _) => {
            out.extend(t);
            Ok(())
        }
        (Item::Nothing, _) => return false,
    };
    take(Item::Text(out.bytes()))
}

fn slice(item: Item<'_>, pieces: &[Piece], take: Taker<'_>) -> bool {
    let Some(bytes) = item.bytes() else { return false };
    // A piece that sticks out gives no byte, and neither does any after it.
    let part = |p: &Piece| p.within(bytes.len()).and_then(|range| bytes.get(range));
    if let [piece] = pieces {
        return take(Item::Bytes(part(piece).unwrap_or(&[])));
    }
    let mut out = Scratch::default();
    for part in pieces.iter().map_while(part) {
        out.extend(part);
    }
    take(Item::Bytes(out.bytes()))
}

fn apply(op: Arithmetic, a: Item<'_>, b: Item<'_>, take: Taker<'_>) -> bool {
    match (a, b) {
        (Item::Int(a), Item::Int(b)) => {
            let result = match op {
                Arithmetic::BitAnd => Some(a & b),
                Arithmetic::Add => a.checked_add(b),
                Arithmetic::Subtract => a.checked_sub(b),
                Arithmetic::Multiply => a.checked_mul(b),
                Arithmetic::Divide => a.checked_div(b),
                Arithmetic::Modulo => a.checked_rem(b),
            };
            take(result.map_or(Item::Nothing, Item::Int))
        }
        (Item::Bytes(a), Item::Bytes(b)) if op == Arithmetic::BitAnd => {
            let mut out = Scratch::default();
            for (a, b) in a.iter().zip(b) {
                out.extend(&[a & b]);
            }
            take(Item::Bytes(out.bytes()))
        }
        _ => take(Item::Nothing),
    }
}

fn call(function: Function, of: &[Operand], packet: &Packet, take: Taker<'_>) -> bool {
    let [first, ..] = of else { return false };
    match function {
        Function::Upper | Function::Lower => first.each(packet, &mut |item| {
            let mut out = Scratch::default();
            out.extend(item.bytes().unwrap_or(&[]));
            if function == Function::Upper {
                out.bytes_mut().make_ascii_uppercase();
            } else {
                out.bytes_mut().make_ascii_lowercase();
            }
            take(Item::Text(out.bytes()))
        }),
        Function::Len => each_length(first, packet, take),
        Function::Count => {
            let Operand::Name { named, layers } = first else { return false };
            let n = count(named, layers.as_deref(), packet);
            n > 0 && take(Item::Int(n as i128))
        }
        Function::String => match first {
            Operand::Name { named, layers } => {
                let kind = named.kind().unwrap_or(Kind::Bytes);
                each_of(named, layers.as_deref(), packet, &mut |item| as_text(item, kind, &mut *take))
            }
            other => other.each(packet, &mut |item| as_text(item, Kind::Bytes, &mut *take)),
        },
        Function::Abs => first.each(packet, &mut |item| match item {
            Item::Int(n) => take(Item::Int(n.saturating_abs())),
            _ => false,
        }),
        Function::Max | Function::Min => {
            let mut best: Option<i128> = None;
            for operand in of {
                operand.each(packet, &mut |item| {
                    if let Item::Int(n) = item {
                        let better =
                            if function == Function::Max { best.map(|b| b.max(n)) } else { best.map(|b| b.min(n)) };
                        best = better.or(Some(n));
                    }
                    false
                });
            }
            best.is_some_and(|n| take(Item::Int(n)))
        }
    }
}

fn count(named: &Named, layers: Option<&[Piece]>, packet: &Packet) -> usize {
    if matches!(named.view, View::Payload | View::Made(_)) {
        let mut n = 0;
        each_of(named, layers, packet, &mut |_| {
            n += 1;
            false
        });
        return n;
    }
    let own = |l: &&Layer| named.protocols.iter().any(|p| std::ptr::eq(*p, l.proto));
    let is = |f: &&Field| is_one_of(f, named);
    match layers {
        None => packet.layers.iter().filter(own).count() + packet.fields.iter().filter(is).count(),
        Some(layers) => chosen(named, layers, packet)
            .map(|l| usize::from(own(&l)) + packet.fields_of(l).iter().filter(is).count())
            .sum(),
    }
}

/// Whether its values lie in no field.
fn is_fieldless(operand: &Operand) -> bool {
    matches!(operand, Operand::Name { named, .. } if matches!(named.view, View::Payload | View::Made(_)))
}

/// How many bytes each value has; of a protocol, how many its own part has.
fn each_length(operand: &Operand, packet: &Packet, take: Taker<'_>) -> bool {
    let (Operand::Name { named, layers: None }, true) = (operand, !is_fieldless(operand)) else {
        return operand.each(packet, &mut |item| item.bytes().is_some_and(|b| take(Item::Int(b.len() as i128))));
    };
    if named.is_protocol() {
        let own = |l: &&Layer| named.protocols.iter().any(|p| std::ptr::eq(*p, l.proto));
        return packet.layers.iter().filter(own).any(|l| take(Item::Int(l.span.len.into())));
    }
    packet.fields.iter().filter(|f| is_one_of(f, named)).any(|f| {
        let fixed = match f.def.kind {
            Kind::Uint(bits) | Kind::Hex(bits) | Kind::Int(bits) => Some(bits.div_ceil(8).into()),
            Kind::Frame => Some(4),
            _ => None,
        };
        match fixed {
            Some(n) => take(Item::Int(n)),
            None => each_value(f, named.view, packet, &mut |item| {
                item.bytes().is_some_and(|b| take(Item::Int(b.len() as i128)))
            }),
        }
    })
}

fn related(a: Item<'_>, relation: Relation, b: Item<'_>) -> bool {
    if relation == Relation::Contains {
        return match (a.bytes(), b.bytes()) {
            (Some(a), Some(b)) => contains(a, b),
            _ => false,
        };
    }
    let Some(order) = order(a, b) else { return false };
    match relation {
        Relation::Eq | Relation::AllEq => order == Ordering::Equal,
        Relation::Ne | Relation::AnyNe => order != Ordering::Equal,
        Relation::Gt => order == Ordering::Greater,
        Relation::Lt => order == Ordering::Less,
        Relation::Ge => order != Ordering::Less,
        Relation::Le => order != Ordering::Greater,
        Relation::Contains | Relation::Matches => false,
    }
}

/// Numbers by size, text by its letters, bytes by their number first, addresses by the bits that count.
fn order(a: Item<'_>, b: Item<'_>) -> Option<Ordering> {
    Some(match (a, b) {
        (Item::Int(a), Item::Int(b)) => a.cmp(&b),
        (Item::Text(a), Item::Text(b)) => a.cmp(b),
        (Item::Net(a, bits), Item::Bytes(b)) | (Item::Bytes(a), Item::Net(b, bits)) => by_prefix(a, b, bits),
        (Item::Net(a, i), Item::Net(b, j)) => by_prefix(a, b, i.min(j)),
        (a, b) => {
            let (a, b) = (a.bytes()?, b.bytes()?);
            a.len().cmp(&b.len()).then_with(|| a.cmp(b))
        }
    })
}

/// Compares the first `bits` bits.
fn by_prefix(a: &[u8], b: &[u8], bits: u8) -> Ordering {
    let (whole, rest) = (usize::from(bits / 8), bits % 8);
    let head = |s: &[u8]| {
        let part = s.get(whole).filter(|_| rest > 0).map_or(0, |byte| byte & !(0xff >> rest));
        (s.len(), part)
    };
    let (x, y) = (a.get(..whole).unwrap_or(a), b.get(..whole).unwrap_or(b));
    let ((i, p), (j, q)) = (head(a), head(b));
    i.cmp(&j).then_with(|| x.cmp(y)).then(p.cmp(&q))
}

/// Nothing is contained in nothing, nor in anything else: Wireshark says so.
fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    let Some((&first, rest)) = needle.split_first() else { return false };
    let mut from = haystack;
    while let Some(at) = from.iter().position(|&b| b == first) {
        from = from.get(at + 1..).unwrap_or(&[]);
        if from.starts_with(rest) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_compares_only_the_bits_that_count() {
        assert_eq!(by_prefix(&[10, 1, 2, 3], &[10, 9, 9, 9], 8), Ordering::Equal);
        assert_eq!(by_prefix(&[10, 0x8f, 0, 0], &[10, 0x80, 0, 0], 12), Ordering::Equal);
        assert_eq!(by_prefix(&[10, 0x90, 0, 0], &[10, 0x80, 0, 0], 12), Ordering::Greater);
        assert_eq!(by_prefix(&[10, 1, 2, 3], &[11, 1, 2, 3], 0), Ordering::Equal);
        assert_eq!(by_prefix(&[10, 1, 2, 3], &[10, 1, 2, 3], 32), Ordering::Equal);
    }

    #[test]
    fn what_is_contained_may_begin_anywhere() {
        assert!(contains(b"aab", b"ab") && contains(b"ab", b"ab"));
        assert!(!contains(b"ab", b"abc") && !contains(b"", b"a") && !contains(b"a", b""));
    }
}
