//! Answers that are computed: a small language of numbers, texts and bytes over the fields of a packet.
//!
//! ```text
//! {tcp.seq} + {tcp.len}                              numbers: + - * / % & and ^ (exclusive or)
//! base64(sha1(join({accept.key}, guid())))           functions, see [`FUNCTIONS`]
//! 'SYN, ACK'                                         a text
//! #1 + #2                                            the values of earlier steps
//! ```

use crate::ask::value::{Value, number};
use crate::model::{Field, FieldDef, Kind, Packet, Value as FieldValue, show};
use crate::proto;
use crate::proto::websocket::wire;
use crate::tutor::{Here, Moment, Template};
use base64::Engine as _;
use sha1::{Digest, Sha1};

/// The deepest nesting of parentheses.
const DEEPEST: usize = 24;
/// The longest text or run of bytes that is computed with.
const LONGEST: usize = 1 << 16;

/// An expression, ready to be computed.
#[derive(Clone, Debug)]
pub struct Expr {
    node: Node,
    written: String,
}

#[derive(Clone, Debug)]
enum Node {
    Value(Value),
    Field(&'static FieldDef),
    Name(String),
    Step(usize),
    Call(&'static Function, Vec<Node>),
    Sum(char, Box<Node>, Box<Node>),
}

/// A function of the language.
#[derive(Debug)]
pub struct Function {
    /// What it is called.
    pub name: &'static str,
    /// How many values it takes: at least, at most.
    takes: (usize, usize),
    /// What it gives, in a few words.
    pub about: &'static str,
    run: fn(&[Value]) -> Option<Value>,
}

const fn function(
    name: &'static str,
    takes: (usize, usize),
    about: &'static str,
    run: fn(&[Value]) -> Option<Value>,
) -> Function {
    Function { name, takes, about, run }
}

/// Every function.
pub static FUNCTIONS: &[Function] = &[
    function("join", (1, 8), "texts one after the other", |v| {
        Some(Value::Code(v.iter().map(Value::to_string).collect()))
    }),
    function("guid", (0, 0), "the fixed text of RFC 6455 §1.3", |_| Some(Value::Code(wire::GUID.to_owned()))),
    function("sha1", (1, 1), "the 20 bytes that SHA-1 makes of a text or of bytes", |v| {
        Some(Value::Bytes(Sha1::digest(v.first()?.octets()?).to_vec()))
    }),
    function("base64", (1, 1), "a text or bytes in base64", |v| {
        Some(Value::Code(base64::engine::general_purpose::STANDARD.encode(v.first()?.octets()?)))
    }),
    function("unmask", (2, 2), "a WebSocket payload freed from its mask: payload, key (RFC 6455 §5.3)", |v| {
        let [payload, key] = v else { return None };
        let key: [u8; 4] = key.octets()?.try_into().ok()?;
        Some(Value::Bytes(wire::masked(&payload.octets()?, key).collect()))
    }),
    function("byte", (2, 2), "one byte as a number: bytes, which one from 1", |v| {
        let (bytes, at) = (v.first()?.octets()?, usize::try_from(v.get(1)?.number()?).ok()?);
        Some(Value::Number(i128::from(*bytes.get(at.checked_sub(1)?)?)))
    }),
    function("first", (2, 2), "the first bytes: of which, how many", |v| {
        let (mut bytes, n) = (v.first()?.octets()?, usize::try_from(v.get(1)?.number()?).ok()?);
        bytes.truncate(n);
        Some(Value::Bytes(bytes))
    }),
    function("text", (1, 1), "bytes read as UTF-8", |v| {
        Some(Value::Text(String::from_utf8(v.first()?.octets()?).ok()?))
    }),
    function("len", (1, 1), "how many bytes", |v| {
        Some(Value::Number(i128::try_from(v.first()?.octets()?.len()).ok()?))
    }),
    function("hex", (2, 2), "a number in hexadecimal: number, digits", |v| {
        let (n, digits) = (u64::try_from(v.first()?.number()?).ok()?, usize::try_from(v.get(1)?.number()?).ok()?);
        Some(Value::Text(format!("{n:0digits$x}", digits = digits.min(16))))
    }),
    function("binary", (2, 2), "a number in bits: number, digits", |v| {
        let (n, digits) = (u64::try_from(v.first()?.number()?).ok()?, usize::try_from(v.get(1)?.number()?).ok()?);
        Some(Value::Text(format!("{n:0digits$b}", digits = digits.min(64))))
    }),
    function("wrap", (1, 1), "what a 32-bit counter shows (sequence numbers wrap, RFC 9293 §3.4)", |v| {
        Some(Value::Number(v.first()?.number()?.rem_euclid(1 << 32)))
    }),
    function("start", (1, 1), "the usual TTL that a packet began with: 64, 128 or 255", |v| {
        let ttl = v.first()?.number()?;
        Some(Value::Number([64, 128].into_iter().find(|start| ttl <= *start).unwrap_or(255)))
    }),
    function("signed", (1, 1), "a 32-bit number read with a sign", |v| {
        let n = u32::try_from(v.first()?.number()?).ok()?;
        Some(Value::Number(i128::from(n.cast_signed())))
    }),
];

impl Expr {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is wrong, and the bytes of the text to blame.
    pub fn parse(text: &str) -> Result<Self, (String, std::ops::Range<usize>)> {
        let mut parser = Parser { text, at: 0, depth: 0 };
        let node = parser.sum(0)?;
        parser.blanks();
        match parser.rest().chars().next() {
            None => Ok(Self { node, written: text.trim().to_owned() }),
            Some(c) => Err((
                format!("the expression should end before {c:?}; a text in it is in quotes: 'SYN'"),
                parser.at..parser.at + c.len_utf8(),
            )),
        }
    }

    /// As it was written.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// The field that it is, if it is nothing else.
    pub fn field(&self) -> Option<&'static FieldDef> {
        match self.node {
            Node::Field(def) => Some(def),
            _ => None,
        }
    }

    /// Its value for a packet, with the values of earlier steps. `given` stands for placeholders of these names.
    ///
    /// # Errors
    /// What is missing or cannot be computed, in a sentence.
    pub fn value(
        &self,
        moment: Option<&Moment<'_>>,
        steps: &[Value],
        given: &[(String, String)],
    ) -> Result<Value, String> {
        compute(&self.node, &Scope { moment, steps, given }).map_err(|why| format!("{}: {why}", self.written))
    }
}

struct Scope<'a> {
    moment: Option<&'a Moment<'a>>,
    steps: &'a [Value],
    given: &'a [(String, String)],
}

fn compute(node: &Node, scope: &Scope<'_>) -> Result<Value, String> {
    match node {
        Node::Value(value) => Ok(value.clone()),
        Node::Step(n) => n
            .checked_sub(1)
            .and_then(|at| scope.steps.get(at))
            .cloned()
            .ok_or_else(|| format!("there is no step {n} before this one")),
        Node::Field(def) => given(scope, def.name).map_or_else(|| field(scope, def), Ok),
        Node::Name(name) => given(scope, name).map_or_else(|| computed(scope, name), Ok),
        Node::Call(function, arguments) => {
            let values: Vec<Value> = arguments.iter().map(|a| compute(a, scope)).collect::<Result<_, _>>()?;
            let value = (function.run)(&values).filter(|v| v.octets().is_none_or(|o| o.len() <= LONGEST));
            value.ok_or_else(|| format!("{} cannot take these values ({})", function.name, function.about))
        }
        Node::Sum(sign, left, right) => {
            let number =
                |node| compute(node, scope)?.number().ok_or_else(|| format!("{sign} wants numbers on both sides"));
            let (a, b) = (number(left)?, number(right)?);
            let sum = match sign {
                '+' => a.checked_add(b),
                '-' => a.checked_sub(b),
                '*' => a.checked_mul(b),
                '/' => a.checked_div(b),
                '%' => a.checked_rem(b),
                '&' => Some(a & b),
                _ => Some(a ^ b),
            };
            sum.map(Value::Number).ok_or_else(|| format!("{a} {sign} {b} is no number"))
        }
    }
}

fn given(scope: &Scope<'_>, name: &str) -> Option<Value> {
    let (_, value) = scope.given.iter().find(|(n, _)| n == name)?;
    Some(value.parse().map_or_else(|_| Value::Code(value.clone()), Value::Number))
}

fn field(scope: &Scope<'_>, def: &'static FieldDef) -> Result<Value, String> {
    let lacks = || format!("the packet has no {}", def.name);
    let moment = scope.moment.ok_or_else(lacks)?;
    let here = moment.packet.layers.len().checked_sub(1).and_then(|last| Here::new(moment, last));
    let field = here.and_then(|h| h.field(def)).ok_or_else(lacks)?;
    Ok(of_field(moment.packet, field))
}

fn of_field(packet: &Packet, field: &Field) -> Value {
    match field.value {
        FieldValue::None => Value::Number(1),
        FieldValue::Bool(b) => Value::Number(i128::from(b)),
        FieldValue::Uint(n) => Value::Number(i128::from(n)),
        FieldValue::Int(n) => Value::Number(i128::from(n)),
        FieldValue::Bytes(s) if field.def.kind == Kind::Bytes => Value::Bytes(packet.bytes(s).to_vec()),
        FieldValue::Text(s) => Value::Text(String::from_utf8_lossy(packet.bytes(s)).into_owned()),
        FieldValue::Nanos(_) | FieldValue::Bytes(_) => {
            let mut out = String::new();
            show::value(packet, field, &mut out);
            Value::Text(out)
        }
    }
}

/// A computed placeholder of the tutor's, such as `{accept.key}`.
fn computed(scope: &Scope<'_>, name: &str) -> Result<Value, String> {
    let lacks = || format!("the packet has no {{{name}}}");
    let moment = scope.moment.ok_or_else(lacks)?;
    let template = Template::parse(&format!("{{{name}}}"))?;
    if !template.lacks(moment).is_empty() {
        return Err(lacks());
    }
    let text = template.fill(moment);
    Ok(text.parse().map_or(Value::Code(text), Value::Number))
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

type Parsed = Result<Node, (String, std::ops::Range<usize>)>;

impl Parser<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, sign: char) -> bool {
        self.blanks();
        let found = self.rest().starts_with(sign);
        self.at += if found { sign.len_utf8() } else { 0 };
        found
    }

    fn fault(&self, from: usize, why: impl Into<String>) -> (String, std::ops::Range<usize>) {
        (why.into(), from..self.text.len().min(self.at.max(from + 1)))
    }

    /// Signs by how tightly they bind, the loosest first.
    fn sum(&mut self, level: usize) -> Parsed {
        const SIGNS: [&[char]; 4] = [&['^'], &['&'], &['+', '-'], &['*', '/', '%']];
        let Some(signs) = SIGNS.get(level) else { return self.atom() };
        let mut left = self.sum(level + 1)?;
        let mut terms = 0;
        while let Some(&sign) = signs.iter().find(|&&sign| self.eat(sign)) {
            terms += 1;
            if terms > 64 {
                return Err(self.fault(0, "this expression is too long"));
            }
            left = Node::Sum(sign, Box::new(left), Box::new(self.sum(level + 1)?));
        }
        Ok(left)
    }

    fn atom(&mut self) -> Parsed {
        self.blanks();
        let from = self.at;
        let Some(c) = self.rest().chars().next() else {
            return Err(self.fault(from, "something is missing at the end of the expression"));
        };
        match c {
            '(' => {
                self.at += 1;
                self.deeper(from)?;
                let inner = self.sum(0)?;
                self.depth -= 1;
                if self.eat(')') { Ok(inner) } else { Err(self.fault(from, "this parenthesis is not closed")) }
            }
            '{' => self.placeholder(from),
            '\'' | '"' => {
                let inside = self.rest().get(1..).unwrap_or("");
                let Some(end) = inside.find(c) else { return Err(self.fault(from, "this text is not closed")) };
                let text = inside.get(..end).unwrap_or("").to_owned();
                self.at += end + 2;
                Ok(Node::Value(Value::Text(text)))
            }
            '#' => {
                self.at += 1;
                self.digits().parse().map(Node::Step).map_err(|_| self.fault(from, "#1 is the value of the first step"))
            }
            '0'..='9' => {
                let written = self.digits();
                let number = number(&written).ok_or_else(|| self.fault(from, "this is no number"))?;
                Ok(Node::Value(Value::Number(number)))
            }
            'a'..='z' | 'A'..='Z' => self.call(from),
            _ => Err(self.fault(from, "a number, a {field}, a function or a 'text' is wanted here")),
        }
    }

    fn deeper(&mut self, from: usize) -> Result<(), (String, std::ops::Range<usize>)> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(self.fault(from, "this is nested too deeply")) } else { Ok(()) }
    }

    fn digits(&mut self) -> String {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or("").to_owned();
        self.at += end;
        word
    }

    fn placeholder(&mut self, from: usize) -> Parsed {
        let Some(end) = self.rest().find('}') else { return Err(self.fault(from, "this brace is not closed")) };
        let name = self.rest().get(1..end).unwrap_or("").trim().to_owned();
        self.at += end + 1;
        if let Some(&def) = proto::identities().flat_map(|i| i.fields).find(|f| f.name == name) {
            return Ok(Node::Field(def));
        }
        match Template::parse(&format!("{{{name}}}")) {
            Ok(_) => Ok(Node::Name(name)),
            Err(why) => Err((why, from..self.at)),
        }
    }

    fn call(&mut self, from: usize) -> Parsed {
        let name = self.digits();
        let Some(function) = FUNCTIONS.iter().find(|f| f.name == name) else {
            let names: Vec<&str> = FUNCTIONS.iter().map(|f| f.name).collect();
            let why =
                format!("there is no function {name}; there are {}; a text is in quotes: '{name}'", names.join(", "));
            return Err(self.fault(from, why));
        };
        if !self.eat('(') {
            return Err(self.fault(from, format!("{name} wants its values in parentheses")));
        }
        self.deeper(from)?;
        let mut arguments = Vec::new();
        while !self.eat(')') {
            if !arguments.is_empty() && !self.eat(',') {
                return Err(self.fault(from, "a comma or a closing parenthesis is wanted"));
            }
            arguments.push(self.sum(0)?);
        }
        self.depth -= 1;
        if !(function.takes.0..=function.takes.1).contains(&arguments.len()) {
            let (least, most) = function.takes;
            let takes = if least == most { least.to_string() } else { format!("{least} to {most}") };
            return Err(self.fault(from, format!("{name} takes {takes} values ({})", function.about)));
        }
        Ok(Node::Call(function, arguments))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        Expr::parse(text).unwrap().value(None, &[Value::Number(7), Value::Number(3)], &[]).unwrap()
    }

    #[test]
    fn signs_bind_as_in_school() {
        assert_eq!(value("2 + 3 * 4 - 10 / 2 % 3"), Value::Number(12));
        assert_eq!(value("(2 + 3) * 4"), Value::Number(20));
        assert_eq!(value("0x81 & 0x0f"), Value::Number(1));
        assert_eq!(value("0x7f ^ 0x37"), Value::Number(0x48));
        assert_eq!(value("#1 + #2"), Value::Number(10));
        assert_eq!(value("wrap(4294967295 + 2)"), Value::Number(1));
    }

    #[test]
    fn the_accept_value_of_the_standards_example_comes_out() {
        // RFC 6455 §1.3.
        let text = "base64(sha1(join('dGhlIHNhbXBsZSBub25jZQ==', guid())))";
        assert_eq!(value(text), Value::Code("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".into()));
        let given = [("accept.key".to_owned(), "dGhlIHNhbXBsZSBub25jZQ==".to_owned())];
        let same = Expr::parse("base64(sha1(join({accept.key}, guid())))").unwrap().value(None, &[], &given);
        assert_eq!(same.unwrap(), value(text));
    }

    #[test]
    fn a_masked_payload_comes_out_clear() {
        // RFC 6455 §5.7: "Hello" with the key 37 fa 21 3d.
        let masked = Value::Bytes(vec![0x7f, 0x9f, 0x4d, 0x51, 0x58]);
        let unmask = Expr::parse("text(unmask(#1, #2))").unwrap();
        let key = Value::Bytes(vec![0x37, 0xfa, 0x21, 0x3d]);
        assert_eq!(unmask.value(None, &[masked, key], &[]).unwrap(), Value::Text("Hello".into()));
    }

    #[test]
    fn mistakes_name_the_place() {
        let says = |text: &str| Expr::parse(text).unwrap_err();
        assert!(says("{tcp.no}").0.contains("tcp.no"));
        assert_eq!(says("1 + SYN").1, 4..7);
        assert!(says("sha1(1, 2)").0.contains("takes 1"));
        assert!(says("(1").0.contains("not closed"));
        assert!(says("").0.contains("missing"));
        assert!(says("1 2").0.contains("end before"));
        assert!(says(&"(".repeat(10_000)).0.contains("deeply"));
        assert!(Expr::parse("1 / 0").unwrap().value(None, &[], &[]).is_err());
        assert!(Expr::parse("{tcp.seq}").unwrap().value(None, &[], &[]).unwrap_err().contains("tcp.seq"));
    }
}
