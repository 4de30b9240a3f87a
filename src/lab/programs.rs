//! The programs of a device: a thread that stands in its namespace, serves its ports and makes its visits.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use tokio::runtime::Builder;
use tokio::sync::watch::Receiver;
use tokio::task::JoinHandle;
use tokio::time::{sleep, sleep_until, timeout};

use super::errands;
use super::kernel::TcpView;
use super::plan::{self, Device, Programs};
use super::space::Space;
use super::{Company, carry, sys};
use crate::model::Time;
use crate::peers::Peer;
use crate::rng::Rng;
use crate::sim::scenario::{self, Job, Service, Whom};

/// No connection lasts longer.
const LONGEST: Duration = Duration::from_mins(1);
/// Connections that wait to be accepted.
const BACKLOG: u32 = 64;

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

/// What a host's programs share.
#[derive(Clone)]
struct Host {
    company: Arc<Company>,
    resolver: Option<IpAddr>,
    buffer: Option<u32>,
}

/// Starts the device's thread. Its visits begin when `gate` turns true.
pub(super) fn start(device: Device, space: Space, gate: Receiver<bool>, news: Sender<News>) -> io::Result<()> {
    let program = move || {
        let failed = news.clone();
        let done = space.enter().and_then(|()| {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(live(device.programs, gate, news))
        });
        if let Err(error) = done {
            // The helper may be at its end already.
            let _ = failed.send(News::Failed(error));
        }
    };
    thread::Builder::new().spawn(program).map(drop)
}

async fn live(programs: Programs, mut gate: Receiver<bool>, news: Sender<News>) -> io::Result<()> {
    let Programs { servers, visits, resolver, buffer, deaf, ipv4 } = programs;
    let tell = news.clone();
    let witness = move |stream: &TcpStream| {
        if let Some(view) = view(stream) {
            let _ = tell.send(News::View(view));
        }
    };
    let host = Host { company: Company::watched(Box::new(witness), deaf), resolver, buffer };
    for (port, service) in servers {
        let own = if ipv4 { IpAddr::from(Ipv4Addr::UNSPECIFIED) } else { Ipv6Addr::UNSPECIFIED.into() };
        match service {
            Service::Stream(accept) => {
                let listener = host.listen(own, port)?;
                tokio::spawn(serve(accept, listener, Arc::clone(&host.company)));
            }
            Service::Datagram(peer) => {
                let socket = UdpSocket::bind(SocketAddr::new(own, port)).await?;
                tokio::spawn(errands::datagrams(peer, socket, host.company.start));
            }
        }
    }
    let _ = news.send(News::Listening);
    // The other end of the gate lives as long as the process.
    let _ = gate.wait_for(|open| *open).await;
    tour(visits, &host).await;
    let _ = news.send(News::Done);
    std::future::pending().await
}

/// Makes the visits, each when its turn comes.
async fn tour(visits: Vec<scenario::Visit>, host: &Host) {
    let start = tokio::time::Instant::now();
    let (mut running, mut apart) = (Vec::<JoinHandle<io::Result<()>>>::new(), Vec::new());
    for visit in visits {
        let host = host.clone();
        if let Some(ms) = visit.at_ms {
            let at = start + Duration::from_millis(ms.into());
            apart.push(tokio::spawn(async move {
                sleep_until(at).await;
                host.make(visit).await
            }));
            continue;
        }
        if !visit.parallel {
            for task in running.drain(..) {
                let _ = task.await;
            }
        }
        sleep(Duration::from_millis(visit.after_ms.into())).await;
        running.push(tokio::spawn(async move { host.make(visit).await }));
    }
    for task in running.into_iter().chain(apart) {
        // What one visit met is no concern of the others.
        let _ = task.await;
    }
}

impl Host {
    fn socket(&self, family: IpAddr) -> io::Result<TcpSocket> {
        let socket = if family.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(bytes) = self.buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        Ok(socket)
    }

    /// A port of both families where the kernel has both; else of the host's own.
    fn listen(&self, own: IpAddr, port: u16) -> io::Result<TcpListener> {
        let on = |address: IpAddr| {
            let socket = self.socket(address)?;
            socket.set_reuseaddr(true)?;
            socket.bind(SocketAddr::new(address, port))?;
            socket.listen(BACKLOG)
        };
        on(Ipv6Addr::UNSPECIFIED.into()).or_else(|_| on(own))
    }

    async fn make(&self, visit: scenario::Visit) -> io::Result<()> {
        let address = match &visit.to.as_ref().host {
            Whom::Address(address) => *address,
            Whom::Name(name) => match errands::look_up(name, self.resolver).await? {
                Some(address) => address,
                None => return Ok(()),
            },
        };
        let to = SocketAddr::new(address, plan::port(&visit));
        match visit.start(to, Rng::from_system()) {
            Job::Stream(peer) => self.talk(peer, to).await,
            Job::Datagram(peer) => {
                let socket = UdpSocket::bind(errands::any(address)).await?;
                let done = timeout(LONGEST, errands::datagrams(peer, socket, self.company.start)).await;
                done.unwrap_or(Ok(()))
            }
            Job::Ping(ping) => errands::ping(address, ping).await,
            Job::Traceroute(trace) => errands::traceroute(address, trace).await,
            Job::Reset(reset) => errands::reset(self.connect(to).await?, reset).await,
        }
    }

    async fn connect(&self, to: SocketAddr) -> io::Result<TcpStream> {
        let late = |_| io::Error::from(io::ErrorKind::TimedOut);
        timeout(LONGEST, self.socket(to.ip())?.connect(to)).await.map_err(late)?
    }

    async fn talk(&self, peer: Box<dyn Peer + Send>, to: SocketAddr) -> io::Result<()> {
        let stream = self.connect(to).await?;
        timeout(LONGEST, carry(peer, stream, Arc::clone(&self.company))).await.unwrap_or(Ok(()))
    }
}

type Accept = Box<dyn FnMut(Rng) -> Box<dyn Peer + Send> + Send>;

async fn serve(mut accept: Accept, listener: TcpListener, company: Arc<Company>) {
    while let Ok((stream, _)) = listener.accept().await {
        let peer = accept(Rng::from_system());
        let company = Arc::clone(&company);
        tokio::spawn(async move {
            // A guest who breaks off is no concern of the others.
            let _ = timeout(LONGEST, carry(peer, stream, company)).await;
        });
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
