//! Builds the browser app and puts it where the program embeds it from. Fails loudly when npm fails;
//! `FINBRAIN_UI=skip` builds the server alone.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

fn main() {
    println!("cargo::rerun-if-env-changed=FINBRAIN_UI");
    let ui = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("ui");
    fs::create_dir_all(&ui).expect("OUT_DIR can be written");
    match env::var("FINBRAIN_UI").as_deref() {
        Ok("skip") => {
            let _ = fs::remove_dir_all(&ui);
            fs::create_dir_all(&ui).expect("OUT_DIR can be written");
        }
        Ok(other) => panic!("FINBRAIN_UI is {other:?}; the only value that it may have is skip"),
        Err(_) => build(&ui),
    }
}

fn build(ui: &Path) {
    let frontend = Path::new("frontend");
    for watched in [
        "src",
        "public",
        "index.html",
        "package.json",
        "package-lock.json",
        "vite.config.ts",
        "tsconfig.json",
    ] {
        println!("cargo::rerun-if-changed=frontend/{watched}");
    }
    let lock = fs::read(frontend.join("package-lock.json")).expect("frontend/package-lock.json can be read");
    let installed = frontend.join("node_modules/.finbrain-lock");
    if fs::read(&installed).ok().as_ref() != Some(&lock) {
        npm(frontend, ui, &["ci", "--no-audit", "--no-fund"]);
        fs::write(&installed, lock).expect("frontend/node_modules can be written");
    }
    npm(frontend, ui, &["run", "build"]);
}

fn npm(frontend: &Path, ui: &Path, arguments: &[&str]) {
    let outcome =
        Command::new("npm").args(arguments).current_dir(frontend).env("FINBRAIN_UI_OUT", ui).output();
    let output = outcome.unwrap_or_else(|error| {
        panic!("npm could not be started ({error}): install Node.js 20 or newer, or build the server alone with FINBRAIN_UI=skip")
    });
    if !output.status.success() {
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        panic!("npm {} failed:\n{out}\n{err}", arguments.join(" "));
    }
}
