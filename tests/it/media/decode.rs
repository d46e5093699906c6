//! Tests of decoding hostile bodies, in this process and in children that may die.

use super::*;
use crate::support::pty::PROGRAM;

const PROGRESSIVE: &[u8] = include_bytes!("../../fixtures/hostile/progressive.jpg");

/// The picture with another size in its frame header.
pub(crate) fn resized(jpeg: &[u8], width: u16, height: u16) -> Vec<u8> {
    let frame = jpeg.windows(2).position(|pair| matches!(pair, [0xff, 0xc0 | 0xc2])).unwrap();
    let mut jpeg = jpeg.to_vec();
    jpeg[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    jpeg[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    jpeg
}

/// The picture with its last scan 200 times.
fn scan_bomb() -> Vec<u8> {
    let end = PROGRESSIVE.len() - 2;
    let scan = PROGRESSIVE.windows(2).rposition(|pair| pair == [0xff, 0xda]).unwrap();
    [&PROGRESSIVE[..end], &PROGRESSIVE[scan..end].repeat(200), &[0xff, 0xd9]].concat()
}

/// Returns hostile bodies with their expected outcome: a size and the damage, or a failure.
pub(crate) fn hostile() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let len = BASE.len();
    let too_large = |size: &str| -> &'static str {
        format!("{size} pixels is more than is decoded (40 megapixels, 16384 a side)").leak()
    };
    vec![
        ("whole", BASE.to_vec(), "96x54"),
        ("progressive", PROGRESSIVE.to_vec(), "96x54"),
        ("grey", include_bytes!("../../fixtures/hostile/grey.jpg").to_vec(), "96x54"),
        ("cmyk", include_bytes!("../../fixtures/hostile/cmyk.jpg").to_vec(), "96x54"),
        ("trailing", [BASE, b"<script>".repeat(1000).as_slice()].concat(), "96x54"),
        ("bomb", resized(BASE, 65535, 65535), too_large("65535x65535")),
        ("progressive bomb", resized(PROGRESSIVE, 65535, 65535), too_large("65535x65535")),
        ("smaller bomb", resized(PROGRESSIVE, 12000, 12000), too_large("12000x12000")),
        ("narrow", resized(BASE, 1, 65500), too_large("1x65500")),
        ("at the limit", resized(BASE, 8000, 5000), "8000x5000 truncated: no data after row 0 of 5000"),
        ("over the limit", resized(BASE, 8000, 5001), too_large("8000x5001")),
        ("highly compressed", resized(PROGRESSIVE, 6000, 6000), "6000x6000 truncated: no data after row 0 of 6000"),
        ("no height", resized(BASE, 96, 0), "not supported: a height that stands after the first scan (DNL)"),
        ("no size", resized(BASE, 0, 0), "corrupt: it says that it is 0x0 pixels"),
        ("scans", scan_bomb(), "more than 100 scans"),
        ("a quarter", BASE[..len / 4].to_vec(), "96x54 truncated: no end marker after 602 B"),
        ("half", BASE[..len / 2].to_vec(), "96x54 truncated: no end marker after 1 KB"),
        ("nearly", BASE[..len - 2].to_vec(), "96x54 truncated: no end marker after 2 KB"),
        ("header", BASE[..100].to_vec(), "cut off before its size after 100 bytes"),
        ("magic alone", b"\xff\xd8\xff".to_vec(), "cut off before its size after 3 bytes"),
        ("half a magic", b"\xff\xd8".to_vec(), "not a JPEG: only the first bytes of a JPEG"),
        (
            "all ones",
            [&[0xff, 0xd8][..], &vec![0xff; 1_000_000]].concat(),
            "cut off before its size after 1000002 bytes",
        ),
        ("empty", Vec::new(), "the answer is empty"),
        ("html", b"<html><body>".to_vec(), "not a JPEG: image/jpeg"),
        ("gif", b"GIF89a".to_vec(), "not a JPEG: a GIF picture"),
        ("webp", b"RIFF\0\0\0\0WEBPVP8 ".to_vec(), "not a JPEG: a WebP picture"),
    ]
}

async fn hostile_pictures_are_shown_or_refused(decoder: Decoder) {
    let bodies = Arc::new(hostile());
    let copies = bodies.clone();
    let server = ImageServer::start(move |request| {
        let index: usize = request.path.trim_start_matches('/').parse().unwrap();
        picture(&copies[index].1)
    })
    .await;
    let config = MediaConfig { decoder, ..config(&[&server.host()]) };
    let (media, mut updates) = spawn(config);
    for (index, (name, _, expected)) in bodies.iter().enumerate() {
        let index = u32::try_from(index).unwrap();
        media.want(vec![request(index, &server.url(&format!("/{index}")))]);
        let shown = match answer_to(&mut updates, key(index)).await {
            Ok(picture) => {
                assert_eq!(
                    picture.pixels.len() as u64,
                    u64::from(picture.size.width) * u64::from(picture.size.height) * 3
                );
                let damage = picture.damage.as_ref().map_or(String::new(), |damage| format!(" {damage}"));
                format!("{}{damage}", picture.size)
            }
            Err(failure) => failure.what.to_string(),
        };
        assert_eq!(shown, *expected, "{name}");
    }
}

async fn hostile_pictures_in_process() {
    hostile_pictures_are_shown_or_refused(Decoder::InProcess).await;
    #[cfg(target_os = "linux")]
    {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(kib < 700 << 10, "{kib} KiB at the peak, for 36 and 40 megapixels one after the other");
    }
}

pub(crate) fn child_decoder() -> Decoder {
    Decoder::Process(PROGRAM.into())
}

async fn hostile_pictures_in_a_child() {
    hostile_pictures_are_shown_or_refused(child_decoder()).await;
}

async fn a_decoder_that_dies_fails_one_picture() {
    let server = ImageServer::start(|_| picture(BASE)).await;
    let failure = async |program: &str| {
        let decoder = Decoder::Process(program.into());
        failure(MediaConfig { decoder, ..config(&[&server.host()]) }, &server.url("/0.jpg")).await
    };
    assert_eq!(
        failure("/nonexistent/thumbview").await,
        "the decoder failed: it does not start: No such file or directory (os error 2)"
    );
    assert_eq!(failure("false").await, "the decoder failed: exit status: 1");
}

/// Children that run `program`.
#[cfg(target_os = "linux")]
fn running(program: &std::path::Path) -> Vec<rustix::process::Pid> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter(|entry| std::fs::read_link(entry.path().join("exe")).is_ok_and(|exe| exe == program))
        .filter_map(|entry| rustix::process::Pid::from_raw(entry.file_name().to_str()?.parse().ok()?))
        .collect()
}

#[cfg(target_os = "linux")]
async fn a_killed_child_is_replaced_and_none_outlives_the_scheduler() {
    let server = ImageServer::start(|_| picture(BASE)).await;
    let folder = tempfile::tempdir().unwrap();
    // A name of its own, to tell its processes from those of other tests.
    let program = folder.path().join("thumbview");
    std::fs::hard_link(PROGRAM, &program).or_else(|_other_device| std::fs::copy(PROGRAM, &program).map(drop)).unwrap();
    let (media, mut updates) =
        spawn(MediaConfig { decoder: Decoder::Process(program.clone()), ..config(&[&server.host()]) });
    for index in 0..3 {
        media.want(vec![request(index, &server.url("/0.jpg"))]);
        assert!(answer_to(&mut updates, key(index)).await.is_ok(), "{index}");
        let children = running(&program);
        assert_eq!(children.len(), 1);
        rustix::process::kill_process(children[0], rustix::process::Signal::KILL).unwrap();
    }
    media.want(vec![request(3, &server.url("/0.jpg"))]);
    assert!(answer_to(&mut updates, key(3)).await.is_ok());
    drop(media);
    while updates.recv().await.is_some() {}
    for _ in 0..100 {
        if running(&program).is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("a child outlives the scheduler");
}

crate::tests! {
    hostile_pictures_in_process,
    hostile_pictures_in_a_child,
    a_decoder_that_dies_fails_one_picture,
    a_killed_child_is_replaced_and_none_outlives_the_scheduler,
}
