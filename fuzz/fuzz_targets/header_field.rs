#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| netclaw_fuzz::properties::header_field(bytes));
