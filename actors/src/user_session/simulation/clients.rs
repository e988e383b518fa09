//! Clients: each wants one thing after another, from any pod, and repeats what it is not certain of.

use std::time::Duration;

use finbrain_domain::{
    Error as Refusal,
    entry::{Author, Key},
    ids::{Digest, TransactionId},
};

use super::{
    super::command::Envelope,
    history::{Answer, Deed, Request, Violation, Wish},
    pod::Input,
    wishes::{self, Reply},
    world::{Event, PODS, World},
};
use crate::error::Error;

const CLIENTS: usize = 4;
/// The registry says that the outcome is unknown when a pod has not answered for so long.
const REGISTRY: Duration = Duration::from_secs(10);
/// When a session ends by itself, counted from now, in seconds.
const SESSION: std::ops::Range<u64> = 600..43_200;

pub struct Client {
    token: Digest,
    generation: u64,
    session: Duration,
    /// The highest version that it has seen.
    seen: u64,
    wishes: u64,
    /// What it wants now, with how many requests are under way.
    wanting: Option<(usize, usize)>,
    /// Keyed wishes that came true.
    past: Vec<usize>,
}

impl Client {
    pub const fn is_done(&self) -> bool {
        self.wishes == 0 && self.wanting.is_none()
    }
}

impl World<'_> {
    /// New clients, or new sessions and wishes for those that are there.
    pub(super) fn welcome(&mut self) {
        for client in 0..CLIENTS {
            if self.clients.len() == client {
                self.clients.push(Client {
                    token: Digest::ZERO,
                    generation: 0,
                    session: Duration::ZERO,
                    seen: 0,
                    wishes: 0,
                    wanting: None,
                    past: Vec::new(),
                });
            }
            self.sign_in(client);
            let most = if self.weather.dense { 12 } else { 8 };
            self.clients[client].wishes = self.random.within(3..most);
            self.pause_before_turn(client);
        }
    }

    fn sign_in(&mut self, client: usize) {
        let token = Digest::of(&self.random.draw().to_be_bytes());
        let session = Duration::from_secs(self.random.within(SESSION));
        let generation = self.generation;
        self.clients[client] = Client {
            token,
            session,
            generation,
            past: std::mem::take(&mut self.clients[client].past),
            ..self.clients[client]
        };
    }

    /// Every client looks once more at every pod.
    pub(super) fn look_everywhere(&mut self) {
        for client in 0..CLIENTS {
            for pod in 0..PODS {
                let deed = self.history.wish(Wish::Look, None);
                self.send(client, deed, pod);
            }
        }
    }

    /// Whoever hears of a write looks whether it is there.
    fn tell_others(&mut self) {
        let (other, pod) = (self.random.index(CLIENTS), self.random.index(PODS));
        let deed = self.history.wish(Wish::Look, None);
        self.send(other, deed, pod);
    }

    pub(super) fn turn(&mut self, client: usize) {
        if self.clients[client].wanting.is_some() || self.clients[client].wishes == 0 {
            return;
        }
        self.clients[client].wishes -= 1;
        let past = &self.clients[client].past;
        let deed = if !past.is_empty() && self.random.chance(200) {
            let old = past[self.random.index(past.len())];
            if self.random.chance(700) { old } else { self.reuse_key(old) }
        } else {
            self.new_wish(client)
        };
        self.clients[client].wanting = Some((deed, 0));
        let pod = self.random.index(PODS);
        self.send(client, deed, pod);
        if self.history.deeds[deed].key.is_some() && self.random.chance(150) {
            // Out of patience, or a proxy that repeats.
            let pause = self.millis(0..30);
            self.after(pause, Event::Again { client, deed });
        }
    }

    fn new_wish(&mut self, client: usize) -> usize {
        let wish = match self.random.within(0..100) {
            0..30 => Wish::Look,
            30..60 => self.spend(),
            60..78 => self.row().map_or(Wish::Look, Wish::Remove),
            78..90 => Wish::Rename(format!("Name {}", self.random.within(0..3))),
            90..96 => {
                let other = self.random.index(CLIENTS);
                Wish::Revoke(self.clients[other].token)
            }
            96 => {
                self.generation += 1;
                Wish::Raise(self.generation)
            }
            97..99 if self.clients[client].wishes == 0 => Wish::Close,
            _ => Wish::Look,
        };
        let key = (wish != Wish::Look && self.random.chance(750)).then(|| {
            let request = Digest::of(format!("{wish:?}").as_bytes());
            Key { key: format!("{:x}", self.random.draw()), request }
        });
        self.history.wish(wish, key)
    }

    fn spend(&mut self) -> Wish {
        let minor = i64::try_from(self.random.within(1..100_000)).expect("a small amount");
        Wish::Record { id: self.random.id(), minor: -minor }
    }

    /// A row that somebody was told of.
    fn row(&mut self) -> Option<TransactionId> {
        let told = |request: &Request| match &request.told.as_ref()?.answer {
            Answer::Written { resource, .. } => resource.split_once(' ')?.0.parse().ok(),
            _ => None,
        };
        let rows: Vec<TransactionId> = self.history.requests.iter().filter_map(told).collect();
        (!rows.is_empty()).then(|| rows[self.random.index(rows.len())])
    }

    /// Another wish with the key of an old one.
    fn reuse_key(&mut self, old: usize) -> usize {
        let wish = self.spend();
        let key = self.history.deeds[old].key.clone().map(|key| {
            let request = Digest::of(format!("{wish:?}").as_bytes());
            Key { key: key.key, request }
        });
        self.history.wish(wish, key)
    }

    fn send(&mut self, client: usize, deed: usize, pod: usize) {
        let Client { token, generation, session, seen, ref mut wanting, .. } = self.clients[client];
        if let Some((wanted, open)) = wanting
            && *wanted == deed
        {
            *open += 1;
        }
        let entry = self.random.id();
        let request = self.history.begin(self.now, (client, deed, pod), (entry, token, seen));
        let envelope = Envelope {
            author: Author::System,
            token: Some(token),
            auth_generation: generation,
            key: self.history.deeds[deed].key.clone(),
            entry_id: entry,
            seen: self.rules.seen(seen),
        };
        self.note(|world| format!("{}: {:?} as {entry:?}", world.name(request), world.history.deeds[deed]));
        let (input, reply) = wishes::request(&self.history.deeds[deed].wish, envelope, self.time(), session);
        let pause = self.weather.delay(&mut self.random);
        self.after(pause, Event::Asked { request, input, reply });
        self.after(REGISTRY, Event::Answered { request, answer: Answer::Silence });
    }

    pub(super) fn name(&self, request: usize) -> String {
        let Request { client, pod, seen, .. } = &self.history.requests[request];
        format!("client {client} (seen {seen}), request {request} to pod {pod}")
    }

    pub(super) fn asked(&mut self, request: usize, input: Input, reply: Reply) -> Result<(), Violation> {
        let pod = self.history.requests[request].pod;
        self.hosts[pod].replies.push((request, reply));
        let life = self.hosts[pod].life;
        self.deliver(pod, life, input)
    }

    pub(super) fn again(&mut self, client: usize, deed: usize) {
        if self.clients[client].wanting.is_some_and(|(wanted, _)| wanted == deed) {
            let pod = self.random.index(PODS);
            self.send(client, deed, pod);
        }
    }

    /// What a client does with an answer.
    pub(super) fn answered(&mut self, request: usize, answer: &Answer) {
        let Request { client, deed, token, .. } = self.history.requests[request];
        self.learn(client, token, answer);
        let Some((wanted, open)) = self.clients[client].wanting else { return };
        if wanted != deed {
            return;
        }
        let open = open.saturating_sub(1);
        self.clients[client].wanting = Some((deed, open));
        let Deed { wish, key, .. } = &self.history.deeds[deed];
        let (is_look, is_keyed) = (*wish == Wish::Look, key.is_some());
        let repeats = match answer {
            Answer::Refused(Error::Store(_)) if is_look => true,
            answer if answer.is_unknown() => is_look || is_keyed,
            answer => answer.is_to_be_repeated(),
        };
        if !repeats {
            if is_keyed && matches!(answer, Answer::Written { .. }) {
                self.clients[client].past.push(deed);
            }
            self.clients[client].wanting = None;
            self.pause_before_turn(client);
        } else if open == 0 {
            let pause = self.millis(20..800);
            self.after(pause, Event::Again { client, deed });
        }
    }

    fn learn(&mut self, client: usize, token: Digest, answer: &Answer) {
        if let Answer::Looked { version, .. }
        | Answer::Written { version, .. }
        | Answer::Unchanged { version } = answer
        {
            self.clients[client].seen = self.clients[client].seen.max(*version);
        }
        if matches!(answer, Answer::Written { .. }) && self.random.chance(500) {
            self.tell_others();
        }
        let is_ended = *answer == Answer::Refused(Error::Domain(Refusal::SessionRevoked));
        if is_ended && token == self.clients[client].token {
            self.sign_in(client);
        }
    }

    fn pause_before_turn(&mut self, client: usize) {
        let most = if self.weather.dense || self.random.chance(400) { 5 } else { 2500 };
        let pause = self.millis(0..most);
        self.after(pause, Event::Turn(client));
    }
}
