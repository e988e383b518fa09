//! Categories.

use finbrain_domain::{
    category::{self, Category, CategoryId, CategoryPatch, NewCategory},
    change::Change,
    transaction::{Filter, Matcher},
};

use super::{
    command::{Command, Decision},
    view::{Cubes, Query, View},
};
use crate::error::Error;

/// A category with what a list shows of it.
#[derive(Debug, Clone)]
pub struct CategoryItem {
    pub category: Category,
    /// Rows that lie in it.
    pub count: u32,
    /// The slot of its last change.
    pub changed: u64,
}

#[derive(Debug)]
pub struct ListCategories;

impl Query for ListCategories {
    type Output = Vec<CategoryItem>;

    fn answer(self, view: &View<'_>, cubes: &mut Cubes) -> Result<Self::Output, Error> {
        let cube = cubes.get(view, view.ledger.settings().base_currency);
        let table = view.ledger.categories();
        let item = |category: &Category| {
            let place = table.place(&category.id)?;
            let changed = table.changed(&category.id)?;
            Some(CategoryItem { category: category.clone(), count: cube.count(place), changed })
        };
        Ok(table.iter().filter_map(item).collect())
    }
}

#[derive(Debug)]
pub struct CreateCategory {
    pub new: NewCategory,
}

impl Command for CreateCategory {
    type Output = Category;

    fn decide(&self, view: &View<'_>) -> Result<Decision<Category>, Error> {
        let category = category::create(view.ledger, self.new.clone())?;
        let change = Change::Category { from: None, to: Some(category.clone()) };
        Ok(Decision::new(vec![change], category))
    }

    fn replay(&self, written: &[Change], _: &View<'_>) -> Result<Category, Error> {
        written_category(written)
    }
}

#[derive(Debug)]
pub struct AmendCategory {
    pub id: CategoryId,
    pub patch: CategoryPatch,
    pub expected: Option<u64>,
}

/// A category after a change was asked for.
#[derive(Debug)]
pub struct AmendedCategory {
    pub category: Category,
    /// Rows that lie in it.
    pub count: u32,
    /// The slot of its last change, when this entry did not change it.
    pub changed: Option<u64>,
}

impl Command for AmendCategory {
    type Output = AmendedCategory;

    fn decide(&self, view: &View<'_>) -> Result<Decision<AmendedCategory>, Error> {
        let (from, to) = category::amend(view.ledger, &self.id, self.patch.clone(), self.expected)?;
        let count = count(view, &self.id);
        if from == to {
            let changed = view.ledger.categories().changed(&self.id);
            return Ok(Decision::new(Vec::new(), AmendedCategory { category: to, count, changed }));
        }
        let changes = vec![Change::Category { from: Some(from), to: Some(to.clone()) }];
        Ok(Decision::new(changes, AmendedCategory { category: to, count, changed: None }))
    }

    fn replay(&self, written: &[Change], view: &View<'_>) -> Result<AmendedCategory, Error> {
        let category = written_category(written)?;
        Ok(AmendedCategory { category, count: count(view, &self.id), changed: None })
    }
}

#[derive(Debug)]
pub struct RemoveCategory {
    pub id: CategoryId,
    pub move_to: Option<CategoryId>,
    pub expected: Option<u64>,
}

impl Command for RemoveCategory {
    type Output = ();

    fn decide(&self, view: &View<'_>) -> Result<Decision<()>, Error> {
        let changes = category::remove(view.ledger, &self.id, self.move_to.as_ref(), self.expected)?;
        Ok(Decision::new(changes, ()))
    }

    fn replay(&self, _: &[Change], _: &View<'_>) -> Result<(), Error> {
        Ok(())
    }
}

/// Rows that lie in a category, without the sums of all the others.
fn count(view: &View<'_>, id: &CategoryId) -> u32 {
    let filter = Filter { categories: vec![id.clone()], ..Filter::default() };
    let matcher = Matcher::new(view.ledger, &filter);
    let rows = view.ledger.rows().between(None, None);
    let count = rows.filter(|row| matcher.matches(*row, view.ledger)).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn written_category(written: &[Change]) -> Result<Category, Error> {
    let found = written.iter().find_map(|change| match change {
        Change::Category { to, .. } => to.clone(),
        _ => None,
    });
    Ok(found.ok_or(finbrain_domain::Error::NotFound { noun: "category" })?)
}
