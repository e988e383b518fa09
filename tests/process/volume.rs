//! Small file systems of a test's own. They are unmounted when the test ends, also when it panics.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// A mounted file system.
#[derive(Debug)]
pub struct Volume {
    mount_point: TempDir,
    /// The file that holds it, unless it is in memory.
    image: Option<(TempDir, PathBuf)>,
}

impl Volume {
    /// A file system in memory; `None`, with a line that says so, where tests may not mount.
    pub fn in_memory(size: &str) -> Option<Self> {
        let mount_point = tempfile::tempdir().unwrap();
        let size = format!("size={size}");
        let mounted = does("mount", &["-t", "tmpfs", "-o", &size, "tmpfs", path(mount_point.path())]);
        Self::mounted(mounted, Self { mount_point, image: None })
    }

    /// A file system on a loop device that becomes read-only as soon as it has an error.
    pub fn on_loop_device() -> Option<Self> {
        let (mount_point, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let image = folder.path().join("image");
        File::create(&image).unwrap().set_len(32 << 20).unwrap();
        let mounted = does("mkfs.ext4", &["-q", "-F", path(&image)])
            && does("mount", &["-o", "loop,errors=remount-ro", path(&image), path(mount_point.path())]);
        Self::mounted(mounted, Self { mount_point, image: Some((folder, image)) })
    }

    fn mounted(mounted: bool, volume: Self) -> Option<Self> {
        if !mounted {
            println!("not run: this user may not mount a file system");
        }
        mounted.then_some(volume)
    }

    pub fn path(&self) -> &Path {
        self.mount_point.path()
    }

    /// Makes it read-only; nobody may have a file open to write.
    pub fn set_read_only(&self) {
        assert!(does("mount", &["-o", "remount,ro", path(self.path())]));
    }

    pub fn set_writable(&self) {
        assert!(does("mount", &["-o", "remount,rw", path(self.path())]));
    }

    /// Gives the file system an error, so that it becomes read-only under whoever has files open. `false` where the
    /// kernel offers no such switch.
    pub fn fail(&self) -> bool {
        let (_, image) = self.image.as_ref().expect("only one on a loop device can fail");
        let found = Command::new("losetup").args(["-n", "-O", "NAME", "-j"]).arg(image).output().unwrap();
        let device = String::from_utf8(found.stdout).unwrap();
        let Some(device) = device.trim().strip_prefix("/dev/") else { return false };
        fs::write(format!("/sys/fs/ext4/{device}/trigger_fs_error"), "1").is_ok()
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        // It was never mounted, or whoever used it is about to go.
        let _ = does("umount", &["-l", path(self.path())]);
    }
}

fn does(program: &str, args: &[&str]) -> bool {
    let status = Command::new(program).args(args).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn path(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}
