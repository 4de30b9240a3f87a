//! `osi-tutor`: see, in real packets, how the network works.

fn main() -> std::process::ExitCode {
    osi_tutor::app::main().into()
}
