//! How connections come in, and who is not kept.

use std::{
    io::{BufReader, Read as _, Write as _},
    time::{Duration, Instant},
};

use crate::{
    person::{Client, Person},
    program::Server,
    wire::{connect, read_answer},
};

const SOON: Duration = Duration::from_secs(30);

#[test]
fn a_connection_on_which_nothing_is_said_is_let_go() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let mut silent = connect(server.address).unwrap();

    let began = Instant::now();
    let length = silent.read(&mut [0; 64]).unwrap();

    assert_eq!(length, 0);
    assert!(began.elapsed() > Duration::from_secs(3), "whoever thinks for a moment is served: {began:?}");
}

#[test]
fn a_silent_connection_does_not_hold_up_a_stop() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::start(dir.path());
    let mut silent: Vec<_> = (0..10).map(|_| connect(server.address).unwrap()).collect();
    // What is answered on a later connection was accepted behind them.
    Client::anonymous(&server).get("/currencies");

    server.process.signal("TERM");
    let code = server.process.ended_within(Duration::from_secs(4)).code();

    assert_eq!(code, Some(0), "{:?}", server.process.said());
    assert!(silent.iter_mut().all(|stream| stream.read(&mut [0; 64]).is_ok_and(|length| length == 0)));
}

#[test]
fn whoever_is_told_to_come_back_later_is_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    Person::register(&server, "crowd@example.org");
    let client = Client::anonymous(&server);
    let body = r#"{"email":"crowd@example.org","password":"not the one"}"#;
    let head = client.head("POST", "/auth/login", None);
    let began = Instant::now();
    loop {
        let mut stream = BufReader::new(connect(server.address).unwrap());
        write!(stream.get_mut(), "{head}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let answer = read_answer(&mut stream).unwrap();
        assert_eq!(answer.header("connection"), (answer.status == 429).then_some("close"), "{answer:?}");
        if answer.status == 429 {
            assert_eq!(stream.read(&mut [0; 64]).unwrap(), 0);
            return;
        }
        assert_eq!(answer.status, 401);
        assert!(began.elapsed() < SOON, "nobody was ever limited");
    }
}
