//! A book folded from the changes of its journal, without the server's help: sums in `i128`, rows in maps.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

/// A transaction as it stands at a version.
#[derive(Debug, Clone)]
pub struct Row {
    /// Minor units; negative is money out.
    pub minor: i128,
    pub month: String,
    pub date: String,
    pub category: String,
    pub review: bool,
    pub json: Value,
}

#[derive(Debug, Default)]
pub struct Fold {
    version: u64,
    /// By day and id, which is the order of lists from behind.
    pub rows: BTreeMap<(String, String), Row>,
    days: HashMap<String, String>,
    /// Whether a category is one of expenses.
    pub categories: BTreeMap<String, bool>,
    /// The slot that touched a transaction last.
    pub touched: HashMap<String, u64>,
}

impl Fold {
    pub const fn version(&self) -> u64 {
        self.version
    }

    pub fn row(&self, id: &str) -> Option<&Row> {
        let day = self.days.get(id)?;
        self.rows.get(&(day.clone(), id.to_owned()))
    }

    /// Takes the next entry. An amount that is no amount is told.
    pub fn apply(&mut self, entry: &Value) -> Result<(), String> {
        self.version += 1;
        for change in entry["changes"].as_array().into_iter().flatten() {
            let id = change["id"].as_str().unwrap_or_default();
            match change["kind"].as_str() {
                Some("transaction") => self.transaction(id, &change["to"])?,
                Some("category") => self.category(id, &change["to"]),
                _ => {}
            }
        }
        Ok(())
    }

    fn transaction(&mut self, id: &str, to: &Value) -> Result<(), String> {
        self.touched.insert(id.to_owned(), self.version);
        if let Some(day) = self.days.remove(id) {
            self.rows.remove(&(day, id.to_owned()));
        }
        if to.is_null() {
            return Ok(());
        }
        let text = |field: &str| to[field].as_str().unwrap_or_default().to_owned();
        let date = text("date");
        let minor = minor(&text("amount")).ok_or_else(|| format!("transaction {id} has no amount"))?;
        let row = Row {
            minor,
            month: date.chars().take(7).collect(),
            date: date.clone(),
            category: text("category_id"),
            review: to["review"] == true,
            json: to.clone(),
        };
        self.days.insert(id.to_owned(), date.clone());
        self.rows.insert((date, id.to_owned()), row);
        Ok(())
    }

    fn category(&mut self, id: &str, to: &Value) {
        match to["kind"].as_str() {
            Some(kind) => self.categories.insert(id.to_owned(), kind == "expense"),
            None => self.categories.remove(id),
        };
    }
}

/// Minor units of a currency with two digits.
fn minor(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "00"));
    let part = match part.len() {
        2 => part.parse::<i128>().ok()?,
        _ => return None,
    };
    Some(sign * (whole.parse::<i128>().ok()? * 100 + part))
}

/// The text of minor units.
pub fn text(minor: i128) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let minor = minor.unsigned_abs();
    format!("{sign}{}.{:02}", minor / 100, minor % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_come_back_as_they_were() {
        for amount in ["0.00", "-0.05", "7.10", "-1234567.89"] {
            assert_eq!(text(minor(amount).unwrap()), amount);
        }
        assert_eq!(minor("1.5"), None);
    }
}
