//! What a person has chosen about their book: name, language, time zone, first day of the week, base currency.

use std::fmt;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{error::Error, money::Currency, text::Name};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    pub name: Name,
    pub base_currency: Currency,
    pub locale: Locale,
    pub time_zone: ZoneName,
    pub week_start: WeekStart,
    /// Whether this person's corrections may teach the model that all share. Not written while it is off, so that entries
    /// from before it existed keep their form.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub share_corrections: bool,
}

impl Settings {
    /// The settings of a person who gave no more than a name.
    pub fn of(name: Name) -> Self {
        Self {
            name,
            base_currency: Currency::USD,
            locale: Locale("en".into()),
            time_zone: ZoneName("UTC".into()),
            week_start: WeekStart::Monday,
            share_corrections: false,
        }
    }

    /// The civil day that it is for this person.
    pub fn today(&self, now: Timestamp) -> Date {
        self.time_zone.zone().to_datetime(now).date()
    }
}

/// What a person wants changed; `None` leaves a setting as it is.
#[derive(Debug, Clone, Default)]
pub struct SettingsPatch {
    pub name: Option<Name>,
    pub base_currency: Option<Currency>,
    pub locale: Option<Locale>,
    pub time_zone: Option<ZoneName>,
    pub week_start: Option<WeekStart>,
    pub share_corrections: Option<bool>,
}

impl SettingsPatch {
    pub fn apply(self, settings: &Settings) -> Settings {
        Settings {
            name: self.name.unwrap_or_else(|| settings.name.clone()),
            base_currency: self.base_currency.unwrap_or(settings.base_currency),
            locale: self.locale.unwrap_or_else(|| settings.locale.clone()),
            time_zone: self.time_zone.unwrap_or_else(|| settings.time_zone.clone()),
            week_start: self.week_start.unwrap_or(settings.week_start),
            share_corrections: self.share_corrections.unwrap_or(settings.share_corrections),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeekStart {
    Monday,
    Sunday,
    Saturday,
}

/// A BCP 47 language tag of the plain kind: `en`, `he`, `he-IL`, `zh-Hant-TW`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Locale(Box<str>);

impl Locale {
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut parts = text.split('-');
        let language = parts.next().unwrap_or_default();
        let fine = (2..=3).contains(&language.len())
            && language.bytes().all(|byte| byte.is_ascii_lowercase())
            && parts.all(|part| {
                (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
            })
            && text.len() <= 35;
        if fine { Ok(Self(text.into())) } else { Err(Error::LocaleMalformed) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Locale {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::parse(&text)
    }
}

impl From<Locale> for String {
    fn from(locale: Locale) -> Self {
        locale.0.into()
    }
}

/// The name of a time zone in the IANA database, such as `Asia/Jerusalem`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ZoneName(Box<str>);

impl ZoneName {
    pub fn parse(text: &str) -> Result<Self, Error> {
        let zone = TimeZone::get(text).map_err(|_| Error::TimeZoneUnknown)?;
        zone.iana_name().map(|name| Self(name.into())).ok_or(Error::TimeZoneUnknown)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// UTC when a newer database has dropped the zone: a journal must open for ever.
    fn zone(&self) -> TimeZone {
        TimeZone::get(&self.0).unwrap_or(TimeZone::UTC)
    }
}

impl fmt::Debug for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn today_is_a_matter_of_the_time_zone() {
        let now: Timestamp = "2026-11-24T22:30:00Z".parse().unwrap();
        let mut settings = Settings::of(Name::parse("Dana").unwrap());
        assert_eq!(settings.today(now), jiff::civil::date(2026, 11, 24));

        settings.time_zone = ZoneName::parse("Asia/Jerusalem").unwrap();

        assert_eq!(settings.today(now), jiff::civil::date(2026, 11, 25));
    }

    #[test]
    fn settings_from_before_sharing_share_nothing_and_keep_their_form() {
        let settings = Settings::of(Name::parse("Dana").unwrap());
        let written = serde_json::to_string(&settings).unwrap();

        assert!(!written.contains("share_corrections"));
        assert_eq!(serde_json::from_str::<Settings>(&written).unwrap(), settings);

        let shares = Settings { share_corrections: true, ..settings };
        let written = serde_json::to_string(&shares).unwrap();
        assert_eq!(serde_json::from_str::<Settings>(&written).unwrap(), shares);
    }

    #[test]
    fn unknown_zones_and_locales_are_refused() {
        assert_eq!(ZoneName::parse("Mars/Olympus"), Err(Error::TimeZoneUnknown));
        for bad in ["", "e", "EN", "en_US", "en-", "english"] {
            assert_eq!(Locale::parse(bad), Err(Error::LocaleMalformed), "{bad}");
        }
    }
}
