//! From tokens to a tree: a Pratt parser, in which each operator knows how tightly it binds.
//!
//! ```text
//! loosest   or ||   xor ^^   and &&   not !   == … contains matches in   &   + -   * / %   tightest
//! ```

use super::ast::{Arithmetic, End, Expr, Function, Member, Piece, Quantifier, Term, TermKind};
use super::error::Fault;
use super::lexer::{KEYWORDS, Token, tokens};
use std::ops::Range;

/// How deep a filter may be nested: a hostile one must not use up the stack.
const DEEPEST: usize = 64;
/// How long a filter may be, in bytes.
const LONGEST: usize = 1 << 16;

/// Reads a whole filter.
pub(super) fn parse(source: &str) -> Result<Expr, Fault> {
    if source.len() > LONGEST {
        return Err(Fault::new(&(0..0), format!("a filter has at most {LONGEST} bytes")));
    }
    let mut parser = Parser { tokens: tokens(source)?, at: 0, depth: 0 };
    if *parser.peek() == Token::End {
        return Err(Fault::new(&parser.span(), "the filter is empty: write a condition such as tcp.port == 80"));
    }
    let expr = parser.expr(0)?;
    match parser.peek() {
        Token::End => Ok(expr),
        Token::Relation(_) | Token::In => Err(parser.unexpected("join two comparisons with &&")),
        Token::Close => Err(parser.unexpected("there is no open parenthesis to close")),
        _ => Err(parser.unexpected("join conditions with && or ||, compare values with ==")),
    }
}

struct Parser {
    tokens: Vec<(Token, Range<usize>)>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |(t, _)| t)
    }

    /// Where the next token is; the end of the source behind the last.
    fn span(&self) -> Range<usize> {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(0..0, |(_, s)| s.clone())
    }

    /// From `start` to the end of the last token taken.
    fn since(&self, start: usize) -> Range<usize> {
        start..self.at.checked_sub(1).and_then(|i| self.tokens.get(i)).map_or(start, |(_, s)| s.end)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        if token != Token::End {
            self.at += 1;
        }
        token
    }

    fn eat(&mut self, token: &Token) -> bool {
        let found = self.peek() == token;
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, token: &Token, why: &str) -> Result<(), Fault> {
        if self.eat(token) { Ok(()) } else { Err(self.unexpected(why)) }
    }

    /// The next token does not belong here.
    fn unexpected(&self, why: &str) -> Fault {
        let what = if *self.peek() == Token::End { "the filter ends too early" } else { "this is not expected here" };
        let fault = Fault::new(&self.span(), format!("{what}: {why}"));
        match self.peek() {
            Token::Word(word) => fault.near(word, KEYWORDS.iter().map(|(k, _)| *k)),
            _ => fault,
        }
    }

    /// Runs `inner` one level deeper.
    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth >= DEEPEST {
            return Err(Fault::new(&self.span(), format!("a filter may be nested {DEEPEST} levels deep")));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// A condition whose operators bind tighter than `floor`.
    fn expr(&mut self, floor: u8) -> Result<Expr, Fault> {
        let mut left = self.unary()?;
        loop {
            let (power, make): (u8, fn(Vec<Expr>) -> Expr) = match self.peek() {
                Token::Or => (1, Expr::Or),
                Token::Xor => (2, Expr::Xor),
                Token::And => (3, Expr::And),
                _ => return Ok(left),
            };
            if power <= floor {
                return Ok(left);
            }
            let operator = self.peek().clone();
            let mut list = vec![left];
            // A chain is one list, not a tree as deep as the chain is long.
            while self.eat(&operator) {
                list.push(self.deeper(|p| p.expr(power))?);
            }
            left = make(list);
        }
    }

    fn unary(&mut self) -> Result<Expr, Fault> {
        match self.peek() {
            Token::Not => {
                self.next();
                Ok(Expr::Not(Box::new(self.deeper(Self::unary)?)))
            }
            Token::Open => {
                self.next();
                let inner = self.deeper(|p| p.expr(0))?;
                self.expect(&Token::Close, "the closing parenthesis is missing")?;
                Ok(inner)
            }
            _ => self.test(),
        }
    }

    /// A comparison, a membership, or a bare term.
    fn test(&mut self) -> Result<Expr, Fault> {
        let quantifier = match self.peek() {
            Token::Any => Some(Quantifier::Any),
            Token::All => Some(Quantifier::All),
            _ => None,
        };
        self.at += usize::from(quantifier.is_some());
        let left = self.term(0)?;
        if let Token::Relation(relation) = *self.peek() {
            self.next();
            let right = self.term(0)?;
            return self.chain(Expr::Compare { quantifier, left, relation, right });
        }
        let outside = *self.peek() == Token::Not && self.tokens.get(self.at + 1).is_some_and(|(t, _)| *t == Token::In);
        self.at += usize::from(outside);
        if self.eat(&Token::In) {
            let set = self.set()?;
            return Ok(Expr::In { quantifier, left, outside, set });
        }
        match quantifier {
            None => Ok(Expr::Test(left)),
            Some(_) => Err(self.unexpected("after `any` and `all` comes a comparison")),
        }
    }

    /// `a < b < c` means `a < b && b < c`.
    fn chain(&mut self, first: Expr) -> Result<Expr, Fault> {
        let mut list = vec![first];
        while let (Some(Expr::Compare { quantifier, relation, right, .. }), Token::Relation(next)) =
            (list.last(), self.peek())
        {
            let (quantifier, left, next) = (*quantifier, right.clone(), *next);
            if !relation.is_ordering() || !next.is_ordering() {
                break;
            }
            self.next();
            let right = self.term(0)?;
            list.push(Expr::Compare { quantifier, left, relation: next, right });
        }
        Ok(if list.len() == 1 { list.remove(0) } else { Expr::And(list) })
    }

    /// `{80, 443, 8000..8010}`, or with spaces instead of commas, as before Wireshark 4.0.
    fn set(&mut self) -> Result<Vec<Member>, Fault> {
        self.expect(&Token::OpenBrace, "a set is written {80, 443}")?;
        let mut set = Vec::new();
        loop {
            let first = self.term(0)?;
            set.push(if self.eat(&Token::Range) { Member::Range(first, self.term(0)?) } else { Member::One(first) });
            if self.eat(&Token::CloseBrace) {
                return Ok(set);
            }
            if !self.eat(&Token::Comma) {
                let another = matches!(self.peek(), Token::Word(_) | Token::Quoted(_) | Token::Char(_));
                return Err(self.unexpected(if another {
                    "the values of a set have commas between them, since Wireshark 4.0: {80, 443}"
                } else {
                    "a set goes on with a comma or ends with }"
                }));
            }
        }
    }

    /// A term whose operators bind tighter than `floor`.
    fn term(&mut self, floor: u8) -> Result<Term, Fault> {
        let start = self.span().start;
        let mut left = self.operand()?;
        let outer = self.depth;
        while let Token::Arithmetic(op) = *self.peek() {
            if op.power() <= floor {
                break;
            }
            self.next();
            let right = self.deeper(|p| p.term(op.power()))?;
            left = self.at_span(start, TermKind::Arithmetic(op, Box::new(left), Box::new(right)));
            // Each link of a chain makes the tree one level deeper.
            self.depth += 1;
        }
        self.depth = outer;
        Ok(left)
    }

    fn at_span(&self, start: usize, kind: TermKind) -> Term {
        Term { kind, span: self.since(start) }
    }

    /// One operand, with the slice and the layers that follow it.
    fn operand(&mut self) -> Result<Term, Fault> {
        let start = self.span().start;
        let mut term = match self.peek() {
            Token::Word(_) | Token::Quoted(_) | Token::Char(_) => self.simple()?,
            Token::Arithmetic(Arithmetic::Subtract) => {
                self.next();
                let of = self.deeper(Self::operand)?;
                return Ok(self.at_span(start, TermKind::Negate(Box::new(of))));
            }
            Token::OpenBrace => {
                self.next();
                let inner = self.deeper(|p| p.term(0))?;
                self.expect(&Token::CloseBrace, "the closing brace is missing")?;
                return Ok(inner);
            }
            _ => return Err(self.unexpected("a field or a value belongs here")),
        };
        if self.eat(&Token::Hash) {
            let pieces = self.layers()?;
            term = self.at_span(start, TermKind::Layers(Box::new(term), pieces));
        }
        if let Token::Pieces(pieces) = self.peek() {
            let pieces = pieces.clone();
            self.next();
            term = self.at_span(start, TermKind::Slice(Box::new(term), pieces));
        }
        Ok(term)
    }

    fn simple(&mut self) -> Result<Term, Fault> {
        let start = self.span().start;
        let kind = match self.next() {
            Token::Word(word) if *self.peek() == Token::Open => {
                let span = self.since(start);
                let known = Function::ALL.into_iter().find(|f| f.name() == word);
                let Some(function) = known else {
                    return Err(Fault::new(&span, format!("`{word}` is no function"))
                        .near(&word, Function::ALL.iter().map(|f| f.name())));
                };
                self.next();
                TermKind::Call(function, self.deeper(Self::arguments)?)
            }
            Token::Word(word) => TermKind::Word(word),
            Token::Quoted(bytes) => TermKind::Quoted(bytes),
            Token::Char(c) => TermKind::Char(c),
            _ => return Err(self.unexpected("a field or a value belongs here")),
        };
        Ok(self.at_span(start, kind))
    }

    fn arguments(&mut self) -> Result<Vec<Term>, Fault> {
        let mut list = vec![self.term(0)?];
        while self.eat(&Token::Comma) {
            list.push(self.term(0)?);
        }
        self.expect(&Token::Close, "the closing parenthesis is missing")?;
        Ok(list)
    }

    /// `#2` or `#[1-3]`.
    fn layers(&mut self) -> Result<Vec<Piece>, Fault> {
        let why = "layers are counted from 1: write #2 or #[1-3]";
        let pieces = match self.peek() {
            Token::Word(n) => match n.parse() {
                Ok(start) => vec![Piece { start, end: End::Length(1) }],
                Err(_) => return Err(self.unexpected(why)),
            },
            Token::Pieces(pieces) => pieces.clone(),
            _ => return Err(self.unexpected(why)),
        };
        let ends_well = |p: &Piece| !matches!(p.end, End::Last(i) if i < p.start);
        if !pieces.iter().all(|p| p.start > 0 && ends_well(p)) {
            return Err(self.unexpected(why));
        }
        self.next();
        Ok(pieces)
    }
}
