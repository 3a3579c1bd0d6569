//! `#[prela::trace_impl]`.

use super::global::{check_async, check_functions};
use expect_test::expect;
use prela::trace;

pub(super) struct Agent<T> {
    memory: Vec<T>,
}

#[prela::trace_impl(span_type = "tool", skip(len))]
impl<T: Clone + Send + Sync> Agent<T> {
    const LIMIT: usize = 9;

    pub(super) const fn empty() -> Self {
        Self { memory: Vec::new() }
    }

    pub fn learn(&mut self, fact: T) -> &mut Self {
        self.memory.push(fact);
        self
    }

    pub(crate) async fn recall(&self, index: usize) -> Option<&T> {
        tokio::task::yield_now().await;
        self.at(index)
    }

    #[prela::trace(name = "own name", fields(index = index))]
    pub fn named(&self, index: usize) -> Option<T> {
        self.at(index).cloned()
    }

    #[trace(span_type = "agent", err)]
    pub async fn expect(&self, index: usize) -> Result<T, String> {
        self.recall(index).await.cloned().ok_or_else(|| "forgotten".to_owned())
    }

    #[trace]
    fn private_with_options(&self) -> usize {
        self.len()
    }

    fn at(&self, index: usize) -> Option<&T> {
        self.memory[..self.memory.len().min(Self::LIMIT)].get(index)
    }

    pub(super) fn len(&self) -> usize {
        self.memory.len()
    }
}

#[test]
fn public_methods_are_traced() {
    check_async(
        "public_methods",
        async {
            let mut agent = Agent::empty();
            agent.learn("a").learn("b");
            assert_eq!(agent.recall(1).await, Some(&"b"));
            assert_eq!(agent.named(0), Some("a"));
            assert!(agent.expect(7).await.is_err());
            assert_eq!(agent.private_with_options(), 2);
        },
        &expect![[r#"
            Agent::expect  agent {error.type: alloc::string::String} error: forgotten
              • exception {exception.type: alloc::string::String, exception.message: forgotten}
              Agent::recall  tool
            Agent::learn  tool
            Agent::learn  tool
            Agent::private_with_options  tool
            Agent::recall  tool
            own name  tool {index: 0}
        "#]],
    );
}

trait Tool {
    const NAME: &'static str;
    fn name(&self) -> String;
    fn call(&self, input: &str) -> impl Future<Output = String> + Send;
    async fn call_twice(&self, input: &str) -> String;
}

#[prela::trace_impl]
impl<T: Clone + Send + Sync> Tool for &Agent<T> {
    const NAME: &'static str = "agent";

    fn name(&self) -> String {
        Self::NAME.to_owned()
    }

    async fn call(&self, input: &str) -> String {
        format!("{input}{}", self.at(0).is_some())
    }

    async fn call_twice(&self, input: &str) -> String {
        let once = self.call(input).await;
        self.call(&once).await
    }
}

#[test]
fn methods_of_a_trait_are_traced() {
    check_async(
        "methods_of_a_trait",
        async {
            let agent = Agent::<u8>::empty();
            assert_eq!((&agent).name(), "agent");
            assert_eq!((&agent).call_twice("-").await, "-falsefalse");
        },
        &expect![[r#"
            Agent::call_twice  custom
              Agent::call  custom
              Agent::call  custom
            Agent::name  custom
        "#]],
    );
}

#[test]
fn methods_are_named_by_their_path() {
    check_functions(
        "methods_are_named",
        || {
            Agent::empty().learn(1).private_with_options();
        },
        &expect![[r#"
            Agent::learn  tool {code.function.name: it::macros::impl_blocks::Agent::learn}
            Agent::private_with_options  tool {code.function.name: it::macros::impl_blocks::Agent::private_with_options}
        "#]],
    );
}
