#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| osi_tutor_fuzz::run("screens", data));
