//! Trains the model that ships with the program from `ml/data` and writes `ml/model/default.bin`.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use finbrain_ml::{canaries, evaluate, lexicon, train};

/// The file is committed and embedded; it must stay small.
const LIMIT: usize = 2_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let examples = lexicon::examples()?;
    let started = Instant::now();
    let model = train(&examples, &lexicon::options(), None)?;
    println!("trained on {} examples in {:.2} s", examples.len(), started.elapsed().as_secs_f64());

    let bytes = model.to_bytes();
    println!("{} features, {} bytes, version {}", model.features(), bytes.len(), model.version());
    let figures = evaluate(&model, &lexicon::held_out()?);
    println!(
        "held-out rows: accuracy {:.4}, surest 80 % {:.4}, ECE {:.4} ({} rows)",
        figures.accuracy, figures.accuracy_at_80, figures.ece, figures.samples
    );
    for class in &figures.classes {
        println!(
            "  {:<20} precision {:.3} recall {:.3} of {}",
            class.label, class.precision, class.recall, class.support
        );
    }
    if bytes.len() > LIMIT {
        return Err(format!("the model has {} bytes, more than {LIMIT}", bytes.len()).into());
    }
    if let Err(missed) = canaries(&model) {
        missed
            .iter()
            .for_each(|miss| println!("canary {:?}: {} instead of {}", miss.text, miss.given, miss.expected));
        return Err("the model fails canary texts; nothing was written".into());
    }
    write(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/model/default.bin")), &bytes)?;
    Ok(())
}

/// A reader sees the old file or the new one, never a part.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = path.with_extension("tmp");
    let mut file = fs::File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(temporary, path)
}
