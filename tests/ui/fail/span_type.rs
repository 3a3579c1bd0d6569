#[prela::trace(span_type = "model")]
fn unknown() {}

#[prela::trace(span_type = 3)]
fn a_number() {}

#[prela::trace(span_type)]
async fn missing() {}

#[prela::trace(span_type = String::from("tool"))]
fn another_type() {}

fn main() {
    unknown();
    a_number();
    drop(missing());
    another_type();
}
