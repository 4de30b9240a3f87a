//! Real sockets of this machine's kernel, so that there is something real to capture.
//!
//! Read [`demo`]: a web server and its visitor on loopback. The peers are those of [`super::apps`]; what
//! is added here is a carrier, which moves their bytes over a TCP connection.

pub mod demo;

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::{Instant, sleep_until, timeout};

use crate::net::apps::{Input, Peer, Want};

/// How long a closed connection waits for the other end's goodbye.
const FAREWELL: Duration = Duration::from_secs(2);

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What the connections of one program have in common: a clock, and a bell that rings after each step of a peer,
/// because those that share something with it may have news then.
struct Company {
    start: Instant,
    bell: Notify,
}

impl Company {
    fn new() -> Arc<Self> {
        Arc::new(Self { start: Instant::now(), bell: Notify::new() })
    }
}

/// What a connection brought.
enum Arrived {
    Bytes(usize),
    Time,
    Rung,
}

/// Carries one end of a conversation over a connection, until that end has had enough. The connections that it
/// wants besides are opened to the same server, and carried likewise.
fn carry(mut peer: Box<dyn Peer + Send>, mut stream: TcpStream, company: Arc<Company>) -> BoxFuture<io::Result<()>> {
    Box::pin(async move {
        // Each message shall leave at once, in a segment of its own, so that a capture shows it so.
        stream.set_nodelay(true)?;
        let Company { start, bell } = company.as_ref();
        let (mut out, mut inbox) = (Vec::new(), vec![0; 4096]);
        let mut want = peer.step(start.elapsed(), Input::Opened, &mut out);
        let (mut finished, mut ended) = (false, false);
        loop {
            bell.notify_waiters();
            while let Some(another) = peer.another() {
                let line = TcpStream::connect(stream.peer_addr()?).await?;
                tokio::spawn(carry(another, line, Arc::clone(&company)));
            }
            if want == Want::Abort {
                return stream.set_zero_linger();
            }
            stream.write_all(&out).await?;
            out.clear();
            if want == Want::Close {
                break;
            }
            if want == Want::Finish && !std::mem::replace(&mut finished, true) {
                stream.shutdown().await?;
            }
            // From here on no ring is missed; the news that came before it are asked for.
            let mut rung = pin!(bell.notified());
            rung.as_mut().enable();
            let arrived = if peer.has_news() {
                Arrived::Rung
            } else {
                wait(want, *start, (&mut stream, !ended), &mut inbox, rung).await?
            };
            let input = match arrived {
                Arrived::Rung if !peer.has_news() => continue,
                Arrived::Rung | Arrived::Time => Input::Tick,
                Arrived::Bytes(0) => Input::Ended,
                Arrived::Bytes(count) => Input::Bytes(inbox.get(..count).unwrap_or_default()),
            };
            ended |= input == Input::Ended;
            want = peer.step(start.elapsed(), input, &mut out);
        }
        stream.shutdown().await?;
        // Closing while the other end's bytes lie unread would send a reset instead of a FIN.
        let drained = async { while stream.read(&mut inbox).await.is_ok_and(|n| n > 0) {} };
        let _ = timeout(FAREWELL, drained).await;
        Ok(())
    })
}

/// Waits for what the program wants to know.
async fn wait(
    want: Want,
    start: Instant,
    (stream, open): (&mut TcpStream, bool),
    inbox: &mut [u8],
    rung: Pin<&mut Notified<'_>>,
) -> io::Result<Arrived> {
    let (until, reads) = match want {
        Want::Wake(at) => (Some(at), open),
        Want::Hold(at) => (Some(at), false),
        _ => (None, open),
    };
    tokio::select! {
        read = stream.read(inbox), if reads => read.map(Arrived::Bytes),
        () = sleep_until(start + until.unwrap_or_default()), if until.is_some() => Ok(Arrived::Time),
        () = rung => Ok(Arrived::Rung),
    }
}
