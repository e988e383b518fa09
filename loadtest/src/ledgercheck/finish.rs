//! The last readings: every account's journal and history, as each pod tells them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    log::LogError,
    record::{Answer, Journal, Record, Session as SessionRecord, What},
    run::{Account, Error, Run, Session},
    send::{Asker, Call, Outcome},
};

const PAUSE: Duration = Duration::from_millis(250);

pub async fn read_journals(run: &Arc<Run>) -> Result<(), Error> {
    for account in &run.accounts {
        // A pod that lags is still told what the clients have seen.
        let seen = account.known().version;
        for (pod, url) in run.plan.pods().iter().enumerate() {
            let readers = account.index * run.plan.pods().len() + pod;
            let client = run.plan.clients + run.accounts.len() + readers;
            let mut reader = Reader { run, account, url, client, seen, session: None };
            let deadline = Instant::now() + run.plan.settle;
            reader.sign_in(deadline).await?;
            let entries = reader.changes(deadline).await?;
            let history = reader.history(deadline).await?;
            let (account, url) = (account.index, url.clone());
            run.door.log(Record::Journal(Journal { account, url, entries, history })).await?;
        }
    }
    Ok(())
}

struct Reader<'a> {
    run: &'a Run,
    account: &'a Account,
    url: &'a str,
    client: usize,
    seen: u64,
    session: Option<Session>,
}

impl Reader<'_> {
    async fn sign_in(&mut self, deadline: Instant) -> Result<(), Error> {
        let Account { email, password, .. } = self.account;
        let body = json!({ "email": email, "password": password });
        let (_, cookie) = self.ask(&Call::post(What::Login, "/auth/login", body), deadline).await?;
        let cookie = cookie.ok_or_else(|| Error::Unreachable(self.url.to_owned()))?;
        let token = cookie.split_once('=').map_or("", |(_, token)| token).to_owned();
        let session = Session::new(self.run.door.next_id(), cookie);
        let (number, account, at) = (session.number, self.account.index, self.run.door.now());
        self.run.door.log(Record::Session(SessionRecord { session: number, account, token, at })).await?;
        self.session = Some(session);
        Ok(())
    }

    async fn changes(&self, deadline: Instant) -> Result<Vec<Value>, Error> {
        let mut entries = Vec::new();
        let mut since = "0".to_owned();
        loop {
            let call = Call::get(What::Changes, format!("/changes?since={since}&limit=500"));
            let (answer, _) = self.ask(&call, deadline).await?;
            entries.extend(answer.body["data"].as_array().cloned().unwrap_or_default());
            match answer.body["page"]["next"].as_str() {
                Some(next) => next.clone_into(&mut since),
                None => return Ok(entries),
            }
        }
    }

    /// Entry ids and what they took back; the changes are known.
    async fn history(&self, deadline: Instant) -> Result<Vec<Value>, Error> {
        let mut history = Vec::new();
        let mut path = "/history?limit=500".to_owned();
        loop {
            let (answer, _) = self.ask(&Call::get(What::History, path), deadline).await?;
            let rows = answer.body["data"].as_array().into_iter().flatten();
            history.extend(rows.map(|row| {
                json!({ "version": row["version"], "entry_id": row["entry_id"], "undoes": row["undoes"] })
            }));
            match answer.body["page"]["next"].as_str() {
                Some(next) => path = format!("/history?limit=500&cursor={next}"),
                None => return Ok(history),
            }
        }
    }

    /// Asks until there is an answer.
    async fn ask(&self, call: &Call, deadline: Instant) -> Result<(Box<Answer>, Option<String>), Error> {
        let (client, account) = (self.client, self.account.index);
        let asker = Asker { client, account, session: self.session.as_ref(), seen: self.seen };
        while Instant::now() < deadline {
            match self.send(call, asker).await? {
                Outcome::Answered(answer, cookie) if answer.is_success() => return Ok((answer, cookie)),
                Outcome::Answered(..) | Outcome::Lost => tokio::time::sleep(PAUSE).await,
            }
        }
        Err(Error::Unreachable(self.url.to_owned()))
    }

    async fn send(&self, call: &Call, asker: Asker<'_>) -> Result<Outcome, LogError> {
        let timeout = self.run.plan.timeout.max(Duration::from_secs(10));
        self.run.door.send(self.url, call, asker, timeout).await
    }
}
