//! A queue that serves keys in turn, each key's items first in, first out. It knows nothing of what it holds.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
};

#[derive(Debug)]
pub(super) struct FairQueue<K, T> {
    lanes: HashMap<K, VecDeque<T>>,
    /// The keys that have items, the next to be served in front.
    turns: VecDeque<K>,
    len: usize,
}

impl<K: Copy + Eq + Hash, T> FairQueue<K, T> {
    pub(super) fn new() -> Self {
        Self { lanes: HashMap::new(), turns: VecDeque::new(), len: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn push(&mut self, key: K, item: T) {
        let lane = self.lanes.entry(key).or_default();
        if lane.is_empty() {
            self.turns.push_back(key);
        }
        lane.push_back(item);
        self.len += 1;
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        let key = self.turns.pop_front()?;
        let lane = self.lanes.get_mut(&key).expect("a key that has a turn has a lane");
        let item = lane.pop_front();
        if lane.is_empty() {
            self.lanes.remove(&key);
        } else {
            self.turns.push_back(key);
        }
        self.len -= 1;
        item
    }

    /// Takes the newest item of the longest lane, to make room for one of `key`: only if `key` has fewer in the
    /// queue even with the one that it wants to add.
    pub(super) fn make_room(&mut self, key: K) -> Option<T> {
        let own = self.lanes.get(&key).map_or(0, VecDeque::len);
        let (longest, lane) = self.lanes.iter_mut().max_by_key(|(_, lane)| lane.len())?;
        if *longest == key || lane.len() <= own + 1 {
            return None;
        }
        self.len -= 1;
        lane.pop_back()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drain(queue: &mut FairQueue<char, u32>) -> Vec<u32> {
        std::iter::from_fn(|| queue.pop()).collect()
    }

    #[test]
    fn a_key_with_many_items_does_not_delay_the_others() {
        let mut queue = FairQueue::new();
        (0..4).for_each(|item| queue.push('a', item));
        queue.push('b', 10);
        queue.push('c', 20);
        queue.push('b', 11);

        assert_eq!(drain(&mut queue), [0, 10, 20, 1, 11, 2, 3]);
    }

    #[test]
    fn the_longest_lane_makes_room_for_a_shorter_one() {
        let mut queue = FairQueue::new();
        (0..3).for_each(|item| queue.push('a', item));

        assert_eq!(queue.make_room('b'), Some(2));
        queue.push('b', 10);

        assert_eq!(queue.make_room('b'), None, "two for b would be as many as a has");
        assert_eq!(queue.make_room('a'), None, "no lane makes room for itself");
        assert_eq!(drain(&mut queue), [0, 10, 1]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_each_key_keeps_its_order(items in prop::collection::vec(0_u8..5, 0..100)) {
            let mut queue = FairQueue::new();
            for (at, key) in items.iter().enumerate() {
                queue.push(*key, (*key, at));
            }
            prop_assert_eq!(queue.len(), items.len());

            let served: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();

            prop_assert_eq!(served.len(), items.len());
            prop_assert_eq!(queue.len(), 0);
            for key in 0..5 {
                let order: Vec<_> = served.iter().filter(|(of, _)| *of == key).map(|(_, at)| *at).collect();
                prop_assert!(order.is_sorted());
            }
        }
    }
}
