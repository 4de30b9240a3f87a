//! The right to capture: how it is given, and what is said where it is missing.

use super::this_program;

/// The command that lets this program capture as an ordinary user; `None` where the system has none. As with
/// Wireshark's dumpcap, only a group may run it then: whoever may, sees what other users send.
pub fn let_capture() -> Option<String> {
    let program = this_program();
    cfg!(target_os = "linux").then(|| {
        format!(
            "sudo groupadd -f {GROUP} && sudo usermod -aG {GROUP} \"$USER\" && sudo chgrp {GROUP} {program} && \
             sudo chmod 0750 {program} && sudo setcap cap_net_raw+ep {program}"
        )
    })
}

/// Who may run the program once it may capture.
const GROUP: &str = "osi-tutor";

/// Why a capture is refused, and what can be done about it: `command` is what was typed, `without` what needs no right.
pub fn denied(interface: &str, command: &str, without: &[String]) -> String {
    let program = this_program();
    let mut lines = vec![format!("capturing on {interface} needs a right that this program does not have")];
    lines.extend(let_capture().map(|give| format!("Give it once, to a group, and log in again:\n  {give}")));
    lines.push(if cfg!(unix) {
        format!("Or be root:     sudo {program} {command}")
    } else {
        "Start it as an administrator.".to_owned()
    });
    lines.extend(without.iter().map(|command| format!("No right needed:  osi-tutor {command}")));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_right_names_this_binary_and_the_ways_without() {
        let text = denied("lo", "capture lo", &["simulate two-hosts".to_owned(), "read FILE".to_owned()]);
        assert!(text.contains(&format!("sudo {} capture lo\n", this_program())), "{text}");
        assert!(text.contains("osi-tutor simulate two-hosts\n") && text.ends_with("osi-tutor read FILE"), "{text}");
    }
}
