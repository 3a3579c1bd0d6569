//! Who gets the page, and how.

use super::{Prela, open, send};
use crate::browser::Page;
use crate::clients::{get, send as request};
use crate::requests::span;

#[test]
fn the_page_is_small_kept_by_browsers_and_allows_itself_little() {
    let prela = Prela::start();
    for address in [prela.hello.page, prela.hello.http, prela.hello.grpc] {
        let front = get(address, "/");
        assert_eq!((front.status, front.header("cache-control")), (200, Some("no-cache")));
        let policy = front.header("content-security-policy").unwrap();
        for rule in [
            "default-src 'none'",
            "script-src 'self';",
            "style-src 'self';",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        ] {
            assert!(policy.contains(rule), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(front.header("x-content-type-options"), Some("nosniff"));
        let tag = front.header("etag").unwrap();
        let again = request(address, "GET", "/", &[("if-none-match", tag)], b"");
        assert_eq!((again.status, again.body.len()), (304, 0));

        let html = String::from_utf8(front.body).unwrap();
        assert!(
            !html.contains("<script>") && !html.contains("<style") && !html.contains(" style="),
            "{html}"
        );
        let version = html.split("page/").nth(1).unwrap().split('/').next().unwrap();
        let mut bytes = html.len();
        for asset in prela_cli::page::assets() {
            let answer = get(address, &format!("/page/{version}/{}", asset.name));
            assert_eq!(
                (answer.status, answer.header("content-type")),
                (200, Some(asset.kind())),
                "{}",
                asset.name
            );
            assert!(
                answer.header("cache-control").unwrap().contains("immutable"),
                "{}",
                asset.name
            );
            assert!(answer.header("content-security-policy").is_some());
            bytes += answer.body.len();
        }
        assert!(bytes < 200_000, "the page has {bytes} bytes");
        for missing in [
            format!("/page/{version}/other.js"),
            "/page/0/main.js".to_owned(),
            format!("/page/{version}/..%2fmain.js"),
        ] {
            assert_eq!(get(address, &missing).status, 404, "{missing}");
        }
    }
}

#[test]
fn pages_of_other_names_get_nothing() {
    let prela = Prela::start();
    for path in
        ["/", "/api/sessions", "/api/view/last", "/api/view/last/doctor", "/api/view/last/file"]
    {
        let evil = [("host", "evil.example:4319")];
        assert_eq!(request(prela.hello.page, "GET", path, &evil, b"").status, 403, "{path}");
        let from_evil = [("origin", "http://evil.example")];
        assert_eq!(request(prela.hello.page, "GET", path, &from_evil, b"").status, 403, "{path}");
    }
}

#[test]
fn a_page_whose_port_is_taken_is_elsewhere() {
    let first = Prela::start();
    let taken = first.hello.page.port().to_string();
    let other = Prela::start_with(&["--page-port", &taken]);
    assert_ne!(other.hello.page.port(), first.hello.page.port());
    assert_eq!(get(other.hello.page, "/").status, 200);
}

#[test]
fn the_page_asks_for_the_token_and_sends_it() {
    let prela = Prela::start_with(&["--token", "open sesame"]);
    assert_eq!(get(prela.hello.page, "/api/sessions").status, 401);
    let Some(mut page) = open(&prela, "") else { return };
    page.find("h1", "asks for its token");
    page.value("document.querySelector('main input').value = 'open sesame'");
    page.click("main button", "Open");
    page.find("h2", "Waiting for the first trace");
    let headers =
        [("authorization", "Bearer open sesame"), ("content-type", "application/x-protobuf")];
    let body = prost::Message::encode_to_vec(&crate::requests::traces(vec![span(1, 1, 0)]));
    assert_eq!(request(prela.hello.http, "POST", "/v1/traces", &headers, &body).status, 200);
    page.find(".list-row", "span 1");
}

#[test]
fn every_part_of_the_page_can_be_reached_and_has_a_name() {
    let prela = Prela::start();
    send(&prela, super::agent::run(1, "By the river."));
    let Some(mut page) = open(&prela, "") else { return };
    for place in ["#/", &super::trace(1), "#/sessions", "#/search?q=river"] {
        page.value(&format!("void (location.hash = '{place}')"));
        page.wait("document.querySelector('main h1')");
        page.wait("!document.body.innerText.includes('Searching')");
        check_names(&mut page, place);
    }
    page.value(&format!("void (location.hash = '{}')", super::trace(1)));
    page.click(".span-row", "chat big-model");
    page.find(".turn", "Where do we eat");
    check_names(&mut page, "a span");
    // Tab goes to the rows, and keys go on from there.
    page.value("document.querySelector('#spans').focus()");
    page.press("Home");
    page.press("ArrowDown");
    page.wait(
        "document.querySelector('#spans').getAttribute('aria-activedescendant') === 'span-1'",
    );
    page.wait("document.querySelector('#span-1').getAttribute('aria-selected') === 'true'");
    page.press("?");
    page.find("dialog[open]", "Critical path");
    page.prefer("prefers-reduced-motion", "reduce");
    page.wait("document.getAnimations().length === 0");
    page.close();
}

/// Everything that can be used says what it is.
#[track_caller]
fn check_names(page: &mut Page, place: &str) {
    let nameless = page.value(
        "[...document.querySelectorAll('button, a, input, select, summary, [tabindex=\"0\"], [role]')]
            .filter((it) => it.checkVisibility() && !it.closest('[aria-hidden=true]'))
            .filter((it) => !(it.getAttribute('aria-label') || it.getAttribute('aria-labelledby') || it.textContent.trim() || it.title || it.role === 'presentation'))
            .filter((it) => !it.matches('[role=gridcell], [role=status], pre, div.prose'))
            .map((it) => it.outerHTML.slice(0, 200))",
    );
    assert_eq!(nameless, serde_json::json!([]), "{place}");
    let ids = page.value("(() => { const ids = [...document.querySelectorAll('[id]')].map((it) => it.id); return ids.length - new Set(ids).size; })()");
    assert_eq!(ids, 0, "{place}");
}
