//! Who may import whom inside `src/`: the rooms behind the ports know the domain and never each other.

use std::{fs, path::Path};

/// A folder of `src/` and the rooms that it may import beside itself.
const MAY_IMPORT: [(&str, &[&str]); 8] = [
    ("auth", &[]),
    ("store", &[]),
    ("shared", &[]),
    ("outbound", &[]),
    ("telemetry", &[]),
    ("config", &["auth", "telemetry"]),
    ("problem", &["auth"]),
    ("routes", &["auth", "config", "problem", "telemetry"]),
];

/// The rooms that the Rust files under a folder name, with the file.
fn imports(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(imports(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source is text");
            // A room's own tests may look at others.
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            let text: String = text.split_whitespace().collect();
            for rest in text.split("crate::").skip(1) {
                let (group, single) = (rest.strip_prefix('{'), rest.split([':', ';', ',']).next());
                let rooms = group.map_or(single.into_iter().collect(), first_names);
                found.extend(rooms.iter().map(|room| ((*room).to_owned(), path.display().to_string())));
            }
        }
    }
    found
}

/// The first name of every member of a braced import, whose opening brace is gone.
fn first_names(group: &str) -> Vec<&str> {
    let (mut names, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' | ',' if depth == 0 => {
                names.extend(group[start..at].split("::").next().filter(|name| !name.is_empty()));
                start = at + 1;
                if letter == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    names
}

#[test]
fn the_rooms_of_the_server_import_only_whom_they_may() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (room, allowed) in MAY_IMPORT {
        for (imported, file) in imports(&src.join(room)) {
            let fine = imported == room || allowed.contains(&&*imported);
            let is_room = src.join(&imported).is_dir() || src.join(format!("{imported}.rs")).is_file();
            assert!(fine || !is_room, "{file} imports {imported}");
        }
    }
}

#[test]
fn nobody_imports_the_application_but_the_program() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let program = [src.join("main.rs"), src.join("app.rs")].map(|path| path.display().to_string());
    for (imported, file) in imports(&src) {
        assert!(imported != "app" || program.contains(&file), "{file} imports app");
    }
}

#[test]
fn a_braced_import_is_read_to_its_end() {
    assert_eq!(first_names("auth::{door::Door,error::E},problem::Code,};usex::y"), ["auth", "problem"]);
}
