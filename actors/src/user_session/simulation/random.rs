//! Chance that can be repeated: everything that a simulation leaves open is drawn from its seed.

use std::{fmt::Write as _, ops::Range, str::FromStr};

/// SplitMix64.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub const fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.draw() % (range.end - range.start)
    }

    /// An index below `len`.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.draw() % len as u64).expect("an index is small")
    }

    /// True so many times in a thousand.
    pub const fn chance(&mut self, thousandths: u64) -> bool {
        self.draw() % 1000 < thousandths
    }

    /// An identifier.
    pub fn id<T: FromStr<Err: std::fmt::Debug>>(&mut self) -> T {
        let mut text = String::with_capacity(32);
        let _ = write!(text, "{:016x}{:016x}", self.draw(), self.draw() | 1);
        text.parse().expect("32 hexadecimal digits are an identifier")
    }
}
