//! Spending by category, and by month.

use super::{Cube, RateUse, Share, Unconverted};
use crate::{
    calendar::Month,
    category::{CategoryId, CategoryKind},
    ledger::{Ledger, Place},
    money::Currency,
    rates::RateBook,
};

/// Spending by category over some months.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breakdown {
    pub currency: Currency,
    /// Expense categories with rows, the biggest spending first.
    pub categories: Vec<CategoryShare>,
    pub total: i128,
    pub unconverted: Vec<Unconverted>,
    pub rates: Vec<RateUse>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryShare {
    pub category: CategoryId,
    /// Minor units; negative is money spent.
    pub amount: i128,
    pub count: u32,
    /// Of all that was spent. A category that got more back than it cost has none.
    pub percent: Share,
}

/// The breakdown of these months.
pub fn breakdown(ledger: &Ledger, rates: &RateBook, cube: &Cube, months: &[Month]) -> Breakdown {
    let mut categories: Vec<CategoryShare> = expense_places(ledger)
        .filter_map(|(place, category)| {
            let cell = cube.sum(months, place);
            (cell.count > 0).then(|| CategoryShare {
                category: category.clone(),
                amount: cell.amount,
                count: cell.count,
                percent: Share(0),
            })
        })
        .collect();
    let spent: i128 = categories.iter().map(|category| category.amount.min(0)).sum();
    for category in &mut categories {
        category.percent = Share::of(category.amount, spent);
    }
    categories.sort_by(|one, other| (one.amount, &one.category).cmp(&(other.amount, &other.category)));
    Breakdown {
        currency: cube.currency(),
        total: categories.iter().map(|category| category.amount).sum(),
        categories,
        unconverted: cube.unconverted(months),
        rates: cube.rates_used(rates, months),
    }
}

/// Spending month by month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Monthly {
    pub currency: Currency,
    pub months: Vec<MonthShare>,
    pub total: i128,
    pub unconverted: Vec<Unconverted>,
    pub rates: Vec<RateUse>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthShare {
    pub month: Month,
    /// Minor units; negative is money spent.
    pub amount: i128,
    /// Of all that was spent in the months.
    pub percent: Share,
}

/// Compares months; over the named categories, or all expense categories when none is named.
pub fn monthly(
    ledger: &Ledger,
    rates: &RateBook,
    cube: &Cube,
    months: &[Month],
    categories: &[CategoryId],
) -> Monthly {
    let places: Vec<Place> = if categories.is_empty() {
        expense_places(ledger).map(|(place, _)| place).collect()
    } else {
        categories.iter().filter_map(|id| ledger.categories().place(id)).collect()
    };
    let amount = |month: Month| places.iter().map(|place| cube.sum(&[month], *place).amount).sum::<i128>();
    let amounts: Vec<(Month, i128)> = months.iter().map(|month| (*month, amount(*month))).collect();
    let spent: i128 = amounts.iter().map(|(_, amount)| (*amount).min(0)).sum();
    Monthly {
        currency: cube.currency(),
        total: amounts.iter().map(|(_, amount)| *amount).sum(),
        months: amounts
            .into_iter()
            .map(|(month, amount)| MonthShare { month, amount, percent: Share::of(amount, spent) })
            .collect(),
        unconverted: cube.unconverted(months),
        rates: cube.rates_used(rates, months),
    }
}

fn expense_places(ledger: &Ledger) -> impl Iterator<Item = (Place, &CategoryId)> {
    ledger
        .categories()
        .iter()
        .filter(|category| category.kind == CategoryKind::Expense)
        .filter_map(|category| Some((ledger.categories().place(&category.id)?, &category.id)))
}
