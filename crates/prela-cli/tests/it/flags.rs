//! `--json` at every command: it is JSON, or it is refused.

use crate::commands::say;
use crate::program::{command, text};
use crate::requests::{failed, span};
use crate::store::{batch, fresh};
use serde_json::Value as Json;
use std::path::Path;
use tempfile::TempDir;

/// Each command that ends by itself, and the exit code it ends with.
fn questions(folder: &Path) -> Vec<(Vec<String>, i32)> {
    let file = folder.join("out").display().to_string();
    let traces = folder.join("traces.jsonl").display().to_string();
    let all: &[(&str, i32)] = &[
        ("list", 0),
        ("list --errors", 0),
        ("list --service none", 1),
        ("show last", 0),
        ("show last --full", 0),
        ("last", 0),
        ("search span", 0),
        ("search nowhere", 1),
        ("errors", 0),
        ("diff last~1 last", 0),
        ("doctor", 0),
        ("doctor last", 0),
        ("export last --otlp-json", 0),
        ("export last --perfetto", 0),
        ("export --all --otlp-json --output FILE", 0),
        ("export last --html --output FILE", 0),
        ("import TRACES", 0),
        ("gc", 0),
    ];
    let word = |word: &str| match word {
        "FILE" => file.clone(),
        "TRACES" => traces.clone(),
        word => word.to_owned(),
    };
    all.iter().map(|(line, code)| (line.split(' ').map(word).collect(), *code)).collect()
}

#[test]
fn every_command_speaks_json_to_programs() {
    let (dir, path, store) = fresh();
    store.insert_blocking(batch(vec![span(1, 1, 0), failed(span(2, 1, 0), "no")])).unwrap();
    drop(store);
    let (exported, _, _) = say(&path, 80, &["export", "--all", "--otlp-json"]);
    std::fs::write(dir.path().join("traces.jsonl"), exported).unwrap();
    for (line, expected) in questions(dir.path()) {
        let arguments: Vec<&str> = line.iter().map(String::as_str).chain(["--json"]).collect();
        let (said, complaint, code) = say(&path, 80, &arguments);
        assert_eq!(code, expected, "{line:?}: {said}{complaint}");
        let json: Result<Json, _> = serde_json::from_str(&said);
        assert!(json.is_ok(), "{line:?}: {said}");
    }
    let file = dir.path().join("page.html").display().to_string();
    let (said, _, _) = say(&path, 80, &["export", "last", "--html", "--json", "-o", &file]);
    let said: Json = serde_json::from_str(&said).unwrap();
    let bytes = std::fs::metadata(&file).unwrap().len();
    assert_eq!((said["file"].as_str(), said["bytes"].as_u64()), (Some(&*file), Some(bytes)));
}

#[test]
fn what_has_no_json_says_so() {
    let (_dir, path, store) = fresh();
    store.insert_blocking(batch(vec![span(1, 1, 0)])).unwrap();
    for (line, why) in [
        ("export last --html", "a page is no JSON"),
        ("completions bash", "there is no JSON of them"),
        ("init", "`--yes`"),
        ("show last --as-test", "`--as-test`"),
        ("last --compact", "`--compact`"),
        #[cfg(feature = "explore")]
        ("explore", "explore is for people"),
    ] {
        let arguments: Vec<&str> = line.split(' ').chain(["--json"]).collect();
        let (said, complaint, code) = say(&path, 80, &arguments);
        assert_eq!((said.as_str(), code), ("", 2), "{line}");
        assert!(complaint.starts_with("prela: ") && complaint.contains(why), "{line}: {complaint}");
    }
}

#[test]
fn a_new_file_of_settings_is_named_in_json() {
    let dir = TempDir::new().unwrap();
    let mut init = command(["init", "--yes", "--json"]);
    let output = init.current_dir(dir.path()).env("HOME", dir.path()).output().unwrap();
    let said: Json = serde_json::from_str(&text(&output.stdout)).unwrap();
    assert!(said["file"].as_str().unwrap().ends_with("prela.toml"), "{said}");
}
