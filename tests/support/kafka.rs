//! Brokers of Kafka on the loopback, as many as a test wants, with one state: they hold the records that the test
//! gives, and fail on demand. They speak what a reader needs: `ApiVersions`, Metadata, `ListOffsets`, Fetch, and logins by
//! PLAIN.

pub(crate) use super::kafka_wire::FakeRecord;
use super::kafka_wire::{Answer, Question};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// Error codes of the protocol.
pub(crate) const OFFSET_OUT_OF_RANGE: i16 = 1;
pub(crate) const NOT_LEADER: i16 = 6;
pub(crate) const TOPIC_AUTHORIZATION_FAILED: i16 = 29;
pub(crate) const SASL_AUTHENTICATION_FAILED: i16 = 58;
pub(crate) const UNSUPPORTED_COMPRESSION_TYPE: i16 = 76;

/// Numbers of requests.
pub(crate) const FETCH: i16 = 1;
const LIST_OFFSETS: i16 = 2;
const METADATA: i16 = 3;
const SASL_HANDSHAKE: i16 = 17;
const API_VERSIONS: i16 = 18;
pub(crate) const SASL_AUTHENTICATE: i16 = 36;

/// The requests that are answered, with their highest version.
const VERSIONS: [(i16, i16); 6] =
    [(FETCH, 4), (LIST_OFFSETS, 3), (METADATA, 4), (SASL_HANDSHAKE, 1), (API_VERSIONS, 3), (SASL_AUTHENTICATE, 0)];

/// The longest wait for new records.
const WAIT: Duration = Duration::from_millis(20);

/// Records that lie in a partition as one.
#[derive(Clone, Debug)]
struct Batch {
    first: i64,
    last: i64,
    millis: i64,
    bytes: Vec<u8>,
}

/// A partition, and the number of its leader; none has -1.
#[derive(Clone, Debug, Default)]
struct FakePartition {
    leader: i32,
    begin: i64,
    end: i64,
    batches: Vec<Batch>,
}

/// What all brokers know, and what they are to do.
#[derive(Debug, Default)]
struct State {
    topics: BTreeMap<String, Vec<FakePartition>>,
    /// The error with which a request is answered.
    errors: BTreeMap<i16, i16>,
    /// The user and the password, where they are asked for.
    login: Option<(String, String)>,
    /// The mechanisms that are offered.
    mechanisms: Vec<&'static str>,
    /// Records from this offset on are kept back, and requests for them are not answered.
    kept_back: Option<i64>,
    /// Requests are read and not answered.
    is_silent: bool,
    /// The number of each request that came, with its topic where it names one.
    seen: Vec<(i16, Option<String>)>,
    brokers: Vec<SocketAddr>,
    /// The address that a broker gives in place of its own.
    advertised: Option<(String, i32)>,
}

/// Brokers that end when they are dropped.
pub(crate) struct FakeCluster {
    state: Arc<Mutex<State>>,
    brokers: Vec<FakeBroker>,
    tls: Option<Arc<ServerConfig>>,
}

struct FakeBroker {
    addr: SocketAddr,
    /// Closed connections are left in.
    connections: Arc<Mutex<Vec<TcpStream>>>,
    /// None while it is stopped.
    stop: Option<Arc<Mutex<bool>>>,
}

impl FakeCluster {
    /// Starts brokers.
    pub(crate) fn start(brokers: usize) -> Self {
        Self::start_with(brokers, None)
    }

    /// Starts brokers that speak TLS where there is a configuration for it.
    pub(crate) fn start_with(brokers: usize, tls: Option<Arc<ServerConfig>>) -> Self {
        let state = State { mechanisms: vec!["PLAIN", "SCRAM-SHA-512"], ..State::default() };
        let mut cluster = Self { state: Arc::new(Mutex::new(state)), brokers: Vec::new(), tls };
        for number in 0..brokers {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let addr = listener.local_addr().unwrap();
            cluster.state().brokers.push(addr);
            cluster.brokers.push(FakeBroker { addr, connections: Arc::default(), stop: None });
            cluster.serve(number, listener);
        }
        cluster
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&mut self, number: usize, listener: TcpListener) {
        let (state, tls) = (Arc::clone(&self.state), self.tls.clone());
        let connections = Arc::clone(&self.brokers[number].connections);
        let stop = Arc::new(Mutex::new(false));
        self.brokers[number].stop = Some(Arc::clone(&stop));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if *stop.lock().unwrap() {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let kept = stream.try_clone().unwrap();
                connections.lock().unwrap().push(stream.try_clone().unwrap());
                let (state, tls) = (Arc::clone(&state), tls.clone());
                thread::spawn(move || {
                    // The error of a connection is its end.
                    drop(converse(stream, tls, &state, number));
                    drop(kept.shutdown(Shutdown::Both));
                });
            }
        });
    }

    /// Stops a broker and closes its connections.
    pub(crate) fn stop(&mut self, number: usize) {
        let broker = &mut self.brokers[number];
        if let Some(stop) = broker.stop.take() {
            *stop.lock().unwrap() = true;
            // Wakes the listener.
            drop(TcpStream::connect(broker.addr));
            self.hang_up(number);
        }
    }

    /// Closes the connections of a broker.
    pub(crate) fn hang_up(&self, number: usize) {
        for connection in self.brokers[number].connections.lock().unwrap().drain(..) {
            drop(connection.shutdown(Shutdown::Both));
        }
    }

    /// Starts a stopped broker at its old address.
    pub(crate) fn restart(&mut self, number: usize) {
        let addr = self.brokers[number].addr;
        let begun = std::time::Instant::now();
        let listener = loop {
            match TcpListener::bind(addr) {
                Ok(listener) => break listener,
                Err(error) => assert!(begun.elapsed() < Duration::from_mins(1), "{error}"),
            }
            thread::sleep(Duration::from_millis(5));
        };
        self.serve(number, listener);
    }

    /// Returns the address of a broker.
    pub(crate) fn addr(&self, number: usize) -> SocketAddr {
        self.brokers[number].addr
    }

    /// Returns the name of a topic at the first broker.
    pub(crate) fn name(&self, topic: &str) -> String {
        format!("kafka://{}/{topic}", self.addr(0))
    }

    /// Creates a topic with empty partitions, or adds partitions to it. Broker 0 leads them.
    pub(crate) fn create(&self, topic: &str, partitions: usize) {
        self.state().topics.entry(topic.to_owned()).or_default().resize(partitions, FakePartition::default());
    }

    /// Deletes a topic.
    pub(crate) fn delete(&self, topic: &str) {
        self.state().topics.remove(topic);
    }

    /// Makes a topic of one partition anew, with these records.
    pub(crate) fn replace(&self, topic: &str, records: &[FakeRecord]) {
        let end = i64::try_from(records.len()).unwrap();
        let bytes = super::kafka_wire::batch(0, records, 0);
        let batches = vec![Batch { first: 0, last: end - 1, millis: records[0].millis, bytes }];
        let mut state = self.state();
        state.topics.insert(topic.to_owned(), vec![FakePartition { leader: 0, begin: 0, end, batches }]);
        state.kept_back = None;
    }

    /// Keeps records from this offset on back until a topic is replaced.
    pub(crate) fn keep_back(&self, offset: i64) {
        self.state().kept_back = Some(offset);
    }

    /// Appends records as one batch; returns the offset of the first.
    pub(crate) fn append(&self, topic: &str, partition: usize, records: &[FakeRecord]) -> i64 {
        self.append_packed(topic, partition, records, 0)
    }

    /// Appends records as one batch that says of itself that it is packed by this codec.
    pub(crate) fn append_packed(&self, topic: &str, partition: usize, records: &[FakeRecord], codec: i16) -> i64 {
        let mut state = self.state();
        let partition = &mut state.topics.get_mut(topic).unwrap()[partition];
        let first = partition.end;
        let last = first + i64::try_from(records.len()).unwrap() - 1;
        let bytes = super::kafka_wire::batch(first, records, codec);
        partition.batches.push(Batch { first, last, millis: records[0].millis, bytes });
        partition.end = last + 1;
        first
    }

    /// Appends the mark of a transaction's end, which takes an offset and holds no record.
    pub(crate) fn append_mark(&self, topic: &str, partition: usize) {
        let mut state = self.state();
        let partition = &mut state.topics.get_mut(topic).unwrap()[partition];
        let first = partition.end;
        let bytes = super::kafka_wire::mark(first);
        partition.batches.push(Batch { first, last: first, millis: 0, bytes });
        partition.end = first + 1;
    }

    /// Deletes the records before an offset, as retention does.
    pub(crate) fn delete_before(&self, topic: &str, partition: usize, offset: i64) {
        let mut state = self.state();
        let partition = &mut state.topics.get_mut(topic).unwrap()[partition];
        partition.begin = offset;
        partition.batches.retain(|batch| batch.last >= offset);
    }

    /// Gives a partition another leader; -1 is none.
    pub(crate) fn lead(&self, topic: &str, partition: usize, leader: i32) {
        self.state().topics.get_mut(topic).unwrap()[partition].leader = leader;
    }

    /// Has a request answered with an error, or as it should be.
    pub(crate) fn fail(&self, request: i16, error: Option<i16>) {
        let mut state = self.state();
        match error {
            Some(error) => drop(state.errors.insert(request, error)),
            None => drop(state.errors.remove(&request)),
        }
    }

    /// Asks for a login.
    pub(crate) fn ask_for_login(&self, user: &str, password: &str) {
        self.state().login = Some((user.to_owned(), password.to_owned()));
    }

    /// Offers these mechanisms only.
    pub(crate) fn offer(&self, mechanisms: &[&'static str]) {
        self.state().mechanisms = mechanisms.to_vec();
    }

    /// Answers nothing any more.
    pub(crate) fn fall_silent(&self) {
        self.state().is_silent = true;
    }

    /// Names another address than the brokers' own.
    pub(crate) fn advertise(&self, host: &str, port: i32) {
        self.state().advertised = Some((host.to_owned(), port));
    }

    /// Returns how often a request came.
    pub(crate) fn asked(&self, request: i16) -> usize {
        self.state().seen.iter().filter(|(seen, _)| *seen == request).count()
    }

    /// Returns the topics that requests for metadata named, by which a broker creates them.
    pub(crate) fn named(&self) -> Vec<String> {
        self.state().seen.iter().filter(|(seen, _)| *seen == METADATA).filter_map(|(_, topic)| topic.clone()).collect()
    }
}

impl Drop for FakeCluster {
    fn drop(&mut self) {
        self.state().kept_back = None;
        for number in 0..self.brokers.len() {
            self.stop(number);
        }
    }
}

/// Talks with one client until it leaves.
fn converse(stream: TcpStream, tls: Option<Arc<ServerConfig>>, state: &Mutex<State>, number: usize) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match tls {
        None => answer_all(stream, state, number),
        Some(config) => {
            let connection = ServerConnection::new(config).map_err(io::Error::other)?;
            answer_all(StreamOwned::new(connection, stream), state, number)
        }
    }
}

fn answer_all(mut stream: impl Read + Write, state: &Mutex<State>, number: usize) -> io::Result<()> {
    let mut is_known = false;
    loop {
        let mut size = [0; 4];
        stream.read_exact(&mut size)?;
        let size = usize::try_from(i32::from_be_bytes(size)).map_err(io::Error::other)?;
        if size > 1 << 20 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut bytes = vec![0; size];
        stream.read_exact(&mut bytes)?;
        let mut question = Question::new(bytes);
        let is_login = matches!(question.request, API_VERSIONS | SASL_HANDSHAKE | SASL_AUTHENTICATE);
        {
            let state = state.lock().unwrap();
            if state.login.is_some() && !is_known && !is_login {
                return Err(io::ErrorKind::PermissionDenied.into());
            }
        }
        let answer = respond(&mut question, state, number, &mut is_known);
        if state.lock().unwrap().is_silent {
            continue;
        }
        stream.write_all(&answer.frame(question.correlation))?;
        stream.flush()?;
        if question.request == SASL_AUTHENTICATE && !is_known {
            return Ok(());
        }
    }
}

fn respond(question: &mut Question, state: &Mutex<State>, number: usize, is_known: &mut bool) -> Answer {
    let request = question.request;
    if request == FETCH {
        return fetch(question, state, number);
    }
    let mut state = state.lock().unwrap();
    let error = state.errors.get(&request).copied().unwrap_or_default();
    if request != METADATA {
        state.seen.push((request, None));
    }
    let mut answer = Answer::default();
    match request {
        API_VERSIONS => {
            answer.i16(error);
            answer.byte(u8::try_from(VERSIONS.len() + 1).unwrap());
            for (request, highest) in VERSIONS {
                answer.i16(request);
                answer.i16(if request == FETCH { 4 } else { 0 });
                answer.i16(highest);
                answer.byte(0);
            }
            answer.i32(0);
            answer.byte(0);
        }
        METADATA => metadata(question, &mut state, &mut answer),
        LIST_OFFSETS => list_offsets(question, &state, &mut answer),
        SASL_HANDSHAKE => {
            let mechanism = question.string();
            let is_offered = state.mechanisms.contains(&mechanism.as_str());
            answer.i16(if is_offered { error } else { 33 });
            answer.i32(i32::try_from(state.mechanisms.len()).unwrap());
            state.mechanisms.iter().for_each(|mechanism| answer.string(mechanism));
        }
        SASL_AUTHENTICATE => {
            let token = question.bytes();
            let text = String::from_utf8(token).unwrap();
            let words: Vec<&str> = text.split('\0').collect();
            let expected = state.login.clone().unwrap_or_default();
            *is_known = words.get(1) == Some(&expected.0.as_str()) && words.get(2) == Some(&expected.1.as_str());
            answer.i16(if *is_known { 0 } else { SASL_AUTHENTICATION_FAILED });
            answer.i16(-1);
            answer.i32(0);
        }
        other => panic!("request {other} is none that a reader needs"),
    }
    answer
}

fn metadata(question: &mut Question, state: &mut State, answer: &mut Answer) {
    let count = question.i32();
    let asked: Option<Vec<String>> =
        usize::try_from(count).ok().map(|count| (0..count).map(|_| question.string()).collect());
    state.seen.push((METADATA, asked.as_ref().and_then(|asked| asked.first().cloned())));
    let error = state.errors.get(&METADATA).copied().unwrap_or_default();
    answer.i32(0);
    answer.i32(i32::try_from(state.brokers.len()).unwrap());
    for (number, addr) in (0..).zip(&state.brokers) {
        answer.i32(number);
        let (host, port) = state.advertised.clone().unwrap_or_else(|| (addr.ip().to_string(), addr.port().into()));
        answer.string(&host);
        answer.i32(port);
        answer.i16(-1);
    }
    answer.i16(-1);
    answer.i32(0);
    let names: Vec<String> = asked.unwrap_or_else(|| state.topics.keys().cloned().collect());
    answer.i32(i32::try_from(names.len()).unwrap());
    for name in names {
        let partitions = state.topics.get(&name);
        answer.i16(if partitions.is_some() { error } else { 3 });
        answer.string(&name);
        answer.byte(0);
        let partitions = partitions.map(Vec::as_slice).unwrap_or_default();
        answer.i32(i32::try_from(partitions.len()).unwrap());
        for (index, partition) in (0..).zip(partitions) {
            answer.i16(if partition.leader < 0 { 5 } else { 0 });
            answer.i32(index);
            answer.i32(partition.leader);
            answer.i32(0);
            answer.i32(0);
        }
    }
}

fn list_offsets(question: &mut Question, state: &State, answer: &mut Answer) {
    question.i32();
    question.byte();
    question.i32();
    let topic = question.string();
    question.i32();
    let (index, time) = (question.i32(), question.i64());
    let partition = state.topics.get(&topic).and_then(|partitions| partitions.get(usize::try_from(index).unwrap()));
    answer.i32(0);
    answer.i32(1);
    answer.string(&topic);
    answer.i32(1);
    answer.i32(index);
    answer.i16(match partition {
        Some(_) => state.errors.get(&LIST_OFFSETS).copied().unwrap_or_default(),
        None => 3,
    });
    answer.i64(-1);
    answer.i64(partition.map_or(-1, |partition| match time {
        -1 => partition.end,
        -2 => partition.begin,
        time => partition.batches.iter().find(|batch| batch.millis >= time).map_or(-1, |batch| batch.first),
    }));
}

fn fetch(question: &mut Question, state: &Mutex<State>, number: usize) -> Answer {
    question.i32();
    let (_wait, _least, _most) = (question.i32(), question.i32(), question.i32());
    question.byte();
    question.i32();
    let topic = question.string();
    question.i32();
    let (index, offset, most) = (question.i32(), question.i64(), question.i32());
    state.lock().unwrap().seen.push((FETCH, None));
    while state.lock().unwrap().kept_back.is_some_and(|kept_back| offset >= kept_back) {
        thread::sleep(WAIT);
    }
    let look = || {
        let state = state.lock().unwrap();
        let index = usize::try_from(index).unwrap();
        let Some(partition) = state.topics.get(&topic).and_then(|partitions| partitions.get(index)) else {
            return (3, -1, Vec::new());
        };
        let error = match state.errors.get(&FETCH) {
            Some(error) => *error,
            None if usize::try_from(partition.leader) != Ok(number) => NOT_LEADER,
            None if offset < partition.begin || offset > partition.end => OFFSET_OUT_OF_RANGE,
            None => 0,
        };
        let mut bytes = Vec::new();
        let end = state.kept_back.unwrap_or(partition.end);
        let batches = partition.batches.iter().filter(|batch| batch.last >= offset && batch.first < end);
        for batch in batches.filter(|_| error == 0) {
            // The first one is sent however large it is.
            if !bytes.is_empty() && bytes.len() + batch.bytes.len() > usize::try_from(most).unwrap() {
                break;
            }
            bytes.extend_from_slice(&batch.bytes);
        }
        (error, partition.end, bytes)
    };
    let (mut error, mut end, mut bytes) = look();
    if error == 0 && bytes.is_empty() {
        thread::sleep(WAIT);
        (error, end, bytes) = look();
    }
    let mut answer = Answer::default();
    answer.i32(0);
    answer.i32(1);
    answer.string(&topic);
    answer.i32(1);
    answer.i32(index);
    answer.i16(error);
    answer.i64(end);
    answer.i64(end);
    answer.i32(0);
    answer.bytes(&bytes);
    answer
}
