//! Which collector, and how to talk to it.

use super::refused;
use crate::env::Environment;
use crate::init::otlp::Otlp;
use crate::otlp::{Compression, Protocol};
use crate::{Exporter, builder};
use std::time::Duration;

fn env(variables: &[(&str, &str)]) -> Environment {
    Environment::of_pairs(variables.iter().map(|(name, value)| (name.into(), value.into())))
}

fn target(otlp: &Otlp, variables: &[(&str, &str)]) -> (Protocol, String) {
    let connection = otlp.connection(&env(variables)).expect("valid").expect("there is one");
    (connection.protocol, connection.endpoint.to_string())
}

const GRPC: Protocol = Protocol::Grpc;
const HTTP: Protocol = Protocol::HttpProtobuf;
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";

#[test]
fn endpoints_of_the_environment() {
    for (variables, protocol, endpoint) in [
        (&[][..], GRPC, "http://localhost:4317/"),
        (&[(PROTOCOL, "http/protobuf")], HTTP, "http://localhost:4318/v1/traces"),
        (&[(ENDPOINT, "http://c:4317")], GRPC, "http://c:4317/"),
        (&[(ENDPOINT, "http://c:4318")], HTTP, "http://c:4318/v1/traces"),
        (&[(ENDPOINT, "http://c:4318/")], HTTP, "http://c:4318/v1/traces"),
        (&[(ENDPOINT, "https://c/api/otel/")], HTTP, "https://c/api/otel/v1/traces"),
        (&[(ENDPOINT, "https://c/otel?k=1")], HTTP, "https://c/otel/v1/traces?k=1"),
        (&[(ENDPOINT, "http://c:9"), (PROTOCOL, "http/protobuf")], HTTP, "http://c:9/v1/traces"),
        (&[(ENDPOINT, "http://c:4318"), (PROTOCOL, "grpc")], GRPC, "http://c:4318/"),
        (&[(TRACES_ENDPOINT, "http://t:4318/x"), (ENDPOINT, "http://c")], HTTP, "http://t:4318/x"),
        (&[(TRACES_ENDPOINT, "http://t:4318")], HTTP, "http://t:4318/"),
        (&[(ENDPOINT, "http://[::1]:4317")], GRPC, "http://[::1]:4317/"),
    ] {
        let expected = (protocol, endpoint.to_owned());
        assert_eq!(target(&Exporter::otlp(), variables), expected, "{variables:?}");
    }
}

#[test]
#[cfg(unix)]
fn a_socket_is_an_endpoint() {
    for (variables, protocol, endpoint) in [
        (&[(ENDPOINT, "unix:/run/otel.sock")][..], GRPC, "http://localhost/"),
        (&[(TRACES_ENDPOINT, "unix:///run/otel.sock")], GRPC, "http://localhost/"),
        (
            &[(TRACES_ENDPOINT, "unix:/run/otel.sock"), (PROTOCOL, "http/protobuf")],
            HTTP,
            "http://localhost/v1/traces",
        ),
    ] {
        let connection = Exporter::otlp().connection(&env(variables)).expect("valid").unwrap();
        assert_eq!(
            (connection.protocol, connection.endpoint.to_string().as_str()),
            (protocol, endpoint)
        );
        assert_eq!(connection.socket.as_deref(), Some("/run/otel.sock".as_ref()));
        assert_eq!(connection.address().to_string(), "unix:/run/otel.sock");
    }
    let error = refused(&[(ENDPOINT, "unix:otel.sock")]);
    assert!(
        error.ends_with(
            "`unix:otel.sock` has not the whole path of a socket, such as `unix:/run/otel.sock`"
        ),
        "{error}"
    );
}

#[test]
fn a_host_alone_needs_a_word_on_tls() {
    const INSECURE: &str = "OTEL_EXPORTER_OTLP_INSECURE";
    let bare = (ENDPOINT, "c:4317");
    for (insecure, endpoint) in [("true", "http://c:4317/"), ("FALSE", "https://c:4317/")] {
        let expected = (GRPC, endpoint.to_owned());
        assert_eq!(target(&Exporter::otlp(), &[bare, (INSECURE, insecure)]), expected);
    }
    let both = [bare, (INSECURE, "false"), ("OTEL_EXPORTER_OTLP_TRACES_INSECURE", "true")];
    assert_eq!(target(&Exporter::otlp(), &both).1, "http://c:4317/");
    // A scheme says it all, and HTTP has no other way to say it.
    let given = [(ENDPOINT, "https://c:4317"), (INSECURE, "true")];
    assert_eq!(target(&Exporter::otlp(), &given).1, "https://c:4317/");
    let problem = "`c:4317` is not a URL that begins with `http://` or `https://`";
    for variables in [&[bare][..], &[bare, (INSECURE, "true"), (PROTOCOL, "http/protobuf")]] {
        assert_eq!(refused(variables), format!("read {ENDPOINT}: {problem}"));
    }
    let error = refused(&[bare, (INSECURE, "yes")]);
    assert_eq!(error, format!("read {INSECURE}: `yes` is none of `true`, `false`"));
}

#[test]
fn endpoints_in_code_win() {
    let variables = [(TRACES_ENDPOINT, "http://t:1/x"), (PROTOCOL, "grpc")];
    for (given, endpoint) in [
        ("http://c:9", "http://c:9/v1/traces"),
        ("http://c:9/", "http://c:9/v1/traces"),
        ("http://c:9/mine", "http://c:9/mine"),
    ] {
        let expected = (HTTP, endpoint.to_owned());
        assert_eq!(target(&Exporter::otlp_http(given), &variables), expected);
    }
    let expected = (GRPC, "http://c:9/".to_owned());
    assert_eq!(target(&Exporter::otlp_grpc("http://c:9"), &variables), expected);
}

#[test]
fn the_rest_comes_from_the_environment() {
    let variables = [
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=s%20cret,X-Team=a"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "250"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
    ];
    let connection =
        Exporter::otlp_grpc("http://c").header("x-team", "b").connection(&env(&variables));
    let connection = connection.unwrap().unwrap();
    assert_eq!(connection.headers["x-api-key"], "s cret");
    assert_eq!(connection.headers["x-team"], "b");
    assert_eq!(connection.timeout, Duration::from_millis(250));
    assert_eq!(connection.compression, Some(Compression::Gzip));
    assert!(!format!("{connection:?}").contains("cret"));

    let given = Exporter::otlp().gzip(false).timeout(Duration::ZERO).connection(&env(&variables));
    let given = given.unwrap().unwrap();
    assert_eq!((given.compression, given.timeout), (None, Duration::MAX));
}

#[test]
fn bad_endpoints_are_refused() {
    for (endpoint, problem) in [
        (
            "localhost:4317",
            "`localhost:4317` is not a URL that begins with `http://` or `https://`",
        ),
        ("ftp://c", "`ftp://c` is not a URL that begins with `http://` or `https://`"),
        ("http://c:99999", "`http://c:99999` has a port that is no number up to 65535"),
        ("http://[::1]:http", "`http://[::1]:http` has a port that is no number up to 65535"),
        ("not a url", "`not a url` is not a URL"),
        (
            "htps://c/v1?token=secret",
            "`htps://c/v1?…` is not a URL that begins with `http://` or `https://`",
        ),
        ("https://c/?token=secret x", "`https://c/?…` is not a URL"),
        ("c/#token=secret", "`c/#…` is not a URL"),
        ("http://u:secret@c", "the URL has a user or a password: send a header instead"),
    ] {
        assert_eq!(refused(&[(ENDPOINT, endpoint)]), format!("read {ENDPOINT}: {problem}"));
        let in_code = builder().env([("", ""); 0]).exporter(Exporter::otlp_grpc(endpoint)).build();
        let text = in_code.expect_err("it is refused").to_string();
        assert_eq!(text, format!("use an OTLP endpoint: {problem}"));
    }
}

#[test]
fn bad_settings_are_refused() {
    let otlp = ("OTEL_TRACES_EXPORTER", "otlp");
    for (name, value, problem) in [
        (PROTOCOL, "http/json", "`http/json` is none of `grpc`, `http/protobuf`"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "`10s` is not a whole number of milliseconds"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zip", "`zip` is none of `gzip`, `zstd`, `none`"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a b=secret", "entry 1 has a name that no header can have"),
        (
            "OTEL_EXPORTER_OTLP_HEADERS",
            "a=1,b=%0Asecret",
            "entry 2 has a value that no header can have",
        ),
    ] {
        assert_eq!(refused(&[otlp, (name, value)]), format!("read {name}: {problem}"));
    }
    let header = Exporter::otlp().header("x-api-key", "secret\n");
    let error = builder().env([("", ""); 0]).exporter(header).build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "send the header `x-api-key`: it has a value that no header can have"
    );
}

#[test]
#[cfg(feature = "tls")]
fn certificates_are_read_at_build() {
    const CERTIFICATE: &str = "OTEL_EXPORTER_OTLP_CERTIFICATE";
    let https = (ENDPOINT, "https://localhost:4317");
    let missing = refused(&[https, (CERTIFICATE, "/no/such/file")]);
    assert_eq!(missing, format!("read {CERTIFICATE}: `/no/such/file` cannot be read"));
    for (content, problem) in [
        ("no PEM", "has no PEM certificate"),
        ("-----BEGIN CERTIFICATE-----\n?", "is malformed PEM"),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "has a malformed certificate",
        ),
    ] {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, content).unwrap();
        let path = file.path().to_str().unwrap();
        let shown = refused(&[https, (CERTIFICATE, path)]);
        assert_eq!(shown, format!("read {CERTIFICATE}: `{path}` {problem}"));
        let otlp = Exporter::otlp_grpc("https://c").certificate(content);
        let shown = builder().env([("", ""); 0]).exporter(otlp).build().unwrap_err();
        assert_eq!(shown.to_string(), format!("set certificate: what is given {problem}"));
    }
    // Without TLS nobody looks at it.
    let http = (ENDPOINT, "http://localhost:4317");
    assert!(super::with_env(&[http, (CERTIFICATE, "/no/such/file")]).build().is_ok());
}

#[test]
fn debug_shows_no_secret() {
    let otlp = Exporter::otlp_http("http://u:secret@c").header("x-api-key", "secret");
    let text = format!("{:?}", Exporter::from(otlp));
    assert!(text.contains("x-api-key") && !text.contains("secret"), "{text}");
}
