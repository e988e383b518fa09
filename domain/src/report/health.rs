//! Financial health: a score from 0 to 100 made of named parts, each with its value, its target and its weight.
//!
//! Where the figures come from:
//! - *Savings rate*: what is left of income. Target 20 %, the savings of the 50/30/20 budget (E. Warren and A. W. Tyagi,
//!   *All Your Worth*, 2005).
//! - *Reserve*: months of spending that the balance would pay for. Target 6, the upper end of the three to six months that
//!   household finance commonly advises.
//! - *Fixed costs*: the part of income that recurring payments take. Target at most 50 %, the "needs" of the same budget; no
//!   points from 100 % on.
//! - *Volatility*: the mean distance of the months' spending from their median, as a part of that median. Target at most
//!   10 %; no points from 60 % on.
//!
//! A part's points fall in a straight line from 100 at its target to 0 at its other end. The score is their weighted mean.
//! The ends of volatility and all weights are a judgement, not a measurement; that is why the answer shows them. A part
//! without data has no weight, the others share it; below half of the weight there is no score.

/// Months that are looked at, at most.
pub const HEALTH_MONTHS: usize = 12;
/// With fewer complete months nothing is judged.
const LEAST_MONTHS: usize = 3;
/// All weights together.
const WHOLE: u32 = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartName {
    SavingsRate,
    Reserve,
    FixedCosts,
    Volatility,
}

impl PartName {
    pub const ALL: [Self; 4] = [Self::SavingsRate, Self::Reserve, Self::FixedCosts, Self::Volatility];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SavingsRate => "savings_rate",
            Self::Reserve => "reserve",
            Self::FixedCosts => "fixed_costs",
            Self::Volatility => "volatility",
        }
    }

    /// What its values count: percent of something, or months.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Reserve => "months",
            _ => "percent",
        }
    }

    /// In hundredths of the whole.
    const fn weight(self) -> u32 {
        match self {
            Self::SavingsRate => 35,
            Self::Reserve => 30,
            Self::FixedCosts => 20,
            Self::Volatility => 15,
        }
    }

    /// The values, in tenths of the unit, that give no points and all of them.
    const fn ends(self) -> (i64, i64) {
        match self {
            Self::SavingsRate => (0, 200),
            Self::Reserve => (0, 60),
            Self::FixedCosts => (1000, 500),
            Self::Volatility => (600, 100),
        }
    }

    /// Tenths of points, from 0 to 1000.
    fn points(self, value: i64) -> u32 {
        let (worst, best) = self.ends();
        let way = i128::from(value - worst) * 1000 / i128::from(best - worst);
        u32::try_from(way.clamp(0, 1000)).unwrap_or(0)
    }
}

/// What the score is computed from, in minor units of one currency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finances {
    /// What came in and what was spent in each of the last complete months; both positive.
    pub months: Vec<(i128, i128)>,
    /// What all rows add up to.
    pub balance: i128,
    /// What recurring payments cost a month; `None` when none are known.
    pub fixed: Option<i128>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// From 0 to 100.
    pub score: Option<u32>,
    pub parts: Vec<Part>,
    pub action: Option<Action>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub name: PartName,
    /// Tenths of the unit; `None` for want of data.
    pub value: Option<i64>,
    /// Tenths of the unit.
    pub target: i64,
    /// Of `whole`, which is the weight of all parts that have a value; 0 without one.
    pub weight: u32,
    pub whole: u32,
    /// Tenths, from 0 to 1000.
    pub points: Option<u32>,
}

/// The part that would raise the score most if it reached its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    pub part: PartName,
    /// Points of the score.
    pub gain: u32,
}

impl Health {
    /// The parts that have no value.
    pub fn missing(&self) -> impl Iterator<Item = PartName> {
        self.parts.iter().filter(|part| part.value.is_none()).map(|part| part.name)
    }
}

/// The health that follows from the finances.
pub fn health(finances: &Finances) -> Health {
    of_values(&PartName::ALL.map(|name| (name, value(name, finances))))
}

/// The score of some values, in tenths of their units.
fn of_values(values: &[(PartName, Option<i64>)]) -> Health {
    let whole = values.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| name.weight()).sum();
    let parts: Vec<Part> = values
        .iter()
        .map(|&(name, value)| Part {
            name,
            value,
            target: name.ends().1,
            weight: value.map_or(0, |_| name.weight()),
            whole,
            points: value.map(|value| name.points(value)),
        })
        .collect();
    let sum: u32 = parts.iter().map(|part| part.points.unwrap_or(0) * part.weight).sum();
    let score = (whole * 2 >= WHOLE).then(|| rounded(sum, whole));
    let gain = |part: &Part| Action {
        part: part.name,
        gain: rounded((1000 - part.points.unwrap_or(1000)) * part.weight, whole.max(1)),
    };
    let best = parts.iter().map(gain).rev().max_by_key(|action| action.gain);
    let action = best.filter(|action| score.is_some() && action.gain > 0);
    Health { score, parts, action }
}

/// Points from weighted tenths of points.
const fn rounded(sum: u32, whole: u32) -> u32 {
    (sum + whole * 5) / (whole * 10)
}

/// The value of a part in tenths of its unit.
fn value(name: PartName, finances: &Finances) -> Option<i64> {
    let months = finances.months.get(finances.months.len().saturating_sub(HEALTH_MONTHS)..)?;
    if months.len() < LEAST_MONTHS {
        return None;
    }
    let count = i128::try_from(months.len()).ok()?;
    let income: i128 = months.iter().map(|(income, _)| income).sum();
    let spent: i128 = months.iter().map(|(_, spent)| spent).sum();
    match name {
        PartName::SavingsRate => tenths((income - spent) * 100, income),
        PartName::Reserve => tenths(finances.balance * count, spent),
        PartName::FixedCosts => tenths(finances.fixed? * count * 100, income),
        PartName::Volatility => {
            let mut sizes: Vec<i128> = months.iter().map(|(_, spent)| *spent).collect();
            sizes.sort_unstable();
            let median = sizes[sizes.len() / 2] + sizes[(sizes.len() - 1) / 2];
            // The median is twice itself here, and so are the distances from it.
            let distances: i128 = sizes.iter().map(|size| (size * 2 - median).abs()).sum();
            tenths(distances * 100, median * count)
        }
    }
}

/// A quotient in tenths; nothing when there is nothing to divide by.
fn tenths(part: i128, whole: i128) -> Option<i64> {
    let tenths = part.checked_mul(10)?.checked_div(whole).filter(|_| whole > 0)?;
    // Far beyond any end, and still a number that a client can hold.
    i64::try_from(tenths.clamp(-1_000_000, 1_000_000)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};

    use super::*;

    fn finances() -> impl Strategy<Value = Finances> {
        let amount = || 0i128..2_000_000;
        let months = proptest::collection::vec((amount(), amount()), 0..20);
        (months, -5_000_000i128..20_000_000, proptest::option::of(amount()))
            .prop_map(|(months, balance, fixed)| Finances { months, balance, fixed })
    }

    #[test]
    fn a_household_on_all_targets_has_a_hundred_points() {
        let health =
            health(&Finances { months: vec![(10_000, 8_000); 6], balance: 48_000, fixed: Some(5_000) });

        assert_eq!(health.score, Some(100));
        assert_eq!(health.action, None);
        let values: Vec<_> = health.parts.iter().map(|part| part.value).collect();
        assert_eq!(values, [Some(200), Some(60), Some(500), Some(0)]);
    }

    #[test]
    fn the_action_is_the_part_that_would_raise_the_score_most() {
        let health = health(&Finances { months: vec![(10_000, 9_000); 6], balance: 0, fixed: Some(5_000) });

        assert_eq!(health.action, Some(Action { part: PartName::Reserve, gain: 30 }));
        assert_eq!(health.score, Some(53));
    }

    #[test]
    fn two_months_have_no_score_and_say_what_is_missing() {
        let health = health(&Finances { months: vec![(10_000, 9_000); 2], balance: 5, fixed: Some(10) });

        assert_eq!((health.score, health.action), (None, None));
        assert_eq!(health.missing().collect::<Vec<_>>(), PartName::ALL);
    }

    #[test]
    fn spending_without_income_is_not_enough_for_a_score() {
        let health = health(&Finances { months: vec![(0, 9_000); 6], balance: -54_000, fixed: None });

        assert_eq!(health.score, None);
        let missing: Vec<_> = health.missing().collect();
        assert_eq!(missing, [PartName::SavingsRate, PartName::FixedCosts]);
    }

    proptest! {
        #[test]
        fn the_score_lies_between_0_and_100_and_weights_add_up(finances in finances()) {
            let health = health(&finances);

            prop_assert!(health.score.is_none_or(|score| score <= 100));
            prop_assert!(health.parts.iter().all(|part| part.points.is_none_or(|points| points <= 1000)));
            let whole = health.parts[0].whole;
            prop_assert_eq!(health.parts.iter().map(|part| part.weight).sum::<u32>(), whole);
            prop_assert_eq!(health.score.is_some(), whole >= WHOLE / 2);
            if let (Some(score), Some(action)) = (health.score, health.action) {
                prop_assert!(score + action.gain <= 101, "both are rounded");
            }
        }

        #[test]
        fn a_value_nearer_to_its_target_never_lowers_the_score(
            values in proptest::collection::vec(-2_000i64..2_000, 4), at in 0usize..4, step in 0i64..500,
            present in proptest::collection::vec(any::<bool>(), 4),
        ) {
            let name = PartName::ALL[at];
            let mut before: Vec<_> = PartName::ALL.into_iter().zip(values).zip(present)
                .map(|((name, value), present)| (name, present.then_some(value))).collect();
            before[at].1.get_or_insert(0);
            let mut after = before.clone();
            let (worst, best) = name.ends();
            after[at].1 = before[at].1.map(|value| value + step * (best - worst).signum());

            prop_assert!(of_values(&before).score <= of_values(&after).score);
        }
    }
}
