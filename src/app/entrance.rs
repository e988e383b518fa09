//! Where connections come in. Ten thousand that come at once must not stand between those who are inside and their
//! answers: of the new ones, each worker begins with one at a time, and in between serves everybody who is ready. A
//! connection costs its buffers only when something was said on it.

use std::{
    fmt,
    future::{Future as _, poll_fn},
    net::SocketAddr,
    pin::pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use actix_http::Protocol;
use actix_service::{Service, ServiceFactory};
use actix_web::rt::net::TcpStream;
use futures_util::future::LocalBoxFuture;
use tokio::sync::{Semaphore, watch};

/// Whoever connects and says nothing for so long is not served.
pub const SILENCE: Duration = Duration::from_secs(5);

/// A connection with what actix-http wants to know of it.
type Visitor = (TcpStream, Protocol, Option<SocketAddr>);

/// Puts the turnstile of one worker before `http`. `leaving` turns true when the server stops.
pub fn one_by_one<F>(http: F, leaving: watch::Receiver<bool>) -> Entrance<F> {
    Entrance { http, leaving }
}

/// Makes the [`Turnstile`] of a worker.
pub struct Entrance<F> {
    http: F,
    leaving: watch::Receiver<bool>,
}

/// Lets connections in.
pub struct Turnstile<S> {
    http: Rc<S>,
    place: Rc<Semaphore>,
    leaving: watch::Receiver<bool>,
}

impl<F> ServiceFactory<TcpStream> for Entrance<F>
where
    F: ServiceFactory<Visitor, Config = (), Response = ()>,
    F::Service: 'static,
    F::Future: 'static,
    F::Error: fmt::Debug,
{
    type Response = ();
    type Error = F::Error;
    type Config = ();
    type Service = Turnstile<F::Service>;
    type InitError = F::InitError;
    type Future = LocalBoxFuture<'static, Result<Self::Service, Self::InitError>>;

    fn new_service(&self, (): ()) -> Self::Future {
        let (http, leaving) = (self.http.new_service(()), self.leaving.clone());
        Box::pin(async move {
            Ok(Turnstile { http: Rc::new(http.await?), place: Rc::new(Semaphore::new(1)), leaving })
        })
    }
}

impl<S> Service<TcpStream> for Turnstile<S>
where
    S: Service<Visitor, Response = ()> + 'static,
{
    type Response = ();
    type Error = S::Error;
    type Future = LocalBoxFuture<'static, Result<(), S::Error>>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.http.poll_ready(cx)
    }

    fn call(&self, stream: TcpStream) -> Self::Future {
        let (http, place, mut leaving) =
            (Rc::clone(&self.http), Rc::clone(&self.place), self.leaving.clone());
        Box::pin(async move {
            let speaks = tokio::select! {
                biased;
                readable = stream.readable() => readable.is_ok(),
                _ = leaving.wait_for(|leaving| *leaving) => false,
                () = tokio::time::sleep(SILENCE) => false,
            };
            if !speaks {
                return Ok(());
            }
            let place = place.acquire().await;
            let peer = stream.peer_addr().ok();
            let mut served = pin!(http.call((stream, Protocol::Http1, peer)));
            // The first step reads the request and goes as far as it can without waiting. What waits is in nobody's way.
            let first = poll_fn(|cx| Poll::Ready(served.as_mut().poll(cx))).await;
            // tokio looks for what has arrived only when nothing is ready or after thousands of steps; with a crowd at
            // the door something is always ready. Yielding makes it look before the next one comes in.
            tokio::task::yield_now().await;
            drop(place);
            match first {
                Poll::Ready(result) => result,
                Poll::Pending => served.await,
            }
        })
    }
}
