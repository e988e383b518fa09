//! What happens to Redis: killed, emptied, slow, cut off, replaced by a replica that has not heard the last word. It
//! changes how long things take and nothing else.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use reqwest::StatusCode;

use super::{
    scene::{RECOVERY, Scene, until},
    stage::{Ground as _, Stage},
    witness::Witness,
};
use crate::{
    proxy::Kind,
    servers::{Pod, RedisServer},
};

const OPEN: &str = "finbrain_shared_circuit_open";
const LATENCY: Duration = Duration::from_secs(2);

/// `kill -9`, and back with nothing in it.
pub async fn kill(scene: &mut Scene<Stage>) -> anyhow::Result<()> {
    for _ in 0..scene.rounds {
        let since = Instant::now();
        scene.stage.redis.kill();
        noticed(scene).await?;
        scene.load_goes_on(RECOVERY).await?;
        scene.stage.redis.launch().await?;
        asked_again(scene, since).await?;
    }
    Ok(())
}

/// Emptied under everybody's feet.
pub async fn flush(scene: &mut Scene<Stage>) -> anyhow::Result<()> {
    for _ in 0..scene.rounds {
        let since = Instant::now();
        scene.stage.redis.command(&["FLUSHALL"]).await?;
        scene.all_recover(since).await?;
        scene.load_goes_on(RECOVERY).await?;
    }
    Ok(())
}

/// Every answer comes two seconds late.
pub async fn slow(scene: &mut Scene<Stage>) -> anyhow::Result<()> {
    through_the_proxy(scene, Kind::latency(LATENCY, Duration::ZERO)).await
}

/// Nothing that is sent arrives anywhere.
pub async fn black_hole(scene: &mut Scene<Stage>) -> anyhow::Result<()> {
    through_the_proxy(scene, Kind::black_hole()).await
}

/// Every connection is cut, and every new one.
pub async fn reset(scene: &mut Scene<Stage>) -> anyhow::Result<()> {
    through_the_proxy(scene, Kind::reset()).await
}

async fn through_the_proxy(scene: &mut Scene<Stage>, kind: Kind) -> anyhow::Result<()> {
    for _ in 0..scene.rounds {
        let since = Instant::now();
        scene.stage.redis_proxy.set(kind.clone());
        noticed(scene).await?;
        // Without Redis everything goes on.
        for pod in scene.stage.pods() {
            scene.witness.until_written(&pod.url(), RECOVERY).await?;
        }
        scene.load_goes_on(RECOVERY).await?;
        scene.stage.redis_proxy.set(Kind::Pass);
        asked_again(scene, since).await?;
    }
    Ok(())
}

/// A session is ended while the replica hears nothing any more; then the replica takes the place of Redis, and knows the
/// session as if nothing had happened. It must do nothing.
pub async fn stale_replica(scene: &mut Scene<Stage>) -> anyhow::Result<()> {
    for round in 0..scene.rounds as usize {
        let urls: Vec<String> = scene.stage.pods().iter().map(Pod::url).collect();
        // Otherwise Redis waits for more replicas before it serves the first.
        scene.stage.redis.command(&["CONFIG", "SET", "repl-diskless-sync-delay", "0"]).await?;
        let replica = scene.stage.redis.replica().await?;
        let leaver = scene.witness.another_tab(&urls[round % urls.len()], RECOVERY).await?;
        for url in &urls {
            leaver.until_written(url, RECOVERY).await?;
        }
        let followers = scene.stage.redis.command(&["WAIT", "1", "5000"]).await?;
        ensure!(followers == redis::Value::Int(1), "the replica does not follow");
        replica.promote().await?;
        let left = leaver.leave(&urls[round % urls.len()]).await?;
        ensure!(left.status == StatusCode::NO_CONTENT, "a logout is answered with {}", left.status);
        let told = || "the replica knows no session that was ended".to_owned();
        until(RECOVERY, told, async || knows_an_ended_session(&scene.stage.redis, &replica).await).await?;
        let since = Instant::now();
        scene.stage.redis.kill();
        let port = scene.stage.redis.port.to_string();
        replica.command(&["CONFIG", "SET", "port", &port]).await.context("the replica takes the place")?;
        stays_gone(scene, &leaver, &urls, since).await?;
        drop(replica);
        scene.stage.redis.launch().await?;
        asked_again(scene, since).await?;
    }
    Ok(())
}

/// Whether some session is over in Redis and alive in what was its replica.
async fn knows_an_ended_session(redis: &RedisServer, replica: &RedisServer) -> bool {
    let Ok(keys) = redis.command(&["KEYS", "*"]).await else { return false };
    let keys: Vec<String> = redis::from_redis_value(keys).unwrap_or_default();
    for key in keys {
        let has = async |server: &RedisServer, field| {
            server.command(&["HEXISTS", &key, field]).await.is_ok_and(|has| has == redis::Value::Int(1))
        };
        if has(redis, "ended").await && has(replica, "sealed").await {
            return true;
        }
    }
    false
}

/// Asks with the ended session until every pod asks Redis again, and then once more: never may a request succeed.
async fn stays_gone(
    scene: &mut Scene<Stage>,
    leaver: &Witness,
    urls: &[String],
    since: Instant,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + RECOVERY;
    let mut rounds_after = 0;
    while rounds_after < 3 {
        ensure!(Instant::now() < deadline, "the pods do not find the replica");
        rounds_after += u32::from(circuits(&scene.stage.pods, 0.0).await);
        for url in urls {
            let body = Witness::expense("written by nobody");
            let written = leaver.write(url, &uuid::Uuid::now_v7().to_string(), &body).await?;
            let read = leaver.read(url, "/dashboard").await?;
            for reply in [written, read] {
                if reply.status.is_success() {
                    scene.found(format!("I7: an ended session is answered with {}", reply.status));
                }
            }
        }
    }
    scene.recovered(since);
    Ok(())
}

/// Waits until every pod knows that Redis does not answer.
async fn noticed(scene: &Scene<Stage>) -> anyhow::Result<()> {
    let told = || "a pod does not notice that Redis is gone".to_owned();
    until(RECOVERY, told, async || circuits(&scene.stage.pods, 1.0).await).await
}

/// Waits until every pod asks Redis again and is answered.
async fn asked_again(scene: &mut Scene<Stage>, since: Instant) -> anyhow::Result<()> {
    let told = || "a pod does not come back to Redis".to_owned();
    until(RECOVERY, told, async || circuits(&scene.stage.pods, 0.0).await).await?;
    scene.all_recover(since).await
}

/// Whether the circuits of all pods are in this state: 1 is open.
async fn circuits(pods: &[Pod], state: f64) -> bool {
    for pod in pods {
        if pod.metric(OPEN).await != Some(state) {
            return false;
        }
    }
    true
}
