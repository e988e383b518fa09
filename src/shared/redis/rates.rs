//! Currency rates that one pod has fetched, for all pods. Wrong rates would make wrong figures, so a table is signed with
//! the range that it is for and the time at which it was kept; what is not ours, or too old, is fetched again. Trouble
//! with Redis never shows: the source behind is asked.

use std::{fmt, sync::Arc};

use finbrain_domain::ports::{Answer, Clock, RateError, RateSource, RateTable};
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};

use super::{
    link::Link,
    seal::{PREFIX, Seal},
};

/// How long a range is kept whose days may still be published …
const FRESH: SignedDuration = SignedDuration::from_mins(15);
/// … and one that lies behind.
const PAST: SignedDuration = SignedDuration::from_hours(6);
/// A month of all currencies has some 10 KiB; a range much longer is not kept.
const MOST_BYTES: usize = 256 << 10;
/// A table may have been kept by a pod whose clock is a little ahead.
const AHEAD: SignedDuration = SignedDuration::from_mins(1);

/// A source of rates before which Redis is asked.
pub struct SharedRates {
    pub(super) inner: Arc<dyn RateSource>,
    pub(super) link: Arc<Link>,
    pub(super) seal: Seal,
    pub(super) clock: Arc<dyn Clock>,
}

impl SharedRates {
    async fn asked(&self, from: Date, to: Date) -> Result<RateTable, RateError> {
        if let Some(kept) = self.kept(from, to).await {
            return Ok(kept);
        }
        let rates = self.inner.rates(from, to).await?;
        self.keep(from, to, &rates).await;
        Ok(rates)
    }

    async fn kept(&self, from: Date, to: Date) -> Option<RateTable> {
        let asked = self.link.ask("get_rates", |mut wire| async move {
            redis::cmd("GET").arg(key(from, to)).query_async::<Option<Vec<u8>>>(&mut wire).await
        });
        let sealed = asked.await.ok()??;
        if sealed.len() > MOST_BYTES {
            return None;
        }
        let body =
            self.seal.open("rates", &place(from, to).each_ref().map(|part| part.as_bytes()), &sealed)?;
        let (kept_at, rates): (Timestamp, RateTable) = serde_json::from_slice(body).ok()?;
        let now = self.clock.now();
        let age = now.duration_since(kept_at);
        (age >= -AHEAD && age < life(to, now)).then_some(rates)
    }

    async fn keep(&self, from: Date, to: Date, rates: &RateTable) {
        let now = self.clock.now();
        let Ok(body) = serde_json::to_vec(&(now, rates)) else { return };
        let sealed = self.seal.seal("rates", &place(from, to).each_ref().map(|part| part.as_bytes()), &body);
        if sealed.len() > MOST_BYTES {
            return;
        }
        let keep = |mut wire| async move {
            let mut setting = redis::cmd("SET");
            setting.arg(key(from, to)).arg(sealed).arg("EX").arg(life(to, now).as_secs());
            setting.exec_async(&mut wire).await
        };
        // The next one fetches them again.
        let _ = self.link.ask("keep_rates", keep).await;
    }
}

impl RateSource for SharedRates {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn rates(&self, from: Date, to: Date) -> Answer<'_, Result<RateTable, RateError>> {
        Box::pin(self.asked(from, to))
    }
}

impl fmt::Debug for SharedRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedRates").field("inner", &self.inner.name()).finish_non_exhaustive()
    }
}

/// Rates of yesterday may still be missing where it is today already.
fn life(to: Date, now: Timestamp) -> SignedDuration {
    let today = TimeZone::UTC.to_datetime(now).date();
    if to >= today.saturating_sub(1.day()) { FRESH } else { PAST }
}

fn key(from: Date, to: Date) -> String {
    format!("{PREFIX}rates:{from}:{to}")
}

fn place(from: Date, to: Date) -> [String; 2] {
    [from.to_string(), to.to_string()]
}
