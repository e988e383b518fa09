//! What goes wrong in SQLite, and what follows from it. The one place that reads SQLite's error codes.

use std::io::Write as _;

use finbrain_domain::ports::StoreError;
use rusqlite::{ErrorCode, ffi};

/// Exit code of a process whose disk did not confirm a flush.
const EXIT_LOST_FLUSH: i32 = 70;

/// Why a piece of work on the database failed.
#[derive(Debug)]
pub(super) enum Fault {
    Sqlite(rusqlite::Error),
    Store(StoreError),
}

impl Fault {
    pub(super) fn damaged(what: impl Into<String>) -> Self {
        Self::Store(StoreError::Damaged(what.into()))
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What a caller is told; does not return when a flush was lost.
pub(super) fn settle(fault: Fault) -> StoreError {
    match fault {
        Fault::Store(error) => error,
        Fault::Sqlite(error) => match consequence(&error) {
            Consequence::Refuse(error) => error,
            Consequence::Stop => fatal(&error),
        },
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Consequence {
    Refuse(StoreError),
    Stop,
}

fn consequence(error: &rusqlite::Error) -> Consequence {
    let text = error.to_string();
    Consequence::Refuse(match error {
        rusqlite::Error::SqliteFailure(failure, _) => match (failure.code, failure.extended_code) {
            (_, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC) => return Consequence::Stop,
            (ErrorCode::DiskFull | ErrorCode::ReadOnly, _)
            | (_, ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_SHMSIZE) => StoreError::NoRoom(text),
            (
                ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::ConstraintViolation
                | ErrorCode::TypeMismatch,
                _,
            )
            | (_, ffi::SQLITE_IOERR_SHORT_READ | ffi::SQLITE_IOERR_CORRUPTFS) => StoreError::Damaged(text),
            _ => StoreError::Unavailable(text),
        },
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::Utf8Error(..) => StoreError::Damaged(text),
        _ => StoreError::Unavailable(text),
    })
}

/// Ends the process. After a failed flush the kernel may have dropped the dirty pages and calls the next flush a
/// success, so that repeating it would acknowledge what is lost. A new process reads what the disk really holds.
fn fatal(error: &rusqlite::Error) -> ! {
    const WHAT: &str = "the disk did not confirm a flush; stopping, since what it holds is unknown";
    tracing::error!(%error, "{WHAT}");
    // The log is written by a thread that may not get to it any more. Nobody may be listening here either.
    let _ = writeln!(std::io::stderr(), "finbrain: {WHAT}: {error}");
    std::process::exit(EXIT_LOST_FLUSH)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn failure(code: i32) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
    }

    #[test]
    fn a_full_or_read_only_disk_means_no_room() {
        for code in
            [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_READONLY, ffi::SQLITE_READONLY_DBMOVED]
        {
            assert!(matches!(settle(failure(code).into()), StoreError::NoRoom(_)), "{code}");
        }
    }

    #[test]
    fn a_malformed_file_is_damaged_and_a_busy_one_unavailable() {
        assert!(matches!(settle(failure(ffi::SQLITE_CORRUPT).into()), StoreError::Damaged(_)));
        assert!(matches!(settle(failure(ffi::SQLITE_NOTADB).into()), StoreError::Damaged(_)));
        assert!(matches!(settle(failure(ffi::SQLITE_BUSY).into()), StoreError::Unavailable(_)));
    }

    /// The body of a child process that the test below starts; does nothing in an ordinary run.
    #[test]
    fn child_that_loses_a_flush() {
        if std::env::var_os("FINBRAIN_TEST_LOSE_FLUSH").is_some() {
            settle(failure(ffi::SQLITE_IOERR_FSYNC).into());
        }
    }

    #[test]
    fn a_lost_flush_is_said_on_standard_error_and_ends_the_process_with_code_70() {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::embedded::fault::tests::child_that_loses_a_flush"])
            .env("FINBRAIN_TEST_LOSE_FLUSH", "1")
            .output()
            .unwrap();

        assert_eq!(child.status.code(), Some(70));
        let said = String::from_utf8(child.stderr).unwrap();
        assert_eq!(said.matches("the disk did not confirm a flush").count(), 1, "{said}");
    }
}
