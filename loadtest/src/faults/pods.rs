//! What happens to pods: killed, frozen, replaced one by one, told the wrong time, asked the same thing all at once.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures_util::future::{join_all, try_join_all};
use uuid::Uuid;

use super::{
    scene::{RECOVERY, Scene, until},
    stage::{Ground as _, Stage},
    witness::{Reply, Witness},
};
use crate::servers::{Clock, Pod};

/// Longer than a pod waits for MongoDB and than the clients wait for a pod in these scenes.
const PAUSE: Duration = Duration::from_secs(4);
/// Longer than any command waits for its ledger.
const LONG_PAUSE: Duration = Duration::from_secs(11);
/// A pod that is told to stop has done so by then.
const STOP: Duration = Duration::from_secs(30);
/// The same request at the same time.
const AT_ONCE: usize = 50;

/// `kill -9`, one pod after the other. The others carry the load meanwhile; it comes back on its ports.
pub async fn kill(scene: &mut Scene<Stage>) -> anyhow::Result<()> {
    for round in 0..scene.rounds as usize {
        let number = round % scene.stage.pods.len();
        let since = Instant::now();
        scene.stage.pods[number].kill();
        scene.load_goes_on(RECOVERY).await?;
        scene.stage.pods[number].launch().await?;
        let url = scene.stage.pods[number].url();
        scene.recovers(&url, since).await?;
    }
    Ok(())
}

/// Frozen in the middle of what it does, and let go on when all that it does has long been done elsewhere.
pub async fn pause(scene: &mut Scene<Stage>) -> anyhow::Result<()> {
    for round in 0..scene.rounds as usize {
        let number = round % scene.stage.pods.len();
        let hold = if round % 5 == 4 { LONG_PAUSE } else { PAUSE };
        let since = Instant::now();
        scene.stage.pods[number].freeze();
        tokio::time::sleep(hold).await;
        scene.load_goes_on(RECOVERY).await?;
        scene.stage.pods[number].thaw();
        let url = scene.stage.pods[number].url();
        scene.recovers(&url, since).await?;
    }
    Ok(())
}

/// All pods are replaced, one after the other. nginx is told nothing: a pod that is to stop sends its callers away by
/// itself, and no request fails.
pub async fn rolling_restart(scene: &mut Scene<Stage>) -> anyhow::Result<()> {
    for _ in 0..scene.rounds {
        for number in 0..scene.stage.pods.len() {
            let since = Instant::now();
            let status = scene.stage.pods[number].terminate(STOP).await?;
            if status != 0 {
                scene.found(format!("pod {number} ended with {status}"));
            }
            scene.stage.pods[number].launch().await?;
            let url = scene.stage.pods[number].url();
            scene.recovers(&url, since).await?;
            streams_resume(scene).await?;
        }
    }
    let counts = scene.counts();
    if counts.lost + counts.unavailable > 0 {
        scene.found(format!("{} requests lost, {} unavailable", counts.lost, counts.unavailable));
    }
    Ok(())
}

/// Events of each account's stream come again. The record shows later that none is missing.
async fn streams_resume(scene: &Scene<Stage>) -> anyhow::Result<()> {
    let before = scene.counts().events;
    let told = || "event streams do not resume".to_owned();
    until(RECOVERY, told, async || scene.counts().events > before).await
}

/// One pod lives an hour in the future, then an hour in the past.
pub async fn clock(scene: &mut Scene<Stage>) -> anyhow::Result<()> {
    for round in 0..scene.rounds {
        let offset = if round % 2 == 0 { "+1h" } else { "-1h" };
        let since = Instant::now();
        let pod = &mut scene.stage.pods[0];
        pod.kill();
        pod.settings.clock = Clock::Off(offset.into());
        pod.launch().await?;
        is_off(pod, offset).await?;
        scene.all_recover(since).await?;
        for _ in 0..5 {
            scene.load_goes_on(RECOVERY).await?;
        }
    }
    Ok(())
}

/// The pod does believe it: otherwise nothing is shown.
async fn is_off(pod: &Pod, offset: &str) -> anyhow::Result<()> {
    let log = tokio::fs::read_to_string(pod.log()).await?;
    let line: serde_json::Value =
        log.lines().rev().find_map(|line| serde_json::from_str(line).ok()).context("the pod logs nothing")?;
    let told = line["timestamp"].as_str().context("the pod's log names no time")?;
    let told: jiff::Timestamp = told.parse()?;
    let hours = (told.duration_since(jiff::Timestamp::now()).as_secs_f64() / 3600.0).round();
    ensure!(format!("{hours:+}h") == offset, "the pod's clock is off by {hours} h, not by {offset}");
    Ok(())
}

/// Fifty requests with the same key on three pods at the same moment: one entry.
pub async fn same_key(scene: &mut Scene<Stage>) -> anyhow::Result<()> {
    let urls: Vec<String> = scene.stage.pods().iter().map(Pod::url).collect();
    for round in 0..scene.rounds {
        let title = format!("same key {round}");
        let (key, body) = (Uuid::now_v7().to_string(), Witness::expense(&title));
        let since = Instant::now();
        let requests = (0..AT_ONCE).map(|number| {
            let (witness, url, key, body) =
                (scene.witness.clone(), urls[number % urls.len()].clone(), key.clone(), body.clone());
            async move { until_known(&witness, &url, &key, &body).await }
        });
        let replies: Vec<Reply> = try_join_all(requests).await?;
        scene.recovered(since);
        if let Some(what) = more_than_one(&replies) {
            scene.found(format!("{title}: {what}"));
        }
        let reads = urls.iter().map(|url| scene.witness.read(url, "/transactions?limit=10"));
        for answer in join_all(reads).await {
            let answer = answer?.body;
            let rows = answer["data"].as_array().into_iter().flatten();
            let count = rows.filter(|row| row["description"] == title.as_str()).count();
            if count != 1 {
                scene.found(format!("{title} stands {count} times in the book"));
            }
        }
    }
    Ok(())
}

/// Asks until the answer says what happened.
async fn until_known(
    witness: &Witness,
    url: &str,
    key: &str,
    body: &serde_json::Value,
) -> anyhow::Result<Reply> {
    let deadline = Instant::now() + RECOVERY;
    loop {
        let reply = witness.write(url, key, body).await?;
        if reply.status.is_success() {
            return Ok(reply);
        }
        ensure!(reply.status == 503 && Instant::now() < deadline, "{}: {}", reply.status, reply.body);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn more_than_one(replies: &[Reply]) -> Option<String> {
    let fresh = replies.iter().filter(|reply| !reply.is_replay).count();
    let first = &replies[0];
    let differs = |reply: &&Reply| {
        (reply.version, &reply.body["transaction"]) != (first.version, &first.body["transaction"])
    };
    // The answer to the first may be lost in a pod that asks for the outcome itself; then all are replays.
    if fresh > 1 {
        return Some(format!("{fresh} of {} answers say that it is new", replies.len()));
    }
    let other = replies.iter().find(differs)?;
    Some(format!("acknowledged in {:?} and in {:?}", first.version, other.version))
}
