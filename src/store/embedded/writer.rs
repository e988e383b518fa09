//! The only thread that writes. It takes everything that is queued, performs it in one transaction and commits once,
//! so that all who waited during one flush share the next.

use std::{
    fs::File,
    io,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use finbrain_domain::ports::StoreError;
use metrics::{counter, describe_counter, describe_histogram, histogram};
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::{
    checkpoint::{Checkpointer, truncate},
    fault::{Fault, settle},
};

/// So many pieces of work may wait; more wait to be queued.
const QUEUE: usize = 1024;
/// So many share a commit at most.
const GROUP: usize = 512;
/// A log of this size is folded in and emptied by the writer, who can keep new frames from arriving.
const LOG_LIMIT: u64 = 64 * 1024 * 1024;
/// How much the log may grow before the next attempt, when readers were in the way of the last.
const LOG_GRACE: u64 = 16 * 1024 * 1024;
/// How long an attempt to empty the log may hold up writes.
const TRUNCATE_PATIENCE: Duration = Duration::from_millis(50);
/// How long a write waits for someone else's lock on the file, such as a shell.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// Registers the help texts of the metrics of the store.
pub fn describe_metrics() {
    describe_histogram!(
        "finbrain_journal_append_seconds",
        metrics::Unit::Seconds,
        "Time from handing an entry to the store until it is durable"
    );
    describe_counter!("finbrain_journal_appends_total", "Entries that are durable");
    describe_counter!("finbrain_journal_commits_total", "Transactions committed, each with one flush");
    describe_histogram!("finbrain_journal_group_size", "Writes that shared a commit");
    counter!("finbrain_journal_appends_total").increment(0);
    counter!("finbrain_journal_commits_total").increment(0);
    // Registered, so that they are there before the first entry.
    let _ = (histogram!("finbrain_journal_append_seconds"), histogram!("finbrain_journal_group_size"));
}

pub(super) struct Writer {
    /// Taken when the writer is dropped, which ends the thread as soon as the queue is empty.
    queue: Option<mpsc::Sender<Command>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the thread owns. The lock is released last, after both connections are closed.
pub(super) struct Desk {
    pub checkpointer: Checkpointer,
    pub connection: Connection,
    pub log: PathBuf,
    pub lock: File,
}

enum Command {
    Perform(Box<dyn Work>),
    /// Empties the log, so that what was erased is in no file any more.
    Scrub(oneshot::Sender<()>),
    Close,
}

impl Writer {
    pub(super) fn start(desk: Desk) -> io::Result<Self> {
        let (queue, commands) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || Loop { desk, commands, log_limit: LOG_LIMIT }.run())?;
        Ok(Self { queue: Some(queue), thread: Mutex::new(Some(thread)) })
    }

    /// Performs the work in a transaction. What it returns is durable; when it fails, nothing of it was written.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = Job { work: Some(work), outcome: None, reply };
        self.send(Command::Perform(Box::new(job))).await?;
        answer
            .await
            .map_err(|_| StoreError::OutcomeUnknown("the writer stopped before it answered".into()))?
    }

    pub(super) async fn scrub(&self) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Scrub(reply)).await?;
        answer.await.map_err(|_| stopped())
    }

    pub(super) async fn close(&self) {
        // Refused when it is closed already, which is as good.
        let _ = self.send(Command::Close).await;
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic there has been reported by the thread itself.
            let _ = tokio::task::spawn_blocking(|| thread.join()).await;
        }
    }

    async fn send(&self, command: Command) -> Result<(), StoreError> {
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        queue.send(command).await.map_err(|_| stopped())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            // A panic there has been reported by the thread itself.
            let _ = thread.join();
        }
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the store is closed".into())
}

/// A piece of work of any kind.
trait Work: Send {
    /// Performs it; when it fails, nothing of it may stay.
    fn perform(&mut self, db: &Connection) -> Result<(), StoreError>;

    /// Answers whoever waits, now that the group stands or fell.
    fn answer(self: Box<Self>, group: Result<(), StoreError>);
}

struct Job<T, F> {
    work: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Work for Job<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, Fault> + Send,
{
    fn perform(&mut self, db: &Connection) -> Result<(), StoreError> {
        let work = self.work.take().expect("work is performed once");
        let outcome = work(db).map_err(settle);
        let kept = outcome.as_ref().map(|_| ()).map_err(Clone::clone);
        self.outcome = Some(outcome);
        kept
    }

    fn answer(self: Box<Self>, group: Result<(), StoreError>) {
        let outcome = match (group, self.outcome) {
            // Its own failure says more than that of the group.
            (_, Some(Err(error))) | (Err(error), _) => Err(error),
            (Ok(()), Some(Ok(value))) => Ok(value),
            (Ok(()), None) => unreachable!("a group that stands was performed whole"),
        };
        // Nobody waits any more: the work stands all the same.
        let _ = self.reply.send(outcome);
    }
}

struct Loop {
    desk: Desk,
    commands: mpsc::Receiver<Command>,
    /// The size at which the log is emptied next.
    log_limit: u64,
}

impl Loop {
    fn run(mut self) {
        while let Some(first) = self.commands.blocking_recv() {
            let mut group = Vec::new();
            let mut scrubs = Vec::new();
            let mut next = Some(first);
            while let Some(command) = next {
                match command {
                    Command::Perform(work) => group.push(work),
                    Command::Scrub(reply) => scrubs.push(reply),
                    // What is queued already is still received; then the loop ends.
                    Command::Close => self.commands.close(),
                }
                next = if group.len() < GROUP { self.commands.try_recv().ok() } else { None };
            }
            self.commit(group);
            self.scrub(scrubs);
        }
        self.finish();
    }

    fn commit(&mut self, mut group: Vec<Box<dyn Work>>) {
        if group.is_empty() {
            return;
        }
        let outcome = perform(&mut self.desk.connection, &mut group).map_err(settle);
        if outcome.is_ok() {
            counter!("finbrain_journal_commits_total").increment(1);
            histogram!("finbrain_journal_group_size")
                .record(f64::from(u32::try_from(group.len()).unwrap_or(0)));
            self.desk.checkpointer.written();
        }
        for work in group {
            work.answer(outcome.clone());
        }
        self.limit_log();
    }

    fn scrub(&mut self, replies: Vec<oneshot::Sender<()>>) {
        if !replies.is_empty() {
            self.empty_log();
        }
        for reply in replies {
            // Nobody waits any more: the log is empty all the same.
            let _ = reply.send(());
        }
    }

    fn limit_log(&mut self) {
        let size = std::fs::metadata(&self.desk.log).map_or(0, |log| log.len());
        if size >= self.log_limit {
            self.log_limit = if self.empty_log() { LOG_LIMIT } else { size + LOG_GRACE };
        }
    }

    fn empty_log(&self) -> bool {
        let db = &self.desk.connection;
        let emptied = db
            .busy_timeout(TRUNCATE_PATIENCE)
            .and_then(|()| truncate(db))
            .and_then(|emptied| db.busy_timeout(PATIENCE).map(|()| emptied));
        emptied.unwrap_or_else(|error| {
            tracing::debug!(error = %settle(error.into()), "log was not emptied");
            false
        })
    }

    /// Closes everything in order: first the other connection, then this one, then the lock.
    fn finish(self) {
        let Desk { checkpointer, connection, lock, .. } = self.desk;
        drop(checkpointer);
        if let Err(error) = truncate(&connection) {
            tracing::warn!(error = %settle(error.into()), "log was not emptied on closing; the next start reads it");
        }
        drop(connection);
        drop(lock);
    }
}

/// Performs a group in one transaction, each piece in a savepoint of its own.
fn perform(db: &mut Connection, group: &mut [Box<dyn Work>]) -> Result<(), Fault> {
    let mut transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for work in group {
        let savepoint = transaction.savepoint()?;
        match work.perform(&savepoint) {
            Ok(()) => savepoint.commit()?,
            Err(error) => {
                // Dropping it rolls back to where it began.
                drop(savepoint);
                // On a full disk SQLite may have rolled back everything by itself. Going on would then commit
                // later pieces one by one while the group is told that it failed.
                if transaction.is_autocommit() {
                    return Err(error.into());
                }
            }
        }
    }
    Ok(transaction.commit()?)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::store::embedded::{FILE, open};

    const FRAME: u64 = 4096 + 24;

    fn writer(dir: &Path) -> Writer {
        open::to_write(dir).unwrap().writer
    }

    fn add(db: &Connection, name: &str) -> Result<(), Fault> {
        db.execute("INSERT INTO server_keys (name, key) VALUES (?1, x'00')", [name])?;
        Ok(())
    }

    #[tokio::test]
    async fn every_commit_is_flushed_before_it_is_answered() {
        let dir = tempfile::tempdir().unwrap();
        let writer = writer(dir.path());

        let settings = writer.run(|db: &Connection| {
            let synchronous: i64 = db.pragma_query_value(None, "synchronous", |row| row.get(0))?;
            let journal: String = db.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
            Ok((synchronous, journal))
        });

        // 2 is FULL: the log is flushed at each commit.
        assert_eq!(settings.await.unwrap(), (2, "wal".to_owned()));
    }

    async fn names(writer: &Writer) -> Vec<String> {
        let read = |db: &Connection| {
            let mut statement = db.prepare("SELECT name FROM server_keys ORDER BY name")?;
            Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
        };
        writer.run(read).await.unwrap()
    }

    /// Holds the writer up, queues everything, and lets go: all of it becomes one group.
    async fn as_one_group<F>(writer: &Writer, work: Vec<F>) -> Vec<Result<(), StoreError>>
    where
        F: FnOnce(&Connection) -> Result<(), Fault> + Send + 'static,
    {
        let (open_gate, gate) = std::sync::mpsc::channel::<()>();
        let (arrived, arrival) = oneshot::channel();
        let (reply, _held) = oneshot::channel();
        let hold = move |_: &Connection| {
            let _ = arrived.send(());
            gate.recv().map_err(|_| Fault::damaged("gate"))
        };
        let hold = Job { work: Some(hold), outcome: None, reply };
        writer.send(Command::Perform(Box::new(hold))).await.unwrap();
        arrival.await.unwrap();
        let mut answers = Vec::new();
        for work in work {
            let (reply, answer) = oneshot::channel();
            writer
                .send(Command::Perform(Box::new(Job { work: Some(work), outcome: None, reply })))
                .await
                .unwrap();
            answers.push(answer);
        }
        open_gate.send(()).unwrap();
        let mut outcomes = Vec::new();
        for answer in answers {
            outcomes.push(answer.await.unwrap());
        }
        outcomes
    }

    #[tokio::test]
    async fn what_queued_during_a_commit_shares_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let writer = writer(dir.path());
        let log = dir.path().join(format!("{FILE}-wal"));
        let before = std::fs::metadata(&log).unwrap().len();

        let work = (0..64).map(|n| move |db: &Connection| add(db, &format!("{n:02}"))).collect();
        let outcomes = as_one_group(&writer, work).await;

        assert!(outcomes.iter().all(Result::is_ok));
        let grown = std::fs::metadata(&log).unwrap().len().saturating_sub(before);
        assert!(grown < 10 * FRAME, "64 writes took {} frames", grown / FRAME);
    }

    #[tokio::test]
    async fn a_failing_piece_of_work_leaves_nothing_and_spoils_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let writer = writer(dir.path());

        let work = (0..3)
            .map(|n| {
                move |db: &Connection| {
                    add(db, &n.to_string())?;
                    if n == 1 { Err(Fault::damaged("injected")) } else { Ok(()) }
                }
            })
            .collect();
        let outcomes = as_one_group(&writer, work).await;

        assert_eq!(outcomes, [Ok(()), Err(StoreError::Damaged("injected".into())), Ok(())]);
        assert_eq!(names(&writer).await, ["0", "2"]);
    }

    #[tokio::test]
    async fn a_group_that_sqlite_rolled_back_fails_as_a_whole() {
        let dir = tempfile::tempdir().unwrap();
        let writer = writer(dir.path());

        let work = (0..3)
            .map(|n| {
                move |db: &Connection| {
                    add(db, &n.to_string())?;
                    if n == 1 {
                        db.execute_batch("ROLLBACK")?;
                        return Err(StoreError::NoRoom("injected".into()).into());
                    }
                    Ok(())
                }
            })
            .collect();
        let outcomes = as_one_group(&writer, work).await;

        assert_eq!(outcomes, vec![Err(StoreError::NoRoom("injected".into())); 3]);
        assert!(names(&writer).await.is_empty());
        assert_eq!(writer.run(|db| add(db, "later")).await, Ok(()));
    }
}
