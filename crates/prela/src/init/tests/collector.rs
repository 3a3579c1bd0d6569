//! Which collector, and how to talk to it.

use super::refused;
use crate::env::Environment;
use crate::init::otlp::Otlp;
use crate::otlp::transport::{Compression, Protocol};
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
            "`unix:otel.sock` is not the absolute path of a socket, such as `unix:/run/otel.sock`"
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
    let problem = "`c:4317` is not a URL that begins with `http://` or `https://`: write `http://c:4317`, \
                   or `https://c:4317` for TLS";
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

/// What an endpoint is refused with, from the environment and from code.
#[track_caller]
fn refused_endpoint(endpoint: &str) -> String {
    let problem = refused(&[(ENDPOINT, endpoint)]);
    let problem = problem.strip_prefix("read OTEL_EXPORTER_OTLP_ENDPOINT: ").expect("its name");
    let in_code = builder().env([("", ""); 0]).exporter(Exporter::otlp_grpc(endpoint)).build();
    let text = in_code.expect_err("it is refused").to_string();
    assert_eq!(text, format!("use an OTLP endpoint: {problem}"));
    problem.to_owned()
}

#[test]
fn bad_endpoints_are_refused() {
    for (endpoint, problem) in [
        ("http://c:99999", "`http://c:99999` has a port that is not a number up to 65535"),
        ("http://[::1]:http", "`http://[::1]:http` has a port that is not a number up to 65535"),
        ("not a url", "`not a url` is not a URL"),
        ("https://c/?token=secret x", "`https://c/?…` is not a URL"),
        ("c:99999", "`c:99999` is not a URL that begins with `http://` or `https://`"),
        ("http://u:secret@c", "the URL has a user or a password: send a header instead"),
        ("u:secret@c:4317", "the URL has a user or a password: send a header instead"),
        ("grpc://u:secret@c:4317", "the URL has a user or a password: send a header instead"),
    ] {
        assert_eq!(refused_endpoint(endpoint), problem);
    }
}

#[test]
fn an_endpoint_without_its_scheme_is_told_what_to_write() {
    for (endpoint, rest) in [
        ("localhost:4317", "localhost:4317"),
        ("localhost:4318", "localhost:4318"),
        ("localhost", "localhost"),
        ("collector.example:4317", "collector.example:4317"),
        ("127.0.0.1:4317", "127.0.0.1:4317"),
        ("[::1]:4317", "[::1]:4317"),
        ("::1", "[::1]"),
        ("::1:4317", "[::1]:4317"),
        ("fd00::2:4318", "[fd00::2]:4318"),
        (":4317", "localhost:4317"),
        ("4318", "localhost:4318"),
        ("//c:4317", "c:4317"),
        ("c/v1/traces", "c/v1/traces"),
        ("c:4318/v1/traces", "c:4318/v1/traces"),
        ("grpc://c:4317", "c:4317"),
        ("grpcs://c:4317", "c:4317"),
        ("tcp://10.0.0.1:4317", "10.0.0.1:4317"),
        ("htp://c:4318/", "c:4318/"),
        ("htps://c", "c"),
        ("ftp://c", "c"),
        ("http:/c:4317", "c:4317"),
        ("http:c:4317", "c:4317"),
        ("https//c:4317", "c:4317"),
        ("://c:4317", "c:4317"),
    ] {
        let problem = format!(
            "`{endpoint}` is not a URL that begins with `http://` or `https://`: write `http://{rest}`, or \
             `https://{rest}` for TLS"
        );
        assert_eq!(refused_endpoint(endpoint), problem);
    }
    for endpoint in ["'http://c:4317'", "\"https://c\"", "\"http://c", "'unix:/run/otel.sock'"] {
        let problem = refused_endpoint(endpoint);
        assert!(problem.ends_with("` has quotes around it: leave them out"), "{problem}");
    }
    let problem = refused_endpoint("'c:4317'");
    assert!(problem.contains("write `http://c:4317`"), "{problem}");
    for endpoint in
        ["htps://c/v1?token=secret", "c:4318/v1?token=secret", "c?token=secret", "c/#token=secret"]
    {
        let problem = refused_endpoint(endpoint);
        assert!(!problem.contains("secret") && problem.contains(": write `http://c"), "{problem}");
    }
}

#[test]
fn proxies_go_by_the_scheme() {
    const DIRECT: Option<&str> = None;
    let proxy = |endpoint: &str, variables: &[(&str, &str)]| {
        let connection =
            Exporter::otlp_http(endpoint).connection(&env(variables)).expect("valid").expect("one");
        connection.proxy.map(|proxy| proxy.to_string())
    };
    let (http, https) = (("HTTP_PROXY", "http://u:secret@a:1"), ("HTTPS_PROXY", "http://b:2"));
    let all = ("ALL_PROXY", "c:3");
    for (endpoint, variables, expected) in [
        ("http://x.example", &[http, https, all][..], Some("http://a:1")),
        ("https://x.example", &[http, https, all], Some("http://b:2")),
        ("http://x.example", &[https, all], Some("http://c:3")),
        ("https://x.example", &[http], DIRECT),
        ("http://x.example", &[], DIRECT),
        ("http://x.example", &[("HTTP_PROXY", " ")], DIRECT),
        ("http://x.example", &[("http_proxy", "https://d")], Some("https://d")),
        ("https://x.example", &[("https_proxy", "d:4")], Some("http://d:4")),
        ("https://x.example", &[("all_proxy", "d:4")], Some("http://d:4")),
        ("http://x.example", &[("http_proxy", "d:4"), http], Some("http://a:1")),
        ("http://x.example", &[http, ("REQUEST_METHOD", "GET")], DIRECT),
        (
            "http://x.example",
            &[http, ("REQUEST_METHOD", "GET"), ("http_proxy", "d:4")],
            Some("http://d:4"),
        ),
        ("https://x.example", &[https, ("REQUEST_METHOD", "GET")], Some("http://b:2")),
        ("http://x.example", &[http, ("NO_PROXY", "y,.example")], DIRECT),
        ("http://x.example", &[http, ("no_proxy", "*")], DIRECT),
        ("http://x.example", &[http, ("NO_PROXY", "y"), ("no_proxy", "*")], Some("http://a:1")),
        ("http://x.example", &[("HTTP_PROXY", "socks5://s"), ("NO_PROXY", "*")], DIRECT),
        // This machine is behind no proxy that is elsewhere.
        ("http://localhost:4318", &[http], DIRECT),
        ("http://LocalHost.:4318", &[http], DIRECT),
        ("http://a.localhost", &[http], DIRECT),
        ("http://127.1.2.3", &[http], DIRECT),
        ("http://[::1]", &[http], DIRECT),
        (
            "http://localhost:4318",
            &[("HTTP_PROXY", "127.0.0.1:3128")],
            Some("http://127.0.0.1:3128"),
        ),
        (
            "http://localhost:4318",
            &[("HTTP_PROXY", "127.0.0.1:3128"), ("NO_PROXY", "localhost")],
            DIRECT,
        ),
    ] {
        assert_eq!(proxy(endpoint, variables).as_deref(), expected, "{endpoint} {variables:?}");
    }
    let connection = |otlp: Otlp| {
        otlp.connection(&env(&[http, ("NO_PROXY", "*")])).expect("valid").expect("one")
    };
    let given = connection(Exporter::otlp_grpc("http://x.example").proxy("http://u:secret@mine:5"));
    assert_eq!(given.proxy.as_ref().unwrap().to_string(), "http://mine:5");
    assert_eq!(given.address().to_string(), "http://x.example through the proxy http://mine:5");
    assert!(!format!("{given:?}").contains("secret"));
    let none = Exporter::otlp_grpc("http://x.example").no_proxy().connection(&env(&[http]));
    assert!(none.unwrap().unwrap().proxy.is_none());
}

#[test]
#[cfg(unix)]
fn a_socket_is_behind_no_proxy() {
    let otlp = Exporter::otlp_http("unix:/run/otel.sock");
    let connection =
        otlp.connection(&env(&[("ALL_PROXY", "http://a")])).expect("valid").expect("one");
    assert!(connection.proxy.is_none());
}

#[test]
fn a_proxy_that_cannot_be_used_is_named_without_its_secrets() {
    let endpoint = (ENDPOINT, "http://x.example");
    for (variable, value, problem) in [
        ("HTTP_PROXY", "socks5h://u:secret@s:1", "`socks5h` proxy"),
        ("http_proxy", "http://u:secret@", "not the URL of a proxy"),
        ("ALL_PROXY", "u:secret@s:port", "not the URL of a proxy"),
    ] {
        let text = refused(&[endpoint, (variable, value)]);
        assert!(text.starts_with(&format!("read {variable}: it is ")), "{text}");
        assert!(text.contains(problem) && !text.contains("secret"), "{text}");
    }
    let otlp = Exporter::otlp_http("http://x.example").proxy("ftp://u:secret@s");
    assert!(!format!("{otlp:?}").contains("secret"));
    let text = builder().env([("", ""); 0]).exporter(otlp).build().unwrap_err().to_string();
    assert!(
        text.starts_with("use the proxy that is given: it is not the URL of a proxy"),
        "{text}"
    );
}

#[test]
fn json_is_a_kind_of_http() {
    let json = (PROTOCOL, "http/json");
    let of = |otlp: Otlp, variables: &[(&str, &str)]| target(&otlp, variables).0;
    for (otlp, variables, protocol) in [
        (Exporter::otlp(), &[json][..], Protocol::HttpJson),
        (
            Exporter::otlp(),
            &[("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "HTTP/JSON")],
            Protocol::HttpJson,
        ),
        (Exporter::otlp().json(false), &[json], HTTP),
        (Exporter::otlp().json(true), &[(ENDPOINT, "http://c:4318")], Protocol::HttpJson),
        (Exporter::otlp_http("http://c"), &[json], HTTP),
        (Exporter::otlp_http("http://c").json(true), &[], Protocol::HttpJson),
        (Exporter::otlp_grpc("http://c").json(false), &[], GRPC),
        (Otlp::http_by_environment(), &[json], Protocol::HttpJson),
        (Otlp::http_by_environment(), &[(PROTOCOL, "grpc")], HTTP),
        (Otlp::http_by_environment(), &[], HTTP),
    ] {
        assert_eq!(of(otlp, variables), protocol, "{variables:?}");
    }
    let endpoint = target(&Exporter::otlp(), &[json, (ENDPOINT, "http://c:9")]).1;
    assert_eq!(endpoint, "http://c:9/v1/traces");
    assert_eq!(target(&Exporter::otlp(), &[json]).1, "http://localhost:4318/v1/traces");
    let over_grpc = Exporter::otlp_grpc("http://c").json(true);
    let error = builder().env([("", ""); 0]).exporter(over_grpc).build().unwrap_err();
    assert_eq!(error.to_string(), "send JSON: there is none over gRPC, use `Exporter::otlp_http`");
}

#[test]
fn names_of_headers_are_as_they_stand() {
    let variables = [("OTEL_EXPORTER_OTLP_HEADERS", "api%2Dkey=a%20b, x%zz=1 , %=%25")];
    let headers =
        Exporter::otlp().connection(&env(&variables)).expect("valid").expect("one").headers;
    for (name, value) in [("api%2dkey", "a b"), ("x%zz", "1"), ("%", "%")] {
        assert_eq!(headers[name], value);
    }
    assert_eq!(headers.len(), 3);
}

#[test]
fn bad_settings_are_refused() {
    let otlp = ("OTEL_TRACES_EXPORTER", "otlp");
    for (name, value, problem) in [
        (PROTOCOL, "http", "`http` is none of `grpc`, `http/protobuf`, `http/json`"),
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
