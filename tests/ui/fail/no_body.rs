trait Tool {
    #[prela::trace]
    fn call(&self) -> u32;

    #[prela::trace(err)]
    fn with_another_mistake(&self);
}

struct Search;

impl Tool for Search {
    fn call(&self) -> u32 {
        1
    }

    fn with_another_mistake(&self) {}
}

fn main() {
    Search.call();
    Search.with_another_mistake();
}
