//! Opening the file: the lock, whose file it is, and how each connection is set up.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use finbrain_domain::ports::StoreError;
use rusqlite::{Connection, OpenFlags};

use super::{
    FILE, LOCK,
    checkpoint::Checkpointer,
    fault::{Fault, settle},
    schema::{self, APPLICATION_ID, VERSION},
    writer::{Desk, PATIENCE, Writer},
};

/// Connections that read at the same time.
const READERS: usize = 4;
/// Prepared statements that a connection remembers: more than there are.
const STATEMENTS: usize = 96;

/// Pages that the writer keeps in memory, when it has had use for them.
const WRITER_CACHE_KIB: i64 = 16 * 1024;

/// Why the store was not opened. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "{} is in use by another finbrain server; stop that one, or give this one another data directory",
        .0.display()
    )]
    InUse(PathBuf),
    #[error("data directory {} cannot be used; check that it exists and that this user may write there", .path.display())]
    Directory { path: PathBuf, source: io::Error },
    #[error("there is no store at {}; start the server once to create it, or name another data directory", .0.display())]
    Missing(PathBuf),
    #[error(
        "{} was written by a newer finbrain (schema {found}, this one knows {VERSION}); run that version or a later one",
        .path.display()
    )]
    Newer { path: PathBuf, found: i32 },
    #[error(
        "{} was written by an older finbrain (schema {found}, this one knows {VERSION}); start this version once to bring it up",
        .path.display()
    )]
    Older { path: PathBuf, found: i32 },
    #[error("{} is not a finbrain store; move it away, or name another data directory", .0.display())]
    Foreign(PathBuf),
    #[error("{} is damaged ({what}); keep a copy of the directory, then restore a backup", .path.display())]
    Damaged { path: PathBuf, what: String },
    #[error("{} cannot be opened", .path.display())]
    Store { path: PathBuf, source: StoreError },
    #[error("a thread of the store cannot be started")]
    Thread(#[source] io::Error),
}

pub(super) struct ToWrite {
    pub readers: Vec<Connection>,
    pub writer: Writer,
}

pub(super) fn to_write(dir: &Path) -> Result<ToWrite, OpenError> {
    create_dir(dir).map_err(|source| OpenError::Directory { path: dir.into(), source })?;
    let lock = lock(dir)?;
    let path = dir.join(FILE);
    let connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
        .and_then(|mut db| prepare(&mut db).map(|whose| (db, whose)));
    let connection = accept(&path, connection)?;
    let checkpointer = accept_fault(&path, connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE))?;
    let readers = accept_fault(&path, readers(&path))?;
    let checkpointer = Checkpointer::start(checkpointer).map_err(OpenError::Thread)?;
    let log = dir.join(format!("{FILE}-wal"));
    let writer = Writer::start(Desk { checkpointer, connection, log, lock }).map_err(OpenError::Thread)?;
    Ok(ToWrite { readers, writer })
}

pub(super) fn to_read(dir: &Path) -> Result<Vec<Connection>, OpenError> {
    let path = dir.join(FILE);
    if !path.exists() {
        return Err(OpenError::Missing(path));
    }
    let first = connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .and_then(|db| recognise(&db).map(|whose| (db, whose)));
    drop(accept(&path, first)?);
    accept_fault(&path, readers(&path))
}

/// Creates the directory for its owner alone, durably. One that exists is left as it is.
fn create_dir(dir: &Path) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    match dir.canonicalize()?.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// Takes the lock of the directory (flock), which ends with the process that holds it, however that ends.
fn lock(dir: &Path) -> Result<File, OpenError> {
    let path = dir.join(LOCK);
    let refused = |source| OpenError::Directory { path: path.clone(), source };
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(refused)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(dir.into())),
        Err(TryLockError::Error(source)) => Err(refused(source)),
    }
}

/// Whose file it is.
enum Whose {
    Ours,
    Nobodys,
    /// Ours, from an earlier version.
    Older(i32),
    Foreign,
    Newer(i32),
}

fn recognise(db: &Connection) -> Result<Whose, Fault> {
    let stamp = schema::stamp(db)?;
    Ok(match (stamp.application_id, stamp.version) {
        (0, 0) if stamp.is_empty => Whose::Nobodys,
        (APPLICATION_ID, VERSION) => Whose::Ours,
        (APPLICATION_ID, newer) if newer > VERSION => Whose::Newer(newer),
        (APPLICATION_ID, older) if older > 0 => Whose::Older(older),
        _ => Whose::Foreign,
    })
}

/// Sets up the writer's connection and creates the tables of a new file. A foreign file is not touched.
fn prepare(db: &mut Connection) -> Result<Whose, Fault> {
    let whose = recognise(db)?;
    if matches!(whose, Whose::Foreign | Whose::Newer(_)) {
        return Ok(whose);
    }
    let mode: String = db.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(StoreError::Unavailable("the file system offers no write-ahead log".into()).into());
    }
    db.pragma_update(None, "synchronous", "FULL")?;
    // Others fold the log in; a commit never waits for that.
    db.pragma_update(None, "wal_autocheckpoint", 0)?;
    // A savepoint notes the pages that it may have to restore; on disk those notes cost as much as the log.
    db.pragma_update(None, "temp_store", "MEMORY")?;
    // The dirty pages of a large group stay in memory until they are written once.
    db.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    // What is erased is overwritten, not only unlinked.
    db.pragma_update(None, "secure_delete", true)?;
    match whose {
        Whose::Nobodys => schema::create(db)?,
        Whose::Older(version) => schema::migrate(db, version)?,
        _ => {}
    }
    Ok(Whose::Ours)
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, Fault> {
    let db = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(PATIENCE)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(db)
}

fn readers(path: &Path) -> Result<Vec<Connection>, Fault> {
    (0..READERS).map(|_| connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)).collect()
}

fn accept(path: &Path, opened: Result<(Connection, Whose), Fault>) -> Result<Connection, OpenError> {
    let (connection, whose) = accept_fault(path, opened)?;
    match whose {
        Whose::Ours => Ok(connection),
        Whose::Older(found) => Err(OpenError::Older { path: path.into(), found }),
        Whose::Nobodys => Err(OpenError::Missing(path.into())),
        Whose::Foreign => Err(OpenError::Foreign(path.into())),
        Whose::Newer(found) => Err(OpenError::Newer { path: path.into(), found }),
    }
}

fn accept_fault<T>(path: &Path, opened: Result<T, Fault>) -> Result<T, OpenError> {
    opened.map_err(|fault| match settle(fault) {
        StoreError::Damaged(what) => OpenError::Damaged { path: path.into(), what },
        source => OpenError::Store { path: path.into(), source },
    })
}
