//! `make faults`: pods, Redis, MongoDB, the way between them, the clock and the disk are broken under load, again and
//! again, and what clients were told meanwhile is [checked](crate::ledgercheck). It knows the servers as processes and the
//! application as its API.

mod embedded;
mod mongo;
mod pods;
mod redis;
mod scenario;
mod scene;
mod stage;
mod table;
mod witness;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

use self::{
    scenario::{Act, Books, Doors, Play, Scenario},
    scene::{Finding, Pressure, Scene},
    stage::{Ground, Single, Stage},
    table::Row,
};

/// So many violations of a scenario are told one by one.
const TOLD: usize = 20;

/// Breaks what FinBrain stands on, again and again under load, and checks what clients were told
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// A few rounds of the most important scenarios
    #[arg(long)]
    short: bool,
    /// These scenarios and no others
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// So many rounds of each scenario
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// Where the result goes, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Where the table goes, between two marks
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Where the records of scenarios stay that found something
    #[arg(long, value_name = "FOLDER", default_value = "target/faults")]
    records: PathBuf,
}

/// Plays the scenarios, prints what came of each, and fails when something was found or one did not come to its end.
#[expect(clippy::print_stdout, reason = "the result is what the program tells")]
pub async fn command(args: Args) -> anyhow::Result<ExitCode> {
    let order: Vec<&str> = scenario::all().iter().map(|scenario| scenario.name).collect();
    let (mut rows, mut stage) = (Vec::new(), None);
    for scenario in args.chosen()? {
        let row = args.play(&scenario, &mut stage).await?;
        println!("{}", told(&row));
        rows.push(row);
        if let Some(file) = &args.json {
            fs::write(file, serde_json::to_vec_pretty(&rows)?)
                .with_context(|| format!("{} cannot be written", file.display()))?;
        }
        if let Some(document) = &args.write {
            table::write_into(document, &rows, &order)?;
        }
    }
    println!("{}", table::table(&rows));
    Ok(if rows.iter().all(Row::is_good) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One line, and what was found.
fn told(row: &Row) -> String {
    let state = if row.is_good() { "ok" } else { "FAILED" };
    let mut told = format!(
        "{:26} {state}: {} rounds, {} operations, {} violations, {} s",
        row.name,
        row.rounds,
        row.operations,
        row.violations.len(),
        row.seconds
    );
    let violations = row.violations.iter().take(TOLD);
    for what in violations.chain(&row.failure) {
        told.push_str("\n    ");
        told.push_str(what);
    }
    told
}

impl Args {
    fn chosen(&self) -> anyhow::Result<Vec<Scenario>> {
        let all = scenario::all();
        if let Some(unknown) = self.only.iter().find(|name| all.iter().all(|known| known.name != **name)) {
            let names: Vec<&str> = all.iter().map(|scenario| scenario.name).collect();
            bail!("there is no scenario {unknown}; there are {}", names.join(", "));
        }
        let wanted = |scenario: &Scenario| match self.only.is_empty() {
            true => self.rounds_of(scenario) > 0,
            false => self.only.iter().any(|name| name == scenario.name),
        };
        Ok(all.into_iter().filter(wanted).collect())
    }

    /// How often; those that are not part of the short form are played once when they are asked for.
    fn rounds_of(&self, scenario: &Scenario) -> u32 {
        let (long, short) = scenario.rounds;
        let usual = if self.short { short } else { long };
        match (self.rounds, self.only.is_empty()) {
            (Some(rounds), false) => rounds,
            (Some(rounds), true) => rounds.min(usual * rounds),
            (None, false) => usual.max(1),
            (None, true) => usual,
        }
    }

    fn pressure(&self, scenario: &Scenario) -> Pressure {
        let (clients, shared, pause_ms) = if self.short { (6, 2, 20) } else { (12, 3, 5) };
        let accounts = match scenario.books {
            Books::Shared => shared,
            Books::Own => clients,
        };
        let (pause, timeout) = (Duration::from_millis(pause_ms), scenario.timeout);
        Pressure { clients, accounts, pause, timeout }
    }

    /// Plays one scenario. A stage that could not be healed is torn down, and the next scenario builds another.
    async fn play(&self, scenario: &Scenario, stage: &mut Option<Stage>) -> anyhow::Result<Row> {
        let (began, rounds) = (Instant::now(), self.rounds_of(scenario));
        let folder = self.records.join(scenario.name);
        fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        let played = match scenario.play {
            Play::Cluster(dress, act) => {
                let ready = async {
                    let mut ready = match stage.take() {
                        Some(stage) => stage,
                        None => Stage::start().await?,
                    };
                    ready.dress(dress).await?;
                    anyhow::Ok(ready)
                };
                match ready.await {
                    Ok(ready) => {
                        let (left, played) = self.perform(scenario, ready, act, &folder).await;
                        *stage = left;
                        played
                    }
                    Err(error) => Played::failed(&error.context("the stage cannot be made ready")),
                }
            }
            Play::Embedded(disk, act) => match Single::start(disk).await {
                Ok(single) => self.perform(scenario, single, act, &folder).await.1,
                Err(error) => Played::failed(&error.context("the pod cannot be started")),
            },
        };
        let row = played.row(scenario, rounds, began.elapsed());
        if row.is_good() {
            fs::remove_dir_all(&folder)?;
        }
        Ok(row)
    }

    /// The scene from begin to end. The stage comes back when it can be used again.
    async fn perform<S: Ground>(
        &self,
        scenario: &Scenario,
        stage: S,
        act: Act<S>,
        folder: &Path,
    ) -> (Option<S>, Played) {
        let doors = match scenario.doors {
            Doors::All => stage.doors(),
            Doors::Nginx => vec![stage.origin()],
        };
        let demands = (self.pressure(scenario), scenario.rules());
        let scene = Scene::begin(stage, self.rounds_of(scenario), doors, demands, folder).await;
        let mut scene = match scene {
            Ok(scene) => scene,
            Err(error) => return (None, Played::failed(&error.context("the clients cannot begin"))),
        };
        let acted = act(&mut scene).await;
        let (stage, finding) = scene.end().await;
        let is_usable = acted.is_ok() && finding.is_ok();
        let failures = [acted.as_ref().err(), finding.as_ref().err()];
        let failures: Vec<String> =
            failures.into_iter().flatten().map(|error| format!("{error:#}")).collect();
        let failure = (!failures.is_empty()).then(|| failures.join("; then: "));
        let played = Played { finding: finding.ok(), failure };
        if !played.is_good() {
            keep_logs(&stage, folder);
        }
        (is_usable.then_some(stage), played)
    }
}

/// Keeps what the servers said, beside the record.
fn keep_logs(stage: &impl Ground, folder: &Path) {
    let pods = stage.pods().iter().enumerate().map(|(number, pod)| (format!("pod-{number}.log"), pod.log()));
    let proxy = stage.proxy_log().map(|log| ("proxy.log".to_owned(), log));
    for (name, log) in pods.chain(proxy) {
        // They explain a finding, and none is lost without them.
        let _ = fs::copy(log, folder.join(name));
    }
}

/// What came of a scene.
#[derive(Debug)]
struct Played {
    finding: Option<Finding>,
    failure: Option<String>,
}

impl Played {
    fn failed(error: &anyhow::Error) -> Self {
        Self { finding: None, failure: Some(format!("{error:#}")) }
    }

    fn is_good(&self) -> bool {
        self.failure.is_none() && self.finding.as_ref().is_some_and(|finding| finding.violations.is_empty())
    }

    fn row(self, scenario: &Scenario, rounds: u32, took: Duration) -> Row {
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let counts = self.finding.as_ref().map(|finding| finding.counts).unwrap_or_default();
        let stale = self.finding.as_ref().map_or(0, |finding| finding.report.stale_in_elections);
        let recovery = self.finding.as_ref().and_then(|finding| finding.recovery);
        Row {
            name: scenario.name,
            what: scenario.what,
            rounds,
            operations: counts.operations,
            requests: counts.requests,
            unanswered: counts.lost + counts.unavailable,
            stale_in_elections: stale,
            violations: self.finding.map(|finding| finding.violations).unwrap_or_default(),
            worst_recovery_ms: recovery.map(millis),
            seconds: took.as_secs(),
            day: jiff::Timestamp::now().to_string().chars().take("YYYY-MM-DD".len()).collect(),
            failure: self.failure,
        }
    }
}
