//! The programs of a device: a thread that stands in its namespace, serves its ports and makes its visits.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::watch::Receiver;
use tokio::time::{sleep, timeout};

use super::kernel::TcpView;
use super::plan::{Device, Server, Visit};
use super::space::Space;
use super::{Company, carry, dice, sys};
use crate::model::Time;

/// No connection lasts longer.
const LONGEST: Duration = Duration::from_mins(1);

/// What a device's thread tells.
pub(super) enum News {
    /// Its ports are open.
    Listening,
    /// What the kernel knows of a connection.
    View(TcpView),
    /// Its visits are over.
    Done,
    /// It cannot go on.
    Failed(io::Error),
}

/// Starts the device's thread. Its visits begin when `gate` turns true.
pub(super) fn start(device: Device, space: Space, gate: Receiver<bool>, news: Sender<News>) -> io::Result<()> {
    let program = move || {
        let failed = news.clone();
        let done = space.enter().and_then(|()| {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(live(device, gate, news))
        });
        if let Err(error) = done {
            // The helper may be at its end already.
            let _ = failed.send(News::Failed(error));
        }
    };
    thread::Builder::new().spawn(program).map(drop)
}

async fn live(device: Device, mut gate: Receiver<bool>, news: Sender<News>) -> io::Result<()> {
    let company = {
        let news = news.clone();
        Company::watched(Box::new(move |stream| {
            if let Some(view) = view(stream) {
                let _ = news.send(News::View(view));
            }
        }))
    };
    for server in device.servers {
        let listener = listen(server.port).await?;
        tokio::spawn(serve(server, listener, Arc::clone(&company)));
    }
    let _ = news.send(News::Listening);
    // The other end of the gate lives as long as the process.
    let _ = gate.wait_for(|open| *open).await;
    for visit in device.visits {
        make(visit, &company).await;
    }
    let _ = news.send(News::Done);
    std::future::pending().await
}

/// Both families, where the kernel has both.
async fn listen(port: u16) -> io::Result<TcpListener> {
    match TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await,
    }
}

async fn serve(mut server: Server, listener: TcpListener, company: Arc<Company>) {
    while let Ok((stream, _)) = listener.accept().await {
        let peer = (server.accept)(dice());
        let company = Arc::clone(&company);
        tokio::spawn(async move {
            // A guest who breaks off is no concern of the others.
            let _ = timeout(LONGEST, carry(peer, stream, company)).await;
        });
    }
}

async fn make(visit: Visit, company: &Arc<Company>) {
    sleep(visit.after).await;
    if let Ok(Ok(stream)) = timeout(LONGEST, TcpStream::connect(visit.to)).await {
        let peer = (visit.peer)(dice());
        let _ = timeout(LONGEST, carry(peer, stream, Arc::clone(company))).await;
    }
}

/// `None` where the connection is gone.
fn view(stream: &TcpStream) -> Option<TcpView> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let time = Time(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX));
    let info = sys::tcp_info(stream.as_fd()).ok()?;
    TcpView::read(&info, time, plain(stream.local_addr().ok()?), plain(stream.peer_addr().ok()?))
}

/// A socket for both families writes IPv4 addresses as IPv6 (RFC 4291 §2.5.5.2).
fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
