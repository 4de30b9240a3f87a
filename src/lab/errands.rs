//! What a host does besides talking over TCP: datagrams, echoes, the way to somebody, names, and breaking off.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd as _;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::sys;
use crate::peers::{DatagramPeer, Heard, Want};
use crate::rng::Rng;
use crate::sim::scenario::{Ping, Reset, Traceroute};

/// The longest datagram.
const ROOM: usize = 65_535;
/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often a name server is asked.
const TRIES: usize = 3;
/// Nobody waits there, as a rule; each probe goes one port higher.
const FIRST_PORT: u16 = 33_434;
/// What each probe carries.
const PROBE: &[u8] = b"how far do you get, little probe";

/// Any address and port of a family.
pub(super) fn any(like: IpAddr) -> SocketAddr {
    match like {
        IpAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        IpAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    }
}

/// Carries a program's datagrams until it has had enough.
pub(super) async fn datagrams(
    mut peer: Box<dyn DatagramPeer + Send>,
    socket: UdpSocket,
    start: Instant,
) -> io::Result<()> {
    let (mut out, mut inbox) = (Vec::new(), vec![0; ROOM]);
    let mut want = peer.step(start.elapsed(), Heard::Opened, &mut out);
    loop {
        for datagram in out.drain(..) {
            // Who cannot be reached does not hear it; that is all UDP says.
            let _ = socket.send_to(&datagram.bytes, datagram.to).await;
        }
        let until = match want {
            Want::Close | Want::Abort => return Ok(()),
            Want::Wake(at) | Want::Hold(at) => Some(at),
            _ => None,
        };
        let heard = tokio::select! {
            // An error is an earlier datagram's that did not arrive.
            heard = socket.recv_from(&mut inbox) => match heard {
                Ok((count, from)) => Heard::Datagram { from, bytes: inbox.get(..count).unwrap_or_default() },
                Err(_) => continue,
            },
            () = sleep_until(start + until.unwrap_or_default()), if until.is_some() => Heard::Tick,
        };
        want = peer.step(start.elapsed(), heard, &mut out);
    }
}

/// ICMP echo: RFC 792, RFC 4443 §4.1. The kernel fills in identifier and checksum.
pub(super) async fn ping(to: IpAddr, plan: Ping) -> io::Result<()> {
    const REQUEST: [u8; 2] = [8, 128];
    let socket = std::net::UdpSocket::from(sys::echo(to.is_ipv4())?);
    let socket = UdpSocket::from_std(socket)?;
    let mut inbox = vec![0; ROOM];
    for sequence in 1..=u16::from(plan.count) {
        let mut request = vec![REQUEST[usize::from(to.is_ipv6())], 0, 0, 0, 0, 0];
        request.extend(sequence.to_be_bytes());
        request.extend((0..plan.size).map(|i| i.to_be_bytes()[1]));
        let next = Instant::now() + Duration::from_millis(plan.every_ms.into());
        // An error is an answer, too: nobody is there.
        let sent = socket.send_to(&request, SocketAddr::new(to, 0)).await;
        if sent.is_ok() {
            let _ = timeout(PATIENCE, socket.recv_from(&mut inbox)).await;
        }
        if sequence < u16::from(plan.count) {
            sleep_until(next).await;
        }
    }
    Ok(())
}

/// The way: a TTL that grows until the target itself answers (RFC 1812 §5.3.1).
pub(super) async fn traceroute(to: IpAddr, plan: Traceroute) -> io::Result<()> {
    for (ttl, port) in (1..=plan.max_hops).zip(FIRST_PORT..) {
        let socket = UdpSocket::bind(any(to)).await?;
        sys::probe(socket.as_fd(), to.is_ipv4(), ttl)?;
        socket.connect(SocketAddr::new(to, port)).await?;
        socket.send(PROBE).await?;
        let heard = timeout(PATIENCE, socket.recv(&mut [0; 64])).await;
        // "Nobody waits at this port" comes from the target; a router says that it cannot be reached.
        if matches!(heard, Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused) {
            break;
        }
    }
    Ok(())
}

/// Says something, then breaks off: RST (RFC 9293 §3.5.2).
pub(super) async fn reset(mut stream: TcpStream, plan: Reset) -> io::Result<()> {
    stream.write_all(plan.say.as_bytes()).await?;
    let moment = plan.after_ms.map(|ms| Instant::now() + Duration::from_millis(ms.into()));
    let (mut left, mut inbox) = (plan.after_bytes.map(u64::from), [0; 4096]);
    while left != Some(0) {
        let read = tokio::select! {
            read = stream.read(&mut inbox) => read?,
            () = sleep_until(moment.unwrap_or_else(Instant::now)), if moment.is_some() => break,
        };
        if read == 0 {
            break;
        }
        left = left.map(|left| left.saturating_sub(read.try_into().unwrap_or(u64::MAX)));
    }
    stream.set_zero_linger()
}

/// Asks a name server for an address (RFC 1035 §4.1); IPv4 first.
pub(super) async fn look_up(name: &str, server: Option<IpAddr>) -> io::Result<Option<IpAddr>> {
    const DNS: u16 = 53;
    const A: u16 = 1;
    const AAAA: u16 = 28;
    let Some(server) = server else { return Ok(None) };
    let socket = UdpSocket::bind(any(server)).await?;
    socket.connect((server, DNS)).await?;
    let mut inbox = vec![0; ROOM];
    for kind in [A, AAAA] {
        let [high, low] = Rng::from_system().bytes();
        let question = question([high, low], name, kind);
        for _ in 0..TRIES {
            if socket.send(&question).await.is_err() {
                sleep(PATIENCE).await;
                continue;
            }
            if let Ok(Ok(count)) = timeout(PATIENCE, socket.recv(&mut inbox)).await {
                match address(inbox.get(..count).unwrap_or_default(), [high, low]) {
                    Some(address) => return Ok(Some(address)),
                    None => break,
                }
            }
        }
    }
    Ok(None)
}

/// A query with one question, recursion desired.
fn question(id: [u8; 2], name: &str, kind: u16) -> Vec<u8> {
    let mut query = id.to_vec();
    query.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.split('.').filter(|label| !label.is_empty()) {
        let label: Vec<u8> = label.bytes().take(63).collect();
        query.push(u8::try_from(label.len()).unwrap_or_default());
        query.extend(label);
    }
    query.push(0);
    query.extend(kind.to_be_bytes());
    query.extend([0, 1]);
    query
}

/// The first address among the answers of a response.
fn address(response: &[u8], id: [u8; 2]) -> Option<IpAddr> {
    let half = |at: usize| response.get(at..at + 2)?.first_chunk().map(|b| u16::from_be_bytes(*b));
    if response.get(..2)? != id {
        return None;
    }
    let (questions, answers) = (half(4)?, half(6)?);
    let mut at = 12;
    for _ in 0..questions {
        at = behind_name(response, at)? + 4;
    }
    for _ in 0..answers {
        at = behind_name(response, at)?;
        let (kind, length) = (half(at)?, usize::from(half(at + 8)?));
        let data = response.get(at + 10..at + 10 + length)?;
        match kind {
            1 => return data.first_chunk().map(|b: &[u8; 4]| IpAddr::from(*b)),
            28 => return data.first_chunk().map(|b: &[u8; 16]| IpAddr::from(*b)),
            _ => at += 10 + length,
        }
    }
    None
}

/// Where a name ends: with its root, or with a pointer (RFC 1035 §4.1.4).
fn behind_name(message: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *message.get(at)? {
            0 => return Some(at + 1),
            0xc0.. => return Some(at + 2),
            length => at += 1 + usize::from(length),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_address_of_a_response_is_found_behind_an_alias() {
        let mut response = question([1, 2], "www.example.com", 1);
        response[7] = 2;
        // An alias, then an address.
        response.extend([0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 2, 0xc0, 16]);
        response.extend([0xc0, 16, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 80]);
        assert_eq!(address(&response, [1, 2]), Some(IpAddr::from([192, 0, 2, 80])));
        assert_eq!(address(&response, [1, 3]), None, "another question's");
        for cut in 0..response.len() {
            assert_eq!(address(&response[..cut], [1, 2]), None, "cut at {cut}");
        }
    }
}
