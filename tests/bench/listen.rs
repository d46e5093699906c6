//! The speed of `listen` with each callback on disk: `cargo bench --bench listen`.
//!
//! Posts callbacks of MFS of about 1.5 KB over connections that are kept, by 1, 8 and 64 senders at once, to a server in
//! this process whose journal is below `target`: callbacks a second, and the median, the 99th percentile and the longest
//! time of an answer. Then 100 000 callbacks by 64 senders, and the memory of the process on the way. Beside it, where
//! nginx is installed, what it answers to the same senders with an empty 200.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that fails panics, and prints what it measured")]

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};
use thumbview::listen::{self, ListenConfig};

/// The callbacks of a comparison.
const POSTS: usize = 5_000;

/// The callbacks during which the memory is watched.
const LONG: usize = 100_000;

fn main() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let config = ListenConfig::unsigned(([127, 0, 0, 1], 0).into(), folder.path().join("vod.journal"));
    let (listener, _updates) = listen::start(&config).unwrap();
    for senders in [1, 8, 64] {
        measure("listen", listener.address(), senders, POSTS);
    }
    let nginx = Nginx::start(folder.path());
    match &nginx {
        Some(nginx) => {
            for senders in [1, 8, 64] {
                measure("nginx, empty 200", nginx.address, senders, POSTS);
            }
        }
        None => println!("nginx is not installed"),
    }
    for part in 1..=10 {
        measure("listen", listener.address(), 64, LONG / 10);
        println!("  after {} more callbacks {} KB resident", part * LONG / 10, resident());
    }
    let lines = BufReader::new(fs::File::open(&config.journal).unwrap()).lines().count();
    assert_eq!(lines, 3 * POSTS + LONG, "each is in the journal");
}

/// Posts so many callbacks and prints how long the answers took.
fn measure(what: &str, address: SocketAddr, senders: usize, posts: usize) {
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    let mut times: Vec<Duration> = thread::scope(|scope| {
        let send = || {
            let mut stream = BufReader::new(TcpStream::connect(address).unwrap());
            stream.get_ref().set_nodelay(true).unwrap();
            let mut times = Vec::new();
            while next.fetch_add(1, Ordering::Relaxed) < posts {
                let begun = Instant::now();
                post(&mut stream);
                times.push(begun.elapsed());
            }
            times
        };
        let senders: Vec<_> = (0..senders).map(|_| scope.spawn(send)).collect();
        senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect()
    });
    let took = begun.elapsed();
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    let a_second = u128::try_from(posts).unwrap() * 1_000_000 / took.as_micros().max(1);
    println!(
        "{what}, {senders} senders: {a_second} a second, median {:.1?}, p99 {:.1?}, longest {:.1?}",
        at(50),
        at(99),
        at(100)
    );
}

fn post(stream: &mut BufReader<TcpStream>) {
    const BODY: &str = r#"{"message":"{\"event_type\":\"thumbnailComplete\",\"thumbnail_info\":{\"asset_id\":\"14d7b2faba0dddd6b4e8936272d6bc3f\",\"status\":\"SUCCEED\",\"sample\":[{\"offset\":0,\"url\":\"https://cdn.example/asset/14d7b2faba0dddd6b4e8936272d6bc3f/snapshot/sample/0.jpg\"},{\"offset\":5,\"url\":\"https://cdn.example/asset/14d7b2faba0dddd6b4e8936272d6bc3f/snapshot/sample/5.jpg\"},{\"offset\":10,\"url\":\"https://cdn.example/asset/14d7b2faba0dddd6b4e8936272d6bc3f/snapshot/sample/10.jpg\"},{\"offset\":15,\"url\":\"https://cdn.example/asset/14d7b2faba0dddd6b4e8936272d6bc3f/snapshot/sample/15.jpg\"},{\"offset\":20,\"url\":\"https://cdn.example/asset/14d7b2faba0dddd6b4e8936272d6bc3f/snapshot/sample/20.jpg\"},{\"offset\":25,\"url\":\"https://cdn.example/asset/14d7b2faba0dddd6b4e8936272d6bc3f/snapshot/sample/25.jpg\"}],\"dots\":[{\"offset\":12,\"url\":\"https://cdn.example/asset/14d7b2faba0dddd6b4e8936272d6bc3f/snapshot/12.jpg\"}]}}"}"#;
    let request = format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{BODY}", BODY.len());
    stream.get_mut().write_all(request.as_bytes()).unwrap();
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(stream.read_line(&mut head).unwrap() > 0, "the server is gone");
    }
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    stream.read_exact(&mut vec![0; length.unwrap_or(0)]).unwrap();
}

/// The memory of this process in KB, where the system tells it.
fn resident() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.map_or_else(|| "an unknown number of".to_owned(), |line| line.trim().trim_end_matches(" kB").to_owned())
}

/// nginx that answers everything with an empty 200.
struct Nginx {
    child: std::process::Child,
    address: SocketAddr,
}

impl Nginx {
    fn start(folder: &Path) -> Option<Self> {
        let root = folder.display();
        // Bound once to find a free port.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {root}/{name};"))
            .join(" ");
        let config = format!(
            "daemon off; master_process off; pid {root}/pid; error_log {root}/errors; events {{}}
             http {{ access_log off; keepalive_requests 1000000; {paths} server {{ listen {address}; return 200; }} }}"
        );
        fs::write(folder.join("conf"), config).unwrap();
        let mut command = Command::new("nginx");
        command.arg("-p").arg(folder).arg("-c").arg(folder.join("conf")).stderr(Stdio::null());
        let child = command.spawn().ok()?;
        while TcpStream::connect(address).is_err() {
            thread::sleep(Duration::from_millis(20));
        }
        Some(Self { child, address })
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
