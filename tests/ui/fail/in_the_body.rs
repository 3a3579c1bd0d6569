// A mistake in the body is reported as in a function that is not traced.

#[prela::trace]
fn wrong_type() -> u32 {
    "one"
}

#[prela::trace]
async fn wrong_type_later(early: bool) -> Result<u32, String> {
    if early {
        return 1;
    }
    Ok("one")
}

#[prela::trace]
fn borrowed() -> &'static str {
    let text = String::new();
    &text
}

#[prela::trace]
async fn not_send(value: std::rc::Rc<u32>) -> u32 {
    std::future::ready(()).await;
    *value
}

fn assert_send(_: impl Send) {}

fn main() {
    wrong_type();
    drop(wrong_type_later(true));
    borrowed();
    assert_send(not_send(std::rc::Rc::new(1)));
}
