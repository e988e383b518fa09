//! The classifier: serves an immutable model, retrains off the request path, promotes what is not worse, and follows
//! the promotions and roll-backs of other pods.

mod evaluation;
mod observed;
mod poison;
mod serving;
mod suggestion;
mod training;

use std::{sync::Arc, time::Duration};

use actix::{Actor, ActorFutureExt, ArbiterHandle, AsyncContext, Context, Handler, Message, WrapFuture};
use arc_swap::ArcSwap;
use finbrain_domain::ports::{Clock, Models};
use jiff::{SignedDuration, Timestamp};

pub(crate) use self::observed::describe_metrics;
use self::serving::{Known, newest};
pub use self::{
    evaluation::{Figures, LabelledError, MAX_BYTES, evaluate_csv},
    observed::{Judgement, observe},
    poison::Sharing,
    serving::{Kept, Serving, serving},
    suggestion::{Prepared, Source, Suggestion, suggest},
    training::{Outcome, train_now},
};
use crate::{error::Error, keeper::Keeper};

/// How often the pointer to the current model is looked at.
const FOLLOW_EVERY: Duration = Duration::from_secs(5);
/// So many new corrections start a training by themselves.
const ENOUGH_CORRECTIONS: u64 = 50;
/// Fewer do so after this time.
const TRAIN_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// How often it is looked whether that time is over.
const LOOK_EVERY: Duration = Duration::from_secs(15 * 60);

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
    known: Arc<ArcSwap<Known>>,
    models: Arc<dyn Models>,
    sharing: Sharing,
    keeper: Arc<Keeper<Classifier>>,
}

impl std::fmt::Debug for ClassifierHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("classifier")
    }
}

impl ClassifierHandle {
    /// Starts the classifier on an arbiter.
    pub fn start(
        arbiter: &ArbiterHandle,
        models: Arc<dyn Models>,
        clock: Arc<dyn Clock>,
        sharing: Sharing,
    ) -> Self {
        let builtin = Serving::builtin();
        observed::serves(&builtin);
        let serving = Arc::new(ArcSwap::from_pointee(builtin));
        let training = Arc::new(ArcSwap::from_pointee(Training::default()));
        let (kept_serving, kept_training) = (Arc::clone(&serving), Arc::clone(&training));
        let (arbiter, kept_models) = (arbiter.clone(), Arc::clone(&models));
        let keeper = Keeper::new("classifier", move || {
            let classifier = Classifier {
                models: Arc::clone(&kept_models),
                clock: Arc::clone(&clock),
                sharing,
                serving: Arc::clone(&kept_serving),
                training: Arc::clone(&kept_training),
                learned: None,
            };
            Classifier::start_in_arbiter(&arbiter, |_| classifier)
        });
        Self { serving, training, known: Arc::default(), models, sharing, keeper: Arc::new(keeper) }
    }

    /// The model that serves now. A swap does not disturb who holds it.
    pub fn serving(&self) -> Arc<Serving> {
        self.serving.load_full()
    }

    pub fn training(&self) -> Arc<Training> {
        self.training.load_full()
    }

    pub const fn sharing(&self) -> Sharing {
        self.sharing
    }

    /// What can be said of a text without its book.
    pub fn prepare(&self, description: &str) -> Prepared {
        Prepared::new(&self.serving.load().model, description)
    }

    /// The models that one can roll back to, newest first, the built-in one last.
    pub async fn history(&self) -> Result<Vec<Kept>, Error> {
        let (kept, known) = serving::history(&*self.models, (**self.known.load()).clone()).await?;
        self.known.store(Arc::new(known));
        Ok(kept)
    }

    /// Lets a model that is kept serve on every pod. False when there is no such model, or it is damaged.
    pub async fn roll_back(&self, number: u64) -> Result<bool, Error> {
        // Opened first: a pointer to a damaged model would help nobody.
        let Some(chosen) = serving::numbered(&*self.models, number).await? else { return Ok(false) };
        if !self.models.roll_back(number).await? {
            return Ok(false);
        }
        swap(&self.serving, chosen);
        Ok(true)
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

/// From one answer to the next another model serves; whoever holds the old one finishes with it.
fn swap(place: &ArcSwap<Serving>, next: Serving) {
    let number = next.number;
    observed::serves(&next);
    if place.swap(Arc::new(next)).number != number {
        observed::swapped();
    }
}

struct Classifier {
    models: Arc<dyn Models>,
    clock: Arc<dyn Clock>,
    sharing: Sharing,
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
        self.follow(ctx);
        ctx.run_interval(FOLLOW_EVERY, Self::follow);
        ctx.run_interval(LOOK_EVERY, Self::train_by_time);
    }
}

impl Drop for Classifier {
    fn drop(&mut self) {
        // One that dies in training leaves no flag behind: nobody may ask for its successor for long.
        self.note(|training| training.running = false);
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

    /// A day after the newest model, or after a try that came to nothing, new corrections are worth a training however
    /// few. The first pod that promotes one lets the others wait another day.
    fn train_by_time(&mut self, ctx: &mut Context<Self>) {
        let (models, now) = (Arc::clone(&self.models), self.clock.now());
        let tried = self.training.load().last.as_ref().map(|(at, _)| *at);
        let learned = self.learned.unwrap_or_default();
        let is_time = async move {
            let newest = models.history().await?.first().map(|newest| newest.trained_at);
            let rested =
                [tried, newest].into_iter().flatten().all(|at| now.duration_since(at) >= TRAIN_AFTER);
            Ok::<_, Error>(rested && models.count_examples().await? > learned)
        };
        ctx.spawn(is_time.into_actor(self).map(|is_time, classifier, ctx| {
            if is_time.unwrap_or(false) {
                classifier.train(ctx);
            }
        }));
    }

    fn train(&mut self, ctx: &mut Context<Self>) {
        if self.training.load().running {
            return;
        }
        self.note(|training| training.running = true);
        let (models, clock, sharing) = (Arc::clone(&self.models), Arc::clone(&self.clock), self.sharing);
        let current = Arc::clone(&self.serving.load().model);
        let work = async move { training::train(&*models, &*clock, current, sharing).await };
        ctx.spawn(work.into_actor(self).map(|trained, classifier, ctx| {
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
            Ok(Some(newest)) => swap(&classifier.serving, newest),
            Ok(None) => {}
            Err(error) => tracing::warn!(error = %error, "current model could not be read"),
        }));
    }
}
