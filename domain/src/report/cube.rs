//! The sums that every report is made of: month × category in one currency, from one pass over the rows.

use std::collections::BTreeMap;

use crate::{
    calendar::{Month, day_date},
    ledger::{Ledger, Place, Row},
    money::Currency,
    rates::{Pair, Rate, RateBook},
};

#[derive(Debug)]
pub struct Cube {
    version: u64,
    rates_revision: u64,
    currency: Currency,
    /// The month of the first row; cells and flows count from it.
    first: Month,
    /// Month by month, the categories that have rows in it, by their places: no more cells than rows.
    cells: Vec<(Place, Cell)>,
    /// Where the cells of each month begin, and where the last ones end.
    starts: Vec<usize>,
    flows: Vec<Flow>,
    foreign: BTreeMap<(Month, Currency), Foreign>,
    /// Sum and count of all rows, by their own currency.
    sums: Vec<(Currency, i128, u32)>,
    review: usize,
}

/// What lies in one category in one month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cell {
    /// Minor units; negative is money out.
    pub amount: i128,
    pub count: u32,
}

/// What came in and went out in one month. Transfers are neither.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flow {
    pub income: i128,
    /// Negative or zero.
    pub expenses: i128,
    pub count: u32,
}

impl Flow {
    pub const fn net(self) -> i128 {
        self.income + self.expenses
    }

    pub(super) fn add(&mut self, amount: i128) {
        if amount > 0 {
            self.income += amount;
        } else {
            self.expenses += amount;
        }
        self.count += 1;
    }

    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            income: self.income + other.income,
            expenses: self.expenses + other.expenses,
            count: self.count + other.count,
        }
    }
}

/// Rows of one foreign currency in one month.
#[derive(Debug, Clone, Copy, Default)]
struct Foreign {
    converted: u32,
    /// The first and the last day of converted rows.
    days: Option<(i32, i32)>,
    left_out: u32,
    left_amount: i128,
}

/// Rows that no rate converts: they are in no total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unconverted {
    pub currency: Currency,
    /// Minor units of that currency.
    pub amount: i128,
    pub count: u32,
}

/// The rates that converted the rows of one currency: that of the first and that of the last row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateUse {
    pub currency: Currency,
    pub count: u32,
    pub first: Rate,
    pub last: Rate,
}

impl Cube {
    /// One pass over all rows.
    pub fn build(ledger: &Ledger, rates: &RateBook, currency: Currency) -> Self {
        let rows = ledger.rows();
        let span = rows.between(None, None).next().zip(rows.between(None, None).next_back());
        let (first, months) = span.map_or((Month::from_index(0), 0), |(oldest, newest)| {
            let first = Month::of(oldest.date());
            (first, usize::try_from(Month::of(newest.date()).index() - first.index() + 1).unwrap_or(0))
        });
        let mut cube = Self {
            version: ledger.version(),
            rates_revision: rates.revision(),
            currency,
            first,
            cells: Vec::new(),
            starts: vec![0],
            flows: vec![Flow::default(); months],
            foreign: BTreeMap::new(),
            sums: Vec::new(),
            review: 0,
        };
        let mut lanes = Lanes { rates, to: currency, known: Vec::new(), last: 0 };
        let mut month = MonthOf::new();
        let mut current = first;
        let mut cells = vec![Cell::default(); ledger.categories().places()];
        for row in rows.between(None, None) {
            let of_row = month.of(row.day());
            if of_row != current {
                lanes.end_month(current, &mut cube.foreign);
                cube.end_month(current, &mut cells);
                current = of_row;
            }
            cube.add(ledger, row, current, lanes.of(row.currency()), &mut cells);
        }
        lanes.end_month(current, &mut cube.foreign);
        cube.end_month(current, &mut cells);
        cube.sums = lanes.known.into_iter().map(|lane| (lane.currency, lane.sum, lane.count)).collect();
        cube
    }

    fn add(&mut self, ledger: &Ledger, row: Row<'_>, month: Month, lane: &mut Lane<'_>, cells: &mut [Cell]) {
        self.review += usize::from(row.review());
        let Some(amount) = lane.take(row, self.currency) else { return };
        let at = usize::try_from(month.index() - self.first.index()).unwrap_or(0);
        if !row.is_transfer() {
            self.flows[at].add(i128::from(amount));
        }
        match row.category() {
            Some(place) => cells[usize::from(place)].add(i128::from(amount)),
            None => add_lines(ledger, row, i128::from(amount), lane.pair, cells),
        }
    }

    /// Puts the cells of a month away, and those of the months without rows before the next one.
    fn end_month(&mut self, month: Month, cells: &mut [Cell]) {
        let months = usize::try_from(month.index() - self.first.index()).unwrap_or(0);
        self.starts.resize(months + 1, self.cells.len());
        for (place, cell) in (0..).zip(cells) {
            if cell.count > 0 {
                self.cells.push((place, std::mem::take(cell)));
            }
        }
        self.starts.push(self.cells.len());
    }

    /// Sum and count of all rows of each currency, in minor units of it.
    pub fn sums(&self) -> &[(Currency, i128, u32)] {
        &self.sums
    }

    /// How many rows have a category that is not sure.
    pub const fn review(&self) -> usize {
        self.review
    }

    pub const fn version(&self) -> u64 {
        self.version
    }

    pub const fn rates_revision(&self) -> u64 {
        self.rates_revision
    }

    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// What lies in the category at `place` in these months.
    pub fn sum(&self, months: &[Month], place: Place) -> Cell {
        let cells = months.iter().filter_map(|month| {
            let cells = self.cells_of(self.at(*month)?);
            let found = cells.binary_search_by_key(&place, |(place, _)| *place).ok()?;
            Some(cells[found].1)
        });
        cells.fold(Cell::default(), |sum, cell| Cell {
            amount: sum.amount + cell.amount,
            count: sum.count + cell.count,
        })
    }

    /// How many rows lie in the category at `place`, of all times.
    pub fn count(&self, place: Place) -> u32 {
        self.cells.iter().filter(|(other, _)| *other == place).map(|(_, cell)| cell.count).sum()
    }

    /// What came in and went out in these months.
    pub fn flow(&self, months: &[Month]) -> Flow {
        let flows = months.iter().filter_map(|month| self.flows.get(self.at(*month)?).copied());
        flows.fold(Flow::default(), Flow::plus)
    }

    fn cells_of(&self, month: usize) -> &[(Place, Cell)] {
        &self.cells[self.starts[month]..self.starts[month + 1]]
    }

    fn at(&self, month: Month) -> Option<usize> {
        let at = usize::try_from(month.index() - self.first.index()).ok()?;
        (at < self.flows.len()).then_some(at)
    }

    /// What no rate converts in these months.
    pub fn unconverted(&self, months: &[Month]) -> Vec<Unconverted> {
        let mut sums: BTreeMap<Currency, Unconverted> = BTreeMap::new();
        for (currency, foreign) in self.foreign(months).filter(|(_, foreign)| foreign.left_out > 0) {
            let sum = sums.entry(currency).or_insert(Unconverted { currency, amount: 0, count: 0 });
            sum.amount += foreign.left_amount;
            sum.count += foreign.left_out;
        }
        sums.into_values().collect()
    }

    /// The first and the last month with rows that no rate converts: rates that are worth asking for.
    pub fn wanting(&self) -> Option<(Month, Month)> {
        let mut months =
            self.foreign.iter().filter(|(_, foreign)| foreign.left_out > 0).map(|((month, _), _)| *month);
        let first = months.next()?;
        Some((first, months.next_back().unwrap_or(first)))
    }

    /// The rates that converted what lies in these months.
    pub fn rates_used(&self, rates: &RateBook, months: &[Month]) -> Vec<RateUse> {
        let mut used: BTreeMap<Currency, (u32, i32, i32)> = BTreeMap::new();
        for (currency, foreign) in self.foreign(months) {
            if let Some((first, last)) = foreign.days {
                let sum = used.entry(currency).or_insert((0, first, last));
                *sum = (sum.0 + foreign.converted, sum.1.min(first), sum.2.max(last));
            }
        }
        used.into_iter()
            .filter_map(|(currency, (count, first, last))| {
                let pair = rates.pair(currency, self.currency);
                Some(RateUse { currency, count, first: pair.rate(first)?, last: pair.rate(last)? })
            })
            .collect()
    }

    fn foreign<'a>(&'a self, months: &'a [Month]) -> impl Iterator<Item = (Currency, &'a Foreign)> {
        self.foreign.iter().filter(|((month, _), _)| months.contains(month)).map(|((_, c), f)| (*c, f))
    }
}

/// Spreads a split over its lines; the last one takes what rounding leaves, so that they add up to the row.
fn add_lines(ledger: &Ledger, row: Row<'_>, amount: i128, pair: Pair<'_>, cells: &mut [Cell]) {
    let lines = row.extras().map_or(&[][..], |extras| extras.lines.as_slice());
    let mut rest = amount;
    for (index, line) in lines.iter().enumerate() {
        let part = if index + 1 == lines.len() {
            rest
        } else {
            i128::from(pair.convert(line.amount, row.day()).unwrap_or_default())
        };
        rest -= part;
        if let Some(place) = ledger.categories().place(&line.category) {
            cells[usize::from(place)].add(part);
        }
    }
}

impl Cell {
    fn add(&mut self, amount: i128) {
        self.amount += amount;
        self.count += 1;
    }
}

impl Foreign {
    fn note(&mut self, row: Row<'_>, converted: bool) {
        if converted {
            self.converted += 1;
            let day = row.day();
            let (first, last) = self.days.unwrap_or((day, day));
            self.days = Some((first.min(day), last.max(day)));
        } else {
            self.left_out += 1;
            self.left_amount += i128::from(row.minor());
        }
    }
}

/// What a pass knows of one currency.
#[derive(Debug)]
struct Lane<'a> {
    currency: Currency,
    pair: Pair<'a>,
    sum: i128,
    count: u32,
    /// Its rows of the current month.
    month: Foreign,
}

impl Lane<'_> {
    /// Counts a row of this currency, and says what it is worth in the cube's.
    fn take(&mut self, row: Row<'_>, to: Currency) -> Option<i64> {
        self.sum += i128::from(row.minor());
        self.count += 1;
        let converted = self.pair.convert(row.minor(), row.day());
        if self.currency != to {
            self.month.note(row, converted.is_some());
        }
        converted
    }
}

/// The currencies of a pass; a book has few, so that a short list beats a map, and the last one comes again mostly.
#[derive(Debug)]
struct Lanes<'a> {
    rates: &'a RateBook,
    to: Currency,
    known: Vec<Lane<'a>>,
    last: usize,
}

impl<'a> Lanes<'a> {
    fn of(&mut self, currency: Currency) -> &mut Lane<'a> {
        if self.known.get(self.last).is_none_or(|lane| lane.currency != currency) {
            self.last = self.place(currency);
        }
        &mut self.known[self.last]
    }

    fn place(&mut self, currency: Currency) -> usize {
        if let Some(place) = self.known.iter().position(|lane| lane.currency == currency) {
            return place;
        }
        let pair = self.rates.pair(currency, self.to);
        self.known.push(Lane { currency, pair, sum: 0, count: 0, month: Foreign::default() });
        self.known.len() - 1
    }

    /// Rows come in the order of days: what is written down once a month need not be looked up for each row.
    fn end_month(&mut self, month: Month, foreign: &mut BTreeMap<(Month, Currency), Foreign>) {
        for lane in &mut self.known {
            let rows = std::mem::take(&mut lane.month);
            if rows.converted + rows.left_out > 0 {
                foreign.insert((month, lane.currency), rows);
            }
        }
    }
}

/// The month of a day. Rows come in the order of days, so that the calendar is asked once a month.
#[derive(Debug)]
struct MonthOf {
    month: Month,
    days: std::ops::Range<i32>,
}

impl MonthOf {
    const fn new() -> Self {
        Self { month: Month::from_index(0), days: 0..0 }
    }

    fn of(&mut self, day: i32) -> Month {
        if !self.days.contains(&day) {
            let date = day_date(day);
            self.month = Month::of(date);
            let first = day - i32::from(date.day()) + 1;
            self.days = first..first + i32::from(date.days_in_month());
        }
        self.month
    }
}
