//! The world around the pods: time, the network, the journal, and what goes wrong with them. One event after another, in
//! the order of a clock that only the events move.

use std::{
    cmp::{Ordering, Reverse},
    collections::{BTreeMap, BinaryHeap},
    sync::Arc,
    time::Duration,
};

use finbrain_domain::{
    entry::Entry,
    ledger::{Ledger, Moment},
    rates::RateBook,
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    super::protocol::Next,
    super::{corrections::Taught, insights::Insights},
    clients::Client,
    faults::Fault,
    fold::Fold,
    history::{Answer, History, Then, Violation},
    network::Call,
    pod::{Around, Ask, Effect, Input, Pod, Told},
    random::Random,
    rules::Rules,
    store::{Member, Store},
    weather::{CALM, Weather},
    wishes::{self, Reply},
};

pub const PODS: usize = 3;
/// The longest that a fault lasts.
const RECOVERY: Duration = Duration::from_secs(10);
/// Whoever is not done so long after everything works again never will be.
const PATIENCE: Duration = Duration::from_secs(120);

pub enum Event {
    /// A request reaches the journal.
    Reaches {
        call: u64,
        member: Member,
        ask: Ask,
        is_only: bool,
    },
    /// Something reaches a pod in this life of it.
    Pod {
        pod: usize,
        life: u32,
        input: Input,
    },
    /// What the journal answered to a call, or what the driver says when nothing came.
    Told {
        call: u64,
        told: Told,
    },
    Replicated,
    Fault(Fault),
    /// A client begins something.
    Turn(usize),
    /// A request of a client reaches its pod.
    Asked {
        request: usize,
        input: Input,
        reply: Reply,
    },
    /// An answer reaches a client.
    Answered {
        request: usize,
        answer: Answer,
    },
    /// A client sends the same wish again.
    Again {
        client: usize,
        deed: usize,
    },
}

struct Scheduled {
    at: Duration,
    number: u64,
    event: Event,
}

impl Ord for Scheduled {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Scheduled {}

/// A pod with what surrounds it.
#[derive(Default)]
pub(super) struct Host {
    pub(super) pod: Pod,
    pub(super) life: u32,
    pub(super) frozen_until: Duration,
    /// How far its clock is ahead, in seconds.
    pub(super) skew: i64,
    pub(super) replies: Vec<(usize, Reply)>,
}

pub struct World<'r> {
    pub(super) now: Duration,
    pub(super) random: Random,
    pub(super) rules: &'r dyn Rules,
    pub(super) weather: Weather,
    pub(super) hosts: Vec<Host>,
    pub(super) clients: Vec<Client>,
    pub(super) history: History,
    /// The generation of sessions that begin now.
    pub(super) generation: u64,
    /// What clocks have gone on by while nothing happened.
    pub(super) leap: SignedDuration,
    events: BinaryHeap<Reverse<Scheduled>>,
    pub(super) numbers: u64,
    pub(super) calls: BTreeMap<u64, Call>,
    pub(super) store: Store,
    /// Appends that wait for a majority.
    pub(super) unacknowledged: Vec<(u64, Entry)>,
    pub(super) no_primary_until: Duration,
    pub(super) stale_until: Option<Duration>,
    pub(super) snapshot: Ledger,
    pub(super) rates: Arc<RateBook>,
    pub(super) log: Option<Vec<String>>,
}

impl<'r> World<'r> {
    pub fn new(seed: u64, rules: &'r dyn Rules, is_told: bool) -> Self {
        let mut random = Random::new(seed);
        let weather = Weather::draw(&mut random);
        let (opening, snapshot) = wishes::opening();
        let mut world = Self {
            now: Duration::ZERO,
            weather,
            rules,
            hosts: (0..PODS).map(|_| Host::default()).collect(),
            clients: Vec::new(),
            history: History::default(),
            generation: 0,
            leap: SignedDuration::ZERO,
            events: BinaryHeap::new(),
            numbers: 0,
            calls: BTreeMap::new(),
            store: Store::new(opening),
            unacknowledged: Vec::new(),
            no_primary_until: Duration::ZERO,
            stale_until: None,
            snapshot,
            rates: Arc::default(),
            log: is_told.then(Vec::new),
            random,
        };
        world.note(|world| format!("{:?}", world.weather));
        world.plan_faults();
        world.welcome();
        world
    }

    /// Runs to the end; gives how many entries were written.
    pub fn run(&mut self) -> Result<u64, Violation> {
        self.run_until_done(CALM)?;
        if self.random.chance(250) {
            // Two days pass: keys are forgotten by memory, and sessions have ended.
            self.leap += SignedDuration::from_hours(49);
            self.welcome();
            self.run_until_done(self.now)?;
        }
        // Whatever still is frozen, without a primary or deposed comes to itself.
        self.weather.clear();
        self.now += RECOVERY;
        let before = self.history.requests.len();
        self.look_everywhere();
        self.run_until_done(self.now)?;
        self.history.check_answered(before)?;
        self.store.replicate();
        let fold = Fold::of(self.store.journal())?;
        self.history.check(&fold)?;
        Ok(fold.head())
    }

    pub fn story(self) -> Vec<String> {
        self.log.unwrap_or_default()
    }

    fn run_until_done(&mut self, calm: Duration) -> Result<(), Violation> {
        while let Some(Reverse(Scheduled { at, event, .. })) = self.events.pop() {
            self.now = at;
            if at >= CALM {
                self.weather.clear();
            }
            self.happen(event)?;
            let waiting = self.clients.iter().filter(|client| !client.is_done()).count();
            if waiting > 0 && self.now > calm + PATIENCE {
                return Err(format!("{waiting} clients are still not answered"));
            }
        }
        Ok(())
    }

    pub(super) fn millis(&mut self, range: std::ops::Range<u64>) -> Duration {
        Duration::from_millis(self.random.within(range))
    }

    pub(super) fn after(&mut self, pause: Duration, event: Event) {
        self.numbers += 1;
        self.events.push(Reverse(Scheduled { at: self.now + pause, number: self.numbers, event }));
    }

    pub(super) fn note(&mut self, line: impl FnOnce(&Self) -> String) {
        if self.log.is_some() {
            let line = format!("{:>10.3} ms  {}", self.now.as_secs_f64() * 1e3, line(self));
            self.log.get_or_insert_default().push(line);
        }
    }

    /// What a right clock says.
    pub(super) fn time(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.now).expect("a simulation is short");
        wishes::beginning() + passed + self.leap
    }

    fn happen(&mut self, event: Event) -> Result<(), Violation> {
        match event {
            Event::Reaches { call, member, ask, is_only } => self.reach(call, member, ask, is_only),
            Event::Pod { pod, life, input } => self.deliver(pod, life, input)?,
            Event::Told { call, told } => {
                if let Some(Call { pod, life, purpose }) = self.calls.remove(&call) {
                    self.deliver(pod, life, Input::Told(purpose, told))?;
                }
            }
            Event::Replicated => self.replicated(),
            Event::Fault(fault) => self.fail(fault),
            Event::Turn(client) => self.turn(client),
            Event::Again { client, deed } => self.again(client, deed),
            Event::Asked { request, input, reply } => self.asked(request, input, reply)?,
            Event::Answered { request, answer } => {
                let then = Then {
                    head: self.store.head(Member::Primary),
                    stale_until: self.stale_until,
                    erased: self.store.is_reduced(),
                };
                if self.history.requests[request].told.is_none() {
                    self.note(|world| format!("{}: {answer:?}", world.name(request)));
                    self.history.answered(request, answer.clone(), then)?;
                    self.answered(request, &answer);
                }
            }
        }
        Ok(())
    }

    /// Something reaches a pod, unless the pod is another by now; a frozen one finds it when it thaws.
    pub(super) fn deliver(&mut self, pod: usize, life: u32, input: Input) -> Result<(), Violation> {
        let host = &mut self.hosts[pod];
        if host.life != life {
            return Ok(());
        }
        if host.frozen_until > self.now {
            let pause = host.frozen_until - self.now;
            self.after(pause, Event::Pod { pod, life, input });
            return Ok(());
        }
        let at = self.time() + SignedDuration::from_secs(self.hosts[pod].skew);
        let moment = Moment { at, today: TimeZone::UTC.to_datetime(at).date() };
        let mut around = Around {
            rules: self.rules,
            now: self.now,
            moment,
            rates: &self.rates.clone(),
            insights: &Insights::default(),
            taught: &Taught::default(),
            effects: Vec::new(),
        };
        self.hosts[pod].pod.receive(input, &self.snapshot, &mut around);
        for effect in around.effects {
            self.effect(pod, life, effect)?;
        }
        self.collect(pod);
        Ok(())
    }

    /// Answers that the pod has given set out for their clients.
    fn collect(&mut self, pod: usize) {
        let mut replies = std::mem::take(&mut self.hosts[pod].replies);
        replies.retain_mut(|(request, reply)| {
            let Some(answer) = reply() else { return true };
            let pause = self.weather.delay(&mut self.random);
            self.after(pause, Event::Answered { request: *request, answer });
            false
        });
        self.hosts[pod].replies = replies;
    }

    fn effect(&mut self, pod: usize, life: u32, effect: Effect) -> Result<(), Violation> {
        match effect {
            Effect::Ask(ask, purpose) => self.call(Call { pod, life, purpose }, ask),
            Effect::Wake(pause, flight, next) => {
                self.note(|_| format!("pod {pod} pauses {pause:?} before {}", brief(&next)));
                self.after(pause, Event::Pod { pod, life, input: Input::Woken(flight, next) });
            }
            Effect::Grew(version) => {
                for other in (0..PODS).filter(|other| *other != pod) {
                    if !self.random.chance(200) {
                        self.hint(other, version);
                    }
                }
            }
            Effect::Followed(version, chain) => {
                self.history.followed(version, chain)?;
                if self.random.chance(50)
                    && let Some(ledger) = self.hosts[pod].pod.ledger()
                    && ledger.version() > self.snapshot.version()
                {
                    self.snapshot = ledger.clone();
                }
            }
            Effect::Damaged(error) => return Err(format!("I3: pod {pod} could not follow: {error}")),
        }
        Ok(())
    }
}

const fn brief(next: &Next) -> &'static str {
    match next {
        Next::Append(..) => "sending the entry again",
        Next::Decide(_) => "deciding again",
        _ => "reading again",
    }
}
