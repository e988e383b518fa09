//! One client: signs in, does one operation after the other, and repeats with the same key until it knows the outcome.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use reqwest::Method;
use serde_json::json;

use super::{
    log::LogError,
    operation,
    record::{Answer, Record, Session as SessionRecord, What},
    run::{Account, Error, Run, Session},
    send::{Asker, Call, Outcome},
};

/// The first pause after a lost request; it doubles up to the last one.
const FIRST_PAUSE: Duration = Duration::from_millis(40);
const LAST_PAUSE: Duration = Duration::from_secs(2);
/// Longer than this nobody is told to wait by a server that is well.
const LONGEST_WAIT: u64 = 5;
/// Reads are not worth more attempts: their outcome is known without.
const READS: u32 = 3;

#[derive(Debug)]
pub struct Client {
    run: Arc<Run>,
    pub account: Arc<Account>,
    index: usize,
    pub random: StdRng,
    session: Option<Arc<Session>>,
    /// The highest version that this client has seen.
    pub seen: u64,
    /// The first client of an account registers it; the others wait for that.
    registers: bool,
}

impl Client {
    pub fn new(run: Arc<Run>, index: usize) -> Self {
        let account = Arc::clone(&run.accounts[index % run.accounts.len()]);
        let seed = run.plan.seed.wrapping_mul(0x9e37_79b9).wrapping_add(index as u64);
        let registers = index < run.accounts.len();
        let random = StdRng::seed_from_u64(seed);
        Self { run, account, index, random, session: None, seen: 0, registers }
    }

    /// Operations until the run is over.
    pub async fn run(mut self) -> Result<(), Error> {
        while !self.run.is_over() {
            let Some(session) = self.session().await? else {
                self.rest(FIRST_PAUSE).await;
                continue;
            };
            if !self.run.begins() {
                break;
            }
            if operation::is_logout(&mut self.random) {
                self.sign_out(&session).await?;
            } else {
                let call = operation::draw(&mut self);
                self.perform(&call, &session).await?;
            }
            if !self.run.plan.pause.is_zero() {
                self.rest(self.run.plan.pause).await;
            }
        }
        Ok(())
    }

    /// What stands in every title.
    pub fn marker(&self) -> String {
        self.run.marker.clone()
    }

    /// The session to go on with: that of before, one of another tab, or a new one.
    async fn session(&mut self) -> Result<Option<Arc<Session>>, LogError> {
        if let Some(session) = self.session.take_if(|session| session.is_over()) {
            drop(session);
        }
        if let Some(session) = &self.session {
            return Ok(Some(Arc::clone(session)));
        }
        if self.random.random_bool(0.3) {
            self.session = self.account.any_session(&mut self.random);
            if self.session.is_some() {
                return Ok(self.session.clone());
            }
        }
        self.session = self.sign_in().await?;
        Ok(self.session.clone())
    }

    async fn sign_in(&mut self) -> Result<Option<Arc<Session>>, LogError> {
        let account = Arc::clone(&self.account);
        if !account.is_registered() && !self.registers {
            return Ok(None);
        }
        let Account { email, password, .. } = &*account;
        let register = json!({ "email": email, "password": password, "name": self.run.marker,
            "base_currency": "ILS" });
        let login = json!({ "email": email, "password": password });
        let call = match account.is_registered() {
            false => Call::post(What::Register, "/auth/register", register),
            true => Call::post(What::Login, "/auth/login", login),
        };
        let url = self.url();
        let asker = Asker { client: self.index, account: self.account.index, session: None, seen: 0 };
        // Hashing a password may wait in a queue.
        let timeout = self.run.plan.timeout.max(Duration::from_secs(10));
        let Outcome::Answered(answer, cookie) = self.run.door.send(&url, &call, asker, timeout).await? else {
            // It may have been registered.
            return Ok(None);
        };
        if answer.is_success() || answer.code() == Some("email_taken") {
            account.set_registered();
        }
        match cookie.filter(|_| answer.is_success()) {
            Some(cookie) => self.keep(cookie).await.map(Some),
            None => {
                self.wait(&answer).await;
                Ok(None)
            }
        }
    }

    async fn keep(&self, cookie: String) -> Result<Arc<Session>, LogError> {
        let token = cookie.split_once('=').map_or(cookie.as_str(), |(_, token)| token).to_owned();
        let session = Arc::new(Session::new(self.run.door.next_id(), cookie));
        let (number, account, at) = (session.number, self.account.index, self.run.door.now());
        self.run.door.log(Record::Session(SessionRecord { session: number, account, token, at })).await?;
        self.account.keep(&session);
        Ok(session)
    }

    /// Ends the session, and then tries what it must not be able to do any more.
    async fn sign_out(&mut self, session: &Session) -> Result<(), LogError> {
        // From now on nobody else begins to use it.
        session.end();
        let call = Call::new(What::Logout, Method::POST, "/auth/logout", None);
        if self.until_known(&call, session).await?.is_none() {
            return Ok(());
        }
        for _ in 0..self.random.random_range(1..=3) {
            let call = operation::draw(self);
            self.attempt(&call, session).await?;
        }
        Ok(())
    }

    /// One operation to its end, and what is learned from it.
    async fn perform(&mut self, call: &Call, session: &Session) -> Result<(), LogError> {
        let answer = match call.key {
            Some(_) => self.until_known(call, session).await?,
            None => self.read(call, session).await?,
        };
        let Some(answer) = answer else { return Ok(()) };
        if answer.status == 401 {
            session.end();
        }
        if answer.is_success() {
            operation::learn(&mut self.account.known(), call, &answer);
        }
        Ok(())
    }

    async fn read(&mut self, call: &Call, session: &Session) -> Result<Option<Box<Answer>>, LogError> {
        for _ in 0..READS {
            match self.attempt(call, session).await? {
                Some(answer) if matches!(answer.status, 429 | 503) => self.wait(&answer).await,
                Some(answer) => return Ok(Some(answer)),
                None => self.rest(FIRST_PAUSE).await,
            }
        }
        Ok(None)
    }

    /// Repeats with the same key, on any pod, sometimes on two at once, until the answer says what happened.
    async fn until_known(&mut self, call: &Call, session: &Session) -> Result<Option<Box<Answer>>, LogError> {
        let deadline = Instant::now() + self.run.plan.patience;
        let mut pause = FIRST_PAUSE;
        let mut twice = call.key.is_some() && self.random.random_bool(0.06);
        while Instant::now() < deadline {
            let answer = if std::mem::take(&mut twice) {
                self.attempt_twice(call, session).await?
            } else {
                self.attempt(call, session).await?
            };
            match answer {
                Some(answer) if matches!(answer.status, 408 | 429 | 500..) => self.wait(&answer).await,
                Some(answer) => return Ok(Some(answer)),
                None => {
                    let jitter = self.random.random_range(0.5..1.5);
                    self.rest(pause.mul_f64(jitter)).await;
                    pause = (pause * 2).min(LAST_PAUSE);
                }
            }
        }
        Ok(None)
    }

    async fn attempt(&mut self, call: &Call, session: &Session) -> Result<Option<Box<Answer>>, LogError> {
        let url = self.url();
        let outcome = self.run.door.send(&url, call, self.asker(session), self.run.plan.timeout).await?;
        Ok(self.note(outcome))
    }

    /// The same key to two pods at the same time. What is known of one of them is known.
    async fn attempt_twice(
        &mut self,
        call: &Call,
        session: &Session,
    ) -> Result<Option<Box<Answer>>, LogError> {
        let urls = &self.run.plan.urls;
        let at = self.random.random_range(0..urls.len());
        let (one, other) = (urls[at].clone(), urls[(at + 1) % urls.len()].clone());
        let (asker, timeout) = (self.asker(session), self.run.plan.timeout);
        let door = &self.run.door;
        let (one, other) =
            tokio::join!(door.send(&one, call, asker, timeout), door.send(&other, call, asker, timeout));
        let (one, other) = (self.note(one?), self.note(other?));
        let succeeds =
            |answer: &Option<Box<Answer>>| answer.as_ref().is_some_and(|answer| answer.is_success());
        Ok(if succeeds(&one) {
            one
        } else if succeeds(&other) {
            other
        } else {
            one.or(other)
        })
    }

    fn note(&mut self, outcome: Outcome) -> Option<Box<Answer>> {
        let Outcome::Answered(answer, _) = outcome else { return None };
        if let Some(version) = answer.version.filter(|_| answer.is_success()) {
            self.seen = self.seen.max(version);
        }
        Some(answer)
    }

    fn asker<'a>(&self, session: &'a Session) -> Asker<'a> {
        let (client, account) = (self.index, self.account.index);
        Asker { client, account, session: Some(session), seen: self.seen }
    }

    fn url(&mut self) -> String {
        let at = self.random.random_range(0..self.run.plan.urls.len());
        self.run.plan.urls[at].clone()
    }

    /// Waits as long as the server says.
    async fn wait(&self, answer: &Answer) {
        let seconds = answer.retry_after.as_ref().and_then(|text| text.parse::<u64>().ok()).unwrap_or(1);
        self.rest(Duration::from_secs(seconds.min(LONGEST_WAIT))).await;
    }

    async fn rest(&self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }
}
