//! A lesson to begin with: it passes the check, and each fence in it is to be rewritten.

/// The file's name and text for a new lesson.
pub fn skeleton(id: &str) -> (String, String) {
    (format!("500-{id}.md"), TEXT.replace("ID", id))
}

/// Whether a lesson may be called so.
pub fn is_id(id: &str) -> bool {
    super::parse::is_id(id)
}

const TEXT: &str = r#"+++
id = "ID"
title = "What this lesson teaches, as a heading"
osi = "transport"
needs = []
minutes = 5
# All scenarios: osi-tutor simulate --list
source = { scenario = "two-hosts", seed = 1 }
# For a lesson about ARP, DNS, ICMP and others that aren't TCP: all packets count, not one TCP connection.
# scope = "capture"
+++

Say in two or three sentences what this is about. Everybody reads them.

```ask
prompt = "A client opens a connection. Which flag does its first segment carry?"
choices = [
    { text = "SYN", right = true, proof = "tcp.flags.syn == 1 && tcp.flags.ack == 0" },
    { text = "ACK", why = "There is nothing yet that it could acknowledge." },
    { text = "None: it just greets", betrays = "handshake-is-hello" },
]
hint = "Both sides must agree where counting starts."

[why]
newcomer = "The first segment asks the other side to count along, beginning at {tcp.seq_raw}."
student = "SYN announces the initial sequence number, here {tcp.seq_raw}."
engineer = "A segment to a port in LISTEN must carry SYN and no ACK (RFC 9293 §3.10.7.2)."
```

```show
filter = "tcp.flags.syn == 1 && tcp.flags.ack == 0"
highlight = ["tcp.flags.syn", "tcp.seq_raw"]
newcomer = "Here it is: the client knocks, and says where it starts counting."
student = "The SYN of {client}. After it the client is in {state.client}."
engineer = "SYN with ISN {tcp.seq_raw} and MSS {tcp.options.mss_val} (RFC 9293 §3.7.1)."
calls = { client = "connect(server)" }
```

```whatif
prompt = "The first segment is lost. What happens?"
fault = { drop = "tcp.flags.syn == 1 && tcp.flags.ack == 0" }
choices = [
    { text = "The client sends it again after a while", right = true, proof = "tcp.flags.syn == 1 && tcp.flags.ack == 0" },
    { text = "The connection fails at once", betrays = "handshake-is-hello" },
]
proof = "tcp.flags.syn == 1 && tcp.flags.ack == 0"
newcomer = "Nobody answers, so the client knocks once more."
student = "The timer runs out, and the SYN is sent a second time with the same number {tcp.seq_raw}."
engineer = "Retransmission after the initial timeout of one second (RFC 6298 §2)."
```
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::check::check;

    #[test]
    fn a_new_lesson_passes_the_check() {
        let said: Vec<String> = check(&[skeleton("my-own")], &[]).iter().map(ToString::to_string).collect();
        assert_eq!(said.join("\n"), "");
    }
}
