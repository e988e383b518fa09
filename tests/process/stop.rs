//! Stopping: what is under way is finished, streams end, and a second signal waits for nothing.

use std::{
    io::{BufReader, Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use crate::{
    person::{Client, Person, expense},
    program::{Server, check_holds, finbrain, run},
    wire::{connect, read_answer},
};

const SOON: Duration = Duration::from_secs(30);

/// A request whose head has arrived and whose body has not.
struct UnderWay {
    stream: BufReader<TcpStream>,
    body: String,
}

impl UnderWay {
    fn begin(server: &Server, client: &Client, description: &str) -> Self {
        let body = expense(description).to_string();
        let head = client.head("POST", "/transactions", None);
        let mut stream = connect(server.address).unwrap();
        // The server says so once it waits for the body.
        write!(stream, "{head}Expect: 100-continue\r\nContent-Length: {}\r\n\r\n", body.len()).unwrap();
        let mut stream = BufReader::new(stream);
        assert_eq!(read_answer(&mut stream).unwrap().status, 100);
        Self { stream, body }
    }

    fn finish(mut self) -> u16 {
        self.stream.get_mut().write_all(self.body.as_bytes()).unwrap();
        read_answer(&mut self.stream).unwrap().status
    }
}

/// A stream of events that has begun.
fn follow(server: &Server, client: &Client) -> TcpStream {
    let mut stream = connect(server.address).unwrap();
    write!(stream, "{}\r\n", client.head("GET", "/events", None)).unwrap();
    let mut begun = String::new();
    while !begun.contains("retry:") {
        let mut bytes = [0; 4096];
        let length = stream.read(&mut bytes).unwrap();
        assert!(length > 0, "{begun}");
        begun += &String::from_utf8_lossy(&bytes[..length]);
    }
    stream
}

#[test]
fn a_stop_finishes_requests_and_ends_streams() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::start(dir.path());
    let person = Person::register(&server, "stop@example.org");
    let mut client = person.on(&server);
    client.post("/transactions", &expense("before")).expect(201);
    let mut streams = [follow(&server, &client), follow(&server, &client)];
    let under_way = UnderWay::begin(&server, &client, "under way");

    server.process.signal("TERM");
    server.process.line("is stopping", SOON).expect("the signal is noticed");
    for stream in &mut streams {
        let mut rest = String::new();
        stream.read_to_string(&mut rest).unwrap();
        assert!(rest.contains("retry: 250"), "a stream that ends says how to resume: {rest}");
    }
    let status = under_way.finish();
    let code = server.process.ended_within(SOON).code();

    assert_eq!((status, code), (201, Some(0)), "{:?}", server.process.said());
    check_holds(dir.path());
    let again = Server::start(dir.path());
    let rows = person.on(&again).all("/transactions?limit=500", "cursor");
    assert_eq!(rows.len(), 2);
}

#[test]
fn a_server_that_drains_serves_and_sends_connections_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::start_with(dir.path(), &["--drain", "3"]);
    let mut client = Person::register(&server, "drain@example.org").on(&server);
    assert_eq!(client.get("/transactions").expect(200).header("connection"), None);

    server.process.signal("TERM");
    server.process.line("is stopping", SOON).expect("the signal is noticed");
    let ready = run(finbrain(&["healthcheck", "--ops-listen", &server.ops.to_string()]));
    let answer = client.post("/transactions", &expense("while draining")).expect(201);

    ready.refused(1, &["is not ready"]);
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(server.process.ended_within(SOON).code(), Some(0));
    check_holds(dir.path());
}

#[test]
fn a_second_signal_stops_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::start(dir.path());
    let person = Person::register(&server, "second@example.org");
    let _under_way = UnderWay::begin(&server, &person.on(&server), "never finished");

    server.process.signal("TERM");
    server.process.line("is stopping", SOON).expect("the signal is noticed");
    server.process.signal("INT");
    let code = server.process.ended_within(Duration::from_secs(3)).code();

    assert_eq!(code, Some(130));
    check_holds(dir.path());
}

#[test]
fn a_healthcheck_tells_a_ready_server_from_a_stopped_one() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let ops = server.ops.to_string();
    let ask = || run(finbrain(&["healthcheck", "--ops-listen", &ops]));

    ask().succeeded();
    server.stop().succeeded();
    ask().refused(1, &[&ops, "does not answer"]);
}
