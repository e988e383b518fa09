//! Growth hints as one listener of this process hears them: those that it was too slow for are gone.

use finbrain_domain::ports::{Answer, Growth, GrowthStream};
use tokio::sync::broadcast;

pub(super) struct Listener(pub broadcast::Receiver<Growth>);

impl GrowthStream for Listener {
    fn next(&mut self) -> Answer<'_, Option<Growth>> {
        Box::pin(async move {
            loop {
                match self.0.recv().await {
                    Ok(growth) => return Some(growth),
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        })
    }
}
