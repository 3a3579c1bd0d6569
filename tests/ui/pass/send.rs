//! A traced future is `Send`, `'static` and as generic as one that is not traced.

use std::collections::HashMap;
use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;

fn spawn<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) {
    drop(future);
}

struct Client {
    cache: HashMap<String, String>,
}

impl Client {
    #[prela::trace(skip(), err, ret)]
    async fn get<'a, K>(&'a self, key: &K) -> Result<&'a str, String>
    where
        K: AsRef<str> + std::fmt::Debug + ?Sized,
    {
        ready(()).await;
        self.cache.get(key.as_ref()).map(String::as_str).ok_or_else(|| "none".to_owned())
    }

    #[prela::trace]
    async fn all(self: Arc<Self>, keys: Vec<String>, each: impl Fn(&str) + Send + Sync) -> usize {
        for key in &keys {
            if let Ok(text) = self.get(key).await {
                each(text);
            }
        }
        keys.len()
    }

    #[prela::trace]
    fn boxed<'a>(&'a mut self, key: &'a str) -> Pin<Box<dyn Future<Output = usize> + Send + 'a>> {
        Box::pin(async move {
            ready(()).await;
            self.cache.insert(key.to_owned(), String::new());
            self.cache.len()
        })
    }
}

trait Tool: Send + Sync {
    fn call(&self, input: &str) -> impl Future<Output = String> + Send;

    #[prela::trace]
    fn twice(&self, input: &str) -> impl Future<Output = String> + Send {
        async move { self.call(&self.call(input).await).await }
    }
}

impl Tool for Client {
    #[prela::trace]
    async fn call(&self, input: &str) -> String {
        ready(input.to_owned()).await
    }
}

#[prela::trace(err)]
fn owned(text: &str) -> impl Future<Output = Result<usize, String>> + Send + use<> {
    let length = text.len();
    async move { Ok(length) }
}

#[prela::trace]
async fn tree(depth: u32) -> u32 {
    if depth == 0 {
        return 1;
    }
    let children: Vec<Pin<Box<dyn Future<Output = u32> + Send>>> =
        vec![Box::pin(leaf()), Box::pin(leaf())];
    let mut sum = Box::pin(tree(depth - 1)).await;
    for child in children {
        sum += child.await;
    }
    sum
}

#[prela::trace]
async fn leaf() -> u32 {
    1
}

fn main() {
    let client = Arc::new(Client { cache: HashMap::new() });
    spawn(client.clone().all(vec![], |_| ()));
    spawn(async move {
        let mut client = Client { cache: HashMap::new() };
        client.boxed("key").await;
        client.twice("input").await;
        let _ = client.get("key").await;
    });
    spawn(owned(&String::from("text")));
    spawn(tree(3));
}
