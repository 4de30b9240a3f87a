//! A filter as it was written: words not yet looked up, values not yet typed.
//!
//! Printing it gives the canonical form, which reads back as the same tree.

use std::fmt::{self, Display, Write as _};
use std::ops::Range;

/// A condition: true or false for a packet.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    Or(Vec<Expr>),
    Xor(Vec<Expr>),
    And(Vec<Expr>),
    Not(Box<Expr>),
    /// Is it there; of a calculation, is it not zero.
    Test(Term),
    Compare {
        quantifier: Option<Quantifier>,
        left: Term,
        relation: Relation,
        right: Term,
    },
    In {
        quantifier: Option<Quantifier>,
        left: Term,
        outside: bool,
        set: Vec<Member>,
    },
}

/// How many of a field's several values must satisfy a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantifier {
    Any,
    All,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Eq,
    /// All must be different; what `!=` means since Wireshark 4.0.
    Ne,
    AllEq,
    AnyNe,
    Gt,
    Lt,
    Ge,
    Le,
    Contains,
    Matches,
}

/// One member of a set, or a range with both ends in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Member {
    One(Term),
    Range(Term, Term),
}

/// Something with values, and where it is in the source.
#[derive(Clone, Debug)]
pub(super) struct Term {
    pub(super) kind: TermKind,
    pub(super) span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TermKind {
    /// A name or an unquoted value: only a look-up can tell.
    Word(String),
    Quoted(Vec<u8>),
    Char(u8),
    /// `ip.src#2`: only in these layers of its protocol, counted from 1.
    Layers(Box<Term>, Vec<Piece>),
    Slice(Box<Term>, Vec<Piece>),
    Call(Function, Vec<Term>),
    Negate(Box<Term>),
    Arithmetic(Arithmetic, Box<Term>, Box<Term>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Upper,
    Lower,
    Len,
    Count,
    String,
    Max,
    Min,
    Abs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    BitAnd,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

/// A run of bytes: from `start` (counted from the end when negative) to `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) start: i32,
    pub(super) end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// So many bytes.
    Length(u32),
    /// Up to this one, and it too.
    Last(i32),
    /// All the rest.
    Rest,
}

impl PartialEq for Term {
    /// Where it is makes no difference.
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Piece {
    /// The place of the piece in something `len` long, unless it sticks out.
    pub(super) fn within(self, len: usize) -> Option<Range<usize>> {
        let from_end = |i: i32| {
            let n = i.unsigned_abs() as usize;
            if i < 0 { len.checked_sub(n) } else { Some(n) }
        };
        let start = from_end(self.start)?;
        let end = match self.end {
            End::Length(n) => start.checked_add(n as usize)?,
            End::Last(i) => from_end(i)?.checked_add(1)?,
            End::Rest => len,
        };
        (start < end && end <= len).then_some(start..end)
    }
}

impl Function {
    pub(super) const ALL: [Self; 8] =
        [Self::Upper, Self::Lower, Self::Len, Self::Count, Self::String, Self::Max, Self::Min, Self::Abs];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Upper => "upper",
            Self::Lower => "lower",
            Self::Len => "len",
            Self::Count => "count",
            Self::String => "string",
            Self::Max => "max",
            Self::Min => "min",
            Self::Abs => "abs",
        }
    }
}

impl Relation {
    /// Whether it compares two values by their size.
    pub(super) const fn is_ordering(self) -> bool {
        !matches!(self, Self::Contains | Self::Matches)
    }

    pub(super) const fn symbol(self) -> &'static str {
        match self {
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::AllEq => "===",
            Self::AnyNe => "!==",
            Self::Gt => ">",
            Self::Lt => "<",
            Self::Ge => ">=",
            Self::Le => "<=",
            Self::Contains => "contains",
            Self::Matches => "matches",
        }
    }
}

impl Arithmetic {
    pub(super) const fn symbol(self) -> &'static str {
        match self {
            Self::BitAnd => "&",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
        }
    }

    /// How tightly it binds.
    pub(super) const fn power(self) -> u8 {
        match self {
            Self::BitAnd => 1,
            Self::Add | Self::Subtract => 2,
            Self::Multiply | Self::Divide | Self::Modulo => 3,
        }
    }
}

impl Expr {
    /// How tightly its outermost operator binds.
    const fn power(&self) -> u8 {
        match self {
            Self::Or(_) => 1,
            Self::Xor(_) => 2,
            Self::And(_) => 3,
            Self::Not(_) => 4,
            Self::Test(_) | Self::Compare { .. } | Self::In { .. } => 5,
        }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = |f: &mut fmt::Formatter<'_>, e: &Expr| {
            if e.power() <= self.power() && !matches!(e, Self::Not(_)) { write!(f, "({e})") } else { write!(f, "{e}") }
        };
        match self {
            Self::Or(list) => joined(f, list, " || ", inner),
            Self::Xor(list) => joined(f, list, " ^^ ", inner),
            Self::And(list) => joined(f, list, " && ", inner),
            // What follows `!` is put in parentheses, or a reader might take `!a == b` for `(!a) == b`.
            Self::Not(e) if matches!(**e, Self::Compare { .. } | Self::In { .. }) => write!(f, "!({e})"),
            Self::Not(e) => f.write_char('!').and_then(|()| inner(f, e)),
            Self::Test(t) => t.fmt(f),
            Self::Compare { quantifier, left, relation, right } => {
                write!(f, "{}{left} {} {right}", prefix(*quantifier), relation.symbol())
            }
            Self::In { quantifier, left, outside, set } => {
                write!(f, "{}{left} {}in {{", prefix(*quantifier), if *outside { "not " } else { "" })?;
                joined(f, set, ", ", |f, m| match m {
                    Member::One(t) => t.fmt(f),
                    Member::Range(a, b) => write!(f, "{a} .. {b}"),
                })?;
                f.write_char('}')
            }
        }
    }
}

const fn prefix(quantifier: Option<Quantifier>) -> &'static str {
    match quantifier {
        None => "",
        Some(Quantifier::Any) => "any ",
        Some(Quantifier::All) => "all ",
    }
}

impl Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            TermKind::Word(word) => f.write_str(word),
            TermKind::Quoted(bytes) => quoted(f, bytes),
            TermKind::Char(c) => write!(f, "'{}'", c.escape_ascii()),
            TermKind::Layers(of, pieces) => write!(f, "{of}#{}", Pieces(pieces)),
            TermKind::Slice(of, pieces) => write!(f, "{of}{}", Pieces(pieces)),
            TermKind::Call(function, of) => {
                write!(f, "{}(", function.name())?;
                joined(f, of, ", ", |f, t| t.fmt(f))?;
                f.write_char(')')
            }
            TermKind::Negate(of) => match of.kind {
                TermKind::Arithmetic(..) | TermKind::Negate(_) => write!(f, "-{{{of}}}"),
                _ => write!(f, "-{of}"),
            },
            TermKind::Arithmetic(op, a, b) => {
                let power = |t: &Term| if let TermKind::Arithmetic(o, ..) = t.kind { o.power() } else { u8::MAX };
                let side = |f: &mut fmt::Formatter<'_>, t: &Term, keep: bool| {
                    if keep { t.fmt(f) } else { write!(f, "{{{t}}}") }
                };
                side(f, a, power(a) >= op.power())?;
                write!(f, " {} ", op.symbol())?;
                side(f, b, power(b) > op.power())
            }
        }
    }
}

/// `[0:3,-1:1]`.
struct Pieces<'a>(&'a [Piece]);

impl Display for Pieces<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('[')?;
        joined(f, self.0, ",", |f, p| match p.end {
            End::Length(n) => write!(f, "{}:{n}", p.start),
            End::Last(i) => write!(f, "{}-{i}", p.start),
            End::Rest => write!(f, "{}:", p.start),
        })?;
        f.write_char(']')
    }
}

fn joined<T>(
    f: &mut fmt::Formatter<'_>,
    list: &[T],
    between: &str,
    mut one: impl FnMut(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (i, item) in list.iter().enumerate() {
        if i > 0 {
            f.write_str(between)?;
        }
        one(f, item)?;
    }
    Ok(())
}

/// Text in double quotes; what is no printable text as `\x` escapes.
fn quoted(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    f.write_char('"')?;
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                c if c.is_control() => c.encode_utf8(&mut [0; 4]).bytes().try_for_each(|b| write!(f, "\\x{b:02x}"))?,
                c => f.write_char(c)?,
            }
        }
        chunk.invalid().iter().try_for_each(|b| write!(f, "\\x{b:02x}"))?;
    }
    f.write_char('"')
}
