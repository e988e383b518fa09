//! Fields whose text is one of a few names, as the description of the API tells them.

use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

fn one_of<const N: usize>(names: [&str; N]) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
}

pub fn cadence() -> Object {
    one_of(["weekly", "fortnightly", "monthly", "quarterly", "half_yearly", "yearly"])
}

pub fn health_part() -> Object {
    one_of(finbrain_domain::report::PartName::ALL.map(finbrain_domain::report::PartName::as_str))
}

pub fn unit() -> Object {
    one_of(["percent", "months"])
}

pub fn sharing() -> Object {
    one_of(["household", "on", "off"])
}
