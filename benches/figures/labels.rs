//! One text to its label, with the model inside the program.

use std::{
    fs,
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};

use finbrain_ml::Model;

use super::table::{Table, Target, Unit, microseconds};

const ROUNDS: usize = 5;

pub fn measure(table: &mut Table) -> anyhow::Result<()> {
    table.begin("one text to its label");
    let texts = texts()?;
    let model = Model::builtin();
    // The first round warms up.
    texts.iter().for_each(|text| drop(black_box(model.predict(text))));
    let mut times: Vec<Duration> = Vec::new();
    for text in (0..ROUNDS).flat_map(|_| &texts) {
        let began = Instant::now();
        drop(black_box(model.predict(black_box(text))));
        times.push(began.elapsed());
    }
    times.sort_unstable();
    let quantile = |hundredths: usize| microseconds(times[times.len() * hundredths / 100]);
    table.add("p50", quantile(50), Unit::Microseconds, Target::AtMost(10.0));
    table.remark(format!("{} texts in seven languages and scripts", texts.len()));
    table.add("p99", quantile(99), Unit::Microseconds, Target::AtMost(50.0));
    Ok(())
}

/// Texts of every language that the model was trained on, as people write them: with a place and a number behind.
fn texts() -> anyhow::Result<Vec<String>> {
    let mut texts = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("ml/data");
    let mut files: Vec<_> =
        fs::read_dir(folder)?.map(|file| file.map(|file| file.path())).collect::<Result<_, _>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "csv"));
    files.sort();
    for file in files {
        for line in fs::read_to_string(file)?.lines().skip(1).step_by(5) {
            let text = line.split(',').next().unwrap_or_default();
            texts.push(match texts.len() % 3 {
                0 => text.to_owned(),
                1 => format!("{text} 04/11 #{}", texts.len()),
                _ => format!("POS {text} Tel Aviv branch {}", texts.len()),
            });
        }
    }
    Ok(texts)
}
