//! How it looks: in every width and colour something to see, and the picture of the README.

use super::{Prela, agent, open, send, trace};
use crate::browser::{Page, check_done};
use crate::program::run;
use crate::requests::span;
use std::path::Path;

/// The picture that the README opens with: the agent of `prela demo`.
#[test]
fn the_readme_opens_with_a_picture_of_the_page() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/page.png");
    let prela = Prela::start();
    check_done(&run(&prela.store(), &["demo"]));
    let reader = prela.reader();
    let traces = reader.list(&prela_cli::query::Filter::default()).unwrap();
    let trip = traces.iter().find(|it| it.name == "plan_trip").expect("the demo plans a trip");
    let Some(mut page) = open(&prela, &format!("#/trace/{}", trip.trace_id)) else { return };
    page.prefer("prefers-color-scheme", "dark");
    page.find(".finding", "rank_offers");
    page.find(".span-row.stray", "rank_offers");
    page.value("document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))).then(() => 1)");
    let picture = page.picture();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &picture).unwrap();
    }
    let kept = std::fs::read(&path).expect("UPDATE_EXPECT=1 makes it");
    for picture in [picture, kept] {
        assert!(picture.starts_with(b"\x89PNG"));
        let side = |at: usize| u32::from_be_bytes(picture[at..at + 4].try_into().unwrap());
        assert_eq!((side(16), side(20)), (1280, 800));
        assert!(picture.len() > 30_000, "there is little to see");
    }
    page.close();
}

#[test]
fn nothing_sticks_out_at_any_width() {
    let prela = Prela::start();
    let Some(mut page) = open(&prela, "") else { return };
    page.find("h2", "Waiting for the first trace");
    check_widths(&mut page, "empty");
    send(&prela, agent::run(1, "By the river."));
    page.find(".list-row", "invoke_agent");
    check_widths(&mut page, "one trace");
    page.value(&format!("void (location.hash = '{}')", trace(1)));
    page.find(".finding", "save_answer");
    check_widths(&mut page, "a trace");
    page.click(".span-row", "chat big-model");
    page.find(".turn", "Where do we eat");
    check_widths(&mut page, "a span");
    send(&prela, (2..=10_000).map(|number| span(number, 1, 0)).collect());
    page.value("void (location.hash = '#/')");
    page.find(".figures-line", "10,000 traces");
    check_widths(&mut page, "10,000 traces");
    page.close();
}

#[track_caller]
fn check_widths(page: &mut Page, what: &str) {
    for (width, height) in [(390, 844), (1280, 800), (1920, 1080)] {
        page.size(width, height);
        for colours in ["light", "dark"] {
            page.prefer("prefers-color-scheme", colours);
            let wide = page.value("Math.max(document.documentElement.scrollWidth, document.querySelector('main').scrollWidth)");
            assert!(wide.as_u64().unwrap() <= u64::from(width), "{what}, {width} wide: {wide}");
            assert_eq!(contrast(page), Vec::<String>::new(), "{what}, {colours}");
        }
    }
    page.size(1280, 800);
}

/// Texts that are hard to read on what is behind them: less than 4.5 to 1.
fn contrast(page: &mut Page) -> Vec<String> {
    let faint = page.value(
        "(() => {
            const read = (text) => text.match(/[\\d.]+/g).map(Number);
            const light = ([r, g, b]) => [r, g, b].map((it) => it / 255).map((it) => (it <= 0.03928 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4)).reduce((sum, it, at) => sum + it * [0.2126, 0.7152, 0.0722][at], 0);
            const back = (node) => {
                for (let it = node; it; it = it.parentElement) {
                    const colour = getComputedStyle(it).backgroundColor;
                    if (colour.startsWith('rgb(')) return read(colour);
                    if (colour !== 'rgba(0, 0, 0, 0)') return null;
                }
                return [255, 255, 255];
            };
            return [...document.querySelectorAll('main p, main h1, main h2, main h3, main button, main dt, main dd, main th, main td, .list-row span, .top a')]
                .filter((it) => it.checkVisibility() && !it.disabled && it.innerText?.trim())
                .filter((it) => {
                    const [text, behind] = [getComputedStyle(it).color, back(it)];
                    if (!text.startsWith('rgb(') || !behind) return false;
                    const [a, b] = [light(read(text)), light(behind)].sort((x, y) => y - x);
                    return (a + 0.05) / (b + 0.05) < 4.5;
                })
                .map((it) => `${it.className || it.tagName}: ${it.innerText.slice(0, 40)} ${getComputedStyle(it).color} on ${back(it)}`);
        })()",
    );
    serde_json::from_value(faint).unwrap()
}
