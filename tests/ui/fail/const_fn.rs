#[prela::trace]
const fn limit() -> usize {
    3
}

const LIMIT: usize = limit();

fn main() {
    let _ = [0; LIMIT];
}
