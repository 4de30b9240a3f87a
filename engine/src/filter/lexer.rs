//! A filter's text, cut into words, values and signs.
//!
//! Field names, numbers and addresses are all one kind of word (`tcp.port`, `10.0.0.0/8`, `fe80::1`,
//! `00:11:22:33:44:55`): what a word means depends on what is beside it, so the check decides.

use super::ast::{Arithmetic, End, Piece, Relation};
use super::error::Fault;
use std::ops::Range;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Word(String),
    Quoted(Vec<u8>),
    Char(u8),
    Relation(Relation),
    Arithmetic(Arithmetic),
    And,
    Or,
    Xor,
    Not,
    In,
    Any,
    All,
    Hash,
    Open,
    Close,
    OpenBrace,
    CloseBrace,
    Comma,
    Range,
    Pieces(Vec<Piece>),
    End,
}

/// How many pieces one slice may join.
const MOST_PIECES: usize = 64;

/// Signs, the longer before the shorter that it begins with.
const SIGNS: &[(&str, Token)] = &[
    ("===", Token::Relation(Relation::AllEq)),
    ("!==", Token::Relation(Relation::AnyNe)),
    ("==", Token::Relation(Relation::Eq)),
    ("!=", Token::Relation(Relation::Ne)),
    ("~=", Token::Relation(Relation::AnyNe)),
    (">=", Token::Relation(Relation::Ge)),
    ("<=", Token::Relation(Relation::Le)),
    ("&&", Token::And),
    ("||", Token::Or),
    ("^^", Token::Xor),
    ("..", Token::Range),
    (">", Token::Relation(Relation::Gt)),
    ("<", Token::Relation(Relation::Lt)),
    ("~", Token::Relation(Relation::Matches)),
    ("!", Token::Not),
    ("&", Token::Arithmetic(Arithmetic::BitAnd)),
    ("+", Token::Arithmetic(Arithmetic::Add)),
    ("-", Token::Arithmetic(Arithmetic::Subtract)),
    ("*", Token::Arithmetic(Arithmetic::Multiply)),
    ("/", Token::Arithmetic(Arithmetic::Divide)),
    ("%", Token::Arithmetic(Arithmetic::Modulo)),
    ("#", Token::Hash),
    ("(", Token::Open),
    (")", Token::Close),
    ("{", Token::OpenBrace),
    ("}", Token::CloseBrace),
    (",", Token::Comma),
];

/// Words that are signs. They count in lower case only, as in Wireshark.
pub(super) const KEYWORDS: &[(&str, Token)] = &[
    ("eq", Token::Relation(Relation::Eq)),
    ("ne", Token::Relation(Relation::Ne)),
    ("gt", Token::Relation(Relation::Gt)),
    ("lt", Token::Relation(Relation::Lt)),
    ("ge", Token::Relation(Relation::Ge)),
    ("le", Token::Relation(Relation::Le)),
    ("any_eq", Token::Relation(Relation::Eq)),
    ("all_ne", Token::Relation(Relation::Ne)),
    ("all_eq", Token::Relation(Relation::AllEq)),
    ("any_ne", Token::Relation(Relation::AnyNe)),
    ("contains", Token::Relation(Relation::Contains)),
    ("matches", Token::Relation(Relation::Matches)),
    ("bitwise_and", Token::Arithmetic(Arithmetic::BitAnd)),
    ("and", Token::And),
    ("or", Token::Or),
    ("xor", Token::Xor),
    ("not", Token::Not),
    ("in", Token::In),
    ("any", Token::Any),
    ("all", Token::All),
];

/// All tokens with their places; the last is [`Token::End`].
pub(super) fn tokens(source: &str) -> Result<Vec<(Token, Range<usize>)>, Fault> {
    let mut lexer = Lexer { source, at: 0 };
    let mut list = Vec::new();
    loop {
        lexer.eat_while(|c| c.is_ascii_whitespace());
        let start = lexer.at;
        let token = lexer.token()?;
        let done = token == Token::End;
        list.push((token, start..lexer.at));
        if done {
            return Ok(list);
        }
    }
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        self.at += if found { text.len() } else { 0 };
        found
    }

    fn eat_while(&mut self, mut ok: impl FnMut(char) -> bool) -> &'a str {
        let rest = self.rest();
        let len = rest.find(|c| !ok(c)).unwrap_or(rest.len());
        self.at += len;
        rest.get(..len).unwrap_or("")
    }

    fn token(&mut self) -> Result<Token, Fault> {
        let start = self.at;
        let Some(first) = self.peek() else { return Ok(Token::End) };
        if self.eat("r\"") {
            return self.quoted(start, true);
        }
        if self.eat("\"") {
            return self.quoted(start, false);
        }
        if self.eat("'") {
            return self.character(start);
        }
        if self.eat("[") {
            return self.pieces(start);
        }
        if first.is_alphanumeric() || first == '_' || first == ':' {
            let word = self.word();
            let keyword = KEYWORDS.iter().find(|(k, _)| *k == word);
            return Ok(keyword.map_or_else(|| Token::Word(word.to_owned()), |(_, token)| token.clone()));
        }
        if self.eat("<>") {
            return Err(Fault::new(&(start..self.at), "`<>` means nothing: write `!=`"));
        }
        if let Some((sign, token)) = SIGNS.iter().find(|(sign, _)| self.rest().starts_with(sign)) {
            self.at += sign.len();
            return Ok(token.clone());
        }
        self.bump();
        let unequal = first == '=' && self.eat("!");
        let fault = |why: &str| Err(Fault::new(&(start..self.at), why));
        match first {
            '=' if unequal => fault("`=!` means nothing: write `!=`"),
            '=' => fault("one `=` does not compare: write `==`"),
            '“' | '”' | '„' | '‘' | '’' | '«' | '»' => {
                fault("text is written in straight double quotes: \"…\"")
            }
            '|' => fault("one `|` means nothing: write `||` for or"),
            '^' => fault("one `^` means nothing: write `^^` for either but not both"),
            _ => fault(&format!("`{first}` means nothing in a filter")),
        }
    }

    /// A name, a number or an address. `..` ends it, and so does a dot that nothing follows.
    fn word(&mut self) -> &'a str {
        let start = self.at;
        let mut rest = self.rest().chars().peekable();
        while let Some(c) = rest.next() {
            let goes_on = |next: Option<&char>| next.is_some_and(|n| n.is_alphanumeric());
            let belongs = match c {
                '.' | '-' => goes_on(rest.peek()),
                ':' | '_' => true,
                c => c.is_alphanumeric(),
            };
            if !belongs {
                break;
            }
            self.at += c.len_utf8();
        }
        let word = self.source.get(start..self.at).unwrap_or("");
        let address = word.contains(':') || word.split('.').filter(|part| part.parse::<u8>().is_ok()).count() == 4;
        if address && self.rest().strip_prefix('/').is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit())) {
            self.at += 1;
            self.eat_while(|c| c.is_ascii_digit());
        }
        self.source.get(start..self.at).unwrap_or("")
    }

    /// The rest of a string. In a raw one a backslash is a backslash, even before a quote.
    fn quoted(&mut self, start: usize, raw: bool) -> Result<Token, Fault> {
        let mut bytes = Vec::new();
        loop {
            let at = self.at;
            match self.bump() {
                None => return Err(Fault::new(&(start..at), "the closing quote is missing")),
                Some('"') => return Ok(Token::Quoted(bytes)),
                Some('\\') if raw => {
                    bytes.push(b'\\');
                    if self.eat("\"") {
                        bytes.push(b'"');
                    }
                }
                Some('\\') => self.escape(at, &mut bytes)?,
                Some(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
    }

    /// What follows a backslash that stands at `start`.
    fn escape(&mut self, start: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
        let simple = match self.bump() {
            Some(c @ ('\'' | '"' | '\\')) => c,
            Some('a') => '\x07',
            Some('b') => '\x08',
            Some('f') => '\x0c',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('v') => '\x0b',
            Some(kind @ ('x' | 'u' | 'U' | '0'..='7')) => return self.coded(start, kind, out),
            _ => return Err(Fault::new(&(start..self.at), "this escape does not exist; `\\\\` is one backslash")),
        };
        out.push(simple as u8);
        Ok(())
    }

    /// A character by its number.
    fn coded(&mut self, start: usize, kind: char, out: &mut Vec<u8>) -> Result<(), Fault> {
        let (radix, most) = match kind {
            'x' => (16, 2),
            'u' => (16, 4),
            'U' => (16, 8),
            _ => (8, 3),
        };
        if radix == 8 {
            self.at -= 1;
        }
        let mut left = most;
        let digits = self.eat_while(|c| {
            let ok = left > 0 && c.is_digit(radix);
            left -= u32::from(ok);
            ok
        });
        let code = u32::from_str_radix(digits, radix).ok();
        let done = match (kind, code) {
            ('u' | 'U', Some(code)) if left == 0 => {
                char::from_u32(code).map(|c| out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()))
            }
            ('u' | 'U', _) => None,
            (_, code) => code.and_then(|c| u8::try_from(c).ok()).map(|b| out.push(b)),
        };
        done.ok_or_else(|| Fault::new(&(start..self.at), "this escape does not name a character"))
    }

    fn character(&mut self, start: usize) -> Result<Token, Fault> {
        let mut bytes = Vec::new();
        let at = self.at;
        match self.bump() {
            Some('\\') => self.escape(at, &mut bytes)?,
            Some(c) if c != '\'' => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            _ => {}
        }
        match bytes.as_slice() {
            &[byte] if self.eat("'") => Ok(Token::Char(byte)),
            _ => {
                self.eat_while(|c| c != '\'');
                self.eat("'");
                Err(Fault::new(&(start..self.at), "single quotes hold one character: write \"…\" for text"))
            }
        }
    }

    /// The inside of `[…]`.
    fn pieces(&mut self, start: usize) -> Result<Token, Fault> {
        let mut list = Vec::new();
        loop {
            self.eat_while(|c| c.is_ascii_whitespace());
            let Some(piece) = self.piece() else {
                self.bump();
                return Err(Fault::new(
                    &(start..self.at),
                    "a slice is written [i], [i:length], [i-last], [:length] or [i:]",
                ));
            };
            list.push(piece);
            if list.len() > MOST_PIECES {
                return Err(Fault::new(&(start..self.at), format!("a slice has at most {MOST_PIECES} pieces")));
            }
            if self.eat("]") {
                return Ok(Token::Pieces(list));
            }
            if !self.eat(",") {
                self.bump();
                return Err(Fault::new(&(start..self.at), "the slice is not closed: `]` is missing"));
            }
        }
    }

    fn piece(&mut self) -> Option<Piece> {
        let start = self.offset();
        self.spaces();
        let piece = if self.eat(":") {
            self.spaces();
            let digits = self.eat_while(|c| c.is_ascii_digit());
            match (start, digits) {
                (None, "") => return None,
                (_, "") => Piece { start: start?, end: End::Rest },
                (_, n) => Piece { start: start.unwrap_or(0), end: End::Length(n.parse().ok().filter(|&n| n > 0)?) },
            }
        } else if self.eat("-") {
            self.spaces();
            Piece { start: start?, end: End::Last(self.offset()?) }
        } else {
            Piece { start: start?, end: End::Length(1) }
        };
        self.spaces();
        Some(piece)
    }

    fn spaces(&mut self) {
        self.eat_while(|c| c.is_ascii_whitespace());
    }

    fn offset(&mut self) -> Option<i32> {
        let at = self.at;
        let minus = self.eat("-");
        let n: Option<i32> = self.eat_while(|c| c.is_ascii_digit()).parse().ok();
        if n.is_none() {
            self.at = at;
        }
        n.map(|n| if minus { -n } else { n })
    }
}
