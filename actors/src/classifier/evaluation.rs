//! How good a model is on rows that somebody labelled: a CSV of `description,category`, bounded, refused by line.

use finbrain_ml::{Evaluation, Example, Model, evaluate};

/// Bytes of the file.
pub const MAX_BYTES: usize = 2 * 1024 * 1024;
/// Rows of the file.
pub const MAX_ROWS: usize = 20_000;

/// Why labelled rows were refused. A line never says what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelledError {
    #[error("the file has more than {MAX_BYTES} bytes")]
    TooLarge,
    #[error("there are more than {MAX_ROWS} rows")]
    TooMany,
    #[error("there are no rows")]
    Empty,
    #[error("the first line is not description,category")]
    Header,
    #[error("line {line} does not have two fields of UTF-8")]
    Line { line: u64 },
    #[error("the category in line {line} is none of the model's")]
    Category { line: u64 },
}

/// Figures over labelled rows; shares are from 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    pub rows: usize,
    pub accuracy: f64,
    /// Accuracy on the 80 % of the rows that the model is surest of.
    pub surest_80: f64,
    /// Expected calibration error over 15 bins.
    pub calibration_error: f64,
    /// Rows of each category, and how many of them the model gets right.
    pub by_category: Vec<(String, usize, usize)>,
}

/// Asks a model about every row of a CSV.
pub fn evaluate_csv(model: &Model, csv: &[u8]) -> Result<Figures, LabelledError> {
    let rows = parse(model, csv)?;
    let Evaluation { samples, accuracy, accuracy_at_80, ece, classes } = evaluate(model, &rows);
    let by_category = classes.into_iter().filter(|class| class.support > 0).map(|class| {
        let right = (class.recall * class.support as f64).round() as usize;
        (class.label, class.support, right)
    });
    Ok(Figures {
        rows: samples,
        accuracy,
        surest_80: accuracy_at_80,
        calibration_error: ece,
        by_category: by_category.collect(),
    })
}

fn parse(model: &Model, csv: &[u8]) -> Result<Vec<Example>, LabelledError> {
    if csv.len() > MAX_BYTES {
        return Err(LabelledError::TooLarge);
    }
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(csv);
    let header = reader.headers().map_err(|_| LabelledError::Header)?;
    if header.iter().map(str::trim).ne(["description", "category"]) {
        return Err(LabelledError::Header);
    }
    let mut rows = Vec::new();
    for (record, number) in reader.records().zip(2..) {
        let record = record.map_err(|_| LabelledError::Line { line: number })?;
        let line = record.position().map_or(number, csv::Position::line);
        let (Some(text), Some(label), 2) = (record.get(0), record.get(1), record.len()) else {
            return Err(LabelledError::Line { line });
        };
        let label = label.trim();
        if !model.labels().iter().any(|known| **known == *label) {
            return Err(LabelledError::Category { line });
        }
        if rows.len() == MAX_ROWS {
            return Err(LabelledError::TooMany);
        }
        rows.push(Example::new(text, label));
    }
    if rows.is_empty() { Err(LabelledError::Empty) } else { Ok(rows) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(csv: &str) -> Result<Figures, LabelledError> {
        evaluate_csv(Model::builtin(), csv.as_bytes())
    }

    #[test]
    fn figures_count_rows_and_right_ones_by_category() {
        let csv = "description,category\ncoffee,food-drinks\nbus ticket,food-drinks\n\"rent, flat\",housing-bills\n";

        let figures = figures(csv).unwrap();

        assert_eq!(figures.rows, 3);
        assert!((figures.accuracy - 2.0 / 3.0).abs() < 1e-9);
        let expected = [("food-drinks".to_owned(), 2, 1), ("housing-bills".to_owned(), 1, 1)];
        assert_eq!(figures.by_category, expected);
    }

    #[test]
    fn what_is_no_labelled_file_is_refused_by_line() {
        let table = [
            ("", LabelledError::Header),
            ("text,label\nx,other\n", LabelledError::Header),
            ("description,category\n", LabelledError::Empty),
            ("description,category\ncoffee,food-drinks\nx\n", LabelledError::Line { line: 3 }),
            ("description,category\nx,other,y\n", LabelledError::Line { line: 2 }),
            ("description,category\nx,Food\n", LabelledError::Category { line: 2 }),
        ];
        for (csv, expected) in table {
            assert_eq!(figures(csv), Err(expected), "{csv}");
        }
        let many = format!("description,category\n{}", "x,other\n".repeat(MAX_ROWS + 1));
        assert_eq!(figures(&many), Err(LabelledError::TooMany));
        assert_eq!(figures(&"x".repeat(MAX_BYTES + 1)), Err(LabelledError::TooLarge));
        assert!(evaluate_csv(Model::builtin(), b"description,category\n\xff,other\n").is_err());
    }
}
