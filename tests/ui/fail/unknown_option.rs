// Every mistake is reported, and each at its place. The function is still there to be called.

#[prela::trace(nam = "search", span_type = "tol", skip(c), ret(Text), fields(a.b = 1, c))]
fn search(a: u32, b: u32) -> u32 {
    a + b
}

#[prela::trace(name)]
fn without_a_value() {}

#[prela::trace(name = 3, err = "x")]
fn with_a_wrong_value() -> Result<(), String> {
    Ok(())
}

#[prela::trace(skip, fields)]
fn without_a_list(a: u32) -> u32 {
    a
}

#[prela::trace(name = "a" span_type = "tool")]
fn without_a_comma() {}

fn main() {
    search(1, 2);
    without_a_value();
    let _ = with_a_wrong_value();
    without_a_list(1);
    without_a_comma();
}
