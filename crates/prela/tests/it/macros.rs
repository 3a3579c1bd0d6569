//! `#[prela::trace]` and `#[prela::trace_impl]`: the spans they make, and that nothing else changes.

mod attributes;
mod capture;
mod causes;
mod errors;
mod functions;
mod futures;
mod global;
mod impl_blocks;
mod options;
mod panics;
mod streams;

use std::cell::RefCell;
use std::rc::Rc;

/// Writes its name down when it is dropped.
struct Noisy(&'static str, Rc<RefCell<Vec<&'static str>>>);

impl Drop for Noisy {
    fn drop(&mut self) {
        self.1.borrow_mut().push(self.0);
    }
}
