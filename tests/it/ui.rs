//! What the compiler says about the attribute macros, and about what is not as it looks. After a change of
//! the toolchain or of a message: `TRYBUILD=overwrite cargo test -p prela-tests ui`.

#[test]
fn mistakes_are_reported_where_they_are() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
}
