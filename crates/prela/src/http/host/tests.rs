use super::{Host, Pattern};

#[test]
fn private_hosts() {
    for host in [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "api.localhost",
        "worker",
        "worker-1",
        "printer.local",
        "db.eu.internal",
        "scorer.default.svc",
        "scorer.default.svc.cluster.local",
        "127.0.0.1",
        "127.8.9.10",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "0.0.0.0",
        "[::1]",
        "[fd00::1]",
        "[::ffff:10.0.0.1]",
        "3scale",
    ] {
        assert!(Host::parse(host).is_private(), "{host}");
    }
}

#[test]
fn public_hosts() {
    for host in [
        "api.openai.com",
        "example.com.",
        "localhost.example.com",
        "8.8.8.8",
        "172.32.0.1",
        "169.254.169.254",
        "[2001:db8::1]",
        "[::ffff:8.8.8.8]",
        "[2001:db8::1%25eth0]",
        "[v1.example]",
        "",
        ".",
        "ai.",
        "xlocal.com",
        "evil.com\u{e9}",
        // As addresses: 8.8.8.8, three times.
        "134744072",
        "0x08080808",
        "8.0x80808",
        ".local.example",
    ] {
        assert!(!Host::parse(host).is_private(), "{host}");
    }
}

#[test]
fn patterns() {
    let matches = |pattern: &str, host: &str| {
        Pattern::parse(pattern).expect("it is a pattern").matches(Host::parse(host))
    };
    for (pattern, host) in [
        ("api.example.com", "API.example.com"),
        ("api.example.com", "api.example.com."),
        ("API.example.com.", "api.example.com"),
        ("https://user@api.example.com:8443/v1?q=1", "api.example.com"),
        ("api.example.com:8443", "api.example.com"),
        ("*.example.com", "a.b.example.com"),
        ("*", "anything.at.all"),
        ("*", "8.8.8.8"),
        ("8.8.8.8", "[::ffff:8.8.8.8]"),
        ("2001:db8::1", "[2001:db8:0::1]"),
        ("[2001:db8::1]:443", "[2001:db8::1]"),
    ] {
        assert!(matches(pattern, host), "{pattern} {host}");
    }
    for (pattern, host) in [
        ("api.example.com", "example.com"),
        ("*.example.com", "example.com"),
        ("*.example.com", "badexample.com"),
        ("*.example.com", ".example.com"),
        ("example.com", "example.com.evil.org"),
        ("8.8.8.8", "8.8.4.4"),
        ("*.om", "é.om\u{e9}"),
    ] {
        assert!(!matches(pattern, host), "{pattern} {host}");
    }
}

#[test]
fn what_no_host_can_match_is_no_pattern() {
    for text in [
        "",
        " ",
        ".",
        "*.",
        "**",
        "*example.com",
        "*.*.example.com",
        "api.*.com",
        "api.example.*",
        "10.*",
        "10.0.0.0/8",
        "fd00::/8",
        "a..b",
        "a b",
        "b\u{fc}cher.de",
        "https://",
        "https:///path",
    ] {
        assert_eq!(Pattern::parse(text), None, "{text}");
    }
    // The paths of URLs.
    for text in ["http://10.0.0.1/8", "10.0.0.1/", "api.example.com/v1"] {
        assert!(Pattern::parse(text).is_some(), "{text}");
    }
}
