use super::*;

#[track_caller]
fn check(redactor: &Redactor, text: &str, expected: &str) {
    assert_eq!(redactor.text(text).as_deref().unwrap_or(text), expected);
}

#[test]
fn emails_are_found_as_people_write_them() {
    let redactor = Redactor::new().emails();
    for (text, expected) in [
        ("anna@example.com", "[redacted email]"),
        ("mail <anna.b+news@mail.example.co.uk>.", "mail <[redacted email]>."),
        ("to: a@b.io, c@d.org", "to: [redacted email], [redacted email]"),
        ("jürgen@müller.de", "[redacted email]"),
        ("ends with a dot: a@b.io.", "ends with a dot: [redacted email]."),
        ("...a@b.io", "...[redacted email]"),
        ("user@localhost", "user@localhost"),
        ("10@192.168.0.1", "10@192.168.0.1"),
        ("@mention and a@ and @@", "@mention and a@ and @@"),
        ("", ""),
    ] {
        check(&redactor, text, expected);
    }
}

#[test]
fn card_numbers_have_the_right_check_digit() {
    let redactor = Redactor::new().card_numbers();
    for (text, expected) in [
        ("4111111111111111", "[redacted card]"),
        ("card 4111 1111 1111 1111, exp", "card [redacted card], exp"),
        ("5500-0000-0000-0004", "[redacted card]"),
        ("3782 822463 10005", "[redacted card]"),
        ("12 4111111111111111 99", "12 [redacted card] 99"),
        ("4111 1111 1111 1111 5500 0000 0000 0004", "[redacted card] [redacted card]"),
        ("4111111111111112", "4111111111111112"),
        ("1700000000123456789", "1700000000123456789"),
        ("41111111111111111111", "41111111111111111111"),
        ("id 0000000000000000", "id 0000000000000000"),
    ] {
        check(&redactor, text, expected);
    }
    let mut number = Value::I64(4_111_111_111_111_111);
    redactor.value(&mut number);
    assert_eq!(number, "[redacted card]".into());
}

#[test]
fn keys_are_found_by_their_prefixes() {
    let redactor = Redactor::new().api_keys();
    for (text, expected) in [
        ("key=sk-proj-abcDEF0123456789abcdef", "key=[redacted key]"),
        ("use AKIAIOSFODNN7EXAMPLE.", "use [redacted key]."),
        ("ghp_0123456789abcdefghijABCDEFGHIJ456789", "[redacted key]"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "[redacted key]"),
        ("task-based sk-something-in-words", "task-based sk-something-in-words"),
        ("risk-0123456789abcdef0123", "risk-0123456789abcdef0123"),
        ("sk-short", "sk-short"),
        (
            "a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b",
            "a [redacted key] b",
        ),
        ("-----BEGIN PRIVATE KEY-----\ncut off", "[redacted key]"),
        ("-----BEGIN CERTIFICATE-----\nMIIE", "-----BEGIN CERTIFICATE-----\nMIIE"),
    ] {
        check(&redactor, text, expected);
    }
}

#[test]
fn tokens_follow_their_scheme() {
    let redactor = Redactor::new().bearer_tokens();
    for (text, expected) in [
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer [redacted token]"),
        ("BASIC dXNlcjpwYXNz, x", "BASIC [redacted token], x"),
        ("bearer  of news", "bearer  of news"),
        ("the bearer", "the bearer"),
        ("forbearer abcdefghij", "forbearer abcdefghij"),
    ] {
        check(&redactor, text, expected);
    }
}

/// Whatever the text, nothing panics, and what is left alone stays as it was.
#[test]
fn any_text_is_safe() {
    let redactor = Redactor::new().everything_known();
    let pieces = [
        "@",
        ".",
        "é",
        "4111 1111",
        "-----BEGIN ",
        "eyJ",
        "sk-",
        "Bearer ",
        "漢",
        "-",
        "9",
        "\u{0}",
    ];
    let mut state = 1_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..8 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.push_str(pieces[(state >> 33) as usize % pieces.len()]);
        }
        let _ = redactor.text(&text);
    }
}
