#[prela::trace(name = "a", name = "b", err, err(Debug))]
fn options() -> Result<(), String> {
    Ok(())
}

#[prela::trace(fields(a = 1, "b" = 2, a = 3), fields(c = 4))]
fn fields() {}

#[prela::trace_impl(span_type = "tool", span_type = "llm")]
impl Agent {
    pub fn run(&self) {}
}

struct Agent;

fn main() {
    let _ = options();
    fields();
    Agent.run();
}
