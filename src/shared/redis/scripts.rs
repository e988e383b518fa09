//! The scripts that run inside Redis. Each names exactly one key, so that they run on a Cluster as well.

use redis::Script;

/// Scripts by what they do; their texts stand beside this file.
#[derive(Debug)]
pub(super) struct Scripts {
    pub(super) touch: Script,
    pub(super) admit: Script,
    pub(super) evict: Script,
    pub(super) own: Script,
    pub(super) limit: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        const CLOCK: &str = include_str!("clock.lua");
        const GCRA: &str = include_str!("gcra.lua");
        let script = |parts: &[&str]| Script::new(&parts.concat());
        Self {
            touch: script(&[CLOCK, GCRA, include_str!("touch.lua")]),
            admit: script(&[CLOCK, include_str!("admit.lua")]),
            evict: script(&[include_str!("evict.lua")]),
            own: script(&[CLOCK, include_str!("own.lua")]),
            limit: script(&[CLOCK, GCRA, include_str!("limit.lua")]),
        }
    }

    pub(super) fn all(&self) -> [&Script; 5] {
        [&self.touch, &self.admit, &self.evict, &self.own, &self.limit]
    }
}
