//! Into another process: this program starts itself twice, with the context and without.
//!
//! You will see what the two children print, and then three traces. Those of the children come first,
//! each from its own process: the first has the id of the trace of `run_children`, and its `work` the
//! span that started it as its parent. The second is a trace of its own, unrelated.

use prela::SpanType;
use prela::propagation::{self, CommandExt as _};
use std::error::Error;
use std::process::Command;

/// What this program is when it is started with an argument.
fn work(name: &str) -> Result<(), Box<dyn Error>> {
    let _prela = prela::init(format!("child-process-{name}"))?;
    let starter = propagation::from_env();
    prela::tracer().span("work", SpanType::Tool).parent(&starter).in_scope(|work| {
        let user_id = prela::baggage::get("user_id");
        println!("{name}: trace {}, user {user_id:?}", work.trace_id());
    });
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(name) = std::env::args().nth(1) {
        return work(&name);
    }
    let _prela = prela::init("child-process")?;
    let program = std::env::current_exe()?;

    prela::tracer().span("run_children", SpanType::Agent).in_scope_result(|parent| {
        prela::baggage::set("user_id", "user123");
        println!("parent: trace {}", parent.trace_id());

        // Waited for inside of the span, which then ends after the child's.
        let traced = Command::new(&program).arg("with").inject_context().status()?;
        let untraced = Command::new(&program).arg("without").status()?;
        if !traced.success() || !untraced.success() {
            return Err("a child failed".into());
        }
        Ok(())
    })
}
