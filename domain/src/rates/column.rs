//! The rates of one currency, one cell a day, with every day's answer worked out in advance: a lookup in a report
//! over a million rows is one index.

use super::{MAX_AGE_DAYS, fixed::Fixed};

/// What one euro is on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    /// Units for one euro, times `SCALE`; 0 where there is no rate.
    pub rate: i64,
    /// Days since the rate was published; 0 on the day itself.
    pub age: u8,
    /// Index into the book's sources.
    pub source: u8,
}

const MISSING: Cell = Cell { rate: 0, age: 0, source: 0 };

impl Cell {
    const fn is_published(self) -> bool {
        self.rate != 0 && self.age == 0
    }
}

/// A rate as it was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Published {
    pub day: i32,
    pub rate: i64,
}

/// What holds on a day: a published rate, or for ever the fixed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    Published(Cell),
    Fixed(i64),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Column {
    /// The day number of the first cell.
    start: i32,
    cells: Vec<Cell>,
    fixed: Option<Fixed>,
}

impl Column {
    pub fn of_fixed(fixed: Fixed) -> Self {
        Self { fixed: Some(fixed), ..Self::default() }
    }

    /// Units for one euro on a day, times `SCALE`.
    #[inline]
    pub fn rate(&self, day: i32) -> Option<i64> {
        match self.held(day)? {
            Held::Published(cell) => Some(cell.rate),
            Held::Fixed(rate) => Some(rate),
        }
    }

    #[inline]
    pub fn held(&self, day: i32) -> Option<Held> {
        if let Some(fixed) = self.fixed
            && day > fixed.last_day
        {
            return Some(Held::Fixed(fixed.rate));
        }
        let at = usize::try_from(i64::from(day) - i64::from(self.start)).ok()?;
        self.cells.get(at).filter(|cell| cell.rate != 0).copied().map(Held::Published)
    }

    /// The rate published on the day itself, if any was.
    pub fn published(&self, day: i32) -> Option<Cell> {
        match self.held(day)? {
            Held::Published(cell) if cell.is_published() => Some(cell),
            _ => None,
        }
    }

    /// The last day on which a rate was published.
    pub fn newest(&self) -> Option<i32> {
        let at = self.cells.iter().rposition(|cell| cell.is_published())?;
        self.start.checked_add(i32::try_from(at).ok()?)
    }

    /// Puts rates in place, one a day at most, and works the days behind them out again.
    pub fn publish(&mut self, published: &[Published], source: u8) {
        let days = published.iter().map(|published| published.day);
        let (Some(first), Some(last)) = (days.clone().min(), days.max()) else {
            return;
        };
        self.make_room(first, last + i32::from(MAX_AGE_DAYS));
        for &Published { day, rate } in published {
            let at = self.index(day);
            self.cells[at] = Cell { rate, age: 0, source };
        }
        self.carry(self.index(first));
    }

    fn index(&self, day: i32) -> usize {
        usize::try_from(day - self.start).expect("room was made for the day")
    }

    fn make_room(&mut self, first: i32, last: i32) {
        if self.cells.is_empty() {
            self.start = first;
        }
        if first < self.start {
            let more = usize::try_from(self.start - first).expect("the day is earlier");
            self.cells.splice(0..0, std::iter::repeat_n(MISSING, more));
            self.start = first;
        }
        let needed = self.index(last.max(self.start)) + 1;
        if self.cells.len() < needed {
            self.cells.resize(needed, MISSING);
        }
    }

    /// Every day without a publication holds the newest rate before it, for at most [`MAX_AGE_DAYS`].
    fn carry(&mut self, from: usize) {
        let mut before = MISSING;
        for cell in &mut self.cells[from..] {
            if !cell.is_published() {
                *cell = match before {
                    Cell { rate: 0, .. } => MISSING,
                    Cell { age, .. } if age >= MAX_AGE_DAYS => MISSING,
                    older => Cell { age: older.age + 1, ..older },
                };
            }
            before = *cell;
        }
    }
}
