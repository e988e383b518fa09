//! What happens to MongoDB: the primary is killed or frozen, and its set elects another; what it did was done and its reply
//! lost; the way to it is slow, cut, or leads nowhere.

use std::time::{Duration, Instant};

use anyhow::ensure;

use super::{
    scene::{RECOVERY, Scene, until},
    stage::Stage,
};
use crate::proxy::{Fault, Kind};

const LATENCY: Duration = Duration::from_secs(2);
/// Replies that are lost in one round.
const LOST: u64 = 20;
/// The chance of each append to lose its reply.
const CHANCE: f64 = 0.3;
/// What only an append to a journal has in it: a command named `insert` whose value is `journal`.
const APPEND: &str = "\u{2}insert\0\u{8}\0\0\0journal\0";
/// So many requests have failed before it is healed.
const FAILED: u64 = 5;

/// `kill -9` of the primary; it comes back when there is another.
pub async fn kill_primary(scene: &mut Scene<Stage>) -> anyhow::Result<()> {
    for _ in 0..scene.rounds {
        let since = Instant::now();
        let primary = scene.stage.mongo.primary().await?;
        scene.stage.mongo.kill(primary);
        let url = scene.stage.nginx.url();
        scene.recovers(&url, since).await?;
        scene.all_recover(since).await?;
        scene.stage.mend_mongo().await?;
    }
    Ok(())
}

/// The primary is frozen until there is another, and thawed: for a moment it does not know that it was deposed.
pub async fn freeze_primary(scene: &mut Scene<Stage>) -> anyhow::Result<()> {
    for _ in 0..scene.rounds {
        let since = Instant::now();
        let primary = scene.stage.mongo.primary().await?;
        scene.stage.mongo.freeze(primary);
        let next = scene.stage.mongo.primary().await?;
        ensure!(next != primary, "a frozen primary is the primary still");
        scene.stage.mongo.thaw(primary);
        scene.load_goes_on(RECOVERY).await?;
        scene.all_recover(since).await?;
        scene.stage.mend_mongo().await?;
    }
    Ok(())
}

/// An append is done, and whoever asked for it is never told.
pub async fn drop_replies(scene: &mut Scene<Stage>) -> anyhow::Result<()> {
    for _ in 0..scene.rounds {
        let since = Instant::now();
        let proxy = scene.stage.mongo_proxy()?;
        let struck = proxy.seen().struck;
        proxy.set(Fault::from(Kind::drop_reply_to(APPEND)).probability(CHANCE));
        let told = || format!("{} replies were dropped", proxy.seen().struck - struck);
        until(RECOVERY, told, async || proxy.seen().struck >= struck + LOST).await?;
        proxy.set(Kind::Pass);
        scene.all_recover(since).await?;
    }
    Ok(())
}

/// Nothing that is sent arrives anywhere.
pub async fn black_hole(scene: &mut Scene<Stage>) -> anyhow::Result<()> {
    until_requests_fail(scene, Kind::black_hole()).await
}

/// Every connection is cut, and every new one.
pub async fn reset(scene: &mut Scene<Stage>) -> anyhow::Result<()> {
    until_requests_fail(scene, Kind::reset()).await
}

/// Everything arrives two seconds later.
pub async fn slow(scene: &mut Scene<Stage>) -> anyhow::Result<()> {
    until_requests_fail(scene, Kind::latency(LATENCY, Duration::ZERO)).await
}

async fn until_requests_fail(scene: &mut Scene<Stage>, kind: Kind) -> anyhow::Result<()> {
    for _ in 0..scene.rounds {
        let since = Instant::now();
        let before = scene.counts().unavailable;
        let proxy = scene.stage.mongo_proxy()?;
        proxy.set(kind.clone());
        let told = || format!("clients got {:?}", scene.counts());
        until(RECOVERY, told, async || scene.counts().unavailable >= before + FAILED).await?;
        proxy.set(Kind::Pass);
        scene.all_recover(since).await?;
        scene.load_goes_on(RECOVERY).await?;
    }
    Ok(())
}
