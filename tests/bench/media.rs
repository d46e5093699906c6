//! Figures, not tests: they print, and run only when asked for.
//!
//! `cargo test --test media figures -- --ignored --nocapture --test-threads 1`

use super::*;
use image::{ExtendedColorType, codecs::jpeg::JpegEncoder};
use std::{
    collections::VecDeque,
    net::SocketAddr,
    process::{Command, Stdio},
    time::Instant,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::sleep_until,
};

/// Something between a drawing and a photograph: about 40 KB at 1280x720.
fn scene(width: u32, height: u32) -> Vec<u8> {
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

#[ignore = "a figure"]
async fn decoding_here_and_in_a_child() {
    for (width, height) in [(480, 270), (1280, 720)] {
        let jpeg = scene(width, height);
        println!("{width}x{height}, {} bytes", jpeg.len());
        let server = ImageServer::start(move |_| picture(&jpeg)).await;
        for decoder in [Decoder::InProcess, decode::child_decoder(), Decoder::InProcess, decode::child_decoder()] {
            let config = MediaConfig { decoder: decoder.clone(), jobs: 1, ..config(&[&server.host()]) };
            let (media, mut updates) = spawn(config);
            let mut times = Vec::new();
            for index in 0..201 {
                let begun = Instant::now();
                media.want(vec![request(index, &server.url("/0.jpg"))]);
                answer_to(&mut updates, key(index)).await.unwrap();
                times.push(begun.elapsed());
            }
            let first = times[0];
            times.sort();
            println!("  {decoder:?}: first {first:?}, then median {:?} a picture, fetch included", times[100]);
        }
    }
}

/// Passes bytes on, each way 10 ms later.
async fn delaying(to: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(async move {
                // The handshake's round trip.
                tokio::time::sleep(Duration::from_millis(20)).await;
                let server = TcpStream::connect(to).await.unwrap();
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                let (client_in, client_out) = client.into_split();
                let (server_in, server_out) = server.into_split();
                tokio::join!(late(client_in, server_out), late(server_in, client_out));
            });
        }
    });
    addr
}

async fn late(mut from: tokio::net::tcp::OwnedReadHalf, mut to: tokio::net::tcp::OwnedWriteHalf) {
    let mut waiting: VecDeque<(tokio::time::Instant, Vec<u8>)> = VecDeque::new();
    let mut buffer = vec![0; 64 << 10];
    let mut open = true;
    while open || !waiting.is_empty() {
        let due = waiting.front().map(|(due, _)| *due);
        tokio::select! {
            read = from.read(&mut buffer), if open => match read {
                Ok(0) | Err(_) => open = false,
                Ok(len) => {
                    let due = tokio::time::Instant::now() + Duration::from_millis(10);
                    waiting.push_back((due, buffer[..len].to_vec()));
                }
            },
            () = sleep_until(due.unwrap_or_else(tokio::time::Instant::now)), if due.is_some() => {
                let (_, bytes) = waiting.pop_front().unwrap();
                if to.write_all(&bytes).await.is_err() {
                    return;
                }
            }
        }
    }
    // The other side may have gone first.
    let _gone = to.shutdown().await;
}

/// `TEST_SERVER=127.0.0.1:PORT` is a web server with `/0.jpg` to `/199.jpg`; with `TEST_CA=FILE` it speaks TLS as
/// `localhost`.
#[ignore = "a figure, and needs a server: TEST_SERVER, TEST_CA"]
async fn two_hundred_against_curl() {
    let Ok(server) = std::env::var("TEST_SERVER") else { return println!("skipped: no TEST_SERVER") };
    let ca_file = std::env::var_os("TEST_CA").map(std::path::PathBuf::from);
    let proxy = delaying(server.parse().unwrap()).await;
    let host = format!("localhost:{}", proxy.port());
    let base = format!("{}://{host}", if ca_file.is_some() { "https" } else { "http" });
    let urls: Vec<String> = (0..200).map(|index| format!("{base}/{index}.jpg")).collect();
    let folder = tempfile::tempdir().unwrap();
    for round in 0..7 {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--fail", "--parallel", "--parallel-max", "6", "--output-dir"]).arg(folder.path());
        curl.args(ca_file.iter().flat_map(|file| ["--cacert".into(), file.clone().into_os_string()]));
        curl.args(["--remote-name-all"]).args(&urls).stdout(Stdio::null());
        let begun = Instant::now();
        let done = tokio::task::spawn_blocking(move || curl.status().unwrap()).await.unwrap();
        let by_curl = begun.elapsed();
        assert!(done.success());

        let cache_dir = Some(folder.path().join(round.to_string()));
        let config =
            MediaConfig { decoder: decode::child_decoder(), ca_file: ca_file.clone(), cache_dir, ..config(&[&host]) };
        let begun = Instant::now();
        let (media, mut updates) = spawn(config);
        assert_eq!(fetch::all_answers(&media, &mut updates, &urls).await, 200);
        let by_us = begun.elapsed();
        println!("curl {by_curl:.3?}, thumbview {by_us:.3?}: {:.2}x", by_us.as_secs_f64() / by_curl.as_secs_f64());
    }
}
