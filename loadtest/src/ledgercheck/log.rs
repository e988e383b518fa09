//! The log of a run. One thread writes and syncs for all clients, so that many records share an fsync.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::Path,
    sync::mpsc,
};

use tokio::sync::oneshot;

use super::record::Record;

type Waiting = (Vec<u8>, oneshot::Sender<()>);

/// Records that share an fsync at most.
const BATCH: usize = 1024;

#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("the log cannot be created: {0}")]
    Create(#[source] io::Error),
    #[error("the log cannot be written")]
    Write,
}

#[derive(Debug, Clone)]
pub struct Log {
    sender: mpsc::SyncSender<Waiting>,
}

impl Log {
    /// Creates the file, which holds passwords of invented people and is nobody else's to read.
    pub fn create(path: &Path) -> Result<Self, LogError> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(LogError::Create)?;
        let (sender, records) = mpsc::sync_channel(BATCH * 16);
        std::thread::Builder::new()
            .name("ledgercheck-log".into())
            .spawn(move || write(file, &records))
            .map_err(LogError::Create)?;
        Ok(Self { sender })
    }

    /// Comes back when the record is on disk.
    pub async fn write(&self, record: &Record) -> Result<(), LogError> {
        let mut line = serde_json::to_vec(record).expect("records are plain data");
        line.push(b'\n');
        let (written, on_disk) = oneshot::channel();
        // The queue is far longer than there are clients, each of which waits for its record.
        self.sender.try_send((line, written)).map_err(|_| LogError::Write)?;
        on_disk.await.map_err(|_| LogError::Write)
    }
}

/// Writes until nobody holds the log any more, or the disk fails: then everybody who waits is told.
fn write(mut file: File, records: &mpsc::Receiver<Waiting>) {
    let mut lines = Vec::new();
    while let Ok((line, written)) = records.recv() {
        lines.clear();
        lines.extend(line);
        let mut waiting = vec![written];
        for (line, written) in records.try_iter().take(BATCH) {
            lines.extend(line);
            waiting.push(written);
        }
        if file.write_all(&lines).and_then(|()| file.sync_data()).is_err() {
            return;
        }
        for written in waiting {
            // Who asked may have gone.
            let _ = written.send(());
        }
    }
}
