//! `kill -9` while a model is trained, saved and swapped: afterwards one whole model serves, the old one or the new one.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use finbrain::store::embedded::FILE;
use finbrain_ml::Model;
use serde_json::{Value, json};

use crate::{
    person::{Client, Person, expense},
    program::{Server, check_holds, eventually},
};

/// A training takes a few seconds in a debug build, and longer on a busy machine.
const TRAINED: Duration = Duration::from_secs(60);
/// A start reads the stored pointer within a moment.
const FOLLOWED: Duration = Duration::from_secs(10);
/// Kills among roll-backs.
const ROLL_BACKS: u32 = 6;

/// When in a training the server is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// So many hundredths of an undisturbed training after it was asked for.
    Training(u32),
    /// When so many hundredths of the new model are in the write-ahead log.
    Saving(u64),
    /// When the training has told how it ended.
    Ended,
}

const MOMENTS: [Moment; 10] = [
    Moment::Training(0),
    Moment::Training(30),
    Moment::Training(60),
    Moment::Training(90),
    Moment::Saving(0),
    Moment::Saving(25),
    Moment::Saving(50),
    Moment::Saving(75),
    Moment::Saving(99),
    Moment::Ended,
];

/// What `GET /classifier` says of the models.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Models {
    serving: u64,
    kept: BTreeSet<u64>,
}

/// Reads it. Exactly one of the kept models serves, and it answers.
fn models(client: &mut Client) -> Models {
    let classifier = client.get("/classifier").expect(200).json();
    let history = classifier["history"].as_array().unwrap();
    let serving: Vec<&Value> = history.iter().filter(|kept| kept["serving"] == true).collect();
    let [serving] = serving[..] else { panic!("not exactly one model serves: {classifier}") };
    assert_eq!(serving["version"], classifier["version"], "{classifier}");
    let number = |kept: &Value| kept["number"].as_u64().unwrap();
    let suggestion = client.post("/transactions/suggest", &json!({"description": "coffee with friends"}));
    assert_eq!(suggestion.expect(200).json()["category_id"], "food-drinks");
    Models { serving: number(serving), kept: history.iter().map(number).collect() }
}

fn retrain(client: &mut Client) {
    client.post("/classifier/retrain", &json!({})).expect(202);
}

fn ended(client: &mut Client) {
    let ended = eventually(TRAINED, || {
        let training = client.get("/classifier").expect(200).json()["last_training"].clone();
        (!training.is_null()).then_some(training)
    });
    assert_eq!(ended.expect("a training ends")["outcome"], "promoted");
}

/// A server on the same data that is killed again and again.
struct Stage<'a> {
    dir: &'a Path,
    person: Person,
    server: Server,
}

impl Stage<'_> {
    /// Kills the server, checks the data and starts it again. Returns what serves, which is one of those expected.
    fn kill_and_start(&mut self, expected: &[u64]) -> Models {
        self.server.process.kill();
        let (log, complaints) = self.server.process.said();
        assert!(!log.contains("stored model is damaged") && !complaints.contains("panicked"), "{log}");
        check_holds(self.dir);
        self.server = Server::start(self.dir);
        let mut client = self.person.on(&self.server);
        // Until the pointer has been read the built-in model serves, which is one whole model, too.
        let first = models(&mut client);
        assert!(first.serving == 0 || expected.contains(&first.serving), "{first:?}, not {expected:?}");
        let followed = eventually(FOLLOWED, || {
            let models = models(&mut client);
            expected.contains(&models.serving).then_some(models)
        });
        followed.unwrap_or_else(|| panic!("{:?}, not {expected:?}", models(&mut client)))
    }

    /// Stops the server and starts it again: a log that was left behind would be overwritten from its start, not grow.
    fn empty_log(&mut self) {
        self.server.process.signal("TERM");
        assert!(self.server.process.ended_within(Duration::from_secs(30)).success());
        self.server = Server::start(self.dir);
    }

    /// Waits for a moment of a training that has just been asked for.
    fn wait_for(&self, moment: Moment, usual: Duration, client: &mut Client) {
        match moment {
            Moment::Training(hundredths) => thread::sleep(usual * hundredths / 100),
            Moment::Saving(hundredths) => {
                let written =
                    || fs::metadata(self.dir.join(format!("{FILE}-wal"))).map_or(0, |file| file.len());
                let enough = written() + 1 + Model::builtin().to_bytes().len() as u64 * hundredths / 100;
                let deadline = Instant::now() + TRAINED;
                // Writing takes a few milliseconds: whoever pauses between two looks misses its middle.
                while written() < enough {
                    assert!(Instant::now() < deadline, "no model was saved");
                    std::hint::spin_loop();
                }
            }
            Moment::Ended => ended(client),
        }
    }
}

/// Rolls back to one kept model after another until nobody answers. Returns the last one that was acknowledged, if any,
/// and the one whose outcome is unknown.
fn roll_back_until_killed(client: &mut Client, kept: &[u64]) -> (Option<u64>, u64) {
    let mut acknowledged = None;
    for number in kept.iter().copied().cycle() {
        match client.send("POST", "/classifier/roll-back", None, Some(&json!({"number": number}))) {
            Ok(answer) => {
                answer.expect(200);
                acknowledged = Some(number);
            }
            Err(_) => return (acknowledged, number),
        }
    }
    unreachable!("a cycle of kept models does not end")
}

/// Kills at every moment of a training. Returns what serves at the end.
fn kill_trainings(stage: &mut Stage<'_>, usual: Duration) -> Models {
    let mut before = stage.kill_and_start(&[1]);
    let mut promoted = Vec::new();
    for moment in MOMENTS {
        if matches!(moment, Moment::Saving(_)) {
            stage.empty_log();
        }
        let mut client = stage.person.on(&stage.server);
        let next = before.kept.last().unwrap() + 1;
        retrain(&mut client);
        stage.wait_for(moment, usual, &mut client);
        let expected = if matches!(moment, Moment::Ended) { vec![next] } else { vec![before.serving, next] };
        let after = stage.kill_and_start(&expected);
        // What was saved is what serves: no model is kept that nobody points to, none serves that is not kept.
        assert_eq!(after.kept.contains(&next), after.serving == next, "{moment:?}: {after:?}");
        promoted.push(after.serving == next);
        before = after;
    }
    println!("a training of {usual:?}; new models after the kills: {promoted:?}");
    assert!(promoted.contains(&false) && promoted.contains(&true));
    before
}

/// Kills among roll-backs, at another moment in every round: before the first answer, and among many.
fn kill_roll_backs(stage: &mut Stage<'_>, mut before: Models) {
    let kept: Vec<u64> = before.kept.iter().copied().collect();
    assert!(kept.len() >= 3, "{kept:?}");
    for round in 0..ROLL_BACKS {
        let mut client = stage.person.on(&stage.server);
        let (acknowledged, unknown) = thread::scope(|scope| {
            let rolling = scope.spawn(|| roll_back_until_killed(&mut client, &kept));
            thread::sleep(Duration::from_micros(u64::from(round) * 9_700));
            stage.server.process.signal("KILL");
            rolling.join().unwrap()
        });
        let after = stage.kill_and_start(&[acknowledged.unwrap_or(before.serving), unknown]);
        assert_eq!(after.kept, before.kept, "a roll-back removes nothing");
        before = after;
    }
}

/// What a person corrects, so that there is something to learn.
fn correct(client: &mut Client) {
    for number in 0..3 {
        let recorded = client.post("/transactions", &expense(&format!("zzxqv {number}"))).expect(201);
        let path = format!("/transactions/{}", recorded.json()["transaction"]["id"].as_str().unwrap());
        let body = json!({"category_id": "health-essentials"});
        client.send("PATCH", &path, None, Some(&body)).unwrap().expect(200);
    }
}

#[test]
fn one_whole_model_serves_after_a_kill_at_any_moment_of_its_saving_and_swapping() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let person = Person::register(&server, "admin@example.org");
    let mut client = person.on(&server);
    correct(&mut client);
    let asked = Instant::now();
    retrain(&mut client);
    ended(&mut client);
    let usual = asked.elapsed();

    let mut stage = Stage { dir: dir.path(), person, server };
    let served = kill_trainings(&mut stage, usual);
    kill_roll_backs(&mut stage, served);
}
