//! Which modules of a crate use which, read from their paths.

use super::File;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The place of a module: the names below the crate's root.
type Place = Vec<String>;

/// The modules of a crate, without its tests.
pub struct Modules {
    code: BTreeMap<Place, String>,
    /// The re-exports of each module: the name, and the child that has it.
    exports: HashMap<Place, HashMap<String, String>>,
}

impl Modules {
    pub fn read(files: &[File], src: &str) -> Self {
        let mut code = BTreeMap::new();
        for file in files.iter().filter(|file| !file.is_test()) {
            let inner = file.path.strip_prefix(src).and_then(|inner| inner.strip_suffix(".rs"));
            let place = inner.unwrap_or_else(|| panic!("{} is not in {src}", file.path));
            let place = if place == "lib" { Vec::new() } else { owned(place.split('/')) };
            let lines: Vec<_> = file.code().map(|(_, line)| line).collect();
            code.insert(place, lines.join("\n"));
        }
        let mut modules = Self { code, exports: HashMap::new() };
        modules.exports =
            modules.code.keys().map(|it| (it.clone(), modules.exports_of(it))).collect();
        modules
    }

    fn exports_of(&self, place: &Place) -> HashMap<String, String> {
        let mut exports = HashMap::new();
        for item in self.code[place].split("use ").skip(1) {
            let path = item.split(';').next().unwrap_or_default().trim_start_matches("self::");
            let Some((child, names)) = path.split_once("::") else { continue };
            if self.code.contains_key(&joined(place, child)) {
                let names = names.split(|c: char| !c.is_alphanumeric() && c != '_');
                exports.extend(names.map(|name| (name.to_owned(), child.to_owned())));
            }
        }
        exports
    }

    /// Circles among siblings: modules of one room that use each other, a folder counting as the module
    /// that it belongs to. Of the crate's rooms the room is empty.
    pub fn circles(&self) -> Vec<(String, BTreeSet<String>)> {
        let mut rooms: BTreeMap<Place, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
        for (place, code) in &self.code {
            for path in paths(code) {
                let Some(used) = self.find(place, &path) else { continue };
                let shared = place.iter().zip(&used).take_while(|(a, b)| a == b).count();
                // A parent lists its children, and a child may use what its parent has: no siblings.
                if let (Some(own), Some(other)) = (place.get(shared), used.get(shared)) {
                    let room = rooms.entry(place[..shared].to_vec()).or_default();
                    room.entry(own.clone()).or_default().insert(other.clone());
                }
            }
        }
        let circles = rooms.iter().flat_map(|(room, uses)| {
            circles(uses).into_iter().map(|circle| (room.join("/"), circle))
        });
        circles.collect()
    }

    /// The module that has what a path at `place` names.
    fn find(&self, place: &Place, path: &[String]) -> Option<Place> {
        let mut path = path.iter().peekable();
        let mut at = match path.next()?.as_str() {
            "crate" => Vec::new(),
            "super" => place.split_last()?.1.to_vec(),
            _ => place.clone(),
        };
        while path.next_if(|name| *name == "super").is_some() {
            at.pop()?;
        }
        for name in path {
            while let Some(child) = self.exports.get(&at).and_then(|exports| exports.get(name)) {
                at.push(child.clone());
            }
            let child = joined(&at, name);
            if !self.code.contains_key(&child) {
                break;
            }
            at = child;
        }
        Some(at)
    }
}

fn joined(place: &Place, name: &str) -> Place {
    let mut place = place.clone();
    place.push(name.to_owned());
    place
}

fn owned<'a>(names: impl Iterator<Item = &'a str>) -> Place {
    names.map(str::to_owned).collect()
}

/// Every path that begins with `crate`, `super` or `self`; those in braces each by itself.
fn paths(code: &str) -> Vec<Place> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) =
        ["crate::", "super::", "self::"].iter().filter_map(|it| rest.find(it)).min()
    {
        let is_whole = !rest[..at].ends_with(|c: char| c.is_alphanumeric() || "_:$".contains(c));
        let path = &rest[at..];
        if is_whole {
            expand(&mut path.chars().peekable(), &Vec::new(), &mut found);
        }
        rest = &path[path.find("::").map_or(path.len(), |end| end + 2)..];
    }
    found
}

/// Reads one tree of a `use`, up to what ends it.
fn expand(
    text: &mut std::iter::Peekable<std::str::Chars<'_>>,
    before: &Place,
    found: &mut Vec<Place>,
) {
    let mut path = before.clone();
    loop {
        let mut name = String::new();
        while let Some(c) = text.next_if(|c| c.is_alphanumeric() || *c == '_') {
            name.push(c);
        }
        if !name.is_empty() {
            path.push(name);
        }
        if text.next_if_eq(&':').is_none() || text.next_if_eq(&':').is_none() {
            break;
        }
        if text.next_if_eq(&'{').is_some() {
            while text.peek().is_some_and(|c| *c != '}') {
                while text.next_if(|c| *c == ',' || c.is_whitespace()).is_some() {}
                if text.peek().is_some_and(|c| *c != '}') {
                    expand(text, &path, found);
                    // Another name that it gets here.
                    while text.next_if(|c| !",}".contains(*c)).is_some() {}
                }
            }
            text.next();
            return;
        }
    }
    if path.len() > before.len() {
        found.push(path);
    }
}

/// The sets of names of which each reaches each other.
fn circles(uses: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<BTreeSet<String>> {
    let reached = |from: &String| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(name) = next.pop() {
            for used in uses.get(name).into_iter().flatten().filter(|it| *it != name) {
                if seen.insert(used.clone()) {
                    next.push(used);
                }
            }
        }
        seen
    };
    let reach: BTreeMap<_, _> = uses.keys().map(|name| (name, reached(name))).collect();
    let circle = |name: &String| -> BTreeSet<String> {
        let mutual =
            reach[name].iter().filter(|it| reach.get(it).is_some_and(|back| back.contains(name)));
        mutual.cloned().collect()
    };
    uses.keys().map(circle).filter(|circle| circle.len() > 1).collect()
}

#[test]
fn circles_are_found_through_lists_and_exports() {
    let file = |path: &str, text: &str| File { path: format!("src/{path}"), text: text.into() };
    let files = [
        file("lib.rs", "mod a;\nmod b;\npub use b::{One, Two};"),
        file("a.rs", "mod x;\nmod y;\npub use self::y::Y;\nuse crate::{One, b::inner};"),
        file("a/x.rs", "use super::Y;"),
        file("a/y.rs", "fn f() { super::x::g() }\n// use crate::nothing;"),
        file("a/y/tests.rs", "use crate::b::Two;"),
        file("b.rs", "use crate::c::C;"),
        file("c.rs", "fn c() {}"),
    ];
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let circles = Modules::read(&files, "src/").circles();
    assert_eq!(circles, [("a".to_owned(), set(&["x", "y"]))]);

    let back = file("c.rs", "use crate::a::Y;");
    let mut files = files.into_iter().filter(|file| file.path != "src/c.rs").collect::<Vec<_>>();
    files.push(back);
    let circles = Modules::read(&files, "src/").circles();
    assert!(circles.contains(&(String::new(), set(&["a", "b", "c"]))), "{circles:?}");
}
