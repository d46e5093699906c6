//! The time to fetch and decode pictures: `cargo bench --bench media`.
//!
//! First the decoder in this process and in a child, a picture at a time from a server on the loopback, and the time to
//! judge each; then 200 pictures over a link with a round trip of 20 ms, beside `curl --parallel` with as many transfers
//! at once.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that fails panics, and prints what it measured")]

#[path = "../support/server.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod server;

use image::{ExtendedColorType, codecs::jpeg::JpegEncoder};
use server::{ImageServer, picture};
use std::{
    collections::VecDeque,
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use thumbview::{
    event::{AssetId, Offset, PictureKind, PictureUrl},
    judge::PictureFacts,
    media::{Decoder, MediaConfig, spawn},
    picture::{EventKey, PictureKey, PictureRequest, PictureUpdate},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, tcp},
    time::sleep_until,
};

/// The pictures of one comparison with curl.
const PICTURES: u32 = 200;

/// The comparisons with curl, and the pictures of which a median is taken.
const RUNS: usize = 7;
const DECODED: u32 = 201;

/// The one-way delay of the simulated link.
const DELAY: Duration = Duration::from_millis(10);

#[tokio::main]
async fn main() {
    for (width, height) in [(480, 270), (1280, 720)] {
        time_decoders(width, height).await;
    }
    compare_with_curl().await;
}

/// A picture between a drawing and a photograph, about 40 KB at 1280x720.
fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut rgb = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let wave = (f64::from(x * y) / 9000.0).sin() * 60.0 + f64::from((x ^ y) & 7);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
            rgb.extend([128.0 + wave, 90.0 + wave / 2.0, f64::from(x % 256)].map(|value| value as u8));
        }
    }
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 75).encode(&rgb, width, height, ExtendedColorType::Rgb8).unwrap();
    jpeg
}

fn child_decoder() -> Decoder {
    Decoder::Process(env!("CARGO_BIN_EXE_thumbview").into())
}

fn config(host: &str) -> MediaConfig {
    let mut config = MediaConfig::default();
    config.policy.allow_hosts = vec![host.parse().unwrap()];
    config
}

fn request(index: u32, url: &str) -> PictureRequest {
    PictureRequest {
        key: PictureKey { event: EventKey(0), kind: PictureKind::Sample, index },
        asset: AssetId::new("14d7b2faba0dddd6b4e8936272d6bc3f").unwrap(),
        offset: Offset::from_millis(i64::from(index) * 5000),
        url: PictureUrl::new(url),
    }
}

async fn time_decoders(width: u32, height: u32) {
    let jpeg = jpeg(width, height);
    println!("{width}x{height}, {} bytes", jpeg.len());
    let server = ImageServer::start(move |_| picture(&jpeg)).await;
    for decoder in [Decoder::InProcess, child_decoder(), Decoder::InProcess, child_decoder()] {
        let name = match decoder {
            Decoder::InProcess => "in process",
            Decoder::Process(_) => "in a child",
        };
        let (media, mut updates) = spawn(MediaConfig { decoder, jobs: 1, ..config(&server.host()) });
        let (mut times, mut judging) = (Vec::new(), Vec::new());
        for index in 0..DECODED {
            let begun = Instant::now();
            media.want(vec![request(index, &server.url("/0.jpg"))]);
            loop {
                if let PictureUpdate::Loaded(_, picture) = updates.recv().await.unwrap() {
                    times.push(begun.elapsed());
                    let begun = Instant::now();
                    std::hint::black_box(PictureFacts::of(&picture));
                    judging.push(begun.elapsed());
                    break;
                }
            }
        }
        let first = times[0];
        times.sort();
        judging.sort();
        let (median, judged) = (times[times.len() / 2], judging[judging.len() / 2]);
        println!("  {name}: first {first:.1?}, median {median:.1?}, fetch included; judging {judged:.2?}");
    }
}

async fn compare_with_curl() {
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        return println!("no comparison: curl is not installed");
    }
    let jpeg = jpeg(1280, 720);
    let server = ImageServer::start(move |_| picture(&jpeg)).await;
    let host = delayed(server.addr).await.to_string();
    let urls: Vec<String> = (0..PICTURES).map(|index| format!("http://{host}/{index}.jpg")).collect();
    let folder = tempfile::tempdir().unwrap();
    println!("{PICTURES} pictures at a round trip of {:?}", 2 * DELAY);
    for run in 0..RUNS {
        let curl = time_curl(&urls, folder.path()).await;
        let cache_dir = Some(folder.path().join(run.to_string()));
        let ours = time_media(&urls, MediaConfig { decoder: child_decoder(), cache_dir, ..config(&host) }).await;
        println!("  curl {curl:.3?}, thumbview {ours:.3?}: {:.2}x", ours.as_secs_f64() / curl.as_secs_f64());
    }
}

async fn time_curl(urls: &[String], folder: &Path) -> Duration {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--fail", "--parallel", "--parallel-max", "6", "--output-dir"]).arg(folder);
    curl.arg("--remote-name-all").args(urls).stdout(Stdio::null());
    let begun = Instant::now();
    let status = tokio::task::spawn_blocking(move || curl.status().unwrap()).await.unwrap();
    assert!(status.success());
    begun.elapsed()
}

async fn time_media(urls: &[String], config: MediaConfig) -> Duration {
    let begun = Instant::now();
    let (media, mut updates) = spawn(config);
    media.want(urls.iter().zip(0..).map(|(url, index)| request(index, url)).collect());
    for _ in urls {
        while !matches!(updates.recv().await.unwrap(), PictureUpdate::Loaded(..)) {}
    }
    begun.elapsed()
}

/// Starts a proxy that delays each byte by [`DELAY`] and returns its address.
async fn delayed(to: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(async move {
                // The round trip of the handshake.
                tokio::time::sleep(2 * DELAY).await;
                let server = TcpStream::connect(to).await.unwrap();
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                let (client_in, client_out) = client.into_split();
                let (server_in, server_out) = server.into_split();
                tokio::join!(forward(client_in, server_out), forward(server_in, client_out));
            });
        }
    });
    addr
}

async fn forward(mut from: tcp::OwnedReadHalf, mut to: tcp::OwnedWriteHalf) {
    let mut waiting: VecDeque<(tokio::time::Instant, Vec<u8>)> = VecDeque::new();
    let mut buffer = vec![0; 64 << 10];
    let mut open = true;
    while open || !waiting.is_empty() {
        let due = waiting.front().map(|(due, _)| *due);
        tokio::select! {
            read = from.read(&mut buffer), if open => match read {
                Ok(0) | Err(_) => open = false,
                Ok(len) => waiting.push_back((tokio::time::Instant::now() + DELAY, buffer[..len].to_vec())),
            },
            () = sleep_until(due.unwrap_or_else(tokio::time::Instant::now)), if due.is_some() => {
                let (_, bytes) = waiting.pop_front().unwrap();
                if to.write_all(&bytes).await.is_err() {
                    return;
                }
            }
        }
    }
    // The peer may have closed first.
    let _closed = to.shutdown().await;
}
