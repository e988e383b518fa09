//! Households that never were. Written down before the methods were measured, from how people spend and not from how
//! the methods work; no number here was chosen for a figure.
//!
//! **Monthly series** add up purchases: a number of events (Poisson) of skewed sizes (log-normal), with
//! - *salary and rent*: rent raised each year and sometimes changed by moving, subscriptions, heating that follows the
//!   winter, groceries, leisure, mostly one insurance a year, now and then something large;
//! - *lumpy*: groceries, and every other month something whose size may be anything;
//! - *seasonal*: purchases that follow a yearly profile of the household's own, with a strong December;
//! - *growing*: purchases that get dearer or more by 0.6 to 2 % each month;
//! - *sparse*: one purchase in two to five months, otherwise nothing.
//!
//! **Statements** are two years of single payments, day by day: rent, bills, subscriptions, a yearly insurance, two equal
//! bus fares on most working days, coffee at menu prices, three supermarkets, fuel, restaurants and shops of falling
//! popularity, shops never seen before, and sometimes a journey, which is large and yet nothing wrong.

use jiff::Span;
use jiff::civil::{Date, date};

use crate::random::Random;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    SalaryAndRent,
    Lumpy,
    Seasonal,
    Growing,
    Sparse,
}

impl Shape {
    pub const ALL: [Shape; 5] =
        [Shape::SalaryAndRent, Shape::Lumpy, Shape::Seasonal, Shape::Growing, Shape::Sparse];

    pub fn name(self) -> &'static str {
        match self {
            Shape::SalaryAndRent => "salary and rent",
            Shape::Lumpy => "lumpy",
            Shape::Seasonal => "seasonal",
            Shape::Growing => "growing",
            Shape::Sparse => "sparse",
        }
    }
}

/// Spending in minor units, month by month, over two to five years.
pub fn monthly(shape: Shape, random: &mut Random) -> Vec<i64> {
    let months = 24 + random.below(37);
    let totals = match shape {
        Shape::SalaryAndRent => salary_and_rent(months, random),
        Shape::Lumpy => (0..months)
            .map(|_| purchases(random, 8.0, 50.0, 0.6) + purchases(random, 0.5, 450.0, 1.0))
            .collect(),
        Shape::Seasonal => seasonal(months, random),
        Shape::Growing => {
            let growth = random.between(1.006, 1.02);
            (0..months).map(|month| purchases(random, 20.0, 30.0, 0.6) * growth.powi(month as i32)).collect()
        }
        Shape::Sparse => {
            let often = random.between(0.2, 0.5);
            (0..months).map(|_| purchases(random, often, 120.0, 0.8)).collect::<Vec<f64>>()
        }
    };
    totals.into_iter().map(|total| (total * 100.0).round() as i64).collect()
}

/// The sum of a random number of purchases.
fn purchases(random: &mut Random, events: f64, median: f64, spread: f64) -> f64 {
    (0..random.events(events)).map(|_| random.size(median, spread)).sum()
}

fn salary_and_rent(months: usize, random: &mut Random) -> Vec<f64> {
    let mut rent = random.size(1_200.0, 0.3);
    let raised = random.below(12);
    let moves = random.chance(0.15).then(|| random.below(months));
    let subscriptions = random.between(40.0, 110.0);
    let heating = random.size(130.0, 0.3);
    let insurance = random.chance(0.7).then(|| (random.below(12), random.between(300.0, 900.0)));
    let mut totals = Vec::with_capacity(months);
    for month in 0..months {
        if month % 12 == raised {
            rent *= random.between(1.01, 1.04);
        }
        if moves == Some(month) {
            rent *= random.between(0.8, 1.4);
        }
        let winter = 1.0 + 0.5 * (std::f64::consts::TAU * month as f64 / 12.0).cos();
        let bill = heating * winter * random.size(1.0, 0.1);
        let yearly = insurance.filter(|(due, _)| month % 12 == *due).map_or(0.0, |(_, premium)| premium);
        let groceries = purchases(random, 10.0, 45.0, 0.5);
        let leisure = purchases(random, 8.0, 25.0, 0.8);
        let large = purchases(random, 0.15, 500.0, 0.7);
        totals.push(rent + subscriptions + bill + yearly + groceries + leisure + large);
    }
    totals
}

fn seasonal(months: usize, random: &mut Random) -> Vec<f64> {
    let mut profile: Vec<f64> = (0..12).map(|_| random.size(1.0, 0.35)).collect();
    if let Some(december) = profile.last_mut() {
        *december *= 1.8;
    }
    let factor = |month: usize| profile.get(month % 12).copied().unwrap_or(1.0);
    (0..months).map(|month| purchases(random, 15.0 * factor(month), 40.0, 0.6)).collect()
}

/// One payment of a statement; money out is below zero.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub date: Date,
    pub merchant: u32,
    pub category: u8,
    pub amount: i64,
    /// The payment recurs at a price, by contract.
    pub contract: bool,
}

pub const FIRST_DAY: Date = date(2023, 1, 1);
pub const DAYS: i64 = 730;

struct Statement<'a> {
    random: &'a mut Random,
    rows: Vec<Row>,
    strangers: u32,
}

/// Two years of payments, ascending by date.
pub fn statement(random: &mut Random) -> Vec<Row> {
    let mut statement = Statement { random, rows: Vec::new(), strangers: 10_000 };
    statement.contracts();
    for day in 0..DAYS {
        statement.habits(day);
        statement.outings(day);
    }
    let mut rows = statement.rows;
    rows.sort_by_key(|row| row.date);
    rows
}

impl Statement<'_> {
    fn pay(&mut self, day: i64, (merchant, category): (u32, u8), size: f64, contract: bool) {
        let date = FIRST_DAY.saturating_add(Span::new().days(day.clamp(0, DAYS - 1)));
        let amount = -((size * 100.0).round() as i64).max(1);
        self.rows.push(Row { date, merchant, category, amount, contract });
    }

    /// Rent, bills, subscriptions, insurance: on their day, up to two days late.
    fn contracts(&mut self) {
        let rent = self.random.size(1_200.0, 0.3);
        let electricity = self.random.size(80.0, 0.3);
        let telephone = self.random.between(20.0, 60.0);
        let subscriptions: Vec<f64> = (0..4).map(|_| self.random.below(15) as f64 + 4.99).collect();
        for month in 0..24_i64 {
            let first = FIRST_DAY.saturating_add(Span::new().months(month));
            let day = first.duration_since(FIRST_DAY).as_hours() / 24;
            self.pay(day, (1, 0), rent, true);
            let late = self.random.below(3) as i64;
            let winter = 1.0 + 0.4 * (std::f64::consts::TAU * month as f64 / 12.0).cos();
            let bill = electricity * winter * self.random.size(1.0, 0.12);
            self.pay(day + 10 + late, (2, 0), bill, false);
            self.pay(day + 14 + late, (3, 0), telephone, true);
            for (number, price) in (0_u32..).zip(&subscriptions) {
                self.pay(day + 3 + 6 * i64::from(number), (10 + number, 5), *price, true);
            }
            if month % 3 == 1 {
                let water = self.random.size(60.0, 0.1);
                self.pay(day + 20, (4, 0), water, false);
            }
            if month % 12 == 5 {
                self.pay(day + 7, (5, 4), telephone * 12.0, true);
            }
        }
    }

    /// What happens on many days: the bus, coffee, food, fuel.
    fn habits(&mut self, day: i64) {
        if day % 7 < 5 && self.random.chance(0.6) {
            self.pay(day, (20, 2), 2.80, false);
            self.pay(day, (20, 2), 2.80, false);
        }
        if self.random.chance(0.35) {
            let price = [3.20, 3.80, 4.50, 7.90][self.random.below(4)];
            self.pay(day, (21, 1), price, false);
        }
        if self.random.chance(0.3) {
            let shop = self.random.favourite(3) as u32;
            let size = self.random.size(42.0, 0.6);
            self.pay(day, (22 + shop, 1), size, false);
        }
        if self.random.chance(0.1) {
            let size = self.random.size(48.0, 0.2);
            self.pay(day, (30, 2), size, false);
        }
    }

    /// Restaurants, shops, places never seen before, journeys.
    fn outings(&mut self, day: i64) {
        if self.random.chance(0.25) {
            let place = self.random.favourite(15) as u32;
            let size = self.random.size(15.0 + 2.0 * f64::from(place), 0.5);
            self.pay(day, (100 + place, 1), size, false);
        }
        if self.random.chance(0.25) {
            let shop = self.random.favourite(60) as u32;
            let size = self.random.size(20.0 + f64::from(shop), 0.8);
            self.pay(day, (200 + shop, 3 + (shop % 3) as u8), size, false);
        }
        if self.random.chance(0.06) {
            let size = self.random.size(35.0, 1.0);
            self.stranger(day, size);
        }
        if self.random.chance(0.004) {
            let size = self.random.size(500.0, 0.6);
            self.stranger(day, size);
        }
    }

    fn stranger(&mut self, day: i64, size: f64) {
        self.strangers += 1;
        let category = self.random.below(6) as u8;
        self.pay(day, (self.strangers, category), size, false);
    }
}
