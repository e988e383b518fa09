//! What happens to the one pod over the embedded store: killed, its disk full, its disk failing to confirm a flush.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use tempfile::TempDir;

use super::{
    scene::{RECOVERY, Scene, until},
    stage::{Ground as _, Single},
};

/// What a process says whose disk did not confirm a flush.
const LOST_FLUSH: i32 = 70;
/// So many writes were refused before there is room again.
const REFUSED: u64 = 5;
const VOLUME: &str = "size=64m";
/// From the failure of a flush to the end of the process.
const FATAL: Duration = Duration::from_secs(15);

/// `kill -9` and back over the same data.
pub async fn kill(scene: &mut Scene<Single>) -> anyhow::Result<()> {
    for _ in 0..scene.rounds {
        let since = Instant::now();
        scene.stage.pod().kill();
        scene.stage.pod().launch().await?;
        let url = scene.stage.origin();
        scene.recovers(&url, since).await?;
        scene.load_goes_on(RECOVERY).await?;
    }
    Ok(())
}

/// The disk is filled to the last byte and emptied again.
pub async fn full_disk(scene: &mut Scene<Single>) -> anyhow::Result<()> {
    let ballast = scene.stage.data_dir.with_file_name("ballast");
    for _ in 0..scene.rounds {
        let since = Instant::now();
        let before = scene.counts().unavailable;
        fill(&ballast)?;
        let told = || format!("clients got {:?} on a full disk", scene.counts());
        until(RECOVERY, told, async || {
            // What the server gives back itself is taken as well.
            fill(&ballast).is_ok() && scene.counts().unavailable >= before + REFUSED
        })
        .await?;
        fs::remove_file(&ballast)?;
        let url = scene.stage.origin();
        scene.recovers(&url, since).await?;
        scene.load_goes_on(RECOVERY).await?;
    }
    Ok(())
}

/// Adds to a file until there is no room.
fn fill(ballast: &Path) -> anyhow::Result<()> {
    let mut file = File::options().create(true).append(true).open(ballast)?;
    for size in [64 << 10, 4 << 10, 1] {
        while file.write_all(&vec![1; size]).is_ok() {}
    }
    Ok(())
}

/// A small file system in memory, unmounted when it is dropped.
#[derive(Debug)]
pub struct Volume {
    mount_point: TempDir,
}

impl Volume {
    pub fn mount() -> anyhow::Result<Self> {
        let mount_point = TempDir::with_prefix("finbrain-volume-")?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", VOLUME, "tmpfs"]).arg(mount_point.path());
        let mounted = mount.output().context("mount cannot be started")?;
        if !mounted.status.success() {
            bail!("this user may not mount: {}", String::from_utf8_lossy(&mounted.stderr).trim());
        }
        Ok(Self { mount_point })
    }

    /// A folder on it.
    pub fn folder(&self) -> std::io::Result<TempDir> {
        TempDir::new_in(self.mount_point.path())
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        // Lazily: whoever used it is about to go.
        let _ = Command::new("umount").arg("-l").arg(self.mount_point.path()).stderr(Stdio::null()).status();
    }
}

/// The next flush of the data is not confirmed: the process must end at once and acknowledge nothing more. Started again
/// it tells what the disk really holds.
pub async fn failing_flush(scene: &mut Scene<Single>) -> anyhow::Result<()> {
    let switch = switch_in(&scene.stage.data_dir);
    for _ in 0..scene.rounds {
        let since = Instant::now();
        fs::write(&switch, "")?;
        let pod = scene.stage.pod();
        let told = || "the process goes on after a flush that failed".to_owned();
        until(FATAL, told, async || !pod.process().is_some_and(|process| process.is_running())).await?;
        let status = pod.terminate(FATAL).await?;
        ensure!(status == LOST_FLUSH, "the process ended with {status}, not {LOST_FLUSH}");
        fs::remove_file(&switch)?;
        scene.stage.pod().launch().await?;
        let url = scene.stage.origin();
        scene.recovers(&url, since).await?;
        scene.load_goes_on(RECOVERY).await?;
    }
    Ok(())
}

/// While this file is there flushes fail.
fn switch_in(data_dir: &Path) -> PathBuf {
    data_dir.with_file_name("flushes-fail")
}

/// Environment with which a process over `data_dir` finds the library that lets flushes fail, built into `folder`.
pub fn with_failing_flushes(folder: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let (source, library) = (folder.join("flush.c"), folder.join("flush.so"));
    fs::write(&source, include_str!("flush.c"))?;
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).arg("-ldl");
    let compiled = compiler.output().context("there is no C compiler")?;
    ensure!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let switch = switch_in(&folder.join("data"));
    let text = |path: &Path| path.display().to_string();
    Ok(vec![("LD_PRELOAD".to_owned(), text(&library)), ("FLUSHES_FAIL_WHILE".to_owned(), text(&switch))])
}
