struct Client;

#[prela::trace(skip(clint, b))]
fn no_such_arguments(client: Client, a: u32) {
    let _ = (client, a);
}

#[prela::trace(skip(a))]
fn no_arguments() {}

#[prela::trace(skip(self))]
fn no_self(a: u32) {
    let _ = a;
}

#[prela::trace(skip(a, a))]
fn twice(a: u32) {
    let _ = a;
}

#[prela::trace(skip(a), skip_all)]
fn both(a: u32) {
    let _ = a;
}

impl Client {
    #[prela::trace(skip(slf))]
    fn method(&self, (a, _): (u32, u32)) -> u32 {
        a
    }
}

fn main() {
    no_such_arguments(Client, 1);
    no_arguments();
    no_self(1);
    twice(1);
    both(1);
    Client.method((1, 2));
}
