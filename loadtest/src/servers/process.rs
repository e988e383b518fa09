//! What the kernel tells of a process: its memory and its descriptors.

use std::fs;

/// Bytes that a process holds in memory now. `None` when there is no such process.
pub fn resident_bytes(pid: u32) -> Option<u64> {
    status_bytes(pid, "VmRSS:")
}

/// The most that it held since [`forget_peak`], or since its start where that was refused.
pub fn peak_resident_bytes(pid: u32) -> Option<u64> {
    status_bytes(pid, "VmHWM:")
}

/// Lets the peak begin at what is held now. Only the owner of a process may.
pub fn forget_peak(pid: u32) {
    let _ = fs::write(format!("/proc/{pid}/clear_refs"), "5");
}

/// Open files and sockets.
pub fn descriptors(pid: u32) -> Option<usize> {
    Some(fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count())
}

fn status_bytes(pid: u32, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_grows_is_seen_to_grow() {
        let pid = std::process::id();
        forget_peak(pid);
        let before = resident_bytes(pid).unwrap();

        let filled = vec![1_u8; 32 << 20];
        let grown = peak_resident_bytes(pid).unwrap();

        assert!(grown > before + (24 << 20), "{before} {grown}");
        assert_eq!(filled.iter().filter(|&&byte| byte == 1).count(), 32 << 20);
        assert!(descriptors(pid).unwrap() > 2);
        assert_eq!(resident_bytes(u32::MAX), None);
    }
}
