//! Pages of lists: a cursor that clients give back as they got it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{Code, Problem};

/// The most rows of one page.
pub const MAX_LIMIT: usize = 500;
const DEFAULT_LIMIT: usize = 50;

/// Where the next page begins.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Page)]
pub struct PageView {
    /// The `cursor` of the next page; `null` on the last one.
    #[schema(required)]
    pub next: Option<String>,
}

/// The number of rows asked for.
pub fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    match asked {
        None => Ok(DEFAULT_LIMIT),
        Some(limit) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
        Some(_) => Err(Problem::new(Code::InvalidQuery).saying("Ask for a limit from 1 to 500.")),
    }
}

pub fn encode(cursor: &str) -> String {
    URL_SAFE_NO_PAD.encode(cursor)
}

/// The text inside a cursor.
pub fn decode(cursor: &str) -> Result<String, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| bad_cursor())?;
    String::from_utf8(bytes).map_err(|_| bad_cursor())
}

pub fn bad_cursor() -> Problem {
    Problem::new(Code::InvalidQuery).saying("The cursor is none of ours: begin with the first page.")
}
