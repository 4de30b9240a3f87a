//! Each rule, broken on purpose.

use super::*;
use crate::lesson::COURSE;

const SHOW: &str = "```show\nfilter = \"tcp.flags.syn == 1\"\nnewcomer = \"One.\"\nstudent = \"Two {tcp.seq}.\"\nengineer = \"Three.\"\n```\n";

fn lesson(id: &str, needs: &str, body: &str) -> (String, String) {
    let front = format!(
        "+++\nid = \"{id}\"\ntitle = \"T\"\nosi = \"transport\"\nneeds = [{needs}]\nminutes = 1\nsource = {{ scenario = \"two-hosts\", seed = 7 }}\n+++\n"
    );
    (format!("10-{id}.md"), front + body)
}

fn says(files: &[(String, String)]) -> String {
    check(files, &[]).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_course_is_without_a_mistake() {
    let files: Vec<_> = COURSE.iter().map(|(f, t)| ((*f).to_owned(), (*t).to_owned())).collect();
    assert_eq!(says(&files), "");
}

#[test]
fn a_sound_lesson_passes_and_each_mistake_is_named() {
    assert_eq!(says(&[lesson("a", "", SHOW)]), "");
    assert!(says(&[lesson("a", "\"b\"", SHOW)]).contains("10-a.md:5: there is no lesson b"));
    assert!(says(&[lesson("a", "\"b\"", SHOW), lesson("b", "\"a\"", SHOW)]).contains("a needs itself"));
    assert!(says(&[lesson("a", "", SHOW), lesson("a", "", SHOW)]).contains("has the id a, too"));
    let no_packet = SHOW.replace("tcp.flags.syn == 1", "dns");
    assert!(says(&[lesson("a", "", &no_packet)]).contains("selects 0 of 1 packets"));
    let no_value = SHOW.replace("{tcp.seq}", "{dns.id}");
    assert!(says(&[lesson("a", "", &no_value)]).contains("mentions {dns.id}"));
    let shared = SHOW.replace("Two {tcp.seq}.", "One.");
    assert!(says(&[lesson("a", "", &shared)]).contains("share a sentence: One"));
}

#[test]
fn a_character_reference_that_commands_a_terminal_is_refused() {
    for evil in ["a&#27;]52;c;x&#7;", "&#x9b;31m", "&rlm;x", "**&#x202e;**", "    &lrm;\n\n- &#8203;"] {
        let found = says(&[lesson("a", "", &format!("{evil}\n\n{SHOW}"))]);
        assert!(found.contains("10-a.md:9: a control character"), "{evil}: {found}");
    }
    assert_eq!(says(&[lesson("a", "", &format!("R&amp;D, `&#27;`, caf&eacute;.\n\n{SHOW}"))]), "");
}

#[test]
fn a_file_is_called_by_its_number_and_its_id() {
    let (_, text) = lesson("a", "", SHOW);
    for name in ["a.md", "10-b.md", "x-a.md", "folder/10-b.md"] {
        assert!(says(&[(name.to_owned(), text.clone())]).contains("such as 50-a.md"), "{name}");
    }
    assert_eq!(says(&[("folder/10-a.md".to_owned(), text)]), "");
}

#[test]
fn a_page_that_gives_its_answer_away_is_refused() {
    let number = |prompt: &str| {
        ask("of = 'tcp.flags.syn == 1 && tcp.flags.ack == 0'\nnumber = '{tcp.window_size_value}'")
            .replace("Which?", prompt)
    };
    assert_eq!(says(&[lesson("a", "", &number("Which?"))]), "");
    assert!(
        says(&[lesson("a", "", &number("Is it {tcp.window_size_value}?"))]).contains("gives its answer away: 65535")
    );
    assert!(says(&[lesson("a", "", &number("Is it 0xFFFF?"))]).contains("gives its answer away: 65535"));
    assert_eq!(says(&[lesson("a", "", &number("Is it 0xFFFFF?"))]), "");
    let short = |prompt: &str| number(prompt).replace("tcp.window_size_value", "tcp.len");
    assert_eq!(says(&[lesson("a", "", &short("Is it 10 or 20?"))]), "");
    assert!(says(&[lesson("a", "", &short("Is it 0?"))]).contains("gives its answer away: 0"));
    let choice = |prompt: &str| {
        let choices = "choices = [{ text = 'SYN alone', right = true, proof = 'tcp' }, { text = 'b', betrays = 'ack-means-arrived' }]";
        ask(choices).replace("Which?", prompt)
    };
    assert_eq!(says(&[lesson("a", "", &choice("Is it a SYN?"))]), "");
    assert!(says(&[lesson("a", "", &choice("It is SYN alone. Why?"))]).contains("gives its answer away: SYN alone"));
}

#[test]
fn a_page_that_needs_a_packet_finds_it_at_home() {
    let when = |filter: &str| SHOW.replace("newcomer", &format!("when = '{filter}'\nnewcomer"));
    assert_eq!(says(&[lesson("a", "", &when("http.request"))]), "");
    assert!(says(&[lesson("a", "", &when("dns"))]).contains("this selects no packet"));
}

#[test]
fn a_layer_that_the_packet_lacks_is_refused() {
    let named = |layer: &str| SHOW.replace("newcomer", &format!("layer = \"{layer}\"\nnewcomer"));
    for layer in ["physical", "link", "network", "transport"] {
        assert_eq!(says(&[lesson("a", "", &named(layer))]), "", "{layer}");
    }
    for layer in ["session", "presentation", "application"] {
        let said = says(&[lesson("a", "", &named(layer))]);
        assert!(said.contains(&format!("shows nothing of the {layer} layer")), "{said}");
    }
    assert!(says(&[lesson("a", "", &named("tcp"))]).contains("there is no layer tcp: physical, link"));
}

fn ask(keys: &str) -> String {
    format!("{SHOW}```ask\nprompt = \"Which?\"\nwhy = \"So.\"\n{keys}\n```\n")
}

#[test]
fn a_right_answer_whose_proof_selects_nothing_is_refused() {
    let choices = |proof: &str| {
        ask(&format!(
            "choices = [{{ text = 'a', right = true, proof = '{proof}' }}, {{ text = 'b', betrays = 'ack-means-arrived' }}]"
        ))
    };
    assert_eq!(says(&[lesson("a", "", &choices("tcp.flags.fin == 1"))]), "");
    assert!(says(&[lesson("a", "", &choices("tcp.flags.urg == 1"))]).contains("this selects no packet"));
    let number = |of: &str, answer: &str, proof: &str| {
        ask(&format!("of = \"{of}\"\nnumber = \"{answer}\"\nproof = \"{proof}\""))
    };
    let (syn, ack) = ("tcp.flags.syn == 1 && tcp.flags.ack == 0", "tcp.flags.syn == 1 && tcp.ack_raw == {answer}");
    assert_eq!(says(&[lesson("a", "", &number(syn, "wrap({tcp.seq_raw} + 1)", ack))]), "");
    assert!(says(&[lesson("a", "", &number(syn, "{tcp.seq_raw}", ack))]).contains("(the answer is "));
    assert!(says(&[lesson("a", "", &number(syn, "{http.host}", "tcp"))]).contains("cannot be computed"));
    assert!(says(&[lesson("a", "", &number("http.host", "{http.host}", "tcp"))]).contains("this is no number"));
}

#[test]
fn a_number_that_is_read_in_hexadecimal_is_not_asked_for_in_decimal() {
    let number = |answer: &str| ask(&format!("of = 'tcp'\nnumber = \"{answer}\"\nproof = 'tcp'"));
    assert!(says(&[lesson("a", "", &number("{tcp.checksum}"))]).contains("hex({tcp.checksum}, 4)"));
    let fill = number("join('0x', hex({tcp.checksum}, 4))").replace("number =", "fill =");
    assert!(!says(&[lesson("a", "", &fill)]).contains("hexadecimal"));
}

#[test]
fn the_impossible_is_impossible_and_all_else_happens() {
    let of = |right: &str, other: &str| {
        ask(&format!(
            "impossible = [{{ text = 'a', right = true, filter = '{right}' }}, {{ text = 'b', filter = '{other}' }}]"
        ))
    };
    assert_eq!(says(&[lesson("a", "", &of("tcp.flags.syn == 1 && tcp.flags.fin == 1", "tcp.flags.fin == 1"))]), "");
    assert!(says(&[lesson("a", "", &of("tcp.flags.fin == 1", "tcp.flags.syn == 1"))]).contains("should be impossible"));
    assert!(says(&[lesson("a", "", &of("tcp.flags.urg == 1", "tcp.flags.urg == 1"))]).contains("selects no packet"));
}

#[test]
fn steps_stand_in_the_order_of_their_packets() {
    let of = |a: &str, b: &str| {
        ask(&format!(
            "order = [{{ text = 'a', filter = '{a}' }}, {{ text = 'b', filter = '{b}' }}, {{ text = 'c', filter = 'tcp.flags.fin == 1' }}]"
        ))
    };
    assert_eq!(says(&[lesson("a", "", &of("tcp.flags.syn == 1", "http.request"))]), "");
    assert!(
        says(&[lesson("a", "", &of("http.request", "tcp.flags.syn == 1"))]).contains("comes before the step above it")
    );
}

#[test]
fn marked_bytes_are_bytes_of_the_frame() {
    let of = |field: &str| ask(&format!("of = 'tcp.flags.syn == 1'\nmark = '{field}'"));
    assert_eq!(says(&[lesson("a", "", &of("tcp.dstport"))]), "");
    assert!(says(&[lesson("a", "", &of("tcp.stream"))]).contains("has no bytes in packet"));
    assert!(says(&[lesson("a", "", &of("http.host"))]).contains("has no bytes in packet"));
}

#[test]
fn a_packet_is_one_of_several_and_blanks_are_numbers() {
    let packet = |filter: &str| ask(&format!("packet = '{filter}'"));
    assert_eq!(says(&[lesson("a", "", &packet("tcp.flags.fin == 1"))]), "");
    assert!(says(&[lesson("a", "", &packet("tcp.flags.urg == 1"))]).contains("this selects no packet"));
    assert!(says(&[lesson("a", "", &packet("tcp.flags.syn == 1"))]).contains("nothing to choose from"));
    let blanks = |answer: &str| {
        let one = "{ text = 'port', answer = '{tcp.dstport}' }";
        ask(&format!("of = 'tcp.flags.syn == 1'\nblanks = [{one}, {{ text = 'x', answer = '{answer}' }}]"))
    };
    assert_eq!(says(&[lesson("a", "", &blanks("{tcp.srcport} + 1"))]), "");
    assert!(says(&[lesson("a", "", &blanks("\"SYN\""))]).contains("this is no number but SYN"));
    assert!(says(&[lesson("a", "", &blanks("{http.host}"))]).contains("has no http.host"));
}

#[test]
fn a_fault_meets_a_packet_and_changes_what_follows() {
    let of = |fault: &str, proof: &str| {
        format!(
            "{SHOW}```whatif\nprompt = 'And?'\nfault = {fault}\nproof = '{proof}'\nnewcomer = 'One a.'\nstudent = 'Two {{tcp.seq}} b.'\nengineer = 'Three c.'\n```\n"
        )
    };
    let syn = "{ drop = 'tcp.flags.syn == 1' }";
    assert_eq!(says(&[lesson("a", "", &of(syn, "tcp.analysis.retransmission && tcp.flags.syn == 1"))]), "");
    assert!(says(&[lesson("a", "", &of("{ drop = 'tcp.flags.urg == 1' }", "tcp"))]).contains("meets this fault"));
    assert!(says(&[lesson("a", "", &of(syn, "tcp.flags.urg == 1"))]).contains("of the second timeline"));
    // Three SYNs, of which the lost one comes before both timelines part.
    let again = "tcp.flags.syn == 1 && tcp.flags.ack == 0";
    assert_eq!(says(&[lesson("a", "", &of(syn, again))]), "");
    assert!(
        says(&[lesson("a", "", &of(syn, &format!("3 of {again}")))]).contains("from the first packet that differs")
    );
}

#[test]
fn each_example_of_a_procedure_can_be_computed() {
    let of = |on: &str, value: &str| {
        format!(
            "{SHOW}```worked\ntitle = 'T'\non = [{on}]\nsteps = [{{ say = 'a', value = '{value}' }}]\nnewcomer = 'One a.'\nstudent = 'Two b.'\nengineer = 'Three c.'\n```\n"
        )
    };
    assert_eq!(says(&[lesson("a", "", &of("'tcp', { 'tcp.seq' = 5 }", "{tcp.seq} + 1"))]), "");
    assert!(says(&[lesson("a", "", &of("'tcp'", "{http.host}"))]).contains("cannot be computed"));
    assert!(says(&[lesson("a", "", &of("'tcp', { 'tcp.ack' = 5 }", "{tcp.seq}"))]).contains("cannot be computed"));
    assert!(says(&[lesson("a", "", &of("'9999 of tcp'", "{tcp.seq}"))]).contains("9999 times"));
}

#[test]
fn no_lesson_teaches_what_the_bank_refutes() {
    let prose = format!("Note that **masking encrypts** it.\n\n{SHOW}");
    let said = says(&[lesson("a", "", &prose)]);
    assert!(said.contains("10-a.md:9: this teaches the misconception masking-encrypts"), "{said}");
    let text = SHOW.replace("Three.", "Three: sequence numbers count packets.");
    assert!(says(&[lesson("a", "", &text)]).contains("sequence-counts-packets"));
}
