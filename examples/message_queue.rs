//! Through a message queue: each message carries the context of whoever published it, in its headers.
//!
//! You will see three traces. Two begin with `place_order`, and `ship_order`, on the consumer's thread,
//! has the id of its order's trace: its parent is the `publish` that it answers. The third has one
//! `bill_orders` that handles both messages at once. It is a child of neither; what it is linked to is
//! printed.

use prela::{SpanKind, SpanType, baggage};
use std::error::Error;
use std::sync::mpsc::{self, Sender};
use std::thread;

/// As Kafka, AMQP and NATS have them: the values of headers are bytes.
#[derive(Clone)]
struct Message {
    headers: Vec<(String, Vec<u8>)>,
    order: u64,
}

fn place_order(order: u64, queues: &[Sender<Message>]) -> Result<(), mpsc::SendError<Message>> {
    prela::tracer().span("place_order", SpanType::Agent).attr("order", order).in_scope_result(
        |_| {
            baggage::set("tenant", "acme");
            let publish =
                prela::tracer().span("publish", SpanType::Custom).kind(SpanKind::Producer);
            publish.in_scope_result(|_| {
                let mut message = Message { headers: Vec::new(), order };
                prela::inject(&mut message.headers);
                queues.iter().try_for_each(|queue| queue.send(message.clone()))
            })
        },
    )
}

/// One message: its publisher is the parent, and its baggage is there.
fn ship_order(message: &Message) {
    let publisher = prela::extract(&message.headers);
    let span = prela::tracer().span("ship_order", SpanType::Custom).kind(SpanKind::Consumer);
    span.parent(&publisher).in_scope(|span| {
        span.set_attribute("order", message.order)
            .set_attribute("tenant", baggage::get("tenant").unwrap_or_default());
    });
}

/// A batch: a span has one parent at most, so it is linked to all of them.
fn bill_orders(batch: &[Message]) {
    let publishers = batch.iter().map(|message| {
        let publisher = prela::extract(&message.headers);
        let trace_id = publisher.span_context().trace_id();
        println!("bill_orders is linked to order {} of trace {trace_id}", message.order);
        publisher
    });
    let span = prela::tracer().span("bill_orders", SpanType::Custom).kind(SpanKind::Consumer);
    span.root().links(publishers).in_scope(|span| {
        span.set_attribute("messaging.batch.message_count", batch.len());
    });
}

fn main() -> Result<(), Box<dyn Error>> {
    let _prela = prela::init("message-queue")?;
    let (to_shipping, shipping) = mpsc::channel();
    let (to_billing, billing) = mpsc::channel();
    let shipper = thread::spawn(move || shipping.iter().for_each(|message| ship_order(&message)));
    let biller = thread::spawn(move || bill_orders(&billing.iter().collect::<Vec<_>>()));

    let queues = [to_shipping, to_billing];
    for order in 1..=2 {
        place_order(order, &queues)?;
    }
    drop(queues); // the consumers end when nobody can publish any more
    shipper.join().map_err(|_| "the shipper panicked")?;
    biller.join().map_err(|_| "the biller panicked")?;
    Ok(())
}
