#[prela::trace]
struct Agent;

#[prela::trace]
pub enum Kind {
    One,
}

#[prela::trace]
impl Agent {
    fn run(&self) {}
}

#[prela::trace]
trait Run {}

#[prela::trace]
const LIMIT: u32 = 3;

#[prela::trace]
unsafe impl Send for Kind {}

fn main() {
    Agent.run();
    let _ = (Kind::One, LIMIT);
}
