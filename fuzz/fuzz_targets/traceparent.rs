#![no_main]

libfuzzer_sys::fuzz_target!(|lines: &[u8]| prela_fuzz::traceparent(lines));
