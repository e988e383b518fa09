//! Three mongods that keep the same data: one of them can be killed or frozen, and the others go on.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use mongodb::bson::{Bson, Document, doc};

use super::{Mongod, ServerError};

/// From the last fault to a primary that answers, elections included.
const ELECTION: Duration = Duration::from_secs(60);
/// Shorter than as shipped (10 s), so that a test waits less for an election.
const ELECTION_TIMEOUT_MS: i32 = 2_000;
const NAME: &str = "rs0";

/// A replica set on loopback. Its members are counted from 0.
#[derive(Debug)]
pub struct ReplicaSet {
    pub members: Vec<Mongod>,
}

impl ReplicaSet {
    /// Starts `members` mongods, makes them a set, and waits for a primary.
    pub async fn start(members: usize) -> Result<Self, ServerError> {
        let mut set = Self { members: Vec::new() };
        for _ in 0..members {
            set.members.push(Mongod::prepare(NAME).await?);
        }
        set.begin().await
    }

    /// The same over data that stay in `folder`, which may be there from before.
    pub async fn start_in(folder: &Path, members: usize) -> Result<Self, ServerError> {
        let member = |number| Mongod::prepare_in(NAME, &folder.join(format!("mongod-{number}")));
        let members = (0..members).map(member).collect::<Result<_, _>>()?;
        Self { members }.begin().await
    }

    async fn begin(mut self) -> Result<Self, ServerError> {
        self.members.iter_mut().try_for_each(Mongod::launch)?;
        let hosts = (0..).zip(&self.members);
        let hosts = hosts.map(|(id, mongod): (i32, _)| doc! { "_id": id, "host": mongod.host() });
        let hosts: Vec<Bson> = hosts.map(Bson::Document).collect();
        let settings = doc! { "electionTimeoutMillis": ELECTION_TIMEOUT_MS, "heartbeatIntervalMillis": 500 };
        let config = doc! { "_id": NAME, "members": hosts, "settings": settings };
        let first = &self.members[0];
        // Answers as soon as it runs.
        first.command(doc! { "ping": 1 }).await?;
        let is_new = first.try_command(doc! { "replSetGetConfig": 1 }).await.is_none();
        if is_new {
            first.command(doc! { "replSetInitiate": config }).await?;
        }
        self.primary().await?;
        self.all_caught_up().await?;
        Ok(self)
    }

    /// Waits for a member that a majority takes for its primary, and says which it is. Members that are frozen or dead
    /// are not asked twice.
    pub async fn primary(&self) -> Result<usize, ServerError> {
        let deadline = Instant::now() + ELECTION;
        while Instant::now() < deadline {
            for (number, member) in self.members.iter().enumerate() {
                let hello = member.try_command(doc! { "hello": 1 }).await;
                if hello.is_some_and(|hello| hello.get_bool("isWritablePrimary").unwrap_or(false)) {
                    return Ok(number);
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err(ServerError::NotReady { program: "mongod", cause: "no primary was elected".into() })
    }

    /// Waits until no member that answers is still starting or catching up.
    async fn all_caught_up(&self) -> Result<(), ServerError> {
        let deadline = Instant::now() + ELECTION;
        loop {
            let status =
                self.members[self.primary().await?].try_command(doc! { "replSetGetStatus": 1 }).await;
            let members = status.as_ref().and_then(|status| status.get_array("members").ok());
            // 1 is a primary, 2 a secondary.
            let state = |member: &Bson| member.as_document().and_then(|member| member.get_i32("state").ok());
            if members
                .is_some_and(|members| members.iter().all(|member| matches!(state(member), Some(1 | 2))))
            {
                return Ok(());
            }
            if Instant::now() > deadline {
                let cause = "a member did not catch up".into();
                return Err(ServerError::NotReady { program: "mongod", cause });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// `kill -9` of a member.
    pub fn kill(&mut self, member: usize) {
        self.members[member].kill();
    }

    /// Starts a member again over its data.
    pub fn launch(&mut self, member: usize) -> Result<(), ServerError> {
        self.members[member].launch()
    }

    /// Freezes a member: it holds its connections and answers nothing.
    pub fn freeze(&self, member: usize) {
        self.signal(member, "STOP");
    }

    /// Lets a frozen member go on as if nothing had happened.
    pub fn thaw(&self, member: usize) {
        self.signal(member, "CONT");
    }

    fn signal(&self, member: usize, name: &str) {
        if let Some(process) = self.members[member].process() {
            process.signal(name);
        }
    }

    /// Makes the primary give up its place for 10 s, and returns who follows.
    pub async fn step_down(&self) -> Result<usize, ServerError> {
        let primary = self.primary().await?;
        let command = doc! { "replSetStepDown": 10, "secondaryCatchUpPeriodSecs": 5 };
        let answer = self.members[primary].command(command).await?;
        if answer.get_f64("ok").unwrap_or_default() < 1.0 {
            let cause = "the primary does not step down".into();
            return Err(ServerError::Refused { program: "mongod", cause });
        }
        self.primary().await
    }

    /// Runs an administrative command on the primary.
    pub async fn command(&self, command: Document) -> Result<Document, ServerError> {
        self.members[self.primary().await?].command(command).await
    }

    /// The URI of a database on this set.
    pub fn uri(&self, database: &str) -> String {
        let hosts: Vec<String> = self.members.iter().map(Mongod::host).collect();
        format!("mongodb://{}/{database}?replicaSet={NAME}", hosts.join(","))
    }
}
