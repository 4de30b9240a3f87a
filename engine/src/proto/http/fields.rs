//! The fields of HTTP, and which header line gives which field.

use crate::proto::prelude::*;

/// Messages of NTLM ([MS-NLMP] §2.2.1).
const NTLM_TYPES: &[(u64, &str)] = &[(1, "NTLMSSP_NEGOTIATE"), (2, "NTLMSSP_CHALLENGE"), (3, "NTLMSSP_AUTH")];

/// Status codes (RFC 9110 §15; the IANA registry).
const STATUS: &[(u64, &str)] = &[
    (100, "Continue"),
    (101, "Switching Protocols"),
    (102, "Processing"),
    (103, "Early Hints"),
    (200, "OK"),
    (201, "Created"),
    (202, "Accepted"),
    (203, "Non-Authoritative Information"),
    (204, "No Content"),
    (205, "Reset Content"),
    (206, "Partial Content"),
    (207, "Multi-Status"),
    (300, "Multiple Choices"),
    (301, "Moved Permanently"),
    (302, "Found"),
    (303, "See Other"),
    (304, "Not Modified"),
    (307, "Temporary Redirect"),
    (308, "Permanent Redirect"),
    (400, "Bad Request"),
    (401, "Unauthorized"),
    (402, "Payment Required"),
    (403, "Forbidden"),
    (404, "Not Found"),
    (405, "Method Not Allowed"),
    (406, "Not Acceptable"),
    (407, "Proxy Authentication Required"),
    (408, "Request Timeout"),
    (409, "Conflict"),
    (410, "Gone"),
    (411, "Length Required"),
    (412, "Precondition Failed"),
    (413, "Content Too Large"),
    (414, "URI Too Long"),
    (415, "Unsupported Media Type"),
    (416, "Range Not Satisfiable"),
    (417, "Expectation Failed"),
    (421, "Misdirected Request"),
    (422, "Unprocessable Content"),
    (426, "Upgrade Required"),
    (428, "Precondition Required"),
    (429, "Too Many Requests"),
    (431, "Request Header Fields Too Large"),
    (451, "Unavailable For Legal Reasons"),
    (500, "Internal Server Error"),
    (501, "Not Implemented"),
    (502, "Bad Gateway"),
    (503, "Service Unavailable"),
    (504, "Gateway Timeout"),
    (505, "HTTP Version Not Supported"),
    (511, "Network Authentication Required"),
];

/// A field of text that lies somewhere in the message.
const fn text(name: &'static str, label: &'static str, about: &'static str) -> FieldDef {
    dynamic(Kind::Text, name, label, about)
}

fields! {
    METHOD            = text("http.request.method", "Method", "What the client wants done: GET fetches, POST sends.");
    URI               = text("http.request.uri", "Target", "What the request is about, as the client wrote it.");
    URI_PATH          = text("http.request.uri.path", "Path", "The part of the target before the question mark.").detail();
    URI_QUERY         = text("http.request.uri.query", "Query", "The part of the target after the question mark.").detail();
    URI_PARAMETER     = text("http.request.uri.query.parameter", "Parameter", "One name and value of the query.").detail();
    REQUEST_VERSION   = text("http.request.version", "Version", "Which HTTP the client speaks.");
    RESPONSE_VERSION  = text("http.response.version", "Version", "Which HTTP the server speaks.");
    CODE              = dynamic(Kind::Uint(16), "http.response.code", "Status code", "How it went: 2xx well, 3xx look elsewhere, 4xx your fault, 5xx mine.").names(STATUS);
    PHRASE            = text("http.response.phrase", "Reason", "The status code in words; programs ignore it.");
    HOST              = text("http.host", "Host", "Which site is meant; one address can serve many.");
    USER_AGENT        = text("http.user_agent", "User-Agent", "Which program asks.").detail();
    ACCEPT            = text("http.accept", "Accept", "Which kinds of content the client can use.").detail();
    ACCEPT_LANGUAGE   = text("http.accept_language", "Accept-Language", "Which languages the reader understands.").detail();
    ACCEPT_ENCODING   = text("http.accept_encoding", "Accept-Encoding", "Which compressions the client can undo.").detail();
    REFERER           = text("http.referer", "Referer", "The page that led here.").detail();
    CONNECTION        = text("http.connection", "Connection", "What becomes of this connection afterwards.").detail();
    UPGRADE           = text("http.upgrade", "Upgrade", "Which other protocol to go on with.").detail();
    CONTENT_TYPE      = text("http.content_type", "Content-Type", "What kind of data the body is.");
    CONTENT_LENGTH_HEADER = text("http.content_length_header", "Content-Length", "How many bytes the body has, as text.").detail();
    CONTENT_LENGTH    = dynamic(Kind::Uint(64), "http.content_length", "Content length", "The same as a number.").detail();
    CONTENT_ENCODING  = text("http.content_encoding", "Content-Encoding", "How the body was compressed.").detail();
    TRANSFER_ENCODING = text("http.transfer_encoding", "Transfer-Encoding", "How the body is cut up on this connection.").detail();
    SERVER            = text("http.server", "Server", "Which program answers.").detail();
    DATE              = text("http.date", "Date", "When the answer was made.").detail();
    LAST_MODIFIED     = text("http.last_modified", "Last-Modified", "When the content last changed.").detail();
    LOCATION          = text("http.location", "Location", "Where to look instead, or where the new thing is.").detail();
    CACHE_CONTROL     = text("http.cache_control", "Cache-Control", "Who may keep a copy, and for how long.").detail();
    COOKIE            = text("http.cookie", "Cookie", "What the server asked this client to remember.").detail();
    COOKIE_PAIR       = text("http.cookie_pair", "Cookie pair", "One remembered name and value.").detail();
    SET_COOKIE        = text("http.set_cookie", "Set-Cookie", "The server asks the client to remember this.").detail();
    AUTHORIZATION     = text("http.authorization", "Authorization", "Proof of who asks.").detail();
    AUTHBASIC         = text("http.authbasic", "Credentials", "Name and password: Basic only encodes them, anyone can read it.").detail();
    GSS_OID           = text("gss-api.OID", "Mechanism", "How both prove who they are: 1.3.6.1.5.5.2 is SPNEGO, which lets them choose.").detail();
    SPNEGO_OFFERED    = text("spnego.MechType", "Offered mechanism", "1.3.6.1.4.1.311.2.2.10 is NTLM, 1.2.840.113554.1.2.2 Kerberos.").detail();
    SPNEGO_CHOSEN     = text("spnego.supportedMech", "Chosen mechanism", "The one of those offered that the other end takes.").detail();
    NTLM_IDENTIFIER   = text("ntlmssp.identifier", "NTLM", "NTLMSSP: a message of NTLM begins.").detail();
    NTLM_TYPE         = dynamic(Kind::Uint(32), "ntlmssp.messagetype", "NTLM message", "1: what the client can do. 2: the server's challenge. 3: the answer to it.").hex().names(NTLM_TYPES).detail();
    NTLM_FLAGS        = dynamic(Kind::Uint(32), "ntlmssp.negotiateflags", "NTLM flags", "What the sender can do; the lowest bit means Unicode.").hex().detail();
    NTLM_DOMAIN       = text("ntlmssp.auth.domain", "Domain", "Whose name it is: that of a domain or of a machine.");
    NTLM_USER         = text("ntlmssp.auth.username", "User name", "Who asks. The name isn't encrypted.");
    NTLM_HOST         = text("ntlmssp.auth.hostname", "Host name", "The client's machine.");
    WWW_AUTHENTICATE  = text("http.www_authenticate", "WWW-Authenticate", "How the client can prove who it is.").detail();
    PROXY_AUTHENTICATE  = text("http.proxy_authenticate", "Proxy-Authenticate", "How to prove to the proxy who asks.").detail();
    PROXY_AUTHORIZATION = text("http.proxy_authorization", "Proxy-Authorization", "Proof of who asks, for the proxy.").detail();
    X_FORWARDED_FOR   = text("http.x_forwarded_for", "X-Forwarded-For", "Whom a proxy asks for.").detail();
    HTTP2_SETTINGS    = text("http.http2_settings", "HTTP2-Settings", "Settings for the upgrade to HTTP/2.").detail();
    WEBSOCKET_KEY     = text("http.sec_websocket_key", "Sec-WebSocket-Key", "A random number that the server must answer to.").detail();
    WEBSOCKET_ACCEPT  = text("http.sec_websocket_accept", "Sec-WebSocket-Accept", "The answer to the key: this server really speaks WebSocket.").detail();
    WEBSOCKET_VERSION = text("http.sec_websocket_version", "Sec-WebSocket-Version", "Which WebSocket; 13 is the only one in use.").detail();
    WEBSOCKET_PROTOCOL = text("http.sec_websocket_protocol", "Sec-WebSocket-Protocol", "What will be spoken inside the WebSocket.").detail();
    WEBSOCKET_EXTENSIONS = text("http.sec_websocket_extensions", "Sec-WebSocket-Extensions", "Additions such as compression.").detail();
    REQUEST_LINE      = text("http.request.line", "Header", "A header line of the request.").detail();
    RESPONSE_LINE     = text("http.response.line", "Header", "A header line of the response.").detail();
    REQUEST_LINES     = text("http.request.line", "Header line", "A header line of the request.").hidden();
    OTHER_LINE        = text("http.unknown_header", "Header", "A header line of a notification.").detail();
    RESPONSE_LINES    = text("http.response.line", "Header line", "A header line of the response.").hidden();
    FULL_URI          = derived(Kind::Text, "http.request.full_uri", "Full URI", "Host and target put together.").detail();
    NOTIFICATION      = derived(Kind::Bool, "http.notification", "Notification", "This message announces something and asks nothing.").detail();
    REQUEST           = derived(Kind::Bool, "http.request", "Request", "This message is a request.").detail();
    RESPONSE          = derived(Kind::Bool, "http.response", "Response", "This message is a response.").detail();
    CHAT              = derived(Kind::Flag, "http.chat", "First line", "It has the first line of a request or an answer.").hidden();
    REQUEST_NUMBER    = derived(Kind::Uint(32), "http.request_number", "Request number", "Which request of its conversation, counted from 1.").hidden();
    RESPONSE_NUMBER   = derived(Kind::Uint(32), "http.response_number", "Response number", "Which answer of its conversation, counted from 1.").hidden();
    PREV_REQUEST_IN   = derived(Kind::Frame, "http.prev_request_in", "Previous request", "The frame of the request before it.").hidden();
    PREV_RESPONSE_IN  = derived(Kind::Frame, "http.prev_response_in", "Previous response", "The frame of the answer before it.").hidden();
    TIME              = derived(Kind::Duration, "http.time", "Time since request", "How long the client waited for this answer.").detail();
    REQUEST_IN        = derived(Kind::Frame, "http.request_in", "Request in frame", "The frame that asked for this answer.").detail();
    CHUNK_SIZE        = dynamic(Kind::Uint(32), "http.chunk_size", "Chunk size", "How many bytes of the body follow; 0 ends it.").detail();
    TRAILER           = text("http.chunked_trailer_part", "Trailer", "Header lines that came after the body.").detail();
    FILE_DATA         = text("http.file_data", "Body", "What the message carries, unpacked.").detail();
}

/// What a header line means beyond its text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Plain,
    Host,
    ContentType,
    ContentLength,
    ContentEncoding,
    TransferEncoding,
    Authorization,
    Authenticate,
    Cookie,
    Upgrade,
    Key,
    Extensions,
    Subprotocol,
}

/// Header names, their fields, their roles.
pub(super) static HEADERS: &[(&str, &FieldDef, Role)] = &[
    ("Host", &HOST, Role::Host),
    ("User-Agent", &USER_AGENT, Role::Plain),
    ("Accept", &ACCEPT, Role::Plain),
    ("Accept-Language", &ACCEPT_LANGUAGE, Role::Plain),
    ("Accept-Encoding", &ACCEPT_ENCODING, Role::Plain),
    ("Referer", &REFERER, Role::Plain),
    ("Connection", &CONNECTION, Role::Plain),
    ("Upgrade", &UPGRADE, Role::Upgrade),
    ("Content-Type", &CONTENT_TYPE, Role::ContentType),
    ("Content-Length", &CONTENT_LENGTH_HEADER, Role::ContentLength),
    ("Content-Encoding", &CONTENT_ENCODING, Role::ContentEncoding),
    ("Transfer-Encoding", &TRANSFER_ENCODING, Role::TransferEncoding),
    ("Server", &SERVER, Role::Plain),
    ("Date", &DATE, Role::Plain),
    ("Last-Modified", &LAST_MODIFIED, Role::Plain),
    ("Location", &LOCATION, Role::Plain),
    ("Cache-Control", &CACHE_CONTROL, Role::Plain),
    ("Cookie", &COOKIE, Role::Cookie),
    ("Set-Cookie", &SET_COOKIE, Role::Plain),
    ("Authorization", &AUTHORIZATION, Role::Authorization),
    ("WWW-Authenticate", &WWW_AUTHENTICATE, Role::Authenticate),
    ("Proxy-Authenticate", &PROXY_AUTHENTICATE, Role::Authenticate),
    ("Proxy-Authorization", &PROXY_AUTHORIZATION, Role::Authorization),
    ("X-Forwarded-For", &X_FORWARDED_FOR, Role::Plain),
    ("HTTP2-Settings", &HTTP2_SETTINGS, Role::Plain),
    ("Sec-WebSocket-Key", &WEBSOCKET_KEY, Role::Key),
    ("Sec-WebSocket-Accept", &WEBSOCKET_ACCEPT, Role::Plain),
    ("Sec-WebSocket-Version", &WEBSOCKET_VERSION, Role::Plain),
    ("Sec-WebSocket-Protocol", &WEBSOCKET_PROTOCOL, Role::Subprotocol),
    ("Sec-WebSocket-Extensions", &WEBSOCKET_EXTENSIONS, Role::Extensions),
];

/// The row of a header name, whatever its case (RFC 9110 §5.1).
pub(super) fn header(name: &[u8]) -> Option<(&'static FieldDef, Role)> {
    HEADERS.iter().find(|(n, ..)| name.eq_ignore_ascii_case(n.as_bytes())).map(|&(_, def, role)| (def, role))
}
