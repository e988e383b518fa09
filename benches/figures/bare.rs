//! The yardstick: actix-web alone, answering the same bytes with nothing around it, in a process of its own like the
//! program that it is compared with.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Context as _;

/// The argument by which this program knows that it is the yardstick; the file of the body follows.
pub const ARGUMENT: &str = "--bare";

/// The yardstick while it runs; it is killed when this is dropped.
#[derive(Debug)]
pub struct Bare {
    child: Child,
    pub address: SocketAddr,
}

impl Bare {
    pub fn start(body: &Path) -> anyhow::Result<Self> {
        let program = std::env::current_exe()?;
        let child = Command::new(program).arg(ARGUMENT).arg(body).stdout(Stdio::piped()).spawn()?;
        let mut bare = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let output = bare.child.stdout.take().context("its output is piped")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        bare.address = line.trim().parse().context("the yardstick does not say its address")?;
        Ok(bare)
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Is the yardstick, until it is killed.
#[expect(clippy::print_stdout, reason = "who started it reads the address from there")]
pub fn serve(body: &str) -> anyhow::Result<()> {
    let body = web::Bytes::from(std::fs::read(body)?);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || {
            let body = body.clone();
            let whole = move || {
                let body = body.clone();
                async move { HttpResponse::Ok().content_type("application/json").body(body) }
            };
            App::new()
                .route("/whole", web::get().to(whole))
                .route("/unchanged", web::get().to(async || HttpResponse::NotModified().finish()))
        });
        let server = server.workers(workers).bind(("127.0.0.1", 0))?;
        println!("{}", server.addrs()[0]);
        Ok(server.run().await?)
    })
}
