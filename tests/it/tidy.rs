//! The house's rules that a compiler does not know.

mod modules;

use self::modules::Modules;
use crate::program::workspace;
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

/// A file of the workspace.
struct File {
    /// The path from the workspace's root, with `/`.
    path: String,
    text: String,
}

impl File {
    /// Lines that are no comments, with their numbers; none of a file of tests.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_test = self.is_test();
        let lines = self.text.lines().enumerate().map(|(at, line)| (at + 1, line));
        lines.filter(move |(_, line)| !is_test && !line.trim_start().starts_with("//"))
    }

    fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// Whether it says which modules there are, and little else.
    fn is_table_of_contents(&self) -> bool {
        const LISTS: [&str; 6] = ["mod ", "pub mod ", "pub(crate) mod ", "use ", "pub use ", "#["];
        let (mut lines, mut listed, mut in_list) = (0, 0, false);
        for (_, line) in self.code().filter(|(_, line)| !line.trim().is_empty()) {
            in_list |= LISTS.iter().any(|list| line.starts_with(list));
            lines += 1;
            listed += usize::from(in_list);
            in_list &= !line.ends_with([';', ']']);
        }
        listed * 2 > lines
    }

    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let path = path.strip_prefix(workspace()).unwrap_or(path);
        Self { path: path.to_str().unwrap().replace('\\', "/"), text }
    }
}

fn files(dir: &str, extension: &str) -> Vec<File> {
    let mut found = Vec::new();
    collect(&workspace().join(dir), extension, &mut found);
    assert!(!found.is_empty(), "no {extension} in {dir}");
    found
}

fn collect(dir: &Path, extension: &str, found: &mut Vec<File>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, extension, found);
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(File::read(&path));
        }
    }
}

/// Sources of the published crates.
fn sources() -> Vec<File> {
    let mut sources = files("crates", "rs");
    sources.retain(|file| file.path.contains("/src/"));
    sources
}

fn sources_of_prela() -> Vec<File> {
    files("crates/prela/src", "rs")
}

#[track_caller]
fn assert_none(offenders: Vec<String>, rule: &str) {
    assert!(offenders.is_empty(), "{rule}:\n{}", offenders.join("\n"));
}

/// Lines of code with one of `words` in a file that is not among `allowed`.
fn code_with(words: &[&str], allowed: &[&str]) -> Vec<String> {
    let mut offenders = Vec::new();
    for file in sources_of_prela() {
        let inner = file.path.strip_prefix("crates/prela/src/").unwrap();
        if allowed.iter().any(|allowed| inner.starts_with(allowed)) {
            continue;
        }
        for (at, line) in file.code() {
            if words.iter().any(|word| line.contains(word)) {
                offenders.push(format!("{}:{at}: {}", file.path, line.trim()));
            }
        }
    }
    offenders
}

#[test]
fn files_are_short() {
    let long = sources().into_iter().filter(|file| file.code().count() > 400);
    let long = long.map(|file| format!("{}: {} lines", file.path, file.code().count()));
    assert_none(long.collect(), "a file has one noun and at most 400 lines");
}

/// A shorter file is one more step for a reader: what it says belongs beside what it serves.
#[test]
fn files_are_worth_opening() {
    let is_short = |file: &File| {
        let lines = file.code().filter(|(_, line)| !line.trim().is_empty()).count();
        lines < 30 && !file.is_test() && !file.is_table_of_contents()
    };
    let short =
        sources().into_iter().filter(|file| is_short(file) && !file.path.ends_with("main.rs"));
    assert_none(
        short.map(|file| file.path).collect(),
        "a file has 30 lines of code, or lists others",
    );
}

#[test]
fn files_are_named_after_nouns() {
    const NAMES: [&str; 7] = ["mod", "util", "utils", "helper", "helpers", "common", "misc"];
    let is_bad = |file: &File| {
        file.path.split('/').any(|part| NAMES.contains(&part.trim_end_matches(".rs")))
    };
    let bad = sources().into_iter().chain(files("tests", "rs")).filter(is_bad);
    assert_none(bad.map(|file| file.path).collect(), "a file is named after what is in it");
}

#[test]
fn only_env_reads_the_environment() {
    let reads = code_with(&["env::var", "env::vars", "env::current", "env::args"], &["env"]);
    assert_none(reads, "`env` has the one table of variables");
}

#[test]
fn only_diagnostics_and_the_console_print() {
    let prints = code_with(
        &["println!", "eprintln!", "print!(", "dbg!", "io::stderr", "io::stdout"],
        &["pipeline/diagnostics.rs", "tracer/early.rs", "export/console"],
    );
    assert_none(prints, "a library does not print");
}

#[test]
fn only_otel_names_types_of_the_sdk() {
    let names = code_with(&["opentelemetry_sdk", "opentelemetry_otlp"], &["otel"]);
    assert_none(names, "a minor of `opentelemetry_sdk` changes one module");
}

/// Numbers of fields stand in one table, and what begins a field is made of them.
#[test]
fn only_protobuf_knows_tags() {
    let literals = ["raw([0x", "from_slice(&[0x", "tag = 0x", "wire_type", "<< 3 |"];
    assert_none(code_with(&literals, &["protobuf"]), "field numbers stand in `protobuf/fields.rs`");
    let names = code_with(&["opentelemetry_proto", "prost"], &["otlp/message"]);
    assert_none(names, "the messages of `opentelemetry-proto` are an oracle of tests");
}

#[test]
fn only_semconv_spells_attribute_keys() {
    let own = ["\"gen_ai.", "\"prela.", "\"exception."];
    let of_others = ["\"openinference.", "\"traceloop.", "\"langfuse.", "\"honeyhive"];
    let words = [own.as_slice(), of_others.as_slice()].concat();
    let spelled = code_with(&words, &["semconv.rs", "semconv/"]);
    assert_none(spelled, "keys stand in `semconv`");
}

#[test]
fn only_the_pipeline_owns_threads_and_nothing_listens() {
    let threads = code_with(
        &["thread::Builder", "thread::spawn", "new_current_thread"],
        &["pipeline", "context/", "init/running.rs", "init/signal.rs"],
    );
    assert_none(threads, "only the pipeline, and what ends it, have threads of their own");
    assert_none(code_with(&["TcpListener", "UnixListener"], &[]), "an SDK does not listen");
}

#[test]
fn rooms_use_only_lower_floors() {
    let (floors, homes) = floors();
    let mut offenders = BTreeSet::new();
    for file in sources_of_prela() {
        let inner = file.path.strip_prefix("crates/prela/src/").unwrap();
        let room = inner.split(['/', '.']).next().unwrap();
        // What macros expand to is the top of everything, as `lib.rs` itself.
        let Some(own) = floors.get(room).filter(|_| room != "__private") else { continue };
        let code: Vec<_> = file.code().map(|(_, line)| line).collect();
        for name in used_names(&code.join("\n")) {
            let used = homes.get(&name).unwrap_or(&name);
            if floors.get(used).is_some_and(|floor| floor < own) {
                offenders.insert(format!("{inner} uses `{used}`"));
            }
        }
    }
    assert_none(offenders.into_iter().collect(), "a room uses only those on lower floors");
}

#[test]
fn modules_use_each_other_in_one_direction() {
    for src in ["crates/prela/src/", "crates/prela-cli/src/"] {
        let circles = Modules::read(&files(src, "rs"), src).circles();
        let rooms = circles.iter().filter(|(room, _)| room.is_empty());
        assert_eq!(rooms.count(), 0, "no circle between rooms: {circles:?}");
        assert!(circles.len() < 3, "fewer than three circles inside rooms of {src}: {circles:#?}");
    }
}

/// The floor of each room, and the room of each name, from `lib.rs`: between two floors is an empty
/// line.
fn floors() -> (HashMap<String, usize>, HashMap<String, String>) {
    let lib = File::read(&workspace().join("crates/prela/src/lib.rs"));
    let (mut floors, mut homes) = (HashMap::new(), HashMap::new());
    let (mut floor, mut item) = (0, String::new());
    for (_, line) in lib.code() {
        floor += usize::from(line.is_empty());
        if line.starts_with("#[") {
            continue;
        }
        item.push_str(line);
        let Some(done) = item.strip_suffix(';') else { continue };
        let done = done.trim_start_matches("pub ");
        if let Some(room) = done.strip_prefix("mod ") {
            floors.insert(room.to_owned(), floor);
        } else if let Some((room, names)) =
            done.strip_prefix("use ").and_then(|path| path.split_once("::"))
        {
            let names = names.trim_matches(['{', '}']).split(',');
            homes.extend(names.map(|name| (name.trim().to_owned(), room.to_owned())));
        }
        item.clear();
    }
    assert!(floors.len() > 15 && homes.contains_key("SpanBuilder"), "{floors:?} {homes:?}");
    (floors, homes)
}

/// The first names after `crate::`, in paths and in lists.
fn used_names(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for after in code.split("crate::").skip(1) {
        let name = |text: &str| -> String {
            text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
        };
        match after.strip_prefix('{') {
            None => names.push(name(after)),
            Some(list) => {
                let mut depth = 1;
                let mut start = 0;
                for (at, c) in list.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        _ => {}
                    }
                    if (c == ',' && depth == 1) || depth == 0 {
                        names.push(name(&list[start..at]));
                        start = at + 1;
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
        }
    }
    names
}

#[test]
fn every_example_is_listed_has_a_file_and_is_tested() {
    let manifest = File::read(&workspace().join("examples/Cargo.toml")).text;
    let listed = quoted_after(&manifest, "name = \"");
    let listed: BTreeSet<_> = listed.into_iter().filter(|name| name != "prela-examples").collect();
    let on_disk = fs::read_dir(workspace().join("examples")).unwrap().map(|it| it.unwrap().path());
    let on_disk = on_disk.filter(|path| path.extension().is_some_and(|it| it == "rs"));
    let on_disk = on_disk.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned());
    assert_eq!(listed, on_disk.collect());
    let tests: String = files("tests/it", "rs").into_iter().map(|file| file.text).collect();
    let untested = listed.iter().filter(|name| !tests.contains(&format!("\"{name}\"")));
    assert_none(untested.cloned().collect(), "an example is run by a test");

    let readme = File::read(&workspace().join("README.md")).text;
    let unnamed = listed.iter().filter(|name| !readme.contains(&format!("(examples/{name}.rs)")));
    assert_none(unnamed.cloned().collect(), "an example has a line in the README");

    let long =
        listed.iter().map(|name| File::read(&workspace().join(format!("examples/{name}.rs"))));
    let long = long.filter(|file| file.text.lines().count() > 100).map(|file| file.path);
    assert_none(long.collect(), "an example has one idea and at most 100 lines");
}

/// What stands between `before` and the next `"`, each time.
fn quoted_after(text: &str, before: &str) -> Vec<String> {
    let parts = text.split(before).skip(1);
    parts.map(|after| after.split('"').next().unwrap().to_owned()).collect()
}

#[test]
fn links_in_the_documents_lead_to_files() {
    let documents = fs::read_dir(workspace()).unwrap().map(|entry| entry.unwrap().path());
    let documents = documents.filter(|path| path.extension().is_some_and(|it| it == "md"));
    let mut dead = Vec::new();
    for document in documents.map(|path| File::read(&path)) {
        for link in document.text.split("](").skip(1) {
            let link = link.split([')', '#', ' ']).next().unwrap();
            let is_local =
                !link.is_empty() && !link.contains("://") && !link.starts_with("mailto:");
            if is_local && !workspace().join(link).exists() {
                dead.push(format!("{}: {link}", document.path));
            }
        }
    }
    assert_none(dead, "a link leads to a file");
}

/// Two of one of them would mean two contexts.
#[test]
fn there_is_one_opentelemetry() {
    let lock = File::read(&workspace().join("Cargo.lock")).text;
    for name in ["opentelemetry", "opentelemetry_sdk", "opentelemetry-proto"] {
        let count = lock.lines().filter(|line| *line == format!("name = \"{name}\"")).count();
        assert_eq!(count, 1, "{name}");
    }
}

#[test]
fn published_crates_have_the_lints_and_one_version() {
    let root = File::read(&workspace().join("Cargo.toml")).text;
    let version = &quoted_after(&root, "\nversion = \"")[0];
    let pins = quoted_after(&root, "version = \"=");
    assert!(pins.len() >= 2 && pins.iter().all(|pin| pin == version), "{pins:?} {version}");
    let manifests: Vec<PathBuf> = fs::read_dir(workspace().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().path().join("Cargo.toml"))
        .collect();
    for manifest in manifests.iter().map(|path| File::read(path)) {
        assert!(manifest.text.contains("[lints]\nworkspace = true"), "{}", manifest.path);
        assert!(manifest.text.contains("version.workspace = true"), "{}", manifest.path);
    }
}
