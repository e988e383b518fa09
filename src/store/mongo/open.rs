//! Connecting: what the URI says, what it may not weaken, and whose database it is.

use std::time::Duration;

use finbrain_domain::ports::StoreError;
use mongodb::{
    Client,
    error::ErrorKind,
    options::{ClientOptions, DatabaseOptions, ReadConcern, ReadPreference, SelectionCriteria, WriteConcern},
};

use super::{
    MongoSettings, MongoStore, Patience,
    fault::{settle_read, text},
    schema::{self, Collections, VERSION},
};

/// The database when the URI names none.
const DATABASE: &str = "finbrain";
/// How often the driver asks each member how it is. A primary that froze is noticed this much and a time to connect
/// later; calls go to it until then.
const HEARTBEAT: Duration = Duration::from_secs(2);
const SRV: &str = "mongodb+srv://";

/// Why the store was not opened. Each message says what to do; none says what is in the URI.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "the URI of MongoDB cannot be used ({0}); it has the form mongodb://user:password@host:27017/finbrain"
    )]
    Uri(String),
    #[error(
        "this finbrain was built without mongodb+srv; build it with the feature mongodb-srv, or name the hosts in a \
         mongodb:// URI"
    )]
    Srv,
    #[error(
        "the database was written by a newer finbrain (schema {found}, this one knows {VERSION}); run that version or a \
         later one"
    )]
    Newer { found: i64 },
    #[error(
        "index {index} of the collection {collection} is not the one that this finbrain needs; drop it, and the next \
         start creates it anew"
    )]
    Index { collection: &'static str, index: &'static str },
    #[error("MongoDB cannot be used; check that it runs and that the URI names its hosts and credentials")]
    Store(#[from] StoreError),
}

pub(super) async fn open(settings: MongoSettings) -> Result<MongoStore, OpenError> {
    let options = options(&settings).await?;
    let name = options.default_database.clone().unwrap_or_else(|| DATABASE.into());
    let client = Client::with_options(options).map_err(|error| refused(&error.kind))?;
    // Said for the database, so that nothing in the URI weakens it.
    let guarantees = DatabaseOptions::builder()
        .read_concern(ReadConcern::majority())
        .write_concern(acknowledged(settings.confirm))
        .selection_criteria(SelectionCriteria::ReadPreference(ReadPreference::Primary))
        .build();
    let database = client.database_with_options(&name, guarantees);
    let store = MongoStore {
        collections: Collections::of(&database),
        database,
        client,
        read: settings.read,
        patience: Patience { confirm: settings.confirm, answer: settings.answer, bulk: settings.bulk },
    };
    schema::ensure(&store).await?;
    Ok(store)
}

/// By a majority, on its disks.
fn acknowledged(within: Duration) -> WriteConcern {
    let mut concern = WriteConcern::majority();
    concern.journal = Some(true);
    concern.w_timeout = Some(within);
    concern
}

async fn options(settings: &MongoSettings) -> Result<ClientOptions, OpenError> {
    if settings.uri.starts_with(SRV) && !cfg!(feature = "mongodb-srv") {
        return Err(OpenError::Srv);
    }
    let mut options = ClientOptions::parse(&settings.uri).await.map_err(|error| refused(&error.kind))?;
    options.app_name.get_or_insert_with(|| "finbrain".into());
    options.max_pool_size.get_or_insert(settings.pool);
    options.connect_timeout.get_or_insert(settings.connect);
    options.server_selection_timeout.get_or_insert(settings.select);
    options.heartbeat_freq.get_or_insert(HEARTBEAT);
    options.retry_writes = Some(false);
    Ok(options)
}

fn refused(kind: &ErrorKind) -> OpenError {
    OpenError::Uri(text(kind))
}

impl From<super::fault::Fault> for OpenError {
    fn from(fault: super::fault::Fault) -> Self {
        Self::Store(settle_read(fault))
    }
}
