//! The classifier: serves an immutable model, retrains off the request path, promotes what is not worse, and follows
//! the promotions of other pods.

mod suggestion;
mod training;

use std::{sync::Arc, time::Duration};

use actix::{Actor, ActorFutureExt, ArbiterHandle, AsyncContext, Context, Handler, Message, WrapFuture};
use arc_swap::ArcSwap;
use finbrain_domain::ports::{Clock, Models, StoreError, StoredModel};
use finbrain_ml::Model;
use jiff::Timestamp;

pub use self::{
    suggestion::{Prepared, Source, Suggestion, suggest},
    training::Outcome,
};
use crate::{error::Error, keeper::Keeper};

/// How often the pointer to the current model is looked at.
const FOLLOW_EVERY: Duration = Duration::from_secs(5);
/// So many new corrections start a training by themselves.
const ENOUGH_CORRECTIONS: u64 = 50;

pub(crate) fn describe_metrics() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_counter!("finbrain_trainings_total", Unit::Count, "Trainings of the shared model by outcome");
    describe_histogram!(
        "finbrain_training_seconds",
        Unit::Seconds,
        "Time of one training with its evaluation"
    );
    describe_gauge!("finbrain_model_accuracy", "Share of held-out rows that the serving model gets right");
    for outcome in ["promoted", "rejected", "failed"] {
        metrics::counter!("finbrain_trainings_total", "outcome" => outcome).increment(0);
    }
    let _ = metrics::histogram!("finbrain_training_seconds");
}

/// The model that serves.
#[derive(Debug)]
pub struct Serving {
    pub model: Arc<Model>,
    /// The number of its promotion; 0 is the built-in model.
    pub number: u64,
    pub trained_at: Option<Timestamp>,
    /// Share of held-out rows that it gets right.
    pub accuracy: f64,
}

impl Serving {
    fn new(model: Arc<Model>, number: u64, trained_at: Option<Timestamp>) -> Self {
        let accuracy = training::accuracy(&model);
        metrics::gauge!("finbrain_model_accuracy").set(accuracy);
        Self { model, number, trained_at, accuracy }
    }

    fn builtin() -> Self {
        Self::new(Arc::clone(Model::builtin()), 0, None)
    }
}

/// What the classifier is doing, and how its last training ended.
#[derive(Debug, Clone, Default)]
pub struct Training {
    pub running: bool,
    pub last: Option<(Timestamp, Outcome)>,
}

/// What the rest of the house holds of the classifier.
#[derive(Clone)]
pub struct ClassifierHandle {
    serving: Arc<ArcSwap<Serving>>,
    training: Arc<ArcSwap<Training>>,
    keeper: Arc<Keeper<Classifier>>,
}

impl std::fmt::Debug for ClassifierHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("classifier")
    }
}

impl ClassifierHandle {
    /// Starts the classifier on an arbiter.
    pub fn start(arbiter: &ArbiterHandle, models: Arc<dyn Models>, clock: Arc<dyn Clock>) -> Self {
        let serving = Arc::new(ArcSwap::from_pointee(Serving::builtin()));
        let training = Arc::new(ArcSwap::from_pointee(Training::default()));
        let (kept_serving, kept_training) = (Arc::clone(&serving), Arc::clone(&training));
        let arbiter = arbiter.clone();
        let keeper = Keeper::new("classifier", move || {
            let classifier = Classifier {
                models: Arc::clone(&models),
                clock: Arc::clone(&clock),
                serving: Arc::clone(&kept_serving),
                training: Arc::clone(&kept_training),
                learned: None,
            };
            Classifier::start_in_arbiter(&arbiter, |_| classifier)
        });
        Self { serving, training, keeper: Arc::new(keeper) }
    }

    /// The model that serves now. A swap does not disturb who holds it.
    pub fn serving(&self) -> Arc<Serving> {
        self.serving.load_full()
    }

    pub fn training(&self) -> Arc<Training> {
        self.training.load_full()
    }

    /// What can be said of a text without its book.
    pub fn prepare(&self, description: &str) -> Prepared {
        Prepared::new(&self.serving.load().model, description)
    }

    /// Trains in the background, unless a training is running already.
    pub fn retrain(&self) -> Result<(), Error> {
        self.keeper.tell(Retrain)
    }

    /// Corrections arrived: train when they are enough.
    pub(crate) fn examples_grew(&self) -> Result<(), Error> {
        self.keeper.tell(ExamplesGrew)
    }
}

struct Classifier {
    models: Arc<dyn Models>,
    clock: Arc<dyn Clock>,
    serving: Arc<ArcSwap<Serving>>,
    training: Arc<ArcSwap<Training>>,
    /// How many corrections the last training saw.
    learned: Option<u64>,
}

#[derive(Message)]
#[rtype(result = "()")]
struct Retrain;

#[derive(Message)]
#[rtype(result = "()")]
struct ExamplesGrew;

impl Actor for Classifier {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        // A predecessor that died in training left its flag behind.
        self.note(|training| training.running = false);
        self.follow(ctx);
        ctx.run_interval(FOLLOW_EVERY, Self::follow);
    }
}

impl Handler<Retrain> for Classifier {
    type Result = ();

    fn handle(&mut self, _: Retrain, ctx: &mut Self::Context) {
        self.train(ctx);
    }
}

impl Handler<ExamplesGrew> for Classifier {
    type Result = ();

    fn handle(&mut self, _: ExamplesGrew, ctx: &mut Self::Context) {
        let models = Arc::clone(&self.models);
        let count = async move { models.count_examples().await };
        ctx.spawn(count.into_actor(self).map(|count, classifier, ctx| {
            let Ok(count) = count else { return };
            let known = *classifier.learned.get_or_insert(0);
            if count >= known + ENOUGH_CORRECTIONS {
                classifier.train(ctx);
            }
        }));
    }
}

impl Classifier {
    fn note(&self, change: impl FnOnce(&mut Training)) {
        let mut training = (**self.training.load()).clone();
        change(&mut training);
        self.training.store(Arc::new(training));
    }

    fn train(&mut self, ctx: &mut Context<Self>) {
        if self.training.load().running {
            return;
        }
        self.note(|training| training.running = true);
        let (models, clock) = (Arc::clone(&self.models), Arc::clone(&self.clock));
        let current = Arc::clone(&self.serving.load().model);
        let work = async move { training::train(&*models, &*clock, current).await };
        ctx.spawn(work.into_actor(self).map(|trained, classifier, ctx| {
            metrics::counter!("finbrain_trainings_total", "outcome" => trained.outcome.as_str()).increment(1);
            tracing::info!(outcome = trained.outcome.as_str(), "training of the shared model ended");
            classifier.learned = trained.seen.or(classifier.learned);
            let at = classifier.clock.now();
            classifier.note(|training| {
                training.running = false;
                training.last = Some((at, trained.outcome));
            });
            classifier.follow(ctx);
        }));
    }

    /// Looks at the stored pointer, and swaps when another model was promoted here or elsewhere.
    fn follow(&mut self, ctx: &mut Context<Self>) {
        let models = Arc::clone(&self.models);
        let serving = self.serving.load().number;
        let newest = async move { newest(&*models, serving).await };
        ctx.spawn(newest.into_actor(self).map(|newest, classifier, _| match newest {
            Ok(Some(newest)) => classifier.serving.store(Arc::new(newest)),
            Ok(None) => {}
            Err(error) => tracing::warn!(error = %error, "current model could not be read"),
        }));
    }
}

/// The promoted model when it is not the one that serves; when it cannot be read, the one before it.
async fn newest(models: &dyn Models, serving: u64) -> Result<Option<Serving>, StoreError> {
    if models.newest().await?.is_none_or(|number| number == serving) {
        return Ok(None);
    }
    let Some(current) = models.current().await? else { return Ok(None) };
    if let Some(opened) = open(current).await {
        return Ok(Some(opened));
    }
    match models.previous().await? {
        Some(previous) if previous.number != serving => Ok(open(previous).await),
        _ => Ok(None),
    }
}

async fn open(stored: StoredModel) -> Option<Serving> {
    let StoredModel { number, bytes, trained_at } = stored;
    let opened = tokio::task::spawn_blocking(move || {
        Model::from_bytes(&bytes).map(|model| Serving::new(Arc::new(model), number, Some(trained_at)))
    });
    match opened.await {
        Ok(Ok(serving)) => Some(serving),
        Ok(Err(error)) => {
            tracing::warn!(model.number = number, error = %error, "stored model is damaged");
            None
        }
        Err(_) => None,
    }
}
