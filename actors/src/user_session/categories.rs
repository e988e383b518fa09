//! Categories.

use finbrain_domain::{
    category::{self, Category, CategoryId, CategoryPatch, NewCategory},
    change::Change,
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

impl Command for AmendCategory {
    type Output = Category;

    fn decide(&self, view: &View<'_>) -> Result<Decision<Category>, Error> {
        let (from, to) = category::amend(view.ledger, &self.id, self.patch.clone(), self.expected)?;
        let changes = if from == to {
            Vec::new()
        } else {
            vec![Change::Category { from: Some(from), to: Some(to.clone()) }]
        };
        Ok(Decision::new(changes, to))
    }

    fn replay(&self, written: &[Change], _: &View<'_>) -> Result<Category, Error> {
        written_category(written)
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

fn written_category(written: &[Change]) -> Result<Category, Error> {
    let found = written.iter().find_map(|change| match change {
        Change::Category { to, .. } => to.clone(),
        _ => None,
    });
    Ok(found.ok_or(finbrain_domain::Error::NotFound { noun: "category" })?)
}
