//! The Socket.IO chat on real sockets: any client of Socket.IO can call, a browser's or Node's.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use super::demo::PAUSE;
use super::{Company, carry, dice};
use crate::net::apps::socketio::server::{Server, Site};

/// Connections at a time: a client that polls has two or three.
const GUESTS: usize = 256;

/// A running chat. It ends when dropped.
#[derive(Debug)]
pub struct Chat {
    port: u16,
    runtime: Option<Runtime>,
}

impl Chat {
    /// Starts it on 127.0.0.1, at a port that the system picks.
    ///
    /// # Errors
    /// The system gives no thread or no port.
    pub fn start(site: &Site) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let port = listener.local_addr()?.port();
        runtime.spawn(serve(listener, Server::new(site, dice())));
        Ok(Self { port, runtime: Some(runtime) })
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Chat {
    /// Nobody waits for a conversation to end.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn serve(listener: TcpListener, server: Server) {
    let (company, seats) = (Company::new(), Arc::new(Semaphore::new(GUESTS)));
    while let Ok(seat) = Arc::clone(&seats).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let line = carry(Box::new(server.accept()), stream, Arc::clone(&company));
                tokio::spawn(async move {
                    // A guest who breaks off is no concern of the others.
                    let _ = line.await;
                    drop(seat);
                });
            }
            // Out of descriptors, say: it passes.
            Err(_) => sleep(PAUSE).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::apps::socketio::client::{Act, Visit};
    use std::time::Duration;
    use tokio::net::TcpStream;
    use tokio::time::timeout;

    #[test]
    fn our_own_client_gets_through_its_script_over_each_transport() {
        let chat = Chat::start(&Site { greeting: Some("Hello!".into()), ..Site::default() }).unwrap();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        for transports in [&["polling"][..], &["websocket"], &["polling", "websocket"]] {
            let script = vec![
                Act::Connect,
                Act::Hear("welcome".into()),
                Act::Join("lab".into()),
                Act::WaitMs(50),
                Act::Say("over a real socket".into()),
                Act::Hear("message".into()),
                Act::Disconnect,
            ];
            let transports = toml::Value::from(transports.to_vec()).try_into().unwrap();
            let visit = Visit { host: "localhost".into(), path: "/socket.io/".into(), transports, script };
            runtime.block_on(async {
                let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, chat.port())).await.unwrap();
                let visit = carry(Box::new(visit.begin(dice())), stream, Company::new());
                timeout(Duration::from_secs(20), visit).await.expect("it comes to its end").unwrap();
            });
        }
    }
}
