//! From a tree of words to a filter that is ready: looks names up, gives values their types, and says
//! what cannot be compared with what.

use super::ast::{Arithmetic, Expr, Function, Member, Piece, Quantifier, Relation, Term, TermKind};
use super::error::{Fault, brief};
use super::eval::{Node, Operand};
use super::literal::{Type, Written};
use super::names::Names;
use crate::model::FieldDef;
use regex::bytes::{Regex, RegexBuilder};
use std::fmt::Write as _;

/// How much memory one compiled pattern may take.
const LARGEST_PATTERN: usize = 1 << 20;

/// Makes a filter ready to run.
pub(super) fn check(expr: &Expr, names: &Names) -> Result<Node, Fault> {
    let all = |list: &[Expr]| list.iter().map(|e| check(e, names)).collect::<Result<Vec<_>, _>>();
    match expr {
        Expr::Or(list) => all(list).map(Node::Or),
        Expr::Xor(list) => all(list).map(Node::Xor),
        Expr::And(list) => all(list).map(Node::And),
        Expr::Not(e) => Ok(Node::Not(Box::new(check(e, names)?))),
        Expr::Test(term) => test(term, names),
        Expr::Compare { quantifier, left, relation: Relation::Matches, right } => {
            let all = wants_all(*quantifier, Relation::Matches);
            let left = searchable(left, names, "matches")?.operand;
            Ok(Node::Matches { all, left, pattern: pattern(right)? })
        }
        Expr::Compare { quantifier, left, relation: Relation::Contains, right } => {
            let all = wants_all(*quantifier, Relation::Contains);
            let known = searchable(left, names, "contains")?;
            let ty = if known.ty == Type::Text { Type::Text } else { Type::Bytes };
            let right = match side(right, names)? {
                Side::Known(k) if k.ty == Type::Text || k.ty.is_bytes() => k.operand,
                Side::Known(_) => return Err(Fault::new(&right.span, "only text or bytes can be contained in others")),
                Side::Literal => literal(right, ty, &[])?,
            };
            Ok(Node::Compare { all, left: known.operand, relation: Relation::Contains, right })
        }
        Expr::Compare { quantifier, left, relation, right } => {
            let all = wants_all(*quantifier, *relation);
            let (left, right) = both(left, right, names)?;
            Ok(Node::Compare { all, left: left.operand, relation: *relation, right: right.operand })
        }
        Expr::In { quantifier, left, outside, set } => {
            let known = field(left, names)?;
            let one = |term: &Term| same(&known, left, term, names);
            let set = set.iter().map(|member| match member {
                Member::One(t) => Ok((one(t)?, None)),
                Member::Range(low, high) => Ok((one(low)?, Some(one(high)?))),
            });
            let set = set.collect::<Result<_, Fault>>()?;
            let node = Node::In { all: *quantifier == Some(Quantifier::All), left: known.operand.clone(), set };
            Ok(if *outside { Node::Not(Box::new(node)) } else { node })
        }
    }
}

/// `!=` is true when all values differ, `===` when all are equal; `any` and `all` before it override.
fn wants_all(quantifier: Option<Quantifier>, relation: Relation) -> bool {
    match quantifier {
        Some(q) => q == Quantifier::All,
        None => matches!(relation, Relation::Ne | Relation::AllEq),
    }
}

/// A term whose type is known.
struct Known {
    operand: Operand,
    ty: Type,
    /// The fields whose names of values may be used in its place.
    fields: Vec<&'static FieldDef>,
}

impl Known {
    fn new(operand: Operand, ty: Type) -> Self {
        Self { operand, ty, fields: Vec::new() }
    }
}

enum Side {
    Known(Known),
    /// A value, which takes the type of what it is compared with.
    Literal,
}

/// A term alone as a condition.
fn test(term: &Term, names: &Names) -> Result<Node, Fault> {
    match &term.kind {
        TermKind::Call(f, _) => {
            Err(Fault::new(&term.span, format!("{}() gives a value: compare it with something", f.name())))
        }
        TermKind::Quoted(_) | TermKind::Char(_) => {
            Err(Fault::new(&term.span, "a value alone is no condition: compare a field with it"))
        }
        TermKind::Negate(_) | TermKind::Arithmetic(..) => Ok(Node::NonZero(field(term, names)?.operand)),
        _ => Ok(Node::Present(field(term, names)?.operand)),
    }
}

/// A term that must be a field, a protocol or a calculation with one.
fn field(term: &Term, names: &Names) -> Result<Known, Fault> {
    match side(term, names)? {
        Side::Known(known) => Ok(known),
        Side::Literal => Err(not_a_field(term, names)),
    }
}

fn not_a_field(term: &Term, names: &Names) -> Fault {
    match &term.kind {
        TermKind::Word(word) => names.unknown(word, &term.span),
        TermKind::Negate(of) => not_a_field(of, names),
        TermKind::Arithmetic(_, a, _) => not_a_field(a, names),
        _ => Fault::new(&term.span, "a field belongs here, not a value"),
    }
}

fn side(term: &Term, names: &Names) -> Result<Side, Fault> {
    let known = match &term.kind {
        TermKind::Word(word) => match name(word, None, names) {
            Some(known) => known,
            None => return Ok(Side::Literal),
        },
        TermKind::Quoted(_) | TermKind::Char(_) => return Ok(Side::Literal),
        TermKind::Layers(of, pieces) => match &of.kind {
            TermKind::Word(word) => {
                name(word, Some(pieces.clone()), names).ok_or_else(|| names.unknown(word, &of.span))?
            }
            _ => return Err(Fault::new(&of.span, "only a field has layers")),
        },
        TermKind::Slice(of, pieces) => {
            let known = field(of, names)?;
            if !known.ty.is_bytes() && known.ty != Type::Text {
                return Err(Fault::new(
                    &of.span,
                    format!("`{of}` is {}: it has no bytes to slice", known.ty.words(), of = shown(of)),
                ));
            }
            Known::new(Operand::Slice(Box::new(known.operand), pieces.clone()), Type::Bytes)
        }
        TermKind::Call(function, of) => call(term, *function, of, names)?,
        TermKind::Negate(of) => match side(of, names)? {
            Side::Literal => return Ok(Side::Literal),
            Side::Known(k) if k.ty.is_number() || k.ty.is_span() => {
                Known::new(Operand::Negate(Box::new(k.operand)), k.ty)
            }
            Side::Known(k) => return Err(Fault::new(&of.span, format!("{} has no negative", k.ty.words()))),
        },
        TermKind::Arithmetic(op, a, b) => match (side(a, names)?, side(b, names)?) {
            (Side::Literal, Side::Literal) => return Ok(Side::Literal),
            _ => arithmetic(term, *op, a, b, names)?,
        },
    };
    Ok(Side::Known(known))
}

fn name(word: &str, layers: Option<Vec<Piece>>, names: &Names) -> Option<Known> {
    let named = names.find(word)?;
    let ty = named.kind().map_or(Type::Bytes, |kind| Type::of(kind, named.view));
    let fields = named.fields.clone();
    Some(Known { operand: Operand::Name { named, layers }, ty, fields })
}

fn arithmetic(term: &Term, op: Arithmetic, a: &Term, b: &Term, names: &Names) -> Result<Known, Fault> {
    let (a, b) = both(a, b, names)?;
    let ty = a.ty;
    let possible = match op {
        Arithmetic::BitAnd => ty.is_number() || ty.is_bytes(),
        Arithmetic::Add | Arithmetic::Subtract => ty.is_number() || ty.is_span(),
        _ => ty.is_number(),
    };
    if !possible {
        return Err(Fault::new(&term.span, format!("`{}` cannot calculate with {}", op.symbol(), ty.words())));
    }
    let ty = if ty.is_number() { Type::Number { most: u64::MAX } } else { ty };
    Ok(Known::new(Operand::Arithmetic(op, Box::new(a.operand), Box::new(b.operand)), ty))
}

/// Two terms of which one gives the other its type.
fn both(left: &Term, right: &Term, names: &Names) -> Result<(Known, Known), Fault> {
    match (side(left, names)?, side(right, names)?) {
        (Side::Known(l), _) => {
            let r = same(&l, left, right, names)?;
            let ty = l.ty;
            Ok((l, Known::new(r, ty)))
        }
        (Side::Literal, Side::Known(r)) => {
            let l = same(&r, right, left, names)?;
            Ok((Known::new(l, r.ty), r))
        }
        (Side::Literal, Side::Literal) => Err(not_a_field(left, names)),
    }
}

/// `term` as something that can be compared with `known`, which was written as `other`.
fn same(known: &Known, other: &Term, term: &Term, names: &Names) -> Result<Operand, Fault> {
    if known.ty == Type::Present {
        return Err(Fault::new(
            &other.span,
            format!("`{other}` has no value: it is there or it is not", other = shown(other)),
        ));
    }
    match side(term, names)? {
        Side::Known(k) if k.ty.goes_with(known.ty) => Ok(k.operand),
        Side::Known(k) => {
            let is = match &k.operand {
                Operand::Name { named, .. } if named.is_protocol() => "a protocol",
                _ => k.ty.words(),
            };
            let why = format!(
                "`{other}` is {}, but `{term}` is {is}",
                known.ty.words(),
                other = shown(other),
                term = shown(term)
            );
            Err(Fault::new(&term.span, why))
        }
        Side::Literal => literal(term, known.ty, &known.fields),
    }
}

/// A value, or a calculation with values only, of this type.
fn literal(term: &Term, ty: Type, fields: &[&'static FieldDef]) -> Result<Operand, Fault> {
    let written = match &term.kind {
        TermKind::Word(word) => Written::Word(word),
        TermKind::Quoted(bytes) => Written::Quoted(bytes),
        TermKind::Char(c) => Written::Char(*c),
        TermKind::Negate(of) if ty.is_number() || ty.is_span() => {
            return Ok(Operand::Negate(Box::new(literal(of, ty, fields)?)));
        }
        TermKind::Arithmetic(op, a, b) if ty.is_number() => {
            let side = |t| literal(t, ty, fields).map(Box::new);
            return Ok(Operand::Arithmetic(*op, side(a)?, side(b)?));
        }
        _ => return Err(Fault::new(&term.span, format!("`{term}` is not {}", ty.words(), term = shown(term)))),
    };
    ty.read(written, fields).map(Operand::Constant).map_err(|why| {
        let fault = Fault::new(&term.span, format!("`{}` {why}", shown(term)));
        match written {
            Written::Quoted(q) if std::str::from_utf8(q).is_ok_and(|w| ty.read(Written::Word(w), fields).is_ok()) => {
                Fault::new(&term.span, format!("{} is text: write it without quotes", shown(term)))
            }
            Written::Word(w) => fault.near(w, fields.iter().flat_map(|def| def.names).map(|(_, n)| *n)),
            _ => fault,
        }
    })
}

/// A term as a message quotes it.
fn shown(term: &Term) -> String {
    brief(&term.to_string()).into_owned()
}

fn call(term: &Term, function: Function, of: &[Term], names: &Names) -> Result<Known, Fault> {
    let (Some(first), one) = (of.first(), of.len() == 1) else {
        return Err(Fault::new(&term.span, "a function needs a field"));
    };
    let several = matches!(function, Function::Max | Function::Min);
    if !one && !several {
        return Err(Fault::new(&term.span, format!("{}() takes one field", function.name())));
    }
    let known = field(first, names)?;
    let number = Type::Number { most: u64::MAX };
    let (fits, wants, ty) = match function {
        Function::Upper | Function::Lower => (known.ty == Type::Text, "text", Type::Text),
        Function::Len => (true, "", number),
        Function::Count => (matches!(known.operand, Operand::Name { .. }), "a field or a protocol", number),
        Function::String => {
            let shown = matches!(known.ty, Type::Ether | Type::Ipv4 | Type::Ipv6) || known.ty.is_number();
            (shown, "a number or an address", Type::Text)
        }
        Function::Max | Function::Min | Function::Abs => {
            (known.ty.is_number() || known.ty.is_span(), "numbers", known.ty)
        }
    };
    if !fits {
        return Err(Fault::new(&first.span, format!("{}() takes {wants}, not {}", function.name(), known.ty.words())));
    }
    let others = of.iter().skip(1).map(|t| same(&known, first, t, names)).collect::<Result<Vec<_>, _>>()?;
    let operands = std::iter::once(known.operand).chain(others).collect();
    Ok(Known::new(Operand::Call(function, operands), ty))
}

/// A term in whose text or bytes something can be looked for.
fn searchable(term: &Term, names: &Names, operator: &str) -> Result<Known, Fault> {
    let known = field(term, names)?;
    if matches!(known.ty, Type::Text | Type::Bytes | Type::Ether) {
        return Ok(known);
    }
    Err(Fault::new(
        &term.span,
        format!("`{operator}` looks into text or bytes, but `{term}` is {}", known.ty.words(), term = shown(term)),
    ))
}

/// Compiles a pattern, which works on bytes and takes upper and lower case for the same.
fn pattern(term: &Term) -> Result<Regex, Fault> {
    let TermKind::Quoted(bytes) = &term.kind else {
        return Err(Fault::new(&term.span, "a pattern is written in double quotes"));
    };
    let mut text = String::with_capacity(bytes.len());
    for &b in bytes {
        if b.is_ascii() {
            text.push(char::from(b));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\x{b:02x}");
        }
    }
    RegexBuilder::new(&text).case_insensitive(true).unicode(false).size_limit(LARGEST_PATTERN).build().map_err(|e| {
        let text = e.to_string();
        let why = text.lines().last().unwrap_or("").trim_start_matches("error: ");
        Fault::new(&term.span, format!("the pattern cannot be read: {why}"))
    })
}
