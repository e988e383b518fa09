//! What the server stands on, chosen by its settings: a store, and the state that is shared with other pods.

use actix_web::web;

use crate::{config::StoreSettings, store::Stores};

/// Opens the store, to write.
pub async fn open(settings: &StoreSettings) -> anyhow::Result<Stores> {
    match settings {
        StoreSettings::Embedded { data_dir } => {
            let data_dir = data_dir.clone();
            Ok(web::block(move || Stores::embedded(&data_dir)).await??)
        }
        StoreSettings::Cluster { .. } => anyhow::bail!("FINBRAIN_MONGODB_URI is not served yet"),
    }
}

/// Opens the store for [`check`](crate::check), beside the server that uses it.
pub async fn open_to_check(settings: &StoreSettings) -> anyhow::Result<Stores> {
    match settings {
        StoreSettings::Embedded { data_dir } => {
            let data_dir = data_dir.clone();
            Ok(web::block(move || Stores::embedded_read_only(&data_dir)).await??)
        }
        StoreSettings::Cluster { .. } => open(settings).await,
    }
}
