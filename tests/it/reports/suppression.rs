//! The exporter's own doings are not exported.

use crate::program::role;
use crate::receiver::{Receiver, Transport};

/// open-telemetry/opentelemetry-rust#2877 and #761: an exporter whose HTTP stack is heard by the
/// subscriber exports itself without end, since suppression is lost where that stack leaves the context.
#[test]
fn a_subscriber_at_every_level_exports_no_exporter() {
    for (transport, name) in [(Transport::Grpc, "grpc"), (Transport::Http, "http")] {
        for (level, bridge) in [
            ("trace", "prela"),
            ("debug", "prela"),
            ("trace", "opentelemetry"),
            ("debug", "opentelemetry"),
            ("info", "opentelemetry"),
        ] {
            let receiver = Receiver::start(transport);
            let args = [name, &receiver.endpoint(), level, bridge];
            let output = role("suppression").args(args).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{said}");
            // Nothing was lost, and nobody says so.
            assert_eq!(said, "", "{name} at {level} by {bridge}");
            assert_eq!(
                String::from_utf8_lossy(&output.stdout),
                "20 20 0\n",
                "{name} at {level} by {bridge}"
            );
            let mut names: Vec<_> =
                receiver.spans().iter().map(|span| span.name().to_owned()).collect();
            names.sort();
            let expected = ["agent", "handler", "query", "tool"].map(|name| [name; 5]).concat();
            assert_eq!(names, expected, "{name} at {level} by {bridge}");
        }
    }
}
