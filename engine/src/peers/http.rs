//! HTTP/1.1 as bytes — RFC 9110 (what it means) and RFC 9112 (how it is written).
//!
//! ```text
//! GET /chat HTTP/1.1          request line      HTTP/1.1 200 OK            status line
//! Host: www.example.com       fields            Content-Length: 5          fields
//!                             an empty line                                an empty line
//!                             (no content)      hello                      content
//! ```
//!
//! A request or response is read only when all of it has arrived; until then the answer is "not yet". Both
//! are kept short, because each "not yet" means to read it again from its start.

use std::io::Write as _;

/// The longest start line with fields that we read.
pub const MAX_HEAD: usize = 16 * 1024;
/// The longest content that we read.
pub const MAX_BODY: usize = 64 * 1024;
const MAX_FIELDS: usize = 64;

/// What a client asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// What to do: `GET`, `POST`…
    pub method: String,
    /// With what: the path and query.
    pub target: String,
    /// Names and values, in their order.
    pub fields: Fields,
    /// What comes after the empty line.
    pub content: Vec<u8>,
}

/// What a server answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// How it went: 200, 404…
    pub status: u16,
    /// The same in words, for people.
    pub reason: String,
    /// Names and values, in their order.
    pub fields: Fields,
    /// What comes after the empty line.
    pub content: Vec<u8>,
}

/// The fields of a request or response. Names match in any case (RFC 9110 §5.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

/// Why bytes are no HTTP that we can read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The grammar is broken.
    #[error("this is not HTTP: {0}")]
    Syntax(#[from] httparse::Error),
    /// The start line and the fields are too long.
    #[error("the head is longer than {MAX_HEAD} bytes")]
    HeadTooLong,
    /// The content is too long.
    #[error("the content is longer than {MAX_BODY} bytes")]
    ContentTooLong,
    /// The length is no number, or two lengths disagree.
    #[error("Content-Length is not one number")]
    Length,
    /// It says where content ends in a way that we do not speak.
    #[error("Transfer-Encoding is not supported here")]
    TransferEncoding,
}

impl Request {
    /// A plain question for one page.
    pub fn get(target: &str, host: &str) -> Self {
        let mut request = Self { method: "GET".into(), target: target.into(), ..Self::default() };
        request.fields.push("Host", host);
        request.fields.push("User-Agent", "osi-tutor");
        request
    }

    /// Reads one request and says how many bytes it took, or `None` while some are missing.
    pub fn read(bytes: &[u8]) -> Result<Option<(Self, usize)>, Error> {
        let mut slots = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut parsed = httparse::Request::new(&mut slots);
        let Some(head) = head_length(parsed.parse(bytes)?, bytes.len())? else { return Ok(None) };
        let fields = Fields::copy(parsed.headers);
        let Some(content) = content(bytes, head, fields.content_length()?.unwrap_or(0))? else { return Ok(None) };
        let (method, target) = (parsed.method.unwrap_or_default(), parsed.path.unwrap_or_default());
        let end = head + content.len();
        Ok(Some((Self { method: method.into(), target: target.into(), fields, content: content.to_vec() }, end)))
    }

    /// Appends the request as bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        write_head(out, &format!("{} {} HTTP/1.1", self.method, self.target), &self.fields);
        out.extend_from_slice(&self.content);
    }
}

impl Response {
    /// An answer with these words and content; the length comes along (RFC 9110 §8.6).
    pub fn new(status: u16, reason: &str, content_type: &str, content: &[u8]) -> Self {
        let mut fields = Fields::default();
        fields.push("Server", "osi-tutor");
        fields.push("Content-Type", content_type);
        fields.push("Content-Length", &content.len().to_string());
        Self { status, reason: reason.into(), fields, content: content.to_vec() }
    }

    /// Reads one response and says how many bytes it took, or `None` while some are missing.
    ///
    /// `method` is that of the request: its answer decides whether content follows (RFC 9112 §6.3).
    /// Only content whose length is told is read; without a length there is none.
    pub fn read(bytes: &[u8], method: &str) -> Result<Option<(Self, usize)>, Error> {
        let mut slots = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut parsed = httparse::Response::new(&mut slots);
        let Some(head) = head_length(parsed.parse(bytes)?, bytes.len())? else { return Ok(None) };
        let fields = Fields::copy(parsed.headers);
        let status = parsed.code.unwrap_or_default();
        let bare = method == "HEAD" || matches!(status, 100..=199 | 204 | 304);
        let length = if bare { 0 } else { fields.content_length()?.unwrap_or(0) };
        let Some(content) = content(bytes, head, length)? else { return Ok(None) };
        let end = head + content.len();
        let reason = parsed.reason.unwrap_or_default().into();
        Ok(Some((Self { status, reason, fields, content: content.to_vec() }, end)))
    }

    /// Appends the response as bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        write_head(out, &format!("HTTP/1.1 {} {}", self.status, self.reason), &self.fields);
        out.extend_from_slice(&self.content);
    }
}

impl Fields {
    /// Adds one field at the end.
    pub fn push(&mut self, name: &str, value: &str) {
        self.0.push((name.into(), value.into()));
    }

    /// Gives the fields of this name another value.
    pub fn set(&mut self, name: &str, value: &str) {
        for (_, old) in self.0.iter_mut().filter(|(known, _)| known.eq_ignore_ascii_case(name)) {
            *old = value.into();
        }
    }

    /// The first value of this name.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Whether a list of words, cut by commas, has this one: `Connection: keep-alive, Upgrade`.
    pub fn lists(&self, name: &str, word: &str) -> bool {
        let named = self.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        named.flat_map(|(_, value)| value.split(',')).any(|item| item.trim().eq_ignore_ascii_case(word))
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn copy(parsed: &[httparse::Header<'_>]) -> Self {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Self(parsed.iter().map(|field| (field.name.into(), text(field.value))).collect())
    }

    /// Two lengths that disagree let an attacker hide a request: RFC 9112 §6.3 refuses them.
    fn content_length(&self) -> Result<Option<usize>, Error> {
        if self.value("Transfer-Encoding").is_some() {
            return Err(Error::TransferEncoding);
        }
        let mut length = None;
        for (_, value) in self.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Content-Length")) {
            let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
            let this = value.parse().ok().filter(|_| digits).ok_or(Error::Length)?;
            if *length.get_or_insert(this) != this {
                return Err(Error::Length);
            }
        }
        Ok(length)
    }
}

fn head_length(status: httparse::Status<usize>, have: usize) -> Result<Option<usize>, Error> {
    match status {
        httparse::Status::Complete(head) if head <= MAX_HEAD => Ok(Some(head)),
        httparse::Status::Partial if have <= MAX_HEAD => Ok(None),
        _ => Err(Error::HeadTooLong),
    }
}

fn content(bytes: &[u8], head: usize, length: usize) -> Result<Option<&[u8]>, Error> {
    if length > MAX_BODY {
        return Err(Error::ContentTooLong);
    }
    Ok(bytes.get(head..head + length))
}

fn write_head(out: &mut Vec<u8>, start_line: &str, fields: &Fields) {
    let mut lines = || -> std::io::Result<()> {
        write!(out, "{start_line}\r\n")?;
        for (name, value) in fields.iter() {
            write!(out, "{name}: {value}\r\n")?;
        }
        write!(out, "\r\n")
    };
    lines().expect("a vector takes every byte");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_from_any_cut() {
        let mut request = Request::get("/a?b=c", "www.example.com");
        request.method = "POST".into();
        request.fields.push("Content-Length", "2");
        request.content = b"hi".to_vec();
        let mut bytes = Vec::new();
        request.write(&mut bytes);
        for cut in 0..bytes.len() {
            assert_eq!(Request::read(&bytes[..cut]), Ok(None), "cut after {cut} bytes");
        }
        let whole = bytes.len();
        bytes.extend_from_slice(b"GET / HT");
        assert_eq!(Request::read(&bytes), Ok(Some((request, whole))));
    }

    #[test]
    fn a_response_ends_where_its_length_says() {
        let response = Response::new(200, "OK", "text/plain", b"hello");
        let mut bytes = Vec::new();
        response.write(&mut bytes);
        let whole = bytes.len();
        assert_eq!(Response::read(&bytes[..whole - 1], "GET"), Ok(None));
        assert_eq!(Response::read(&bytes, "GET"), Ok(Some((response, whole))));
        let (head_only, length) = Response::read(&bytes, "HEAD").unwrap().unwrap();
        assert_eq!((head_only.content.len(), length), (0, whole - 5));
    }

    #[test]
    fn a_length_that_is_unsure_is_refused() {
        for fields in ["Content-Length: 1\r\nContent-Length: 2", "Content-Length: +1", "Content-Length: "] {
            let bytes = format!("GET / HTTP/1.1\r\n{fields}\r\n\r\nab");
            assert_eq!(Request::read(bytes.as_bytes()), Err(Error::Length), "{fields}");
        }
        let same_twice = b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na";
        assert!(Request::read(same_twice).unwrap().is_some());
        let huge = b"GET / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n";
        assert_eq!(Request::read(huge), Err(Error::ContentTooLong));
        let chunked = b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(Request::read(chunked), Err(Error::TransferEncoding));
    }

    #[test]
    fn a_head_without_end_is_refused_and_so_is_noise() {
        let endless = [b"GET / HTTP/1.1\r\nX: ".as_slice(), &b"a".repeat(MAX_HEAD)].concat();
        assert_eq!(Request::read(&endless), Err(Error::HeadTooLong));
        assert!(matches!(Request::read(b"\x16\x03\x01\0\0"), Err(Error::Syntax(_))));
    }

    #[test]
    fn names_match_in_any_case_and_lists_are_cut_at_commas() {
        let mut fields = Fields::default();
        fields.push("Connection", "keep-alive, Upgrade");
        assert_eq!(fields.value("CONNECTION"), Some("keep-alive, Upgrade"));
        assert!(fields.lists("connection", "upgrade"));
        assert!(!fields.lists("connection", "close"));
    }
}
