//! A server to test, and a client that does what no browser would.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A running server; it ends with the test.
pub(crate) struct Server {
    child: Child,
    /// Ends it, should this process end without a word.
    guard: Child,
    pub(crate) address: SocketAddr,
    /// What it said at its start.
    pub(crate) said: String,
    /// What it said since.
    later: Arc<Mutex<String>>,
    /// It captures its own packets.
    pub(crate) captures: bool,
}

impl Server {
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::under("true", args)
    }

    /// One for which a shell has made its arrangements.
    pub(crate) fn under(arrangements: &str, args: &[&str]) -> Self {
        let command = [&["chat", "serve", "127.0.0.1:0"], args].concat();
        Self::run(arrangements, &command, |line| match line {
            _ if line.starts_with("The page shows packets") => Some(true),
            _ if line.starts_with("No packets are captured") => Some(false),
            _ => None,
        })
    }

    /// Any server of ours. `stands` says of a line whether it is the last one before it serves, and then whether it
    /// captures.
    pub(crate) fn run(arrangements: &str, command: &[&str], stands: impl Fn(&str) -> Option<bool>) -> Self {
        let mut child = Command::new("sh")
            .args(["-c", &format!("{arrangements} && exec \"$@\""), "sh"])
            .arg(env!("CARGO_BIN_EXE_osi-tutor"))
            .args(command)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        let captures = loop {
            let line = lines.next().expect("it says where it is and whether it captures").unwrap();
            said += &(line.clone() + "\n");
            if let Some(captures) = stands(&line) {
                break captures;
            }
        };
        // Whoever reads its words later would keep it from saying more.
        let later = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&later);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                *heard.lock().unwrap() += &(line + "\n");
            }
        });
        let at = said.split("http://").nth(1).and_then(|rest| rest.split('/').next()).unwrap();
        Self { address: at.parse().unwrap(), guard: guard(child.id()), child, said, later, captures }
    }

    /// Its number among the processes.
    #[allow(dead_code, reason = "not every test that has a server asks for it")]
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it said on standard error since it began to serve.
    pub(crate) fn later(&self) -> String {
        self.later.lock().unwrap().clone()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success(), "SIG{name} is sent");
    }

    /// How long it takes to end, and its exit code.
    pub(crate) fn ends(&mut self) -> (Duration, Option<i32>) {
        let since = Instant::now();
        while since.elapsed() < Duration::from_secs(20) {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (since.elapsed(), status.code());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("the server does not end");
    }

    /// Resident memory, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sends bytes; everything that comes back until the server hangs up, or is silent for a while.
    pub(crate) fn ask(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
        stream.write_all(request).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// A session by polling; its id.
    pub(crate) fn session(&self) -> String {
        let ask = format!("GET {POLLING} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address);
        let answer = self.ask(ask.as_bytes());
        let sid = answer.split("\"sid\":\"").nth(1).and_then(|rest| rest.split('"').next());
        sid.unwrap_or_else(|| panic!("no session: {answer}")).to_owned()
    }

    /// The answer to packets of a session, by polling.
    pub(crate) fn post(&self, sid: &str, body: &str) -> String {
        let head = format!("POST {POLLING}&sid={sid} HTTP/1.1\r\nHost: {}\r\n", self.address);
        self.ask(format!("{head}Connection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes())
    }

    /// The status of a request for a path, with more fields.
    pub(crate) fn status(&self, path: &str, fields: &str) -> String {
        let host = if fields.contains("Host:") { String::new() } else { format!("Host: {}\r\n", self.address) };
        let answer = self.ask(format!("GET {path} HTTP/1.1\r\n{host}{fields}Connection: close\r\n\r\n").as_bytes());
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    }
}

/// A process that kills another one as soon as this process is gone, however that happens: then nobody holds the other
/// end of its standard input.
fn guard(pid: u32) -> Child {
    let watch = format!("cat >/dev/null; kill -9 {pid}");
    Command::new("sh").args(["-c", &watch]).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.guard.kill();
        let _ = self.guard.wait();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A WebSocket of ours: what is sent need not make sense.
pub(crate) struct Socket {
    pub(crate) stream: TcpStream,
    heard: Vec<u8>,
}

impl Socket {
    /// How long a connection may say nothing at all.
    pub(crate) fn wait(server: &Server, most: Duration) -> Duration {
        let since = Instant::now();
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(most)).unwrap();
        let _ = stream.read(&mut [0; 16]);
        since.elapsed()
    }

    /// Connects and switches.
    pub(crate) fn open(server: &Server, path: &str) -> Self {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.set_nodelay(true).unwrap();
        let hello = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            server.address
        );
        stream.write_all(hello.as_bytes()).unwrap();
        let mut socket = Self { stream, heard: Vec::new() };
        let head = socket.until(|heard| heard.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at + 4)).unwrap();
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
        socket
    }

    /// A session of Socket.IO that has said hello.
    pub(crate) fn connect(server: &Server) -> Self {
        let mut socket = Self::open(server, WEBSOCKET);
        assert!(socket.hear("0{").is_some());
        socket.say("40");
        assert!(socket.hear("40{").is_some());
        socket
    }

    /// Sends one text message.
    pub(crate) fn say(&mut self, text: &str) {
        self.try_say(text).unwrap();
    }

    pub(crate) fn try_say(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(&frame(0x81, text.as_bytes()))
    }

    /// The next text message that begins so; nothing if the connection ends before.
    pub(crate) fn hear(&mut self, begins: &str) -> Option<String> {
        loop {
            let text = self.until(message)?;
            let text = String::from_utf8_lossy(text.get(if text[1] < 126 { 2.. } else { 4.. })?).into_owned();
            if text.starts_with(begins) {
                return Some(text);
            }
            if text == "2" {
                self.say("3");
            }
        }
    }

    /// Everything that comes until it is quiet for so long.
    pub(crate) fn rest(&mut self, quiet: Duration) -> String {
        self.stream.set_read_timeout(Some(quiet)).unwrap();
        let mut some = [0; 8 << 10];
        while let Ok(n @ 1..) = self.stream.read(&mut some) {
            self.heard.extend_from_slice(&some[..n]);
        }
        String::from_utf8_lossy(&std::mem::take(&mut self.heard)).into_owned()
    }

    /// Whether the server hangs up.
    pub(crate) fn is_let_go(&mut self, within: Duration) -> bool {
        self.stream.set_read_timeout(Some(within)).unwrap();
        let since = Instant::now();
        let mut some = [0; 4096];
        while since.elapsed() < within {
            match self.stream.read(&mut some) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(e) => return e.kind() == io::ErrorKind::ConnectionReset,
            }
        }
        false
    }

    /// What was heard up to where `end` says.
    fn until(&mut self, end: impl Fn(&[u8]) -> Option<usize>) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = end(&self.heard) {
                return Some(self.heard.drain(..at).collect());
            }
            let mut some = [0; 16 << 10];
            match self.stream.read(&mut some) {
                Ok(0) => return None,
                Ok(n) => self.heard.extend_from_slice(&some[..n]),
                Err(e) if e.kind() == io::ErrorKind::ConnectionReset => return None,
                Err(e) => panic!("nothing comes: {e}"),
            }
        }
    }
}

/// Where the first frame ends, if all of it is there. A server does not mask, and says little at a time.
fn message(heard: &[u8]) -> Option<usize> {
    let (head, length) = match *heard.get(1)? {
        126 => (4, usize::from(u16::from_be_bytes([*heard.get(2)?, *heard.get(3)?]))),
        127 => panic!("a message of more than 64 kB"),
        short => (2, usize::from(short)),
    };
    (heard.len() >= head + length).then_some(head + length)
}

/// A masked frame; `first` is its first byte.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![first];
    match payload.len() {
        short @ 0..126 => out.push(0x80 | u8::try_from(short).unwrap()),
        long => {
            out.push(0xfe);
            out.extend(u16::try_from(long).unwrap().to_be_bytes());
        }
    }
    let key = [1, 2, 3, 4];
    out.extend(key);
    out.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    out
}

pub(crate) const POLLING: &str = "/socket.io/?EIO=4&transport=polling";
pub(crate) const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";
