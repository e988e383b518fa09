//! The table of everything that can go wrong in front of a client: one row per code, with its status, its title and
//! what to do about it. Codes are a promise: a row may be added, never renamed.

use actix_web::http::StatusCode;

macro_rules! codes {
    ($($name:ident $status:literal $code:literal $title:literal $advice:literal;)*) => {
        /// What went wrong, as clients compare it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($name,)* }

        impl Code {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable name in snake_case.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The stable URI reference of the problem's type.
            pub const fn uri(self) -> &'static str {
                match self { $(Self::$name => concat!("/problems/", $code),)* }
            }

            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// What the reader can do, when nothing more precise is known.
            pub const fn advice(self) -> &'static str {
                match self { $(Self::$name => $advice,)* }
            }

            pub fn status(self) -> StatusCode {
                let status = match self { $(Self::$name => $status,)* };
                StatusCode::from_u16(status).expect("the table holds valid statuses")
            }
        }
    };
}

codes! {
    // The request itself.
    BadRequest 400 "bad_request" "The request is malformed" "Compare the request with the API's description.";
    MalformedJson 400 "malformed_json" "The body is not JSON" "Send one JSON document as the body.";
    InvalidUtf8 400 "invalid_utf8" "The body is not UTF-8" "Encode the body as UTF-8.";
    MalformedQuery 400 "malformed_query" "The query is malformed" "Percent-encode the query as UTF-8.";
    RequestTimeout 408 "request_timeout" "The body took too long" "Send the whole body within 10 seconds.";
    UnknownRoute 404 "unknown_route" "There is nothing here" "Compare the path with the API's description.";
    MethodNotAllowed 405 "method_not_allowed" "The method does not fit" "Use a method of the Allow header.";
    BodyTooLarge 413 "body_too_large" "The body is too large" "Send less at once.";
    QueryTooLong 414 "query_too_long" "The query is too long" "Ask for less at once.";
    UnsupportedMediaType 415 "unsupported_media_type" "The content type does not fit" "Send the body as application/json, not compressed.";
    Misdirected 421 "misdirected" "This is not the host you asked for" "Use the server's public URL.";
    InvalidBody 422 "invalid_body" "The body does not fit" "Correct the places listed in errors.";
    InvalidQuery 422 "invalid_query" "The query does not fit" "Correct the parameters listed in errors.";
    KeyReused 422 "key_reused" "The idempotency key stands for another request" "Use a new key for a new request.";

    // Who asks.
    NoSession 401 "no_session" "Nobody is signed in" "Sign in first.";
    SessionExpired 401 "session_expired" "The session has ended" "Sign in again.";
    SessionRevoked 401 "session_revoked" "The session was ended" "Sign in again.";
    BadCredentials 401 "bad_credentials" "E-mail address or password is wrong" "Check both and try again.";
    Forbidden 403 "forbidden" "This is not allowed" "Ask an administrator.";
    OriginRefused 403 "origin_refused" "The request comes from elsewhere" "Send the Origin header with the server's public URL.";
    RegistrationClosed 403 "registration_closed" "Registration is closed" "Ask the administrator for an account.";
    DemoClosed 403 "demo_closed" "Demo accounts are switched off" "Register an account instead.";
    NotADemo 409 "not_a_demo" "The account is not a demo" "It is kept already.";
    EmailTaken 409 "email_taken" "The e-mail address is taken" "Sign in, or use another address.";
    PasswordWeak 422 "password_weak" "The password is too easy to guess" "Use a longer or less common password.";
    PasswordLength 422 "password_length" "The password has the wrong length" "Use 8 to 256 bytes.";
    TooManyRequests 429 "too_many_requests" "Too many requests" "Wait as long as Retry-After says.";

    // Values.
    IdMalformed 422 "id_malformed" "Not an id" "Send a UUID.";
    CurrencyUnknown 422 "currency_unknown" "Unknown currency" "Send an ISO 4217 code of money in use, such as EUR.";
    AmountMalformed 422 "amount_malformed" "Not an amount" "Send a decimal number as text, such as \"-52.90\".";
    AmountTooPrecise 422 "amount_too_precise" "Amount has too many digits" "Send no more decimal digits than the currency has.";
    AmountTooLarge 422 "amount_too_large" "Amount is too large" "Send a smaller amount.";
    AmountZero 422 "amount_zero" "Amount is zero" "Send an amount other than zero.";
    SplitsUnbalanced 422 "splits_unbalanced" "Splits do not add up" "Make the splits add up to the amount.";
    DateMalformed 422 "date_malformed" "Not a date" "Send a day such as 2026-11-24.";
    DateTooEarly 422 "date_too_early" "Date is too early" "Send a day from 1900-01-01 on.";
    DateTooLate 422 "date_too_late" "Date is too late" "Send a day that is at most a year ahead.";
    MonthMalformed 422 "month_malformed" "Not a month" "Send a month such as 2026-11.";
    PeriodReversed 422 "period_reversed" "Period ends before it begins" "Swap the ends of the period.";
    PeriodTooLong 422 "period_too_long" "Period is too long" "Ask for a shorter period.";
    TextEmpty 422 "text_empty" "Text is empty" "Send at least one character.";
    TextTooLong 422 "text_too_long" "Text is too long" "Send a shorter text.";
    TextControl 422 "text_control" "Text contains control characters" "Remove line breaks and other control characters.";
    TooMany 422 "too_many" "Too many items" "Send fewer items.";
    TagTwice 422 "tag_twice" "A tag appears twice" "Send each tag once.";
    EmailMalformed 422 "email_malformed" "Not an e-mail address" "Send an address such as dana@example.org.";
    TimeZoneUnknown 422 "time_zone_unknown" "Unknown time zone" "Send an IANA name such as Asia/Jerusalem.";
    LocaleMalformed 422 "locale_malformed" "Not a locale" "Send a language tag such as en or he-IL.";
    ColorMalformed 422 "color_malformed" "Not a colour" "Send a colour of the form #rrggbb.";

    // The book.
    NotFound 404 "not_found" "It does not exist" "It does not exist, or it is not yours.";
    Exists 409 "exists" "It exists already" "Use a new id.";
    ExternalIdTaken 409 "external_id_taken" "The external id is taken" "The transaction was recorded before; change that one.";
    CategoryNameTaken 409 "category_name_taken" "The name is taken" "Choose another name.";
    CategoryBuiltin 409 "category_builtin" "A built-in category stays" "Archive the category instead of deleting it.";
    CategoryInUse 409 "category_in_use" "The category is in use" "Name another category in move_to.";
    CategoryArchived 422 "category_archived" "The category is archived" "Choose another category, or bring it back first.";
    ChangedSince 412 "changed_since" "It has changed since you read it" "Read it again and decide again.";
    NothingToUndo 409 "nothing_to_undo" "There is nothing to undo" "Nothing of yours can be taken back.";
    NothingToRedo 409 "nothing_to_redo" "There is nothing to redo" "Nothing of yours was taken back.";
    NotUndoable 409 "not_undoable" "This cannot be undone" "Change the values by hand.";
    UndoConflict 409 "undo_conflict" "Later changes are in the way" "Undo the later changes first, or change the rows by hand.";
    BookFull 409 "book_full" "The book is full" "Delete transactions, or start another account.";
    EntryTooLarge 413 "entry_too_large" "Too much for one change" "Split it into smaller parts.";
    BookClosed 401 "book_closed" "The account was deleted" "Register again to start anew.";

    // The server.
    Internal 500 "internal" "The server made a mistake" "Try again; if it stays, give the request id to the administrator.";
    Unavailable 503 "unavailable" "The server cannot answer now" "Nothing was changed. Try again shortly.";
    Busy 503 "busy" "The server is busy" "Nothing was changed. Try again shortly.";
    OutcomeUnknown 503 "outcome_unknown" "The outcome is unknown" "It may or may not have happened: repeat with the same key.";
    Damaged 503 "damaged" "Stored data cannot be read" "The administrator has to look at the server's log.";
    NoRoom 507 "no_room" "The server has no room" "Nothing was changed. The administrator has to make room.";
}

impl Code {
    /// The general code of a status, for answers that others made.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            401 => Self::NoSession,
            403 => Self::Forbidden,
            404 => Self::UnknownRoute,
            405 => Self::MethodNotAllowed,
            408 => Self::RequestTimeout,
            413 => Self::BodyTooLarge,
            415 => Self::UnsupportedMediaType,
            429 => Self::TooManyRequests,
            503 => Self::Unavailable,
            507 => Self::NoRoom,
            _ if status.is_client_error() => Self::BadRequest,
            _ => Self::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_distinct_and_spelled_in_snake_case() {
        let mut seen = HashSet::new();

        for code in Code::ALL {
            assert!(seen.insert(code.as_str()), "{} stands twice", code.as_str());
            assert!(code.as_str().bytes().all(|b| b == b'_' || b.is_ascii_lowercase() || b.is_ascii_digit()));
            assert!(code.status().as_u16() >= 400);
        }
    }

    #[test]
    fn every_code_has_a_title_and_a_sentence_of_advice() {
        for code in Code::ALL {
            assert!(!code.title().is_empty() && !code.title().ends_with('.'), "{code:?}");
            assert!(code.advice().ends_with('.'), "{code:?}");
        }
    }
}
