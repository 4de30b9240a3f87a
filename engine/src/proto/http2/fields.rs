//! The fields of HTTP/2, and which header line gives which field.

use crate::proto::prelude::*;

const TYPES: &[(u64, &str)] = &[
    (0, "DATA"),
    (1, "HEADERS"),
    (2, "PRIORITY"),
    (3, "RST_STREAM"),
    (4, "SETTINGS"),
    (5, "PUSH_PROMISE"),
    (6, "PING"),
    (7, "GOAWAY"),
    (8, "WINDOW_UPDATE"),
    (9, "CONTINUATION"),
    (10, "ALTSVC"),
    (11, "BLOCKED"),
    (12, "ORIGIN"),
    (16, "PRIORITY_UPDATE"),
];

const IDS: &[(u64, &str)] = &[
    (1, "Header table size"),
    (2, "Enable PUSH"),
    (3, "Max concurrent streams"),
    (4, "Initial Windows size"),
    (5, "Max frame size"),
    (6, "Max header list size"),
    (8, "Extended CONNECT"),
];

const ERRORS: &[(u64, &str)] = &[
    (0, "NO_ERROR"),
    (1, "PROTOCOL_ERROR"),
    (2, "INTERNAL_ERROR"),
    (3, "FLOW_CONTROL_ERROR"),
    (4, "SETTINGS_TIMEOUT"),
    (5, "STREAM_CLOSED"),
    (6, "FRAME_SIZE_ERROR"),
    (7, "REFUSED_STREAM"),
    (8, "CANCEL"),
    (9, "COMPRESSION_ERROR"),
    (10, "CONNECT_ERROR"),
    (11, "ENHANCE_YOUR_CALM"),
    (12, "INADEQUATE_SECURITY"),
    (13, "HTTP_1_1_REQUIRED"),
];

const U32: Kind = Kind::Uint(32);

const fn text(name: &'static str, label: &'static str, about: &'static str) -> FieldDef {
    dynamic(Kind::Text, name, label, about)
}

const fn bytes(name: &'static str, label: &'static str, about: &'static str) -> FieldDef {
    dynamic(Kind::Bytes, name, label, about)
}

const fn group(name: &'static str, label: &'static str, about: &'static str) -> FieldDef {
    dynamic(Kind::Flag, name, label, about)
}

const fn unused(mask: u64, name: &'static str) -> FieldDef {
    u8_at(4, name, "Unused", "Flags without a meaning here, 0.").bits(mask).hex()
}

fields! {
    MAGIC    = text("http2.magic", "Magic", "The fixed text that a client begins with.");
    LENGTH   = u24_at(0, "http2.length", "Length", "Bytes of the frame behind its header.");
    TYPE     = u8_at(3, "http2.type", "Type", "What the frame is for.").names(TYPES);
    FLAGS    = u8_at(4, "http2.flags", "Flags", "Yes-or-no facts about the frame, such as whether it ends its stream.").hex();
    UNUSED          = unused(0xff, "http2.flags.unused");
    UNUSED_SETTINGS = unused(0xfe, "http2.flags.unused_settings");
    UNUSED_PING     = unused(0xfe, "http2.flags.unused_ping");
    UNUSED_CONTINUATION = unused(0xfb, "http2.flags.unused_continuation");
    UNUSED_PUSH     = unused(0xf3, "http2.flags.unused_push_promise");
    UNUSED_DATA     = unused(0xf6, "http2.flags.unused_data");
    UNUSED_HEADERS  = unused(0xd2, "http2.flags.unused_headers");
    WITH_PRIORITY   = bit_at(4, 1, 0x20, "http2.flags.priority", "Priority", "The frame says how urgent its stream is.");
    PADDED          = bit_at(4, 1, 0x08, "http2.flags.padded", "Padded", "Filling hides the true length.");
    END_HEADERS     = bit_at(4, 1, 0x04, "http2.flags.eh", "End headers", "No more header lines follow in another frame.");
    END_STREAM      = bit_at(4, 1, 0x01, "http2.flags.end_stream", "End stream", "The sender has no more to say on this stream.");
    ACK_SETTINGS    = bit_at(4, 1, 0x01, "http2.flags.ack.settings", "Ack", "The other side's settings are in force.");
    ACK_PING        = bit_at(4, 1, 0x01, "http2.flags.ack.ping", "Ack", "This answers a ping.");
    RESERVED = u32_at(5, "http2.r", "Reserved", "Unused, 0.").bits(0x8000_0000).hex();
    STREAMID = u32_at(5, "http2.streamid", "Stream", "Which exchange it belongs to; 0 is the connection.").bits(0x7fff_ffff);
    PADDING    = dynamic(Kind::Uint(8), "http2.padding", "Pad length", "Bytes of filling, as sent.").hex();
    PAD_LENGTH = dynamic(Kind::Uint(16), "http2.pad_length", "Pad length", "Bytes of filling.");
    EXCLUSIVE  = dynamic(Kind::Bool, "http2.exclusive", "Exclusive", "Nothing else depends on that stream directly.").bits(0x8000_0000);
    DEPENDENCY = dynamic(U32, "http2.stream_dependency", "Depends on", "The stream that should be served first.").bits(0x7fff_ffff);
    WEIGHT     = dynamic(Kind::Uint(8), "http2.headers.weight", "Weight", "The stream's share of the connection among its siblings, less one.");
    WEIGHT_REAL = dynamic(Kind::Uint(8), "http2.headers.weight_real", "Share", "The stream's share of the connection among its siblings: 1 to 256.");
    BLOCK      = bytes("http2.headers", "Header block", "Header lines, packed.");
    BLOCK_PADDING = bytes("http2.headers.padding", "Padding", "Filling.");
    LIST_LENGTH = derived(U32, "http2.header.length", "Header length", "Bytes of the header lines, unpacked.");
    COUNT      = derived(U32, "http2.header.count", "Header count", "How many header lines.");
    HEADER     = group("http2.header", "Header", "A header line.");
    NAME_LENGTH = dynamic(U32, "http2.header.name.length", "Name length", "Bytes of the name.");
    NAME       = text("http2.header.name", "Name", "What the line is about; those with a colon were HTTP/1.1's first line.");
    VALUE_LENGTH = dynamic(U32, "http2.header.value.length", "Value length", "Bytes of the value.");
    VALUE      = text("http2.header.value", "Value", "What it says.");
    REPR       = text("http2.header.repr", "Representation", "How the line was packed.");
    INDEX      = derived(U32, "http2.header.index", "Index", "Which line of the table it names.");
    TABLE_UPDATE = group("http2.header_table_size_update", "Table size update", "The sender's table has another size from here on.");
    TABLE_UPDATE_SIZE = dynamic(U32, "http2.header_table_size_update.header_table_size", "Header table size", "Bytes.");
    FULL_URI   = text("http2.request.full_uri", "Full URI", "Scheme, site and path together, as a browser shows them.");
    SETTING_GROUP = group("http2.settings", "Setting", "One limit or ability of the sender.");
    SETTING  = dynamic(Kind::Uint(16), "http2.settings.id", "Setting", "Which limit or ability of the sender.").names(IDS);
    TABLE_SIZE  = dynamic(U32, "http2.settings.header_table_size", "Header table size", "Bytes for header lines that need not be repeated.");
    PUSH        = dynamic(U32, "http2.settings.enable_push", "Enable push", "Whether the server may send what was not asked for.");
    STREAMS     = dynamic(U32, "http2.settings.max_concurrent_streams", "Most streams", "How many exchanges may be open at once.");
    WINDOW      = dynamic(U32, "http2.settings.initial_window_size", "Initial window", "How many bytes a new stream may send before it must wait.");
    FRAME_SIZE  = dynamic(U32, "http2.settings.max_frame_size", "Largest frame", "The longest frame that the sender takes.");
    LIST_SIZE   = dynamic(U32, "http2.settings.max_header_list_size", "Largest header list", "The most bytes of header lines that the sender takes.");
    EXTENDED    = dynamic(U32, "http2.settings.extended_connect", "Extended CONNECT", "Whether a stream may carry another protocol: WebSocket.");
    OTHER_SETTING = dynamic(U32, "http2.settings.unknown", "Unknown setting", "The value of a setting that is not known here.");
    PROMISE_RESERVED = dynamic(U32, "http2.push_promise.r", "Reserved", "Unused, 0.").bits(0x8000_0000).hex();
    PROMISED  = dynamic(U32, "http2.push_promise.promised_stream_id", "Promised stream", "Where the server will send what was not asked for.").bits(0x7fff_ffff);
    PROMISE_BLOCK = bytes("http2.push_promise.header", "Header block", "The request that the server answers unasked, packed.");
    PROMISE_PADDING = bytes("http2.push_promise.padding", "Padding", "Filling.");
    CONTINUED = text("http2.continuation.header", "Header block", "More header lines, packed.");
    INCREMENT_RESERVED = dynamic(U32, "http2.window_update.r", "Reserved", "Unused, 0.").bits(0x8000_0000).hex();
    INCREMENT = dynamic(U32, "http2.window_update.window_size_increment", "Increment", "How many more bytes may be sent.").bits(0x7fff_ffff);
    RST_ERROR = dynamic(U32, "http2.rst_stream.error", "Error", "Why the stream ends immediately.").names(ERRORS);
    LAST_RESERVED = dynamic(U32, "http2.goway.r", "Reserved", "Unused, 0.").bits(0x8000_0000).hex();
    LAST      = dynamic(U32, "http2.goaway.last_stream_id", "Last stream", "The last stream that was looked at.").bits(0x7fff_ffff);
    AWAY_ERROR = dynamic(U32, "http2.goaway.error", "Error", "Why the connection ends.").names(ERRORS);
    AWAY_DATA = bytes("http2.goaway.addata", "Debug data", "What else the sender says about it.");
    PING      = bytes("http2.ping", "Ping", "Eight bytes that come back.");
    PONG      = bytes("http2.pong", "Pong", "The eight bytes of the ping that this answers.");
    DATA      = bytes("http2.data.data", "Data", "A piece of a body.");
    DATA_PADDING = bytes("http2.data.padding", "Padding", "Filling.");
    BODY_LENGTH = derived(U32, "http2.body.reassembled.length", "Body length", "Bytes of the whole body.");
    BODY      = bytes("http2.body.reassembled.data", "Body", "The whole body, put together from its pieces.");
    AUTHORITY = text("http2.headers.authority", "Authority", "The site that is meant: what HTTP/1.1 calls Host.");
    METHOD = text("http2.headers.method", "Method", "What the client wants done: GET fetches, POST sends.");
    PATH = text("http2.headers.path", "Path", "What the request is about: path and query.");
    SCHEME = text("http2.headers.scheme", "Scheme", "http or https.");
    STATUS = dynamic(Kind::Uint(16), "http2.headers.status", "Status", "How it went: 2xx well, 3xx look elsewhere, 4xx your fault, 5xx mine.");
    ACCEPT = text("http2.headers.accept", "Accept", "Which kinds of content the client can use.");
    ACCEPT_CHARSET = text("http2.headers.accept_charset", "Accept-Charset", "Which character sets the client can read.");
    ACCEPT_ENCODING = text("http2.headers.accept_encoding", "Accept-Encoding", "Which compressions the client can undo.");
    ACCEPT_LANGUAGE = text("http2.headers.accept_language", "Accept-Language", "Which languages the reader understands.");
    ACCEPT_RANGES = text("http2.headers.accept_ranges", "Accept-Ranges", "Whether the server can send a part only.");
    ACCESS_CONTROL_ALLOW_ORIGIN = text("http2.headers.access_control_allow_origin", "Access-Control-Allow-Origin", "Which sites' pages may read this answer.");
    AGE = dynamic(Kind::Uint(64), "http2.headers.age", "Age", "Seconds that the answer has been in a cache.");
    ALLOW = text("http2.headers.allow", "Allow", "Which methods the target knows.");
    AUTHORIZATION = text("http2.headers.authorization", "Authorization", "Proof of who asks.");
    CACHE_CONTROL = text("http2.headers.cache_control", "Cache-Control", "Who may keep a copy, and for how long.");
    CONTENT_DISPOSITION = text("http2.headers.content_disposition", "Content-Disposition", "Whether the body is shown or saved, and under which name.");
    CONTENT_ENCODING = text("http2.headers.content_encoding", "Content-Encoding", "How the body was compressed.");
    CONTENT_LANGUAGE = text("http2.headers.content_language", "Content-Language", "Which language the body is in.");
    CONTENT_LENGTH = dynamic(Kind::Uint(64), "http2.headers.content_length", "Content-Length", "How many bytes the body has.");
    CONTENT_LOCATION = text("http2.headers.content_location", "Content-Location", "Where else the same content is.");
    CONTENT_RANGE = text("http2.headers.content_range", "Content-Range", "Which part of the whole this is.");
    CONTENT_TYPE = text("http2.headers.content_type", "Content-Type", "What kind of data the body is.");
    COOKIE = text("http2.headers.cookie", "Cookie", "What the server asked this client to remember.");
    DATE = text("http2.headers.date", "Date", "When the answer was made.");
    ETAG = text("http2.headers.etag", "ETag", "A name for this version of the content.");
    EXPECT = text("http2.headers.expect", "Expect", "What the client wants to be told before it sends the body.");
    EXPIRES = text("http2.headers.expires", "Expires", "When the content becomes stale.");
    FROM = text("http2.headers.from", "From", "The mail address of the person who asks.");
    IF_MATCH = text("http2.headers.if_match", "If-Match", "Only if the content is still one of these versions.");
    IF_MODIFIED_SINCE = text("http2.headers.if_modified_since", "If-Modified-Since", "Only if the content has changed since.");
    IF_NONE_MATCH = text("http2.headers.if_none_match", "If-None-Match", "Only if the content is none of these versions.");
    IF_RANGE = text("http2.headers.if_range", "If-Range", "A part only if nothing has changed, else all.");
    IF_UNMODIFIED_SINCE = text("http2.headers.if_unmodified_since", "If-Unmodified-Since", "Only if nothing has changed since.");
    LAST_MODIFIED = text("http2.headers.last_modified", "Last-Modified", "When the content last changed.");
    LINK = text("http2.headers.link", "Link", "Other content that belongs to this.");
    LOCATION = text("http2.headers.location", "Location", "Where to look instead, or where the new thing is.");
    MAX_FORWARDS = dynamic(Kind::Uint(64), "http2.headers.max_forwards", "Max-Forwards", "How many proxies may pass the request on.");
    PROXY_AUTHENTICATE = text("http2.headers.proxy_authenticate", "Proxy-Authenticate", "How to prove to the proxy who asks.");
    PROXY_AUTHORIZATION = text("http2.headers.proxy_authorization", "Proxy-Authorization", "Proof of who asks, for the proxy.");
    RANGE = text("http2.headers.range", "Range", "Which part is wanted.");
    REFERER = text("http2.headers.referer", "Referer", "The page that led here.");
    REFRESH = text("http2.headers.refresh", "Refresh", "When the browser should look again.");
    RETRY_AFTER = text("http2.headers.retry_after", "Retry-After", "When the client may try again.");
    SERVER = text("http2.headers.server", "Server", "Which program answers.");
    SET_COOKIE = text("http2.headers.set_cookie", "Set-Cookie", "The server asks the client to remember this.");
    STRICT_TRANSPORT_SECURITY = text("http2.headers.strict_transport_security", "Strict-Transport-Security", "From now on, only with TLS.");
    USER_AGENT = text("http2.headers.user_agent", "User-Agent", "Which program asks.");
    VARY = text("http2.headers.vary", "Vary", "Which lines of the request made a difference.");
    VIA = text("http2.headers.via", "Via", "Which proxies passed the message on.");
    WWW_AUTHENTICATE = text("http2.headers.www_authenticate", "WWW-Authenticate", "How the client can prove who it is.");
}

/// Which line has a field of its own.
pub(super) static LINES: &[(&str, &FieldDef)] = &[
    (":authority", &AUTHORITY),
    (":method", &METHOD),
    (":path", &PATH),
    (":scheme", &SCHEME),
    (":status", &STATUS),
    ("accept", &ACCEPT),
    ("accept-charset", &ACCEPT_CHARSET),
    ("accept-encoding", &ACCEPT_ENCODING),
    ("accept-language", &ACCEPT_LANGUAGE),
    ("accept-ranges", &ACCEPT_RANGES),
    ("access-control-allow-origin", &ACCESS_CONTROL_ALLOW_ORIGIN),
    ("age", &AGE),
    ("allow", &ALLOW),
    ("authorization", &AUTHORIZATION),
    ("cache-control", &CACHE_CONTROL),
    ("content-disposition", &CONTENT_DISPOSITION),
    ("content-encoding", &CONTENT_ENCODING),
    ("content-language", &CONTENT_LANGUAGE),
    ("content-length", &CONTENT_LENGTH),
    ("content-location", &CONTENT_LOCATION),
    ("content-range", &CONTENT_RANGE),
    ("content-type", &CONTENT_TYPE),
    ("cookie", &COOKIE),
    ("date", &DATE),
    ("etag", &ETAG),
    ("expect", &EXPECT),
    ("expires", &EXPIRES),
    ("from", &FROM),
    ("if-match", &IF_MATCH),
    ("if-modified-since", &IF_MODIFIED_SINCE),
    ("if-none-match", &IF_NONE_MATCH),
    ("if-range", &IF_RANGE),
    ("if-unmodified-since", &IF_UNMODIFIED_SINCE),
    ("last-modified", &LAST_MODIFIED),
    ("link", &LINK),
    ("location", &LOCATION),
    ("max-forwards", &MAX_FORWARDS),
    ("proxy-authenticate", &PROXY_AUTHENTICATE),
    ("proxy-authorization", &PROXY_AUTHORIZATION),
    ("range", &RANGE),
    ("referer", &REFERER),
    ("refresh", &REFRESH),
    ("retry-after", &RETRY_AFTER),
    ("server", &SERVER),
    ("set-cookie", &SET_COOKIE),
    ("strict-transport-security", &STRICT_TRANSPORT_SECURITY),
    ("user-agent", &USER_AGENT),
    ("vary", &VARY),
    ("via", &VIA),
    ("www-authenticate", &WWW_AUTHENTICATE),
];
