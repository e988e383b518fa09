//! What clients send about transactions, parsed once: past this file there are no strings that mean something else.

use finbrain_actors::user_session::ListTransactions;
use finbrain_domain::{
    calendar::parse_date,
    category::CategoryId,
    error::Error,
    ids::{AccountId, TransactionId},
    money::{Currency, Money},
    text::{Description, ExternalId, Name, Note, Tag, parse_tags},
    transaction::{Direction, Filter, Line, MAX_LINES, NewTransaction, TransactionPatch},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{page, refusal::Fields, transaction_view::parse_cursor};
use crate::problem::{Invalid, Problem};

/// The most rows of one bulk write.
const MAX_BULK: usize = 20_000;

/// A new transaction.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTransaction)]
pub struct NewTransactionBody {
    /// A UUID of the client's own making.
    id: Option<String>,
    #[schema(example = "2026-11-24")]
    date: String,
    /// 1 to 500 characters.
    description: String,
    /// Decimal string with at most the currency's digits; negative is money out.
    #[schema(example = "-52.90")]
    amount: String,
    #[schema(example = "ILS")]
    currency: String,
    account_id: Option<String>,
    /// Chosen by the classifier when it is left out.
    category_id: Option<String>,
    #[serde(default)]
    splits: Vec<SplitBody>,
    #[serde(default)]
    tags: Vec<String>,
    note: Option<String>,
    payee: Option<String>,
    external_id: Option<String>,
}

/// A part of a transaction in a category of its own.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSplit)]
pub struct SplitBody {
    category_id: String,
    amount: String,
    note: Option<String>,
}

/// What is to become of a transaction. What is left out stays; `null` removes what need not be there.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TransactionPatch)]
pub struct TransactionPatchBody {
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    date: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    amount: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    currency: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    category_id: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tags: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    note: Option<Option<String>>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    payee: Option<Option<String>>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    external_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    review: Option<bool>,
}

/// Tells `null` from a field that was left out.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    value: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// A field that may be left out, but is no `null` when it is there.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

/// Many new transactions, recorded as one entry.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BulkRequest)]
pub struct BulkBody {
    /// At most 20,000.
    transactions: Vec<NewTransactionBody>,
}

impl BulkBody {
    pub fn parse(self) -> Result<Vec<NewTransaction>, Problem> {
        if self.transactions.is_empty() {
            return Err(Problem::invalid("/transactions", Error::TextEmpty).saying("Send at least one row."));
        }
        if self.transactions.len() > MAX_BULK {
            return Err(Error::EntryTooLarge { limit: MAX_BULK }.into());
        }
        let mut invalid = Invalid::new();
        let parsed = self
            .transactions
            .into_iter()
            .enumerate()
            .filter_map(|(row, body)| body.parse(&format!("/transactions/{row}"), &mut invalid))
            .collect();
        invalid.check()?;
        Ok(parsed)
    }
}

impl NewTransactionBody {
    /// Parses every field; `None` when one of them is noted as wrong.
    pub fn parse(self, at: &str, invalid: &mut Invalid) -> Option<NewTransaction> {
        let place = |field: &str| format!("{at}/{field}");
        let id = optional(invalid, place("id"), self.id, |text| text.parse::<TransactionId>());
        let date = invalid.take(place("date"), parse_date(&self.date));
        let description = invalid.take(place("description"), Description::parse(&self.description));
        let currency = invalid.take(place("currency"), Currency::parse(&self.currency));
        let amount = currency.and_then(|currency| {
            let amount = Money::parse(&self.amount, currency);
            let amount = amount
                .and_then(|amount| if amount.minor() == 0 { Err(Error::AmountZero) } else { Ok(amount) });
            invalid.take(place("amount"), amount)
        });
        let account =
            optional(invalid, place("account_id"), self.account_id, |text| text.parse::<AccountId>());
        let category = optional(invalid, place("category_id"), self.category_id, CategoryId::parse);
        let splits = currency.and_then(|currency| splits(self.splits, currency, &place("splits"), invalid));
        let tags = invalid.take(place("tags"), parse_tags(&self.tags));
        let note = optional(invalid, place("note"), self.note, Note::parse);
        let payee = optional(invalid, place("payee"), self.payee, Name::parse);
        let external_id = optional(invalid, place("external_id"), self.external_id, ExternalId::parse);
        Some(NewTransaction {
            id: id?,
            date: date?,
            description: description?,
            amount: amount?,
            account: account?,
            category: category?,
            splits: splits?,
            tags: tags?,
            note: note?,
            payee: payee?,
            external_id: external_id?,
        })
    }
}

/// Parses a value that may be left out. The outer `None` means that it is wrong.
#[expect(clippy::option_option, reason = "wrong, left out and given are three things")]
fn optional<T>(
    invalid: &mut Invalid,
    place: String,
    text: Option<String>,
    parse: impl Fn(&str) -> Result<T, Error>,
) -> Option<Option<T>> {
    match text {
        None => Some(None),
        Some(text) => invalid.take(place, parse(&text)).map(Some),
    }
}

fn splits(splits: Vec<SplitBody>, currency: Currency, at: &str, invalid: &mut Invalid) -> Option<Vec<Line>> {
    if splits.len() > MAX_LINES {
        invalid.note(at.to_owned(), Error::TooMany { limit: MAX_LINES }.into());
        return None;
    }
    let lines: Vec<Option<Line>> = splits
        .into_iter()
        .enumerate()
        .map(|(index, split)| {
            let place = |field: &str| format!("{at}/{index}/{field}");
            let category = invalid.take(place("category_id"), CategoryId::parse(&split.category_id));
            let amount = invalid.take(place("amount"), Money::parse(&split.amount, currency));
            let note = optional(invalid, place("note"), split.note, Note::parse);
            Some(Line { category: category?, amount: amount?.minor(), note: note? })
        })
        .collect();
    lines.into_iter().collect()
}

impl TransactionPatchBody {
    /// The fields that answer for what the rules find wrong. An amount that stays may not fit a new currency.
    pub fn fields(&self) -> Fields {
        let amount = if self.amount.is_some() { "amount" } else { "currency" };
        Fields { category: "category_id", amount, splits: amount }
    }

    /// Whether the person says what the category is.
    pub const fn chooses_category(&self) -> bool {
        self.category_id.is_some()
    }

    pub fn parse(self) -> Result<TransactionPatch, Problem> {
        let mut invalid = Invalid::new();
        let date = optional(&mut invalid, "/date".into(), self.date, parse_date);
        let description = optional(&mut invalid, "/description".into(), self.description, Description::parse);
        let currency = optional(&mut invalid, "/currency".into(), self.currency, Currency::parse);
        let category = optional(&mut invalid, "/category_id".into(), self.category_id, CategoryId::parse);
        let tags = self.tags.map(|tags| invalid.take("/tags", parse_tags(&tags)).unwrap_or_default());
        let note = removable(&mut invalid, "/note", self.note, Note::parse);
        let payee = removable(&mut invalid, "/payee", self.payee, Name::parse);
        let external_id = removable(&mut invalid, "/external_id", self.external_id, ExternalId::parse);
        invalid.check()?;
        Ok(TransactionPatch {
            date: date.flatten(),
            description: description.flatten(),
            amount: self.amount,
            currency: currency.flatten(),
            category: category.flatten(),
            splits: None,
            tags,
            note,
            payee,
            external_id,
            review: self.review,
        })
    }
}

#[expect(clippy::option_option, reason = "left out, removed and given are three things")]
fn removable<T>(
    invalid: &mut Invalid,
    place: &'static str,
    text: Option<Option<String>>,
    parse: impl Fn(&str) -> Result<T, Error>,
) -> Option<Option<T>> {
    text.and_then(|text| optional(invalid, place.into(), text, parse))
}

/// Which transactions to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    from: Option<String>,
    to: Option<String>,
    account: Option<String>,
    /// One or more ids, separated by commas.
    category: Option<String>,
    tag: Option<String>,
    /// Part of description, note or payee, in any case.
    q: Option<String>,
    /// Bounds of the absolute amount.
    min: Option<String>,
    max: Option<String>,
    currency: Option<String>,
    /// `income` or `expense`.
    #[param(inline)]
    r#type: Option<DirectionQuery>,
    review: Option<bool>,
    cursor: Option<String>,
    limit: Option<usize>,
    /// The currency of totals and conversions; the base currency when it is left out.
    display_currency: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DirectionQuery {
    Income,
    Expense,
}

impl ListQuery {
    pub fn parse(self) -> Result<ListTransactions, Problem> {
        let mut invalid = Invalid::new();
        let from = optional(&mut invalid, "?from".into(), self.from, parse_date).flatten();
        let to = optional(&mut invalid, "?to".into(), self.to, parse_date).flatten();
        let account =
            optional(&mut invalid, "?account".into(), self.account, str::parse::<AccountId>).flatten();
        let categories = parse_list(&mut invalid, "?category", self.category, CategoryId::parse);
        let tag = optional(&mut invalid, "?tag".into(), self.tag, Tag::parse).flatten();
        let text = optional(&mut invalid, "?q".into(), self.q.filter(|q| !q.is_empty()), Description::parse)
            .flatten();
        let min = optional(&mut invalid, "?min".into(), self.min, bound).flatten();
        let max = optional(&mut invalid, "?max".into(), self.max, bound).flatten();
        let currency = optional(&mut invalid, "?currency".into(), self.currency, Currency::parse).flatten();
        let shown =
            optional(&mut invalid, "?display_currency".into(), self.display_currency, Currency::parse)
                .flatten();
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            invalid.note("?to", Error::PeriodReversed.into());
        }
        invalid.check()?;
        let direction = self.r#type.map(|direction| match direction {
            DirectionQuery::Income => Direction::Income,
            DirectionQuery::Expense => Direction::Expense,
        });
        Ok(ListTransactions {
            filter: Filter {
                from,
                to,
                accounts: account.into_iter().collect(),
                categories,
                tag,
                text: text.map(String::from),
                min,
                max,
                currency,
                direction,
                review: self.review,
            },
            after: self.cursor.as_deref().map(parse_cursor).transpose()?,
            limit: page::limit(self.limit)?,
            currency: shown,
        })
    }
}

/// Values separated by commas; none when it is left out.
pub fn parse_list<T>(
    invalid: &mut Invalid,
    place: &'static str,
    text: Option<String>,
    parse: impl Fn(&str) -> Result<T, Error>,
) -> Vec<T> {
    const MOST: usize = 1200;
    let text = text.unwrap_or_default();
    let parts = text.split(',').filter(|part| !part.is_empty());
    if parts.clone().count() > MOST {
        invalid.note(place, Error::TooMany { limit: MOST }.into());
        return Vec::new();
    }
    parts.filter_map(|part| invalid.take(place, parse(part))).collect()
}

/// A bound of an amount: a plain decimal without sign.
fn bound(text: &str) -> Result<Decimal, Error> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let parsed = if plain { Decimal::from_str_exact(text).ok() } else { None };
    parsed.ok_or(Error::AmountMalformed)
}
