//! The tables. A later version adds a migration and raises [`VERSION`]; it never edits what is here.

use rusqlite::Connection;

/// Marks the file as ours: "FinB" in ASCII.
pub(super) const APPLICATION_ID: i32 = 0x4669_6e42;
pub(super) const VERSION: i32 = 2;

const TABLES: &str = "
CREATE TABLE journal (
    book            TEXT    NOT NULL,
    slot            INTEGER NOT NULL,
    entry_id        TEXT,
    format          INTEGER,
    author_kind     TEXT,
    author_id       TEXT,
    key             TEXT,
    request_hash    BLOB,
    auth_generation INTEGER,
    at              INTEGER,
    reverses_kind   TEXT,
    reverses_entry  TEXT,
    changes         ANY,
    packed          INTEGER NOT NULL DEFAULT 0,
    digest          BLOB,
    chain           BLOB    NOT NULL,
    pending         INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (book, slot)
) STRICT, WITHOUT ROWID;
-- Ids are ordered by time: with the id first, the entries of one commit share a page, whatever their books.
CREATE UNIQUE INDEX journal_entry ON journal (entry_id, book) WHERE entry_id IS NOT NULL;
CREATE UNIQUE INDEX journal_key ON journal (book, key) WHERE key IS NOT NULL;
CREATE INDEX journal_pending ON journal (at) WHERE pending = 1;

CREATE TABLE closed_books (
    book    TEXT    NOT NULL PRIMARY KEY,
    reduced INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshot_parts (
    book  TEXT    NOT NULL,
    part  INTEGER NOT NULL,
    bytes BLOB    NOT NULL,
    PRIMARY KEY (book, part)
) STRICT;
CREATE TABLE snapshots (
    book    TEXT    NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    format  INTEGER NOT NULL,
    size    INTEGER NOT NULL,
    parts   INTEGER NOT NULL,
    digest  BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    id         TEXT    NOT NULL PRIMARY KEY,
    email      TEXT,
    demo_until INTEGER,
    document   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX users_email ON users (email) WHERE email IS NOT NULL;
CREATE INDEX users_demo ON users (demo_until) WHERE demo_until IS NOT NULL;

CREATE TABLE sessions (
    token           BLOB    NOT NULL PRIMARY KEY,
    id              TEXT    NOT NULL,
    user            TEXT    NOT NULL,
    book            TEXT    NOT NULL,
    auth_generation INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    last_seen_at    INTEGER NOT NULL,
    last_active_at  INTEGER NOT NULL,
    device          TEXT    NOT NULL,
    address         TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user, created_at);
CREATE INDEX sessions_created ON sessions (created_at);

CREATE TABLE server_keys (
    name TEXT NOT NULL PRIMARY KEY,
    key  BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE due (
    book TEXT    NOT NULL,
    kind TEXT    NOT NULL,
    user TEXT    NOT NULL,
    at   INTEGER NOT NULL,
    PRIMARY KEY (book, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX due_at ON due (at);

CREATE TABLE models (
    number     INTEGER PRIMARY KEY,
    trained_at INTEGER NOT NULL,
    bytes      BLOB    NOT NULL
) STRICT;

CREATE TABLE examples (
    number   INTEGER PRIMARY KEY,
    book     TEXT    NOT NULL,
    slot     INTEGER NOT NULL,
    place    INTEGER NOT NULL,
    user     TEXT    NOT NULL,
    text     TEXT    NOT NULL,
    category TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX examples_place ON examples (book, slot, place);
CREATE INDEX examples_user ON examples (user);
";

/// What each version added to the one before it: the first entry leads from version 1 to 2.
const MIGRATIONS: [&str; VERSION as usize - 1] = ["
CREATE TABLE serving_model (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    number INTEGER NOT NULL
) STRICT;
INSERT INTO serving_model SELECT 1, max(number) FROM models HAVING max(number) IS NOT NULL;
"];

/// Whose the file is and how old its form.
pub(super) struct Stamp {
    pub application_id: i32,
    pub version: i32,
    pub is_empty: bool,
}

pub(super) fn stamp(db: &Connection) -> rusqlite::Result<Stamp> {
    Ok(Stamp {
        application_id: db.pragma_query_value(None, "application_id", |row| row.get(0))?,
        version: db.pragma_query_value(None, "user_version", |row| row.get(0))?,
        is_empty: db.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))?,
    })
}

/// Creates every table and stamps the file, at once or not at all.
pub(super) fn create(db: &mut Connection) -> rusqlite::Result<()> {
    let transaction = db.transaction()?;
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    upgrade(&transaction, 1)?;
    transaction.commit()
}

/// Brings the file of an earlier version to this one, at once or not at all.
pub(super) fn migrate(db: &mut Connection, from: i32) -> rusqlite::Result<()> {
    let transaction = db.transaction()?;
    upgrade(&transaction, from)?;
    transaction.commit()
}

fn upgrade(db: &Connection, from: i32) -> rusqlite::Result<()> {
    let done = usize::try_from(from).unwrap_or_default().saturating_sub(1);
    for migration in MIGRATIONS.iter().skip(done) {
        db.execute_batch(migration)?;
    }
    db.pragma_update(None, "user_version", VERSION)
}
