//! Ten thousand seeds of the protocol, and mutants that must be found.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use super::{
    history::Violation,
    rules::{
        DecidesOnce, ForgetsLedgerMin, ForgetsOldKeys, IgnoresRequestHash, LooksBehindMemory, LosesUnseen,
        NewSlotAfterUnknown, Protocol, RefusesWithoutLook, Rules, SharesProbeUnderWay, TrustsHint,
        UnknownIsRefused,
    },
    world::World,
};

const SEEDS: u64 = 10_000;
/// Names one seed to run and to tell of.
const SEED: &str = "FINBRAIN_SIM_SEED";

fn run(seed: u64, rules: &dyn Rules) -> Result<u64, Violation> {
    World::new(seed, rules, false).run()
}

fn story(seed: u64, rules: &dyn Rules) -> String {
    let mut world = World::new(seed, rules, true);
    let end = world.run();
    format!("{}\nseed {seed}: {end:?}", world.story().join("\n"))
}

/// The lowest seed that shows a violation.
fn first_violation(rules: &dyn Rules, seeds: u64) -> Option<(u64, Violation)> {
    let (next, lowest) = (AtomicU64::new(1), AtomicU64::new(u64::MAX));
    let threads = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > seeds || seed > lowest.load(Ordering::Relaxed) {
                        return;
                    }
                    if run(seed, rules).is_err() {
                        lowest.fetch_min(seed, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let seed = lowest.into_inner();
    run(seed.min(seeds), rules).err().map(|violation| (seed, violation))
}

fn assert_found(rules: &dyn Rules, seeds: u64) {
    let (seed, violation) = first_violation(rules, seeds).expect("the mutant is found");
    eprintln!("found by seed {seed}: {violation}");
}

#[test]
fn simulation_of_ten_thousand_seeds_breaks_no_invariant() {
    let named = std::env::var(SEED).ok().map(|seed| seed.parse().expect("a seed is a number"));
    let failed = match named {
        Some(seed) => {
            eprintln!("{}", story(seed, &Protocol));
            run(seed, &Protocol).err().map(|violation| (seed, violation))
        }
        None => first_violation(&Protocol, SEEDS),
    };

    if let Some((seed, violation)) = failed {
        panic!(
            "{}\nseed {seed}: {violation}\n\
             again: {SEED}={seed} cargo test -p finbrain-actors simulation_of -- --nocapture",
            story(seed, &Protocol)
        );
    }
}

#[test]
fn simulation_tells_the_same_story_again() {
    for seed in 1..20 {
        assert_eq!(story(seed, &Protocol), story(seed, &Protocol));
    }
}

#[test]
fn simulation_finds_a_new_slot_after_an_unknown_outcome() {
    assert_found(&NewSlotAfterUnknown, 100);
}

#[test]
fn simulation_finds_trust_in_a_version_hint() {
    assert_found(&TrustsHint, 100);
}

#[test]
fn simulation_finds_that_a_lost_slot_is_not_decided_again() {
    assert_found(&DecidesOnce, 100);
}

#[test]
fn simulation_finds_a_forgotten_ledger_min() {
    assert_found(&ForgetsLedgerMin, 1000);
}

#[test]
fn simulation_finds_an_unknown_outcome_told_as_a_refusal() {
    assert_found(&UnknownIsRefused, 100);
}

#[test]
fn simulation_finds_a_key_replayed_for_another_request() {
    assert_found(&IgnoresRequestHash, 100);
}

#[test]
fn simulation_finds_a_key_forgotten_after_two_days() {
    assert_found(&ForgetsOldKeys, 1000);
}

#[test]
fn simulation_finds_a_tail_read_behind_memory() {
    assert_found(&LooksBehindMemory, 5000);
}

#[test]
fn simulation_finds_a_refusal_over_an_old_ledger() {
    assert_found(&RefusesWithoutLook, 100);
}

#[test]
fn simulation_finds_a_probe_shared_by_those_who_came_later() {
    assert_found(&SharesProbeUnderWay, 1000);
}

#[test]
fn simulation_finds_a_slot_lost_unseen() {
    assert_found(&LosesUnseen, 500);
}
