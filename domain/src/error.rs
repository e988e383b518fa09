//! Every way in which the rules say no. A variant names the cause and carries the data that a reader needs;
//! none carries text that a person typed.

use crate::{ids::EntryId, money::Currency};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    // Values that make no sense, wherever they stand.
    #[error("{noun} id is not a valid UUID")]
    IdMalformed { noun: &'static str },
    #[error("currency is not an ISO 4217 code of money in use")]
    CurrencyUnknown,
    #[error("amount is not a decimal number such as -52.90")]
    AmountMalformed,
    #[error("amount has more than the {digits} decimal digits of {currency}")]
    AmountTooPrecise { currency: Currency, digits: u8 },
    #[error("amount is larger than a book can hold")]
    AmountTooLarge,
    #[error("amount is zero")]
    AmountZero,
    #[error("split amounts do not add up to the amount")]
    SplitsUnbalanced,
    #[error("date is not a day such as 2026-11-24")]
    DateMalformed,
    #[error("date is before 1900-01-01")]
    DateTooEarly,
    #[error("date is more than a year ahead")]
    DateTooLate,
    #[error("month is not a month such as 2026-11")]
    MonthMalformed,
    #[error("period ends before it begins")]
    PeriodReversed,
    #[error("period is longer than {limit} months")]
    PeriodTooLong { limit: usize },
    #[error("text is empty")]
    TextEmpty,
    #[error("text is longer than {limit} characters")]
    TextTooLong { limit: usize },
    #[error("text contains control characters")]
    TextControl,
    #[error("more than {limit} items")]
    TooMany { limit: usize },
    #[error("tag appears twice")]
    TagTwice,
    #[error("e-mail address is malformed")]
    EmailMalformed,
    #[error("time zone is not in the IANA database")]
    TimeZoneUnknown,
    #[error("locale is not a language tag such as en or he-IL")]
    LocaleMalformed,
    #[error("colour is not of the form #rrggbb")]
    ColorMalformed,

    // What the book says.
    #[error("{noun} does not exist")]
    NotFound { noun: &'static str },
    #[error("{noun} with this id exists already")]
    Exists { noun: &'static str },
    #[error("a transaction with this external id exists already")]
    ExternalIdTaken,
    #[error("a category of this name exists already")]
    CategoryNameTaken,
    #[error("a built-in category cannot be deleted")]
    CategoryBuiltin,
    #[error("category is used by {count} transactions")]
    CategoryInUse { count: usize },
    #[error("category is archived")]
    CategoryArchived,
    #[error("resource has changed since it was read")]
    ChangedSince,
    #[error("there is nothing to undo")]
    NothingToUndo,
    #[error("there is nothing to redo")]
    NothingToRedo,
    #[error("entry cannot be undone")]
    NotUndoable { entry: EntryId },
    #[error("later changes touched the same fields")]
    UndoConflict { rows: Vec<String> },
    #[error("the book holds as many transactions as it can ({limit})")]
    BookFull { limit: usize },
    #[error("the entry is larger than {limit} rows or bytes")]
    EntryTooLarge { limit: usize },
    #[error("the book is closed")]
    BookClosed,
    #[error("the session was ended")]
    SessionRevoked,

    // What a journal must never say; seen only with a damaged store.
    #[error("journal is damaged at slot {slot}: {what}")]
    JournalDamaged { slot: u64, what: &'static str },
    #[error("journal has entries of format {format}, which this version cannot read")]
    FormatUnknown { format: u32 },
}
