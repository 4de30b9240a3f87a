//! How a server ends: asked politely, it says goodbye first; asked twice, it ends at once.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::{Bounds, Hosts, Trouble, serve};

/// When the server ends, who is here gets so long to hear it.
const FAREWELL: Duration = Duration::from_millis(300);
/// That there are too many connections, is told so often at most.
const TOLD: Duration = Duration::from_mins(1);
/// The exit code of a program that Ctrl-C has ended: 128 and the signal's number.
const INTERRUPTED: i32 = 130;

/// Hears Ctrl-C and polite kills, each of them.
#[derive(Debug)]
pub struct Asked {
    by_hand: Arc<Notify>,
    #[cfg(unix)]
    term: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

/// Runs a server in a runtime of its own, and leaves nothing of it behind.
///
/// # Errors
/// The system gives no threads; or what the server itself says.
pub fn run(server: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(server);
    runtime.shutdown_timeout(FAREWELL);
    done
}

/// Serves until somebody asks for the end; then says `goodbye`. `told` hears of trouble: of too many
/// connections once a minute at most.
///
/// # Errors
/// The system takes the port away.
pub async fn until_asked(
    (listener, router): (TcpListener, Router),
    hosts: Hosts,
    bounds: Bounds,
    mut asked: Asked,
    goodbye: impl Future<Output = ()>,
    told: impl Fn(Trouble) + Send + Sync + 'static,
) -> io::Result<()> {
    let (mut last, told) = (None::<Instant>, Arc::new(told));
    let tells = Arc::clone(&told);
    let full = move || {
        if last.is_none_or(|last| last.elapsed() > TOLD) {
            last = Some(Instant::now());
            tells(Trouble::Full(bounds.connections));
        }
    };
    let refused = move |why, owner| told(Trouble::Refused(why, owner));
    let served = tokio::select! {
        done = serve(listener, router, hosts, bounds, full, refused) => done,
        () = asked.first() => Ok(()),
    };
    tokio::spawn(async move {
        asked.next().await;
        std::process::exit(INTERRUPTED);
    });
    // Who does not read hears nothing, and is not waited for.
    let _ = timeout(FAREWELL, goodbye).await;
    served
}

/// Opens a port; gives it, and where it is: port 0 takes any that is free.
///
/// # Errors
/// The port cannot be had.
pub fn open(address: SocketAddr) -> io::Result<(std::net::TcpListener, SocketAddr)> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// What may be tried when a port cannot be had, as the end of a sentence; `command` serves at another one.
pub fn remedy(why: &io::Error, command: &str) -> String {
    match why.kind() {
        io::ErrorKind::AddrInUse => format!("; choose another port: {command} 8081"),
        io::ErrorKind::PermissionDenied => format!("; ports from 1024 on need no right: {command} 8080"),
        io::ErrorKind::AddrNotAvailable => "; osi-tutor interfaces lists this machine's addresses".to_owned(),
        _ => String::new(),
    }
}

impl Asked {
    /// From now on.
    ///
    /// # Errors
    /// The system does not let it hear.
    pub fn new() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let (term, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
            Ok(Self { by_hand: Arc::default(), term, interrupt })
        }
        #[cfg(not(unix))]
        Ok(Self { by_hand: Arc::default() })
    }

    /// What asks for the end without a signal: Ctrl-C is a key where a full screen has the terminal.
    pub fn by_hand(&self) -> Arc<Notify> {
        Arc::clone(&self.by_hand)
    }

    /// The first one, by a signal or without.
    async fn first(&mut self) {
        let by_hand = self.by_hand();
        tokio::select! {
            () = self.next() => {}
            () = by_hand.notified() => {}
        }
    }

    /// The next signal.
    pub async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.term.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    }
}
