//! The time of `check` over many pictures: `cargo bench --bench check`, `cargo bench --bench check -- 20000` for more.
//!
//! A server on the loopback takes 20 ms for a picture. First 4 requests at once, beside the ideal, which is the number of
//! pictures times 5 ms; then 32 at once, beside `curl --parallel` over the same addresses. The peak of memory is that of
//! the program without its decoders.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that fails panics, and prints what it measured")]

#[path = "../support/server.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod server;

use image::{ExtendedColorType, codecs::jpeg::JpegEncoder};
use server::{Act, ImageServer, picture};
use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// The time that the server takes for a picture.
const DELAY: Duration = Duration::from_millis(20);

/// The pictures of an asset.
const PER_ASSET: usize = 20;

#[tokio::main]
async fn main() {
    let count = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(2000);
    let jpegs: Vec<Vec<u8>> = (0..16).map(jpeg).collect();
    let server = ImageServer::start(move |request| {
        let number: usize = request.path.trim_start_matches('/').trim_end_matches(".jpg").parse().unwrap_or(0);
        [vec![Act::Pause(DELAY)], picture(&jpegs[number % jpegs.len()])].concat()
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let urls: Vec<String> = (0..count).map(|number| server.url(&format!("/{number}.jpg"))).collect();
    fs::write(folder.path().join("vod.log"), log(&urls)).unwrap();
    let (host, folder) = (server.host(), folder.path().to_owned());
    let ideal = DELAY * u32::try_from(count).unwrap() / 4;
    let measured = tokio::task::spawn_blocking(move || {
        let few = check(&folder, &host, &[]);
        let many: Vec<_> =
            (0..3).map(|_| (check(&folder, &host, &["--per-host", "32", "-j", "32"]), curl(&folder, &urls))).collect();
        (few, many)
    });
    let ((few, peak), many) = measured.await.unwrap();
    println!("{count} pictures, {DELAY:?} each");
    println!(
        "  4 at once: {few:.2?} ({:.2} of the ideal {ideal:.2?}), {peak} MiB",
        few.as_secs_f64() / ideal.as_secs_f64()
    );
    for ((ours, peak), curl) in many {
        let curl = curl.map_or_else(
            || "no curl".to_owned(),
            |curl| format!("curl {curl:.2?}: {:.2}x", ours.as_secs_f64() / curl.as_secs_f64()),
        );
        println!("  32 at once: {ours:.2?}, {peak} MiB; {curl}");
    }
}

/// A picture of 480x270, another one for each number.
fn jpeg(number: u32) -> Vec<u8> {
    let (width, height) = (480, 270);
    let mut rgb = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let wave = (f64::from((x + 29 * number) * y) / 9000.0).sin() * 60.0 + f64::from((x ^ y) & 7);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
            rgb.extend([128.0 + wave, 90.0 + wave / 2.0, f64::from(x % 256)].map(|value| value as u8));
        }
    }
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 75).encode(&rgb, width, height, ExtendedColorType::Rgb8).unwrap();
    jpeg
}

fn log(urls: &[String]) -> String {
    let mut log = String::new();
    for (asset, urls) in urls.chunks(PER_ASSET).enumerate() {
        let sample: Vec<_> =
            urls.iter().enumerate().map(|(index, url)| serde_json::json!({"offset": index * 5, "url": url})).collect();
        let event = serde_json::json!({"event_type": "thumbnailComplete", "thumbnail_info":
            {"asset_id": format!("{asset:032x}"), "status": "SUCCEED", "sample": sample}});
        writeln!(log, "{event}").unwrap();
    }
    log
}

/// Runs `check`; returns its time and the peak of its memory in MiB.
fn check(folder: &Path, host: &str, args: &[&str]) -> (Duration, u64) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_thumbview"));
    command.args(["check", "-q", "--no-cache", "--interval", "0", "--allow-host", host]).args(args);
    command.arg("vod.log").current_dir(folder).stdout(Stdio::null());
    let begun = Instant::now();
    let mut child = command.spawn().unwrap();
    let mut peak = 0;
    let status = loop {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        peak = kib.unwrap_or(0).max(peak);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        thread::sleep(Duration::from_millis(10));
    };
    assert!(status.success(), "{status}");
    (begun.elapsed(), peak >> 10)
}

/// Runs curl over the addresses, if it is installed.
fn curl(folder: &Path, urls: &[String]) -> Option<Duration> {
    let mut list = String::new();
    for url in urls {
        writeln!(list, "url = \"{url}\"\noutput = \"/dev/null\"").unwrap();
    }
    fs::write(folder.join("urls"), list).unwrap();
    let begun = Instant::now();
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--fail", "--parallel", "--parallel-max", "32", "--config", "urls"]).current_dir(folder);
    let status = curl.stdout(Stdio::null()).status().ok()?;
    assert!(status.success());
    Some(begun.elapsed())
}
