//! How a transaction looks on the wire. It has the names and texts of its POST.

use finbrain_actors::user_session::{Amended, ListedTransaction, Recorded};
use finbrain_domain::{
    money::{Money, format_minor},
    report::ListTotals,
    transaction::{Cursor, Transaction},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    insights_anomalies::AnomalyView,
    money::{UnconvertedView, unconverted},
    page::{self, PageView},
    suggestion::SuggestionView,
};

/// A transaction.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Transaction)]
pub struct TransactionView {
    id: String,
    #[schema(example = "2026-11-24")]
    date: String,
    description: String,
    /// Decimal string; negative is money out.
    #[schema(example = "-52.90")]
    amount: String,
    #[schema(example = "ILS")]
    currency: &'static str,
    account_id: String,
    /// `null` when it has splits.
    #[schema(required)]
    category_id: Option<String>,
    splits: Vec<SplitView>,
    tags: Vec<String>,
    #[schema(required)]
    note: Option<String>,
    #[schema(required)]
    payee: Option<String>,
    #[schema(required)]
    external_id: Option<String>,
    /// The category is not sure: somebody should look.
    review: bool,
    /// The amount in the currency asked for, when that is another one and the day has a rate.
    #[schema(required)]
    converted: Option<ConvertedView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Split)]
pub struct SplitView {
    category_id: String,
    /// Decimal string.
    amount: String,
    #[schema(required)]
    note: Option<String>,
}

/// An amount in another currency, and the rate that made it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Converted)]
pub struct ConvertedView {
    amount: String,
    currency: &'static str,
    rate: String,
    rate_date: String,
    source: &'static str,
}

impl TransactionView {
    pub fn plain(transaction: &Transaction) -> Self {
        let currency = transaction.original.currency();
        let splits = match transaction.lines.as_slice() {
            [_] => Vec::new(),
            lines => lines
                .iter()
                .map(|line| SplitView {
                    category_id: line.category.to_string(),
                    amount: format_minor(i128::from(line.amount), currency),
                    note: line.note.as_ref().map(String::from),
                })
                .collect(),
        };
        Self {
            id: transaction.id.to_string(),
            date: transaction.date.to_string(),
            description: transaction.description.to_string(),
            amount: Money::amount(transaction.original),
            currency: currency.code(),
            account_id: transaction.account.to_string(),
            category_id: transaction.category().map(ToString::to_string),
            splits,
            tags: transaction.tags.iter().map(String::from).collect(),
            note: transaction.note.as_ref().map(String::from),
            payee: transaction.payee.as_ref().map(String::from),
            external_id: transaction.external_id.as_ref().map(String::from),
            review: transaction.review,
            converted: None,
        }
    }

    pub fn listed(listed: &ListedTransaction) -> Self {
        let converted = listed.converted.map(|converted| ConvertedView {
            amount: format_minor(i128::from(converted.minor), converted.currency),
            currency: converted.currency.code(),
            rate: converted.rate.rate.normalize().to_string(),
            rate_date: converted.rate.date.to_string(),
            source: converted.rate.source.as_str(),
        });
        Self { converted, ..Self::plain(&listed.transaction) }
    }
}

/// A page of transactions.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransactionList {
    pub data: Vec<TransactionView>,
    pub page: PageView,
    pub totals: TotalsView,
}

/// Totals of the whole filter, in one currency.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ListTotals)]
pub struct TotalsView {
    count: u32,
    r#in: String,
    out: String,
    currency: &'static str,
    unconverted: Vec<UnconvertedView>,
}

pub fn totals(totals: &ListTotals) -> TotalsView {
    TotalsView {
        count: totals.count,
        r#in: format_minor(totals.flow.income, totals.currency),
        out: format_minor(totals.flow.expenses, totals.currency),
        currency: totals.currency.code(),
        unconverted: unconverted(&totals.unconverted),
    }
}

/// The answer to a recorded transaction.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Recorded)]
pub struct RecordedView {
    transaction: TransactionView,
    /// What the classifier says of it.
    suggestions: Vec<SuggestionView>,
    /// What is unusual about it, the strongest first.
    anomalies: Vec<AnomalyView>,
    /// Budgets that it touches. Empty until the book has them.
    budgets: Vec<serde_json::Value>,
}

impl RecordedView {
    pub fn new(recorded: &Recorded) -> Self {
        Self {
            transaction: TransactionView::plain(&recorded.transaction),
            suggestions: vec![SuggestionView::new(&recorded.suggestion)],
            anomalies: recorded.anomalies.iter().map(AnomalyView::new).collect(),
            budgets: Vec::new(),
        }
    }
}

/// The answer to a changed transaction.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Amended)]
pub struct AmendedView {
    transaction: TransactionView,
    /// The choice of category is remembered for the merchant.
    learned: bool,
    /// Past rows of this merchant in another category: `/transactions/{id}/similar` has them. 0 unless the request names
    /// a category.
    similar: usize,
}

impl AmendedView {
    pub fn new(amended: &Amended, similar: usize) -> Self {
        let transaction = TransactionView::plain(&amended.transaction);
        Self { transaction, learned: amended.learned, similar }
    }
}

/// The answer to many recorded transactions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BulkRecorded)]
pub struct BulkView {
    pub count: usize,
    /// The one entry that holds them: undo takes all of them back.
    #[schema(required)]
    pub entry_id: Option<String>,
}

pub fn cursor_text(cursor: Cursor) -> String {
    page::encode(&format!("{}:{}", cursor.date, cursor.id))
}

pub fn parse_cursor(text: &str) -> Result<Cursor, crate::problem::Problem> {
    let text = page::decode(text)?;
    let (date, id) = text.split_once(':').ok_or_else(page::bad_cursor)?;
    let date = finbrain_domain::calendar::parse_date(date).map_err(|_| page::bad_cursor())?;
    Ok(Cursor { date, id: id.parse().map_err(|_| page::bad_cursor())? })
}
