//! What goes wrong in MongoDB, and what follows from it. The one place that reads the driver's errors and the server's
//! codes.
//!
//! No text of the server goes on from here: the message of a duplicate key quotes the key, and others quote addresses
//! or documents. What goes on is the kind of failure, with the server's code and its name.

use finbrain_domain::ports::StoreError;
use mongodb::{
    bson::Document,
    error::{Error, ErrorKind, WriteFailure},
};

const DUPLICATE_KEY: i32 = 11_000;
/// `OutOfDiskSpace`, and the older code of the same.
const NO_ROOM: [i32; 2] = [14_031, 12_501];
/// Codes with which a server refuses before it does anything: `BadValue`, `FailedToParse`, `Unauthorized`,
/// `AuthenticationFailed`, `InvalidOptions`, `InvalidNamespace`. After any other code a write may still have landed. That
/// includes `NotWritablePrimary`: a primary that steps down while it writes answers with it too, and sending the same
/// write again is what finds the new primary.
const CERTAINLY_REFUSED: [i32; 6] = [2, 9, 13, 18, 72, 73];

/// Why an exchange with the server failed.
#[derive(Debug)]
pub(super) enum Fault {
    Driver(Error),
    Store(StoreError),
}

impl Fault {
    pub(super) fn damaged(what: impl Into<String>) -> Self {
        Self::Store(StoreError::Damaged(what.into()))
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Driver(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Why a write was not done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The unique index of this name has the key already.
    Duplicate(String),
    Store(StoreError),
}

impl From<Refusal> for StoreError {
    /// Where no duplicate is expected: nothing was written, and the collection is not what this version made.
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Duplicate(index) => Self::Damaged(format!("unexpected duplicate in the index {index}")),
            Refusal::Store(error) => error,
        }
    }
}

/// What a reader is told.
pub(super) fn settle_read(fault: Fault) -> StoreError {
    match fault {
        Fault::Store(error) => error,
        Fault::Driver(error) => match *error.kind {
            ErrorKind::Bson(_) | ErrorKind::InvalidResponse { .. } => StoreError::Damaged(text(&error.kind)),
            ref kind if is_full(kind) => StoreError::NoRoom(text(kind)),
            ref kind => StoreError::Unavailable(text(kind)),
        },
    }
}

/// What a writer is told. Whatever does not certainly mean that nothing was written leaves the outcome unknown.
pub(super) fn settle_write(fault: Fault) -> Refusal {
    let error = match fault {
        Fault::Store(error) => return Refusal::Store(error),
        Fault::Driver(error) => error,
    };
    if let Some(index) = duplicate(&error.kind) {
        return Refusal::Duplicate(index);
    }
    let said = text(&error.kind);
    Refusal::Store(match *error.kind {
        ref kind if is_full(kind) => StoreError::NoRoom(said),
        ref kind if is_certainly_refused(kind) => StoreError::Unavailable(said),
        _ => StoreError::OutcomeUnknown(said),
    })
}

/// The index that refused a write of one document.
fn duplicate(kind: &ErrorKind) -> Option<String> {
    let (code, message) = match kind {
        ErrorKind::Write(WriteFailure::WriteError(error)) => (error.code, &error.message),
        ErrorKind::Command(error) => (error.code, &error.message),
        ErrorKind::InsertMany(many) => match (many.write_errors.as_deref(), &many.write_concern_error) {
            (Some([error]), None) => (error.code, &error.message),
            _ => return None,
        },
        _ => return None,
    };
    (code == DUPLICATE_KEY).then(|| index_in(message))
}

/// How many of a bulk were refused as duplicates, if that is all that went wrong with it.
pub(super) fn duplicates_in_bulk(error: &Error) -> Option<usize> {
    let ErrorKind::InsertMany(many) = &*error.kind else { return None };
    let errors = many.write_errors.as_deref().unwrap_or_default();
    let harmless =
        many.write_concern_error.is_none() && errors.iter().all(|error| error.code == DUPLICATE_KEY);
    harmless.then_some(errors.len())
}

/// Reads the reply to a command of many writes that was sent as it stands, whose failures the driver does not look for.
pub(super) fn check_reply(reply: &Document) -> Result<(), Fault> {
    if reply.contains_key("writeErrors") || reply.contains_key("writeConcernError") {
        return Err(StoreError::OutcomeUnknown("server refused some of many".into()).into());
    }
    Ok(())
}

/// `E11000 duplicate key error collection: db.journal index: journal_slot dup key: { … }`. A name has no spaces, and the
/// key, which may say anything, comes after it.
fn index_in(message: &str) -> String {
    let name = message.split(" index: ").nth(1).and_then(|rest| rest.split_whitespace().next());
    name.unwrap_or_default().to_owned()
}

fn code(kind: &ErrorKind) -> Option<i32> {
    match kind {
        ErrorKind::Command(error) => Some(error.code),
        ErrorKind::Write(WriteFailure::WriteError(error)) => Some(error.code),
        ErrorKind::InsertMany(many) if many.write_concern_error.is_none() => {
            many.write_errors.as_ref().and_then(|errors| errors.first()).map(|error| error.code)
        }
        _ => None,
    }
}

fn is_full(kind: &ErrorKind) -> bool {
    code(kind).is_some_and(|code| NO_ROOM.contains(&code))
}

fn is_certainly_refused(kind: &ErrorKind) -> bool {
    match kind {
        // Nothing was sent. A pool that is cleared is not among them: when the monitor gives a member up, the driver cancels
        // what is under way on its connections with that error, and the server may still perform it.
        ErrorKind::ServerSelection { .. }
        | ErrorKind::Authentication { .. }
        | ErrorKind::DnsResolve { .. }
        | ErrorKind::InvalidTlsConfig { .. }
        | ErrorKind::InvalidArgument { .. }
        | ErrorKind::IncompatibleServer { .. }
        | ErrorKind::SessionsNotSupported
        | ErrorKind::Shutdown => true,
        kind => code(kind).is_some_and(|code| CERTAINLY_REFUSED.contains(&code)),
    }
}

/// What may be said of an error: nothing that came over the wire but codes and their names.
pub(super) fn text(kind: &ErrorKind) -> String {
    let refused = |code: i32, name: Option<&str>| match name {
        Some(name) if !name.is_empty() => format!("server answered {name} ({code})"),
        _ => format!("server answered code {code}"),
    };
    match kind {
        ErrorKind::Command(error) => refused(error.code, Some(&error.code_name)),
        ErrorKind::Write(WriteFailure::WriteError(error)) => refused(error.code, error.code_name.as_deref()),
        ErrorKind::Write(WriteFailure::WriteConcernError(error)) => {
            format!("no majority confirmed: {}", refused(error.code, Some(&error.code_name)))
        }
        ErrorKind::InsertMany(many) => match (&many.write_concern_error, many.write_errors.as_deref()) {
            (Some(error), _) => {
                format!("no majority confirmed: {}", refused(error.code, Some(&error.code_name)))
            }
            (None, Some([error, ..])) => refused(error.code, error.code_name.as_deref()),
            (None, _) => "server refused some of many".to_owned(),
        },
        ErrorKind::Io(error) => format!("connection failed: {}", error.kind()),
        other => sort(other).to_owned(),
    }
}

/// Kinds whose own text may quote addresses, names or documents.
fn sort(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ServerSelection { .. } => "no primary can be reached",
        ErrorKind::ConnectionPoolCleared { .. } => "connections to the server were given up",
        ErrorKind::Authentication { .. } => "server did not accept the credentials",
        ErrorKind::DnsResolve { .. } => "address cannot be resolved",
        ErrorKind::InvalidTlsConfig { .. } => "settings of TLS cannot be used",
        ErrorKind::InvalidArgument { .. } => "driver refused an argument",
        ErrorKind::IncompatibleServer { .. } | ErrorKind::SessionsNotSupported => "server is too old",
        ErrorKind::Shutdown => "store is closed",
        ErrorKind::Bson(_) | ErrorKind::InvalidResponse { .. } => "answer cannot be read",
        _ => "driver failed",
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{deserialize_from_document, doc};

    use super::*;

    const SAID: &str = "E11000 duplicate key error collection: finbrain.users index: users_email dup key: \
                        { email: \"dana@example.org\" }";

    /// A duplicate key as a single write, as one of many, and as a command that finds and modifies report it.
    fn duplicates() -> [ErrorKind; 3] {
        let said = doc! { "index": 0, "code": 11_000, "codeName": "DuplicateKey", "errmsg": SAID };
        [
            ErrorKind::Write(WriteFailure::WriteError(deserialize_from_document(said.clone()).unwrap())),
            ErrorKind::InsertMany(deserialize_from_document(doc! { "writeErrors": [said.clone()] }).unwrap()),
            ErrorKind::Command(deserialize_from_document(said).unwrap()),
        ]
    }

    #[test]
    fn a_duplicate_key_is_known_in_each_of_its_three_shapes() {
        for kind in duplicates() {
            let refusal = settle_write(Error::from(kind).into());

            assert_eq!(refusal, Refusal::Duplicate("users_email".into()));
        }
    }

    #[test]
    fn nothing_that_the_server_quotes_goes_on() {
        for kind in duplicates() {
            let (said, read) = (text(&kind), settle_read(Error::from(kind.clone()).into()));
            let refused = StoreError::from(settle_write(Error::from(kind).into()));

            let all = format!("{said} {read} {read:?} {refused} {refused:?}");
            assert!(!all.contains("dana") && !all.contains("example"), "{all}");
        }
    }

    #[test]
    fn many_duplicates_are_counted_unless_something_else_went_wrong_too() {
        let duplicate = doc! { "index": 0, "code": 11_000, "errmsg": SAID };
        let other = doc! { "index": 1, "code": 121, "errmsg": "" };
        let unconfirmed = doc! { "code": 64, "codeName": "WriteConcernFailed", "errmsg": "" };
        let many =
            |reply: Document| Error::from(ErrorKind::InsertMany(deserialize_from_document(reply).unwrap()));

        let twice = many(doc! { "writeErrors": [duplicate.clone(), duplicate.clone()] });
        let mixed = many(doc! { "writeErrors": [duplicate.clone(), other] });
        let open = many(doc! { "writeErrors": [duplicate], "writeConcernError": unconfirmed });

        assert_eq!(duplicates_in_bulk(&twice), Some(2));
        assert_eq!(duplicates_in_bulk(&mixed), None);
        assert_eq!(duplicates_in_bulk(&open), None);
        assert!(matches!(settle_write(open.into()), Refusal::Store(StoreError::OutcomeUnknown(_))));
    }

    #[test]
    fn the_index_is_read_from_the_message_whatever_the_key_says() {
        let message = "E11000 duplicate key error collection: db.journal index: journal_key dup key: \
                       { book: \"b\", key: \"x index: journal_slot dup\" }";

        assert_eq!(index_in(message), "journal_key");
        assert_eq!(index_in("something else"), "");
    }

    #[test]
    fn a_driver_that_was_shut_down_has_written_nothing() {
        let refusal = settle_write(Fault::Driver(Error::from(ErrorKind::Shutdown)));

        assert_eq!(refusal, Refusal::Store(StoreError::Unavailable("store is closed".into())));
    }

    #[test]
    fn a_lost_connection_leaves_the_outcome_of_a_write_unknown() {
        let lost = || Error::from(std::io::Error::from(std::io::ErrorKind::ConnectionReset));

        let (read, written) = (settle_read(lost().into()), settle_write(lost().into()));

        assert!(matches!(read, StoreError::Unavailable(_)), "{read:?}");
        assert!(matches!(written, Refusal::Store(StoreError::OutcomeUnknown(_))), "{written:?}");
    }
}
