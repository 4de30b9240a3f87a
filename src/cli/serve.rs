//! What chat and class understand alike: where to listen, and the room code.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The port of chat and class where none is given.
pub const PORT: u16 = 8080;

/// Reads a code; empty for a random one.
pub(super) fn room_code(text: &str) -> Result<String, String> {
    if text.parse::<IpAddr>().is_ok() || text.parse::<SocketAddr>().is_ok() {
        return Err("that is an address: it is no room code".to_owned());
    }
    // It goes into a URL, and on a blackboard.
    let sound = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if text.is_empty() || (sound && (4..=64).contains(&text.len())) {
        Ok(text.to_owned())
    } else {
        Err("a code has 4 to 64 letters and digits without accents, - or _".to_owned())
    }
}

/// Reads an address to listen at: it may be short.
pub(super) fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let address = text.parse::<IpAddr>().ok().or_else(|| (text == "localhost").then_some(Ipv4Addr::LOCALHOST.into()));
    let port = text.strip_prefix(':').unwrap_or(text).parse::<u16>().ok();
    let named = text.strip_prefix("localhost:").and_then(|port| port.parse::<u16>().ok());
    (text.parse::<SocketAddr>().ok())
        .or_else(|| address.map(|ip| SocketAddr::new(ip, PORT)))
        .or_else(|| port.or(named).map(|port| SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)))
        .ok_or_else(|| {
            "an address of this machine is needed, such as 127.0.0.1:8080, [::1]:8080, 192.168.1.7 or 8080".to_owned()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_to_listen_at_may_be_short() {
        let cases = [
            ("8081", "127.0.0.1:8081"),
            (":8081", "127.0.0.1:8081"),
            ("localhost", "127.0.0.1:8080"),
            ("localhost:9", "127.0.0.1:9"),
            ("192.0.2.7", "192.0.2.7:8080"),
            ("::1", "[::1]:8080"),
            ("[::1]:9", "[::1]:9"),
        ];
        for (text, wanted) in cases {
            assert_eq!(listen_address(text).unwrap().to_string(), wanted, "{text}");
        }
        assert!(listen_address("example.org").is_err() && listen_address("70000").is_err());
    }

    #[test]
    fn a_room_code_fits_into_a_url() {
        for code in ["", "4711", "tulip-7", "A_bc"] {
            assert!(room_code(code).is_ok(), "{code}");
        }
        for bad in ["abc", "two words", "a/b/c", "ä1234", "192.0.2.7", "[::1]:9", &"x".repeat(65)] {
            assert!(room_code(bad).is_err(), "{bad}");
        }
    }
}
