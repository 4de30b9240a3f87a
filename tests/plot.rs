//! `--plot`: a connection drawn over time, in a terminal or as a picture, and its mistakes told.

use std::process::{Command, Output};

fn osi_tutor(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_osi-tutor")).args(args).output().expect("the binary runs")
}

fn drawn(args: &[&str]) -> String {
    let output = osi_tutor(args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it is text")
}

#[test]
fn each_plot_marks_what_went_wrong_and_fits_80_columns() {
    let cases = [
        ("tests/captures/tcp-loss-sender.pcap", "seq", "R sent again   • data sent   ─ acknowledged"),
        ("tests/captures/tcp-loss-sender.pcap", "flight", "R sent again   ─ in flight"),
        ("tests/captures/tcp-zero-window.pcap", "window", "0 closed   ─ offered window"),
    ];
    for (file, kind, legend) in cases {
        let text = drawn(&["read", file, "--plot", kind]);
        assert!(text.lines().any(|line| line == legend), "{text}");
        let mark = legend.chars().next().unwrap();
        let field: String =
            text.lines().filter_map(|line| line.split_once(['┤', '│'])).map(|(_, field)| field).collect();
        assert!(field.contains(mark), "no {mark} in\n{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}

#[test]
fn without_loss_nothing_is_marked() {
    let text = drawn(&["simulate", "two-hosts", "--plot", "seq"]);
    assert!(text.starts_with("Sequence numbers, client → server, TCP stream 1 "), "{text}");
    assert!(!text.contains("sent again"), "{text}");
}

#[test]
fn a_picture_goes_into_the_file_that_was_named() {
    let folder = std::env::temp_dir().join(format!("osi-tutor-plot-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("seq.svg");
    let name = file.to_str().unwrap();
    assert_eq!(drawn(&["read", "tests/captures/tcp-loss-sender.pcap", "--plot", "seq", "-o", name]), "");
    let picture = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    assert_eq!(picture.matches(">R</text>").count(), 3, "two that were sent again, and the legend");
    assert!(picture.contains("From the file tests/captures/tcp-loss-sender.pcap"));
}

#[test]
fn a_drawing_says_where_its_packets_come_from() {
    let simulated = drawn(&["simulate", "loss", "--plot", "flight"]);
    assert!(simulated.contains("Simulated: A segment is lost (seed 1)."), "{simulated}");
    let read = drawn(&["read", "tests/captures/http.pcapng", "--plot", "seq"]);
    assert!(read.ends_with("From the file tests/captures/http.pcapng\n"), "{read}");
}

#[test]
fn what_cannot_be_drawn_is_told() {
    let cases: [(&[&str], i32, &str); 4] = [
        (&["read", "tests/captures/arp.pcapng", "--plot", "seq"], 1, "there is no TCP connection to draw"),
        (&["read", "tests/captures/http.pcapng", "--plot", "seq", "--stream", "99"], 1, "there is no TCP stream 99"),
        (&["read", "tests/captures/http.pcapng", "--plot", "seq", "--brief"], 2, "cannot be used with"),
        (&["read", "tests/captures/http.pcapng", "-o", "x.svg"], 2, "--plot"),
    ];
    for (args, code, words) in cases {
        let output = osi_tutor(args);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {error}");
        assert!(error.contains(words), "{args:?}: {error}");
    }
}
