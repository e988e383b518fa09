//! What clients send about their account, parsed once, and how a person looks on the wire.

use finbrain_domain::{
    email::Email,
    money::Currency,
    settings::{Locale, Settings, SettingsPatch, WeekStart, ZoneName},
    text::Name,
    user::{Role, User},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::session::SessionView;
use crate::{
    auth::{accounts::NewUser, password::Password},
    problem::{Invalid, Problem},
};

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WeekStart)]
pub enum WeekStartBody {
    Monday,
    Sunday,
    Saturday,
}

impl From<WeekStartBody> for WeekStart {
    fn from(body: WeekStartBody) -> Self {
        match body {
            WeekStartBody::Monday => Self::Monday,
            WeekStartBody::Sunday => Self::Sunday,
            WeekStartBody::Saturday => Self::Saturday,
        }
    }
}

impl From<WeekStart> for WeekStartBody {
    fn from(start: WeekStart) -> Self {
        match start {
            WeekStart::Monday => Self::Monday,
            WeekStart::Sunday => Self::Sunday,
            WeekStart::Saturday => Self::Saturday,
        }
    }
}

/// What a person may set. What is left out stays.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MePatch)]
pub struct SettingsPatchBody {
    name: Option<String>,
    #[schema(example = "ILS")]
    base_currency: Option<String>,
    #[schema(example = "he")]
    locale: Option<String>,
    #[schema(example = "Asia/Jerusalem")]
    time_zone: Option<String>,
    week_start: Option<WeekStartBody>,
    /// Whether corrections may teach the model that all accounts of this server share.
    share_corrections: Option<bool>,
}

impl SettingsPatchBody {
    pub fn parse(self) -> Result<SettingsPatch, Problem> {
        let mut invalid = Invalid::new();
        let patch = self.parse_into(&mut invalid);
        invalid.check()?;
        Ok(patch)
    }

    fn parse_into(self, invalid: &mut Invalid) -> SettingsPatch {
        SettingsPatch {
            name: self.name.and_then(|text| invalid.take("/name", Name::parse(&text))),
            base_currency: self
                .base_currency
                .and_then(|text| invalid.take("/base_currency", Currency::parse(&text))),
            locale: self.locale.and_then(|text| invalid.take("/locale", Locale::parse(&text))),
            time_zone: self.time_zone.and_then(|text| invalid.take("/time_zone", ZoneName::parse(&text))),
            week_start: self.week_start.map(WeekStart::from),
            share_corrections: self.share_corrections,
        }
    }
}

/// A person who registers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Register)]
pub struct RegisterBody {
    email: String,
    /// 8 to 256 bytes that are not easy to guess.
    password: String,
    name: String,
    base_currency: Option<String>,
    locale: Option<String>,
    time_zone: Option<String>,
    week_start: Option<WeekStartBody>,
}

impl RegisterBody {
    pub fn parse(self) -> Result<NewUser, Problem> {
        let mut invalid = Invalid::new();
        let email = invalid.take("/email", Email::parse(&self.email));
        let password = invalid.take("/password", Password::parse(self.password));
        let name = invalid.take("/name", Name::parse(&self.name));
        let patch = SettingsPatchBody {
            name: None,
            base_currency: self.base_currency,
            locale: self.locale,
            time_zone: self.time_zone,
            week_start: self.week_start,
            share_corrections: None,
        };
        let patch = patch.parse_into(&mut invalid);
        match (email, password, name) {
            (Some(email), Some(password), Some(name)) if invalid.is_empty() => {
                Ok(NewUser { email, password, opening: patch.apply(&Settings::of(name)) })
            }
            _ => Err(invalid.into()),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Login)]
pub struct LoginBody {
    email: String,
    password: String,
}

impl LoginBody {
    pub fn parse(self) -> Result<(Email, Password), Problem> {
        credentials(self.email, self.password)
    }
}

fn credentials(email: String, password: String) -> Result<(Email, Password), Problem> {
    let mut invalid = Invalid::new();
    let email = invalid.take("/email", Email::parse(&email));
    let password = invalid.take("/password", Password::parse(password));
    match (email, password) {
        (Some(email), Some(password)) => Ok((email, password)),
        _ => Err(invalid.into()),
    }
}

/// How the demo should look.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DemoRequest)]
pub struct DemoBody {
    base_currency: Option<String>,
    locale: Option<String>,
    time_zone: Option<String>,
    week_start: Option<WeekStartBody>,
}

impl DemoBody {
    pub fn parse(self) -> Result<Settings, Problem> {
        let patch = SettingsPatchBody {
            name: None,
            base_currency: self.base_currency,
            locale: self.locale,
            time_zone: self.time_zone,
            week_start: self.week_start,
            share_corrections: None,
        };
        let name = Name::parse("Demo").expect("Demo is a name");
        Ok(patch.parse()?.apply(&Settings::of(name)))
    }
}

/// The credentials under which a demo is kept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KeepDemo)]
pub struct KeepBody {
    email: String,
    password: String,
    name: Option<String>,
}

impl KeepBody {
    pub fn parse(self) -> Result<(Email, Password, Option<SettingsPatch>), Problem> {
        let name = match self.name {
            Some(text) => Some(Name::parse(&text).map_err(|error| Problem::invalid("/name", error))?),
            None => None,
        };
        let (email, password) = credentials(self.email, self.password)?;
        let patch = name.map(|name| SettingsPatch { name: Some(name), ..SettingsPatch::default() });
        Ok((email, password, patch))
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasswordChange)]
pub struct PasswordBody {
    current_password: String,
    new_password: String,
}

impl PasswordBody {
    pub fn parse(self) -> Result<(Password, Password), Problem> {
        let mut invalid = Invalid::new();
        let current = invalid.take("/current_password", Password::parse(self.current_password));
        let new = invalid.take("/new_password", Password::parse(self.new_password));
        match (current, new) {
            (Some(current), Some(new)) => Ok((current, new)),
            _ => Err(invalid.into()),
        }
    }
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CloseAccountRequest)]
pub struct CloseBody {
    /// Not needed for a demo.
    password: Option<String>,
}

impl CloseBody {
    pub fn parse(self) -> Result<Password, Problem> {
        let mut invalid = Invalid::new();
        let password = invalid.take("/password", Password::parse(self.password.unwrap_or_default()));
        password.ok_or_else(|| invalid.into())
    }
}

/// A person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Me)]
pub struct MeView {
    id: String,
    /// `null` for a demo.
    #[schema(required)]
    email: Option<String>,
    name: String,
    /// `admin` or `member`.
    role: &'static str,
    demo: bool,
    #[schema(required)]
    demo_expires_at: Option<String>,
    base_currency: &'static str,
    locale: String,
    time_zone: String,
    week_start: WeekStartBody,
    /// Whether corrections may teach the shared model. In one household they do in any case.
    share_corrections: bool,
    created_at: String,
}

impl MeView {
    pub fn new(user: &User, settings: &Settings) -> Self {
        Self {
            id: user.id.to_string(),
            email: user.email.as_ref().map(|email| email.as_str().to_owned()),
            name: settings.name.to_string(),
            role: match user.role {
                Role::Admin => "admin",
                Role::Member => "member",
            },
            demo: user.demo_until.is_some(),
            demo_expires_at: user.demo_until.map(|until| until.to_string()),
            base_currency: settings.base_currency.code(),
            locale: settings.locale.as_str().to_owned(),
            time_zone: settings.time_zone.as_str().to_owned(),
            week_start: settings.week_start.into(),
            share_corrections: settings.share_corrections,
            created_at: user.created_at.to_string(),
        }
    }
}

/// Somebody who has just come in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignedIn)]
pub struct SignedInView {
    pub user: MeView,
    pub session: SessionView,
}
