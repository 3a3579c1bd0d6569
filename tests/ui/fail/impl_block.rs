struct Agent;

#[prela::trace_impl(skip(rum), span_type = "tol", name = "agent", what)]
impl Agent {
    pub fn run(&self) {}

    pub fn stop(&self) {}
}

#[prela::trace_impl(skip(a))]
impl Default for Agent {
    fn default() -> Self {
        Self
    }
}

#[prela::trace_impl]
fn function() {}

#[prela::trace_impl]
trait Tool {
    fn call(&self) {}
}

#[prela::trace_impl]
mod tools {}

struct Other;

#[prela::trace_impl]
impl Other {
    #[prela::trace(span_type = "tol", skip(b))]
    pub fn run(&self, a: u32) -> u32 {
        a
    }
}

impl Tool for Agent {}

fn main() {
    Agent.run();
    Agent.stop();
    Agent::default().call();
    function();
    Other.run(1);
}
