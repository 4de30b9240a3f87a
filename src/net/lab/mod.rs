//! Real sockets of this machine's kernel, so that there is something real to capture.
//!
//! Read [`demo`]: a web server and its visitor on loopback. The peers are those of [`super::apps`]; what
//! is added here is a carrier, which moves their bytes over a TCP connection.

pub mod demo;

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use crate::net::apps::{Input, Peer, Want};

/// How long a closed connection waits for the other end's goodbye.
const FAREWELL: Duration = Duration::from_secs(2);

/// Carries one end of a conversation over a connection, until that end has had enough.
async fn carry(mut peer: impl Peer, mut stream: TcpStream) -> io::Result<()> {
    // Each message shall leave at once, in a segment of its own, so that a capture shows it so.
    stream.set_nodelay(true)?;
    let start = Instant::now();
    let (mut out, mut inbox) = (Vec::new(), vec![0; 4096]);
    let mut want = peer.step(Duration::ZERO, Input::Opened, &mut out);
    loop {
        stream.write_all(&out).await?;
        out.clear();
        let arrived = match want {
            Want::Close => break,
            Want::Input => Some(stream.read(&mut inbox).await?),
            Want::Wake(at) => timeout_at(start + at, stream.read(&mut inbox)).await.ok().transpose()?,
        };
        let input = match arrived.map(|n| inbox.get(..n).unwrap_or(&[])) {
            None => Input::Tick,
            Some([]) => Input::Ended,
            Some(bytes) => Input::Bytes(bytes),
        };
        want = peer.step(start.elapsed(), input, &mut out);
    }
    stream.shutdown().await?;
    // Closing while the other end's bytes lie unread would send a reset instead of a FIN.
    let drained = async { while stream.read(&mut inbox).await.is_ok_and(|n| n > 0) {} };
    let _ = timeout(FAREWELL, drained).await;
    Ok(())
}
