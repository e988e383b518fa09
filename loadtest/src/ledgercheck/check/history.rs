//! A recorded run as the checks read it: every attempt with what came of it. Bodies of reports stay in the file, where
//! they are found again one after the other.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufRead as _, BufReader, Seek as _, SeekFrom},
    path::Path,
};

use serde_json::Value;

use super::{
    super::record::{Answer, Event, Footprint, Journal, Lost, Moment, Record, Request, Session, Start, What},
    CheckError,
};

/// What came of an attempt.
#[derive(Debug)]
pub enum Reply {
    Answered(Box<Answer>),
    Lost(Lost),
    /// The record ends before it.
    Missing,
}

/// One request and its reply.
#[derive(Debug)]
pub struct Attempt {
    /// The line of the request.
    pub line: usize,
    /// The line of the reply; that of the request when there is none.
    pub reply_line: usize,
    /// Where the line of the reply begins.
    offset: u64,
    pub request: Request,
    pub reply: Reply,
}

impl Attempt {
    pub fn answer(&self) -> Option<&Answer> {
        match &self.reply {
            Reply::Answered(answer) => Some(answer),
            Reply::Lost(_) | Reply::Missing => None,
        }
    }

    /// When it went out, if that was written down.
    pub fn sent(&self) -> Option<Moment> {
        match &self.reply {
            Reply::Answered(answer) => Some(answer.sent),
            Reply::Lost(lost) => Some(lost.sent),
            Reply::Missing => None,
        }
    }

    /// The answer, when it is one of success.
    pub fn success(&self) -> Option<&Answer> {
        self.answer().filter(|answer| answer.is_success())
    }

    /// The version that a success is of. A replay tells an old one.
    pub fn version(&self) -> Option<u64> {
        self.success().filter(|answer| !answer.replayed)?.version
    }
}

/// A line of the file with what stands in it.
#[derive(Debug)]
pub struct At<T> {
    pub line: usize,
    pub value: T,
}

#[derive(Debug)]
pub struct History {
    pub start: Start,
    pub attempts: Vec<Attempt>,
    pub events: Vec<At<Event>>,
    pub sessions: Vec<Session>,
    pub footprints: Vec<At<Footprint>>,
    pub journals: Vec<At<Journal>>,
    /// When the clients had come to their end.
    pub stopped: Option<Moment>,
    file: File,
}

impl History {
    pub fn load(path: &Path) -> Result<Self, CheckError> {
        let file = File::open(path).map_err(CheckError::Read)?;
        let mut reader = BufReader::new(file.try_clone().map_err(CheckError::Read)?);
        let mut loading = Loading::default();
        let (mut line, mut number, mut offset) = (String::new(), 0, 0);
        loop {
            line.clear();
            let length = reader.read_line(&mut line).map_err(CheckError::Read)?;
            if length == 0 || !line.ends_with('\n') {
                // The last line of a run that was killed may be half a line.
                break;
            }
            number += 1;
            let record = serde_json::from_str(&line);
            let record = record.map_err(|source| CheckError::Malformed { line: number, source })?;
            loading.take(number, offset, record);
            offset += length as u64;
        }
        loading.into_history(file)
    }

    /// The body of a reply, from the file.
    pub fn body(&mut self, attempt: usize) -> Result<Value, CheckError> {
        let Attempt { offset, reply_line, .. } = self.attempts[attempt];
        self.file.seek(SeekFrom::Start(offset)).map_err(CheckError::Read)?;
        let mut line = String::new();
        BufReader::with_capacity(64 * 1024, &self.file).read_line(&mut line).map_err(CheckError::Read)?;
        match serde_json::from_str(&line) {
            Ok(Record::Answer(answer)) => Ok(answer.body),
            Ok(_) => Ok(Value::Null),
            Err(source) => Err(CheckError::Malformed { line: reply_line, source }),
        }
    }

    /// How many accounts there are.
    pub fn accounts(&self) -> usize {
        let accounts = self.attempts.iter().map(|attempt| attempt.request.account + 1);
        accounts.max().unwrap_or(0)
    }
}

#[derive(Debug, Default)]
struct Loading {
    start: Option<Start>,
    attempts: Vec<Attempt>,
    by_id: HashMap<u64, usize>,
    events: Vec<At<Event>>,
    sessions: Vec<Session>,
    footprints: Vec<At<Footprint>>,
    journals: Vec<At<Journal>>,
    stopped: Option<Moment>,
}

impl Loading {
    fn take(&mut self, line: usize, offset: u64, record: Record) {
        match record {
            Record::Start(start) => self.start = Some(start),
            Record::Session(session) => self.sessions.push(session),
            Record::Request(request) => {
                self.by_id.insert(request.id, self.attempts.len());
                let reply = Reply::Missing;
                let attempt = Attempt { line, reply_line: line, offset: 0, request: *request, reply };
                self.attempts.push(attempt);
            }
            Record::Answer(mut answer) => {
                let Some(attempt) = self.by_id.get(&answer.id).map(|&at| &mut self.attempts[at]) else {
                    return;
                };
                if answer.is_success() && stays_in_file(attempt.request.what) {
                    answer.body = Value::Null;
                }
                (attempt.reply_line, attempt.offset) = (line, offset);
                attempt.reply = Reply::Answered(answer);
            }
            Record::Lost(lost) => {
                if let Some(&at) = self.by_id.get(&lost.id) {
                    self.attempts[at].reply_line = line;
                    self.attempts[at].reply = Reply::Lost(lost);
                }
            }
            Record::Event(value) => self.events.push(At { line, value }),
            Record::Footprint(value) => self.footprints.push(At { line, value }),
            Record::Journal(value) => self.journals.push(At { line, value }),
            Record::Stopped { at } => self.stopped = Some(at),
        }
    }

    fn into_history(self, file: File) -> Result<History, CheckError> {
        let Self { start, attempts, events, sessions, footprints, journals, stopped, by_id: _ } = self;
        let start = start.ok_or(CheckError::NoStart)?;
        Ok(History { start, attempts, events, sessions, footprints, journals, stopped, file })
    }
}

/// Reports are many and large, and looked at once.
pub const fn stays_in_file(what: What) -> bool {
    matches!(
        what,
        What::List
            | What::Read
            | What::Dashboard
            | What::Breakdown
            | What::Monthly
            | What::Changes
            | What::History
    )
}
