//! Rank 4: real sockets of this machine's kernel, so that there is something real to capture.
//!
//! Two labs. [`demo`] is a web server and its visitor on the real loopback. The private lab plays a whole scenario
//! without any right, on Linux: [`Lab`] starts this program again as its helper, and gives the frames that it tells
//! of. The helper (`helper`) leaves for a user namespace and network namespaces of its own (`space`), builds hosts
//! and cables there (`rig`, `netlink`, `relay`) from a `plan`, runs their programs (`programs`) and captures. When it
//! ends, all of that is gone. `sys` holds every system call.
//!
//! The peers are those of [`crate::peers`]; what is added here is a carrier, which moves their bytes over a TCP
//! connection.

pub mod demo;
#[cfg(all(target_os = "linux", feature = "live"))]
mod errands;
#[cfg(all(target_os = "linux", feature = "live"))]
mod helper;
#[cfg(all(target_os = "linux", feature = "live"))]
pub mod kernel;
#[cfg(all(target_os = "linux", feature = "live"))]
mod netlink;
#[cfg(all(target_os = "linux", feature = "live"))]
mod parent;
#[cfg(all(target_os = "linux", feature = "live"))]
pub mod plan;
#[cfg(all(target_os = "linux", feature = "live"))]
mod programs;
#[cfg(all(target_os = "linux", feature = "live"))]
pub mod refusal;
#[cfg(all(target_os = "linux", feature = "live"))]
mod relay;
#[cfg(all(target_os = "linux", feature = "live"))]
mod report;
#[cfg(all(target_os = "linux", feature = "live"))]
mod rig;
#[cfg(all(target_os = "linux", feature = "live"))]
mod space;
#[cfg(all(target_os = "linux", feature = "live"))]
mod sys;

#[cfg(all(target_os = "linux", feature = "live"))]
pub use helper::help;
#[cfg(all(target_os = "linux", feature = "live"))]
pub use parent::{Lab, OURSELVES};
#[cfg(all(target_os = "linux", feature = "live"))]
pub use plan::Plan;

use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::peers::{Input, Peer, Want};

/// How long to wait before the system is asked for a connection again, after it gave none.
const PAUSE: Duration = Duration::from_millis(200);
/// How long a closed connection waits for the other end's goodbye.
const FAREWELL: Duration = Duration::from_secs(2);

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Between two looks at a connection that nothing happens to.
const LOOK: Duration = Duration::from_millis(2);

/// Looks at a connection, to tell what the kernel knows of it.
type Witness = Box<dyn Fn(&TcpStream) + Send + Sync>;

/// What the connections of one program have in common: a clock, and a bell that rings after each step of a peer,
/// because those that share something with it may have news then.
struct Company {
    start: Instant,
    bell: Notify,
    witness: Option<Witness>,
    /// So long from the start on, nothing is read.
    deaf: Duration,
}

impl Company {
    fn new() -> Arc<Self> {
        Arc::new(Self { start: Instant::now(), bell: Notify::new(), witness: None, deaf: Duration::ZERO })
    }

    /// One whose connections are looked at after each step, and every few milliseconds; it reads nothing while `deaf`.
    #[cfg(all(target_os = "linux", feature = "live"))]
    fn watched(witness: Witness, deaf: Duration) -> Arc<Self> {
        Arc::new(Self { start: Instant::now(), bell: Notify::new(), witness: Some(witness), deaf })
    }

    fn look(&self, stream: &TcpStream) {
        if let Some(witness) = &self.witness {
            witness(stream);
        }
    }
}

/// Calls a server for a program, and carries on by itself: that connection, and those that the program wants besides.
/// It needs a runtime of tokio. The program is dropped when its last connection has ended.
///
/// # Errors
/// The server cannot be reached.
pub async fn call(peer: Box<dyn Peer + Send>, server: SocketAddr) -> io::Result<()> {
    let stream = TcpStream::connect(server).await?;
    tokio::spawn(carry(peer, stream, Company::new()));
    Ok(())
}

/// Serves all callers; each gets a peer of its own. No more than `guests` are served at a time, none for longer than
/// `longest`. It needs a runtime of tokio, and never ends.
pub async fn serve<P: Peer + Send + 'static>(
    listener: TcpListener,
    guests: usize,
    longest: Duration,
    mut accept: impl FnMut() -> P,
) {
    let (company, seats) = (Company::new(), Arc::new(Semaphore::new(guests)));
    while let Ok(seat) = Arc::clone(&seats).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let line = carry(Box::new(accept()), stream, Arc::clone(&company));
                tokio::spawn(async move {
                    // A guest who breaks off, or stays too long, is no concern of the others.
                    let _ = timeout(longest, line).await;
                    drop(seat);
                });
            }
            // Out of descriptors, say: it passes.
            Err(_) => sleep(PAUSE).await,
        }
    }
}

/// What a connection brought.
enum Arrived {
    Bytes(usize),
    Time,
    Rung,
    Look,
}

/// Carries one end of a conversation over a connection, until that end has had enough. The connections that it
/// wants besides are opened to the same server, and carried likewise.
fn carry(mut peer: Box<dyn Peer + Send>, mut stream: TcpStream, company: Arc<Company>) -> BoxFuture<io::Result<()>> {
    Box::pin(async move {
        // Most programs want each message to leave at once; one asks for the system's default.
        stream.set_nodelay(peer.no_delay())?;
        let Company { start, bell, .. } = company.as_ref();
        let (mut out, mut inbox) = (Vec::new(), vec![0; 4096]);
        let mut want = peer.step(start.elapsed(), Input::Opened, &mut out);
        let (mut finished, mut ended) = (false, false);
        loop {
            bell.notify_waiters();
            company.look(&stream);
            while let Some(another) = peer.another() {
                let line = TcpStream::connect(stream.peer_addr()?).await?;
                tokio::spawn(carry(another, line, Arc::clone(&company)));
            }
            if want == Want::Abort {
                return stream.set_zero_linger();
            }
            send(&stream, &out, &company).await?;
            out.clear();
            if want == Want::Close {
                break;
            }
            if want == Want::Finish && !std::mem::replace(&mut finished, true) {
                stream.shutdown().await?;
            }
            let input = loop {
                // From here on no ring is missed; the news that came before it are asked for.
                let mut rung = pin!(bell.notified());
                rung.as_mut().enable();
                if peer.has_news() {
                    break Input::Tick;
                }
                if want == Want::Drain {
                    // All was written; what arrived meanwhile comes first.
                    match stream.try_read(&mut inbox) {
                        Ok(0) if !ended => break Input::Ended,
                        Ok(count @ 1..) => break Input::Bytes(inbox.get(..count).unwrap_or_default()),
                        _ => break Input::Tick,
                    }
                }
                let open = (&mut stream, !ended);
                match wait(want, &company, open, &mut inbox, rung).await? {
                    Arrived::Rung => {}
                    Arrived::Look => company.look(&stream),
                    Arrived::Time => break Input::Tick,
                    Arrived::Bytes(0) => break Input::Ended,
                    Arrived::Bytes(count) => break Input::Bytes(inbox.get(..count).unwrap_or_default()),
                }
            };
            ended |= input == Input::Ended;
            want = peer.step(start.elapsed(), input, &mut out);
        }
        stream.shutdown().await?;
        // Closing while the other end's bytes lie unread would send a reset instead of a FIN.
        let drained = async { while stream.read(&mut inbox).await.is_ok_and(|n| n > 0) {} };
        let _ = timeout(FAREWELL, drained).await;
        company.look(&stream);
        Ok(())
    })
}

/// Sends all of it, however little the kernel takes at a time.
async fn send(stream: &TcpStream, mut bytes: &[u8], company: &Company) -> io::Result<()> {
    while !bytes.is_empty() {
        timeout(LOOK, stream.writable()).await.ok().transpose()?;
        match stream.try_write(bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
            Err(e) => return Err(e),
        }
        company.look(stream);
    }
    Ok(())
}

/// Waits for what the program wants to know.
async fn wait(
    want: Want,
    company: &Company,
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
        read = stream.read(inbox), if reads && company.start.elapsed() >= company.deaf => read.map(Arrived::Bytes),
        () = sleep_until(company.start + until.unwrap_or_default()), if until.is_some() => Ok(Arrived::Time),
        () = rung => Ok(Arrived::Rung),
        () = sleep(LOOK), if company.witness.is_some() => Ok(Arrived::Look),
    }
}
