//! The person's settings.

use std::sync::Arc;

use finbrain_domain::{
    book,
    change::Change,
    settings::{Settings, SettingsPatch},
};

use super::{
    command::{Command, Decision},
    view::{Cubes, Query, View},
};
use crate::{error::Error, lessons::ends_sharing};

#[derive(Debug)]
pub struct GetSettings;

impl Query for GetSettings {
    type Output = Settings;

    fn answer(self, view: &View<'_>, _: &mut Cubes) -> Result<Settings, Error> {
        Ok(view.ledger.settings().clone())
    }
}

/// The slot since which the settings say that corrections are shared; `None` when they are not.
#[derive(Debug)]
pub(crate) struct GetSharing;

impl Query for GetSharing {
    type Output = Option<u64>;

    fn answer(self, view: &View<'_>, _: &mut Cubes) -> Result<Option<u64>, Error> {
        let ledger = view.ledger;
        Ok(ledger.settings().share_corrections.then(|| ledger.settings_changed()))
    }
}

/// Nothing but the version at which a book was current, with the settings that decide what "today" is.
#[derive(Debug)]
pub(crate) struct GetCurrent;

impl Query for GetCurrent {
    type Output = Arc<Settings>;

    fn answer(self, view: &View<'_>, _: &mut Cubes) -> Result<Arc<Settings>, Error> {
        Ok(Arc::new(view.ledger.settings().clone()))
    }
}

#[derive(Debug)]
pub struct AmendSettings {
    pub patch: SettingsPatch,
}

impl Command for AmendSettings {
    type Output = Settings;

    fn decide(&self, view: &View<'_>) -> Result<Decision<Settings>, Error> {
        let change = book::amend_settings(view.ledger, self.patch.clone());
        let settings = self.patch.clone().apply(view.ledger.settings());
        let effects = change.as_ref().is_some_and(ends_sharing);
        Ok(Decision { effects, ..Decision::new(change.into_iter().collect(), settings) })
    }

    fn replay(&self, written: &[Change], view: &View<'_>) -> Result<Settings, Error> {
        let found = written.iter().find_map(|change| match change {
            Change::Settings { to, .. } => to.clone(),
            _ => None,
        });
        Ok(found.unwrap_or_else(|| view.ledger.settings().clone()))
    }
}
