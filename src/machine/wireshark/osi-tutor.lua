-- Engine.IO and Socket.IO for Wireshark 4.0 and newer: protocols 3 and 4, over WebSocket and over HTTP polling.
--
-- The fields have the names that osi-tutor gives them, so that a display filter holds in both:
-- engineio.type == 4 && socketio.event == "chat"
--
-- A heuristic of WebSocket takes the messages of connections whose upgrade asked for EIO=…; a postdissector takes the
-- bodies of HTTP. Everything here comes from strangers: whatever is no packet is left alone, and counts are bounded.
-- Packets that travel in scripts and forms (JSONP) aren't read.

local engineio = Proto("engineio", "Engine.IO")
local socketio = Proto("socketio", "Socket.IO")
local polling = Proto("engineio_polling", "Engine.IO in HTTP bodies")

local MOST_PACKETS = 1000   -- of one body
local MOST_ARGUMENTS = 1000 -- of one packet
local LONGEST_SID = 64
local BORDER = 0x1e

local engine_types = { [0] = "Open", "Close", "Ping", "Pong", "Message", "Upgrade", "Noop" }
local socket_types = { [0] = "Connect", "Disconnect", "Event", "Ack", "Connect error", "Binary event", "Binary ack" }
local errors = {
    [0] = "Transport unknown", "Session ID unknown", "Bad handshake method", "Bad request", "Forbidden",
    "Unsupported protocol version",
}

local E = {
    version = ProtoField.uint8("engineio.version", "Protocol version"),
    transport = ProtoField.string("engineio.transport", "Transport"),
    separator = ProtoField.none("engineio.separator", "Separator"),
    kind = ProtoField.uint8("engineio.kind", "Kind", base.DEC, { [0] = "Text", "Binary" }),
    length = ProtoField.uint32("engineio.length", "Length"),
    type = ProtoField.uint8("engineio.type", "Type", base.DEC, engine_types),
    data = ProtoField.string("engineio.data", "Data"),
    sid = ProtoField.string("engineio.sid", "Session id"),
    upgrades = ProtoField.string("engineio.upgrades", "Upgrade"),
    ping_interval = ProtoField.uint32("engineio.ping_interval", "Ping interval"),
    ping_timeout = ProtoField.uint32("engineio.ping_timeout", "Ping timeout"),
    max_payload = ProtoField.uint32("engineio.max_payload", "Largest payload"),
    probe = ProtoField.none("engineio.probe", "Probe"),
    base64 = ProtoField.string("engineio.base64", "Base64"),
    binary = ProtoField.bytes("engineio.binary", "Binary data"),
    error_code = ProtoField.uint8("engineio.error.code", "Error code", base.DEC, errors),
    error_message = ProtoField.string("engineio.error.message", "Error message"),
    ok = ProtoField.none("engineio.ok", "Received"),
}
local S = {
    type = ProtoField.uint8("socketio.type", "Type", base.DEC, socket_types),
    attachments = ProtoField.uint32("socketio.attachments", "Attachments"),
    namespace = ProtoField.string("socketio.namespace", "Namespace"),
    query = ProtoField.string("socketio.query", "Query"),
    ack_id = ProtoField.uint32("socketio.ack_id", "Ack id"),
    event = ProtoField.string("socketio.event", "Event"),
    argument = ProtoField.string("socketio.argument", "Argument"),
    placeholder = ProtoField.uint32("socketio.placeholder", "Placeholder"),
    auth = ProtoField.string("socketio.auth", "Auth"),
    sid = ProtoField.string("socketio.sid", "Socket id"),
    pid = ProtoField.string("socketio.pid", "Private id"),
    error_message = ProtoField.string("socketio.error.message", "Error message"),
    error_data = ProtoField.string("socketio.error.data", "Error data"),
    attachment = ProtoField.bytes("socketio.attachment", "Attachment"),
    attachment_number = ProtoField.uint32("socketio.attachment.number", "Attachment number"),
    attachment_frame = ProtoField.framenum("socketio.attachment.frame", "Belongs to frame"),
    attachment_left = ProtoField.uint32("socketio.attachment.left", "Still missing"),
}
local function rows(fields)
    local list = {}
    for _, field in pairs(fields) do list[#list + 1] = field end
    return list
end
engineio.fields = rows(E)
socketio.fields = rows(S)

local no_packet = ProtoExpert.new("engineio.malformed", "This is no packet of Engine.IO", expert.group.MALFORMED,
    expert.severity.ERROR)
engineio.experts = { no_packet }
local no_json = ProtoExpert.new("socketio.malformed", "Its JSON is not what the type asks for", expert.group.MALFORMED,
    expert.severity.ERROR)
socketio.experts = { no_json }

local stream_of = Field.new("tcp.stream")
local uri_of = Field.new("http.request.uri")
local request_in = Field.new("http.request_in")
local response_of = Field.new("http.response")
local body_of = Field.new("http.file_data")
local opcode_of = Field.new("websocket.opcode")
local mask_of = Field.new("websocket.mask")

-- What is remembered from one frame to the next. The first pass fills it; later passes only read.
local asked, upgraded, sessions, awaiting, owed

function engineio.init()
    asked = {}    -- request's frame -> what its target says
    upgraded = {} -- tcp.stream -> what the upgrade's target says
    sessions = {} -- tcp.stream -> id that an open packet gave
    awaiting = {} -- one direction of a dialogue -> the packet that waits for attachments
    owed = {}     -- frame and place of an attachment -> what it is
end

local function last(...)
    local all = { ... }
    return all[#all]
end

-- What a request's target says of the dialogue.
local function target(uri)
    local version = uri:match("[?&]EIO=(%d)")
    if version ~= "3" and version ~= "4" then return nil end
    return {
        version = tonumber(version),
        transport = uri:match("[?&]transport=([^&]*)"),
        sid = uri:match("[?&]sid=([^&]*)"),
        -- The path asks for plain Engine.IO: what a message holds is the application's own.
        plain = uri:sub(1, 10) == "/engine.io",
    }
end

-- Adds an item; `from` counts from 1 in the text, and `tvb` begins where the text does.
local function put(tree, field, tvb, from, len, value)
    if len > 0 then
        local range = tvb(from - 1, len)
        if value ~= nil then return tree:add(field, range, value) end
        return tree:add(field, range)
    end
    if value ~= nil then return tree:add(field, value) end
end

-- A text in UTF-8, as it is.
local function put_text(tree, field, tvb, from, len)
    if len > 0 then return tree:add_packet_field(field, tvb(from - 1, len), ENC_UTF_8) end
end

local function derive(tree, field, value)
    tree:add(field, value):set_generated()
end

---- JSON, as far as its members' places are concerned

local function skip(text, at)
    return text:find("[^ \t\r\n]", at) or #text + 1
end

-- Where the value that begins at `at` ends: the place after it. nil where it doesn't.
local function value_end(text, at)
    local first = text:sub(at, at)
    if first == '"' then
        local from = at + 1
        while true do
            local sign = text:find('["\\]', from)
            if not sign then return nil end
            if text:sub(sign, sign) == '"' then return sign + 1 end
            from = sign + 2
        end
    elseif first == "{" or first == "[" then
        local depth, from = 0, at
        while true do
            local sign = text:find('[%[%]{}"]', from)
            if not sign then return nil end
            local c = text:sub(sign, sign)
            from = sign + 1
            if c == '"' then
                from = value_end(text, sign)
                if not from then return nil end
            elseif c == "{" or c == "[" then
                depth = depth + 1
            else
                depth = depth - 1
                if depth == 0 then return from end
            end
        end
    end
    local stop = text:find("[%s,%]}]", at) or #text + 1
    return stop > at and stop or nil
end

-- The members of the array or object that begins at `at`: each with its name, its first and its last place. The second
-- result is the place after the end; nil where it doesn't end.
local function items(text, at)
    local open = text:sub(at, at)
    if open ~= "[" and open ~= "{" then return {}, nil end
    local close = open == "[" and "]" or "}"
    local all = {}
    at = skip(text, at + 1)
    if text:sub(at, at) == close then return all, at + 1 end
    while #all < MOST_ARGUMENTS do
        local name
        if open == "{" then
            local stop = text:sub(at, at) == '"' and value_end(text, at)
            if not stop then return all, nil end
            name = text:sub(at + 1, stop - 2)
            at = skip(text, stop)
            if text:sub(at, at) ~= ":" then return all, nil end
            at = skip(text, at + 1)
        end
        local stop = value_end(text, at)
        if not stop then return all, nil end
        all[#all + 1] = { name = name, from = at, to = stop - 1 }
        at = skip(text, stop)
        local sign = text:sub(at, at)
        if sign == close then return all, at + 1 end
        if sign ~= "," then return all, nil end
        at = skip(text, at + 1)
    end
    return all, at
end

local escapes = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function utf8_of(code)
    if code < 0x80 then return string.char(code) end
    if code < 0x800 then return string.char(0xc0 + math.floor(code / 64), 0x80 + code % 64) end
    if code < 0x10000 then
        return string.char(0xe0 + math.floor(code / 4096), 0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
    end
    return string.char(0xf0 + math.floor(code / 262144), 0x80 + math.floor(code / 4096) % 64,
        0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
end

-- What a JSON string says, without its quotes.
local function unescape(text)
    text = text:gsub("\\u[dD]([89abAB]%x%x)\\u[dD]([c-fC-F]%x%x)", function(high, low)
        return utf8_of(0x10000 + (tonumber("d" .. high, 16) - 0xd800) * 1024 + tonumber("d" .. low, 16) - 0xdc00)
    end)
    text = text:gsub("\\u(%x%x%x%x)", function(code) return utf8_of(tonumber(code, 16)) end)
    return (text:gsub("\\(.)", function(c) return escapes[c] or c end))
end

-- A JSON string without its quotes; says whether it is one.
local function put_string(tree, field, tvb, text, item)
    if text:sub(item.from, item.from) ~= '"' or item.to <= item.from then return false end
    local inner = text:sub(item.from + 1, item.to - 1)
    if inner:find("\\", 1, true) then
        put(tree, field, tvb, item.from + 1, #inner, unescape(inner))
    else
        put_text(tree, field, tvb, item.from + 1, #inner)
    end
    return true
end

---- Socket.IO

-- Where the parts of a packet are, up to its JSON; nil where it is none.
local function head_of(text)
    local kind = text:match("^[0-6]")
    if not kind then return nil end
    local head = { kind = tonumber(kind), json = 2 }
    if head.kind >= 5 then
        local number = text:match("^(%d+)%-", 2)
        if not number or #number > 9 then return nil end
        head.attachments, head.json = number, 3 + #number
    end
    if text:sub(head.json, head.json) == "/" then
        local stop = text:find(",", head.json, true) or #text + 1
        local mark = text:find("?", head.json, true)
        if mark and mark < stop then head.query = { mark + 1, stop - mark - 1 } else mark = stop end
        head.namespace = { head.json, mark - head.json }
        head.json = math.min(stop + 1, #text + 1)
    end
    local id = text:match("^%d+", head.json)
    if id then
        head.ack_id = { head.json, #id, tonumber(id) }
        head.json = head.json + #id
    end
    local from = skip(text, head.json)
    local first = text:sub(from, from)
    local fits
    if head.kind == 0 then fits = first == "" or first == "{"
    elseif head.kind == 1 then fits = first == ""
    elseif head.kind == 4 then fits = first == "{" or first == "[" or first == '"'
    else fits = first == "[" end
    head.from = from
    return fits and head or nil
end

local function placeholders(tree, tvb, text, item)
    local at = item.from
    while true do
        local from, to, number = text:find('{"_placeholder":true,"num":(%d+)}', at)
        if not from or to > item.to then return end
        if #number < 10 then put(tree, S.placeholder, tvb, from, to - from + 1, tonumber(number)) end
        at = from + 1
    end
end

local function arguments(tree, tvb, text, head)
    local all, stop = items(text, head.from)
    local named = head.kind == 2 or head.kind == 5
    for place, item in ipairs(all) do
        if named and place == 1 then
            local first = text:sub(item.from, item.from)
            if first == '"' then
                put_string(tree, S.event, tvb, text, item)
            elseif first:find("[%d%-]") then
                put_text(tree, S.event, tvb, item.from, item.to - item.from + 1)
            else
                return false
            end
        else
            put_text(tree, S.argument, tvb, item.from, item.to - item.from + 1)
            if head.kind >= 5 then placeholders(tree, tvb, text, item) end
        end
    end
    return stop and skip(text, stop) > #text and (#all > 0 or not named)
end

local function connect(tree, tvb, text, head, talk)
    if head.from > #text then return true end
    local all, stop = items(text, head.from)
    if talk.from_client then
        put_text(tree, S.auth, tvb, head.from, (stop or #text + 1) - head.from)
    else
        for _, item in ipairs(all) do
            if item.name == "sid" then put_string(tree, S.sid, tvb, text, item) end
            if item.name == "pid" then put_string(tree, S.pid, tvb, text, item) end
        end
    end
    return stop and skip(text, stop) > #text
end

local function refusal(tree, tvb, text, head)
    local stop = value_end(text, head.from)
    local whole = { from = head.from, to = (stop or #text + 1) - 1 }
    if text:sub(head.from, head.from) == '"' then
        return stop and put_string(tree, S.error_message, tvb, text, whole)
    end
    local all, ends = items(text, head.from)
    local explained = false
    for _, item in ipairs(all) do
        if item.name == "message" then explained = put_string(tree, S.error_message, tvb, text, item) end
        if item.name == "data" then put_text(tree, S.error_data, tvb, item.from, item.to - item.from + 1) end
    end
    if ends and not explained then put_text(tree, S.error_data, tvb, whole.from, whole.to - whole.from + 1) end
    return ends ~= nil
end

-- A text message; says whether it is Socket.IO's.
local function socket_packet(tvb, text, pinfo, root, talk)
    -- A text where an attachment was due: the sender has given the event up.
    if not pinfo.visited then awaiting[talk.side] = nil end
    local head = head_of(text)
    if not head then return false end
    local tree = root:add(socketio, tvb)
    put(tree, S.type, tvb, 1, 1, head.kind)
    if head.attachments then
        local total = tonumber(head.attachments)
        put(tree, S.attachments, tvb, 2, #head.attachments, total)
        if not pinfo.visited then awaiting[talk.side] = { frame = pinfo.number, total = total, left = total } end
    end
    if head.namespace then
        put_text(tree, S.namespace, tvb, head.namespace[1], head.namespace[2])
    else
        derive(tree, S.namespace, "/")
    end
    if head.query then put_text(tree, S.query, tvb, head.query[1], head.query[2]) end
    if head.ack_id and head.ack_id[3] < 4294967296 then
        put(tree, S.ack_id, tvb, head.ack_id[1], head.ack_id[2], head.ack_id[3])
    end
    local sound = true
    if head.kind == 0 then sound = connect(tree, tvb, text, head, talk)
    elseif head.kind == 4 then sound = refusal(tree, tvb, text, head)
    elseif head.kind ~= 1 then sound = arguments(tree, tvb, text, head) end
    if not sound then tree:add_proto_expert_info(no_json) end
    tree:append_text(", " .. socket_types[head.kind])
    pinfo.cols.protocol = "Socket.IO"
    return true
end

-- A binary message: Socket.IO's where a packet has announced it.
local function attachment(tvb, pinfo, root, talk)
    talk.place = talk.place + 1
    local key = pinfo.number .. "/" .. talk.place
    if not pinfo.visited then
        local wait = awaiting[talk.side]
        if wait and wait.left > 0 then
            owed[key] = { frame = wait.frame, number = wait.total - wait.left, left = wait.left - 1 }
            wait.left = wait.left - 1
        end
    end
    local it = owed[key]
    if not it then return end
    local tree = root:add(socketio, tvb)
    if tvb:len() > 0 then tree:add(S.attachment, tvb) end
    derive(tree, S.attachment_number, it.number)
    derive(tree, S.attachment_frame, it.frame)
    derive(tree, S.attachment_left, it.left)
    pinfo.cols.protocol = "Socket.IO"
end

---- Engine.IO

-- What every packet of a dialogue begins with.
local function engine_tree(root, range, talk, opens)
    local tree = root:add(engineio, range)
    -- What is inside may say more.
    talk.pinfo.cols.protocol = "Engine.IO"
    derive(tree, E.version, talk.version)
    if talk.transport then derive(tree, E.transport, talk.transport) end
    local sid = talk.sid or (not opens and sessions[talk.stream])
    if sid then derive(tree, E.sid, sid) end
    return tree
end

local numbers = { pingInterval = E.ping_interval, pingTimeout = E.ping_timeout, maxPayload = E.max_payload }

local function open(tree, tvb, text, pinfo, talk)
    for _, item in ipairs((items(text, skip(text, 2)))) do
        if item.name == "sid" then
            put_string(tree, E.sid, tvb, text, item)
            local sid = text:sub(item.from + 1, item.to - 1)
            if not pinfo.visited and #sid <= LONGEST_SID then sessions[talk.stream] = sid end
        elseif item.name == "upgrades" then
            for _, upgrade in ipairs((items(text, item.from))) do put_string(tree, E.upgrades, tvb, text, upgrade) end
        elseif numbers[item.name] then
            local number = text:sub(item.from, item.to):match("^%d+$")
            if number and #number < 10 then
                put(tree, numbers[item.name], tvb, item.from, #number, tonumber(number))
            end
        end
    end
end

local function letters(tree, range, text, pinfo, root, talk)
    local tvb = range
    put(tree, E.kind, tvb, 1, 1, 1)
    local from = 2
    if talk.version == 3 then
        local kind = text:match("^%d", 2)
        if not kind then return tree:add_proto_expert_info(no_packet) end
        put(tree, E.type, tvb, 2, 1, tonumber(kind))
        from = 3
    else
        derive(tree, E.type, 4)
    end
    put_text(tree, E.base64, tvb, from, #text - from + 1)
    if from > #text then return end
    local bytes = range(from - 1, #text - from + 1):bytes():base64_decode()
    if bytes:len() == 0 then return end
    local decoded = bytes:tvb("Decoded base64")
    tree:add(E.binary, decoded())
    if not talk.plain then attachment(decoded(), pinfo, root, talk) end
end

-- A packet written as text. `tree` has its heading already.
local function text_packet(tree, range, pinfo, root, talk)
    local text = range:raw()
    if text:sub(1, 1) == "b" then return letters(tree, range, text, pinfo, root, talk) end
    local kind = tonumber(text:match("^%d"))
    if not kind then
        put_text(tree, E.data, range, 1, #text)
        return tree:add_proto_expert_info(no_packet)
    end
    put(tree, E.type, range, 1, 1, kind)
    tree:append_text(", " .. (engine_types[kind] or "unknown type"))
    put_text(tree, E.data, range, 2, #text - 1)
    if kind == 0 then
        open(tree, range, text, pinfo, talk)
    elseif (kind == 2 or kind == 3) and text:sub(2) == "probe" then
        put(tree, E.probe, range, 2, 5)
    elseif kind == 4 and #text > 1 and not talk.plain then
        socket_packet(range(1, #text - 1), text:sub(2), pinfo, root, talk)
    end
end

local function binary_packet(tree, range, pinfo, root, talk)
    local from = 0
    if talk.version == 3 then
        tree:add(E.type, range(0, 1))
        if range(0, 1):uint() ~= 4 then return end
        from = 1
    else
        derive(tree, E.type, 4)
    end
    local len = range:len() - from
    if len == 0 then return end
    tree:add(E.binary, range(from, len))
    if not talk.plain then attachment(range(from, len), pinfo, root, talk) end
end

---- over WebSocket

local function over_websocket(tvb, pinfo, root)
    local stream = stream_of()
    local request = stream and upgraded[stream.value]
    local opcode = last(opcode_of())
    if not request or not opcode or tvb:len() == 0 then return false end
    if opcode.value > 2 then return false end
    local mask = last(mask_of())
    local talk = {
        version = request.version, transport = request.transport, sid = request.sid, plain = request.plain,
        stream = stream.value, from_client = mask ~= nil and mask.value, place = 0, pinfo = pinfo,
    }
    talk.side = talk.stream .. (talk.from_client and " client" or " server")
    -- Several messages of one frame are counted on.
    talk.place = tonumber(pinfo.private["osi-tutor"]) or 0
    local range = tvb()
    local first = range(0, 1):uint()
    local is_text = opcode.value == 1 or (opcode.value == 0 and first >= 0x30 and first <= 0x39)
    local tree = engine_tree(root, range, talk, is_text and first == 0x30)
    if is_text then
        text_packet(tree, range, pinfo, root, talk)
    else
        binary_packet(tree, range, pinfo, root, talk)
    end
    pinfo.private["osi-tutor"] = tostring(talk.place)
    return true
end
engineio:register_heuristic("ws", over_websocket)

---- over HTTP

-- How many bytes a number of UTF-16 units takes.
local function utf16(text, at, units)
    local from = at
    while units > 0 and at <= #text do
        local byte = text:byte(at)
        local len = byte < 0xc0 and 1 or byte < 0xe0 and 2 or byte < 0xf0 and 3 or 4
        at, units = at + len, units - (len == 4 and 2 or 1)
    end
    return math.min(at, #text + 1) - from
end

-- The packet of a body that begins at `at`; gives where the next one does.
local function by_border(body, text, at, pinfo, root, talk)
    local from = text:byte(at) == BORDER and at + 1 or at
    local stop = text:find("\30", from, true) or #text + 1
    local tree = engine_tree(root, body(at - 1, stop - at), talk, text:byte(from) == 0x30)
    if from > at then put(tree, E.separator, body, at, 1) end
    if stop > from then text_packet(tree, body(from - 1, stop - from), pinfo, root, talk) end
    return stop
end

local function by_units(body, text, at, pinfo, root, talk)
    local digits = text:match("^(%d+):", at)
    if not digits or #digits > 9 then return nil end
    local from = at + #digits + 1
    local len = utf16(text, from, tonumber(digits))
    local tree = engine_tree(root, body(at - 1, from + len - at), talk, text:byte(from) == 0x30)
    put(tree, E.length, body, at, #digits, tonumber(digits))
    if len > 0 then text_packet(tree, body(from - 1, len), pinfo, root, talk) end
    return from + len
end

local function by_bytes(body, text, at, pinfo, root, talk)
    local kind, digits = text:match("^([\0\1])([\0-\9]+)\255", at)
    if not kind or #digits > 9 then return nil end
    local length = 0
    for place = 1, #digits do length = length * 10 + digits:byte(place) end
    local from = at + #digits + 2
    local len = math.min(length, #text + 1 - from)
    local tree = engine_tree(root, body(at - 1, from + len - at), talk, kind == "\0" and text:byte(from) == 0x30)
    put(tree, E.kind, body, at, 1, kind:byte())
    put(tree, E.length, body, at + 1, #digits, length)
    if len > 0 then
        local read = kind == "\0" and text_packet or binary_packet
        read(tree, body(from - 1, len), pinfo, root, talk)
    end
    return from + len
end

-- Why the server says no.
local function refused(body, text, root, talk)
    local code, message
    for _, item in ipairs((items(text, skip(text, 1)))) do
        if item.name == "code" then code = text:sub(item.from, item.to):match("^[0-5]$") and item end
        if item.name == "message" then message = item end
    end
    if not code or not message then return false end
    local tree = engine_tree(root, body, talk)
    put(tree, E.error_code, body, code.from, 1, tonumber(text:sub(code.from, code.to)))
    put_string(tree, E.error_message, body, text, message)
    return true
end

local function read_body(body, pinfo, root, request, stream, from_client)
    local text = body:raw()
    local talk = {
        version = request.version, transport = request.transport, sid = request.sid, plain = request.plain,
        stream = stream, from_client = from_client, place = 0, pinfo = pinfo,
    }
    talk.side = (request.sid or stream) .. (from_client and " client" or " server")
    if text:sub(1, 1) == "{" and not from_client then return refused(body, text, root, talk) end
    if request.transport ~= "polling" then return end
    if text == "ok" and not from_client then
        local tree = engine_tree(root, body, talk)
        put(tree, E.ok, body, 1, 2)
        return
    end
    -- A server of version 2 takes no notice of the version that is asked for.
    if not from_client and text:find("^%d%d+:0{") then talk.version = 3 end
    local read = by_border
    if talk.version == 3 then read = text:find("^[\0\1]") and by_bytes or by_units end
    local at, count = 1, 0
    while at and at <= #text and count < MOST_PACKETS do
        count = count + 1
        local next_at = read(body, text, at, pinfo, root, talk)
        if not next_at and count == 1 then return end
        at = next_at
    end
end

function polling.dissector(_, pinfo, root)
    local stream = stream_of()
    if not stream then return end
    local uri = last(uri_of())
    if uri and not pinfo.visited then
        local said = target(uri.value)
        asked[pinfo.number] = said
        if said and said.transport == "websocket" then upgraded[stream.value] = said end
    end
    local body = last(body_of())
    if not body or body.len == 0 then return end
    local request, from_client = asked[pinfo.number], true
    if response_of() then
        local from = last(request_in())
        request, from_client = from and asked[from.value], false
    end
    if request then read_body(body.range, pinfo, root, request, stream.value, from_client) end
end
register_postdissector(polling)
