//! An interface of this machine, and what it is good for: as text, and as an object.

use crate::model::show;
use crate::source::live::Nic;

/// Its name, state and addresses, and below them what it is good for.
pub fn entry(nic: &Nic) -> String {
    let mut text = String::new();
    show::escape(nic.name.as_bytes(), &mut text);
    let mut words = vec![nic.state.to_string()];
    words.extend(nic.loopback.then(|| "loopback".to_owned()));
    words.extend(nic.mac.map(mac));
    words.extend(addresses(nic));
    text = format!("{text:<12} {}\n", words.join("  "));
    if !nic.description.is_empty() {
        text.push_str("             ");
        show::escape(nic.description.as_bytes(), &mut text);
        text.push('\n');
    }
    text + "             " + nic.good_for() + "\n"
}

/// The same as an object.
pub fn object(nic: &Nic) -> serde_json::Value {
    serde_json::json!({
        "name": nic.name,
        "description": nic.description,
        "state": nic.state.to_string(),
        "loopback": nic.loopback,
        "mac": nic.mac.map(mac),
        "addresses": addresses(nic).collect::<Vec<_>>(),
        "good_for": nic.good_for(),
    })
}

fn addresses(nic: &Nic) -> impl Iterator<Item = String> {
    nic.addresses.iter().map(|(ip, prefix)| format!("{ip}/{prefix}"))
}

fn mac(bytes: [u8; 6]) -> String {
    bytes.map(|b| format!("{b:02x}")).join(":")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::live::State;
    use crate::view::json::to_line;

    #[test]
    fn an_interface_is_listed_with_its_addresses_and_its_use() {
        let nic = Nic {
            name: "lo".into(),
            state: State::Up,
            loopback: true,
            addresses: vec![("127.0.0.1".parse().unwrap(), 8), ("::1".parse().unwrap(), 128)],
            ..Nic::default()
        };
        let text = entry(&nic);
        assert!(text.starts_with("lo           up  loopback  127.0.0.1/8  ::1/128\n"), "{text}");
        let object = object(&nic);
        assert_eq!(object["addresses"][1], "::1/128");
        assert_eq!(object["mac"], serde_json::Value::Null);
    }

    #[test]
    fn a_name_cannot_command_a_terminal() {
        let nic = Nic { name: "a\u{9b}31m\u{202e}\u{7f}\u{1b}".into(), ..Nic::default() };
        let line = to_line(&object(&nic));
        assert!(line.contains(r#""name":"a\u009b31m\u202e\u007f\u001b""#), "{line}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap()["name"], nic.name);
    }
}
