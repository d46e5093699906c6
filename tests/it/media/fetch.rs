//! Tests of fetching: requests, refusals, retries, limits, and their explanations.

use super::*;

async fn an_undamaged_picture_arrives_unchanged() {
    let server = ImageServer::start(|_| picture(BASE)).await;
    let picture = load(config(&[&server.host()]), &server.url("/0.jpg?auth_key=SECRET")).await.unwrap();
    assert_eq!(picture.size.to_string(), "96x54");
    assert_eq!((&*picture.jpeg, picture.pixels.len()), (BASE, 96 * 54 * 3));
    assert_eq!(picture.damage, None);
    assert_eq!((picture.fetched.status, picture.fetched.version), (Some(200), Some("HTTP/1.1")));
    assert_eq!(picture.fetched.content_type, Some(Safe::new("image/jpeg")));
    let head = &server.requests()[0].head;
    assert!(!head.contains("referer") && head.contains("user-agent: thumbview/"), "{head}");
}

async fn refused_hosts_are_not_connected_to() {
    let server = ImageServer::start(|_| picture(BASE)).await;
    let port = server.addr.port();
    let (media, mut updates) = spawn(config(&[]));
    media.want(vec![request(0, &server.url("/0.jpg")), request(1, &format!("http://localhost:{port}/1.jpg"))]);
    let failure = answer_to(&mut updates, key(0)).await.unwrap_err();
    let host = server.host();
    let expected = [format!("{host} is a loopback address"), format!("--allow-host {host} allows it for good")];
    assert_eq!(lines(&failure), expected);
    assert_eq!(failure.allow, Some(Safe::from(host.clone())));
    let failure = answer_to(&mut updates, key(1)).await.unwrap_err();
    assert_eq!(failure.what.as_str(), format!("localhost:{port} is neither on port 80 nor on 443"));
    assert_eq!(server.connections(), 0);

    // The key `a`: allowed now, and fetched again by leaving the list and returning.
    media.allow(failure.allow.unwrap().as_str()).unwrap();
    media.want(vec![]);
    media.want(vec![request(1, &format!("http://localhost:{port}/1.jpg"))]);
    assert!(answer_to(&mut updates, key(1)).await.is_ok());
    assert!(media.allow("169.254.169.254").is_err());
}

async fn names_are_checked_by_their_addresses() {
    // `localhost` is a name like any other until it is looked up.
    let failure = load(config(&[]), "http://localhost/0.jpg").await.unwrap_err();
    let what = failure.what.as_str();
    assert!(what.starts_with("localhost is at ") && what.ends_with(", a loopback address"), "{what}");
    assert_eq!(failure.allow, Some(Safe::new("localhost")));
    let failure = load(config(&[]), "https://thumbview.invalid/0.jpg").await.unwrap_err();
    assert_eq!(failure.what.as_str(), "DNS does not know thumbview.invalid");
}

async fn each_redirect_is_checked() {
    let target = ImageServer::start(|_| picture(BASE)).await;
    let elsewhere = target.url("/private.jpg");
    let server = ImageServer::start(move |request| match request.path.as_str() {
        "/metadata" => redirect("http://169.254.169.254/latest/meta-data/"),
        "/file" => redirect("file:///etc/passwd"),
        "/user" => redirect("http://user:pw@example.com/"),
        "/elsewhere" => redirect(&elsewhere),
        "/loop" => redirect("/loop"),
        "/nowhere" => answer("302 Found", "", b""),
        "/3" => redirect("/2"),
        "/2" => redirect("/1"),
        "/1" => redirect("/0.jpg"),
        _ => picture(BASE),
    })
    .await;
    let allowed = [server.host()];
    let config = || config(&[&allowed[0]]);
    assert_eq!(failure(config(), &server.url("/metadata")).await, "169.254.169.254 is a cloud metadata service");
    assert_eq!(failure(config(), &server.url("/file")).await, "file: is not fetched, only http: and https: are");
    assert_eq!(failure(config(), &server.url("/user")).await, "the URL holds a user name or a password");
    assert_eq!(failure(config(), &server.url("/loop")).await, "more than 3 redirects");
    assert_eq!(failure(config(), &server.url("/nowhere")).await, "HTTP 302");
    assert!(load(config(), &server.url("/3")).await.is_ok());
    let failure = load(config(), &server.url("/elsewhere")).await.unwrap_err();
    assert_eq!(failure.what.as_str(), format!("{} is a loopback address", target.host()));
    assert!(lines(&failure).contains(&"the address in the log redirects there"));
    assert_eq!(target.connections(), 0);
}

async fn headers_go_to_their_host_only() {
    let target = ImageServer::start(|_| picture(BASE)).await;
    let elsewhere = target.url("/0.jpg");
    let server = ImageServer::start(move |_| redirect(&elsewhere)).await;
    let mut config = config(&[&server.host(), &target.host()]);
    config.headers = vec![HostBound::parse(&format!("{}=X-Auth-Token: SECRET", server.host()), None).unwrap()];
    config.referer = vec![HostBound::parse(&format!("{}=https://a.example/", server.host()), None).unwrap()];
    load(config, &server.url("/x?auth_key=SECRET")).await.unwrap();
    let first = &server.requests()[0].head;
    assert!(first.contains("x-auth-token: secret") && first.contains("referer: https://a.example/"), "{first}");
    let second = &target.requests()[0].head;
    assert!(!second.contains("secret") && !second.contains("referer"), "{second}");
}

fn partial(said: usize, sent: usize, then: Act) -> Vec<Act> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {said}\r\n\r\n");
    vec![Act::Send([head.as_bytes(), &BASE[..sent]].concat()), then]
}

async fn timeouts_and_broken_connections_are_reported() {
    let server = ImageServer::start(|request| match request.path.as_str() {
        "/silent" => vec![Act::Hang],
        "/mute-body" => partial(BASE.len(), 0, Act::Hang),
        "/hung-up" => vec![Act::Close],
        "/garbage" => vec![Act::Send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec()), Act::Close],
        "/drip" => {
            let drops = (0..60).flat_map(|_| [Act::Send(vec![0xff]), Act::Pause(Duration::from_millis(100))]);
            let head = partial(BASE.len(), 2, Act::Pause(Duration::ZERO));
            head.into_iter().chain(drops).collect()
        }
        _ => unreachable!(),
    })
    .await;
    let check = async |path: &str, expected: &str| {
        assert_eq!(failure(impatient(&[&server.host()]), &server.url(path)).await, expected, "{path}");
    };
    check("/silent", "no answer for 600 ms").await;
    check("/mute-body", "no answer for 600 ms").await;
    check("/hung-up", "the server closed the connection").await;
    check("/garbage", "the answer is not valid HTTP").await;
    let failure = load(impatient(&[&server.host()]), &server.url("/drip")).await.unwrap_err();
    let text = lines(&failure).join(" | ");
    assert!(text.starts_with("cut off before its size after ") && text.ends_with(" in 1800 ms"), "{text}");
}

async fn resets_are_named() {
    let server = ImageServer::start(|request| match request.path.as_str() {
        "/unanswered" => vec![Act::Reset],
        "/no-body" => {
            partial(BASE.len(), 0, Act::Pause(Duration::from_millis(50))).into_iter().chain([Act::Reset]).collect()
        }
        _ => unreachable!(),
    })
    .await;
    for path in ["/unanswered", "/no-body"] {
        let failure = load(config(&[&server.host()]), &server.url(path)).await.unwrap_err();
        let text = lines(&failure).join(" | ");
        assert!(text.starts_with("the server closed the connection | ") && text.contains("reset"), "{path}: {text}");
    }
}

async fn failed_connections_are_explained() {
    // A port on which nobody listens any longer.
    let addr = ImageServer::start(|_| vec![]).await.addr;
    let url = format!("http://{addr}/0.jpg");
    let failure = load(config(&[&addr.to_string()]), &url).await.unwrap_err();
    assert_eq!(failure.what.as_str(), "no connection to 127.0.0.1");
    assert!(lines(&failure)[1].to_lowercase().contains("refused"), "{failure:?}");
}

async fn truncated_pictures_are_shown_and_marked() {
    let len = BASE.len();
    let server = ImageServer::start(move |request| match request.path.as_str() {
        "/closed" => partial(len, len / 2, Act::Close),
        "/stalled" => partial(len, len / 2, Act::Hang),
        "/lying" => picture(&BASE[..len - 2]),
        "/too-long" => partial(len + 10, len, Act::Close),
        "/reset" => {
            let mut acts = partial(len, len / 2, Act::Pause(Duration::from_millis(50)));
            acts.push(Act::Reset);
            acts
        }
        "/close-delimited" => vec![Act::Send([b"HTTP/1.0 200 OK\r\n\r\n", &BASE[..len / 2]].concat()), Act::Close],
        _ => unreachable!(),
    })
    .await;
    let check = async |path: &str, expected: &str| {
        let picture = load(impatient(&[&server.host()]), &server.url(path)).await.unwrap();
        assert_eq!(picture.damage.as_ref().unwrap().text().as_str(), expected, "{path}");
        assert_eq!(picture.size.to_string(), "96x54");
    };
    check("/closed", "truncated: 1 of 2 KB").await;
    check("/stalled", "truncated: 1 of 2 KB, then nothing for 600 ms").await;
    check("/reset", "truncated: 1 of 2 KB, then the connection was reset").await;
    check("/lying", "truncated: no end marker after 2 KB").await;
    check("/too-long", "truncated: 2410 of 2420 bytes").await;
    check("/close-delimited", "truncated: no end marker after 1 KB").await;
}

async fn bodies_are_limited() {
    let server = ImageServer::start(|request| match request.path.as_str() {
        "/said" => answer("200 OK", "", &vec![0xff; 70_000]),
        "/endless" => vec![
            Act::Send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n\xff\xd8\xff\xe0\r\n".to_vec()),
            Act::Forever([b"1000\r\n".as_slice(), &[0xff; 0x1000], b"\r\n"].concat()),
        ],
        "/bad-chunk" => {
            vec![Act::Send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n".to_vec()), Act::Close]
        }
        "/exactly" => answer("200 OK", "", &[BASE, &vec![0; 60_000 - BASE.len()]].concat()),
        _ => unreachable!(),
    })
    .await;
    let config = || MediaConfig { max_bytes: 60_000, ..config(&[&server.host()]) };
    assert_eq!(failure(config(), &server.url("/said")).await, "too large: 70 KB");
    assert_eq!(failure(config(), &server.url("/endless")).await, "too large: more than 60 KB");
    assert_eq!(failure(config(), &server.url("/bad-chunk")).await, "the answer is not valid HTTP");
    assert!(load(config(), &server.url("/exactly")).await.is_ok());
}

async fn bodies_are_known_by_their_first_bytes() {
    let server = ImageServer::start(|request| match request.path.as_str() {
        "/html" => answer("200 OK", "Content-Type: text/html\r\n", b"<html>\x1b]52;c;eA==\x07 log in"),
        "/obs" => {
            answer("403 Forbidden", "", b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message>")
        }
        "/png" => answer("200 OK", "Content-Type: image/jpeg\r\n", b"\x89PNG\r\n\x1a\n"),
        "/empty" => answer("200 OK", "", b""),
        "/jpeg-as-text" => answer("200 OK", "Content-Type: text/plain\r\n", BASE),
        _ => unreachable!(),
    })
    .await;
    let check = async |path: &str, expected: &[&str]| {
        let failure = load(config(&[&server.host()]), &server.url(path)).await.unwrap_err();
        assert_eq!(&lines(&failure)[..expected.len()], expected, "{path}");
    };
    check("/html", &["not a JPEG: text/html", "begins: <html>␛]52;c;eA==␇ log in"]).await;
    check("/obs", &["HTTP 403", "OBS: AccessDenied Request has expired"]).await;
    check("/png", &["not a JPEG: a PNG picture"]).await;
    check("/empty", &["the answer is empty"]).await;
    assert!(load(config(&[&server.host()]), &server.url("/jpeg-as-text")).await.is_ok());
}

/// Answers the first request with a status, and all others with a picture.
fn first_then_a_picture(first: &'static str, headers: &'static str) -> impl Fn(&server::Request) -> Vec<Act> {
    let first_time = std::sync::atomic::AtomicBool::new(true);
    move |_| {
        let now_first = first_time.swap(false, std::sync::atomic::Ordering::SeqCst);
        if now_first { answer(first, headers, b"") } else { picture(BASE) }
    }
}

async fn failures_are_retried_if_that_may_help() {
    let check = async |first, headers, expected: Option<usize>| {
        let server = ImageServer::start(first_then_a_picture(first, headers)).await;
        let outcome = load(config(&[&server.host()]), &server.url("/0.jpg")).await;
        assert_eq!((outcome.is_ok(), server.requests().len()), (expected.is_some(), expected.unwrap_or(1)), "{first}");
    };
    check("404 Not Found", "", Some(2)).await;
    check("503 Busy", "", Some(2)).await;
    check("429 Too Many", "Retry-After: 1\r\n", Some(2)).await;
    check("429 Too Many", "", None).await;
    check("429 Too Many", "Retry-After: 3600\r\n", None).await;
    check("403 Forbidden", "", None).await;

    let server = ImageServer::start(|_| answer("500 Oops", "", b"")).await;
    assert_eq!(failure(config(&[&server.host()]), &server.url("/0.jpg")).await, "HTTP 500");
    assert_eq!(server.requests().len(), 2);
}

pub(crate) async fn all_answers(media: &Media, updates: &mut Receiver<PictureUpdate>, urls: &[String]) -> usize {
    let wanted = urls.iter().zip(0..).map(|(url, index)| request(index, url)).collect();
    media.want(wanted);
    let mut loaded = 0;
    let mut answered = 0;
    while answered < urls.len() {
        match updates.recv().await.unwrap() {
            PictureUpdate::Loaded(..) => (answered, loaded) = (answered + 1, loaded + 1),
            PictureUpdate::Failed(..) => answered += 1,
            PictureUpdate::Started(_) | PictureUpdate::Dropped(_) | PictureUpdate::Prepared(..) => {}
        }
    }
    loaded
}

async fn requests_are_limited_and_further_after_a_429() {
    let slow = |body: Vec<Act>| [vec![Act::Pause(Duration::from_millis(30))], body].concat();
    let server = ImageServer::start(move |_| slow(picture(BASE))).await;
    let urls: Vec<String> = (0..30).map(|i| server.url(&format!("/{i}.jpg"))).collect();
    let (media, mut updates) = spawn(config(&[&server.host()]));
    assert_eq!(all_answers(&media, &mut updates, &urls).await, 30);
    assert_eq!(server.most_in_flight(), 6);
    assert!(server.connections() <= 6, "connections are kept");

    let server = ImageServer::start(move |request| match request.path.as_str() {
        "/first.jpg" => answer("429 Too Many", "", b""),
        _ => slow(picture(BASE)),
    })
    .await;
    let (media, mut updates) = spawn(config(&[&server.host()]));
    media.want(vec![request(99, &server.url("/first.jpg"))]);
    assert!(answer_to(&mut updates, key(99)).await.is_err());
    let urls: Vec<String> = (0..10).map(|i| server.url(&format!("/{i}.jpg"))).collect();
    assert_eq!(all_answers(&media, &mut updates, &urls).await, 10);
    assert_eq!(server.most_in_flight(), 2);
}

async fn the_latest_list_wins() {
    let server = ImageServer::start(|request| match request.path.as_str() {
        "/slow.jpg" => vec![Act::Hang],
        _ => picture(BASE),
    })
    .await;
    let config = MediaConfig { jobs: 1, idle_timeout: Duration::from_mins(1), ..config(&[&server.host()]) };
    let (media, mut updates) = spawn(config);
    media.want(vec![request(0, &server.url("/slow.jpg")), request(1, &server.url("/1.jpg"))]);
    assert_eq!(updates.recv().await, Some(PictureUpdate::Started(key(0))));
    media.want(vec![request(2, &server.url("/2.jpg"))]);
    assert_eq!(updates.recv().await, Some(PictureUpdate::Dropped(key(0))));
    assert_eq!(updates.recv().await, Some(PictureUpdate::Started(key(2))));
    assert!(matches!(updates.recv().await, Some(PictureUpdate::Loaded(loaded, _)) if loaded == key(2)));
    assert!(!server.requests().iter().any(|request| request.path == "/1.jpg"));

    // Dropping the handle ends it all.
    media.want(vec![request(0, &server.url("/slow.jpg"))]);
    assert_eq!(updates.recv().await, Some(PictureUpdate::Started(key(0))));
    drop(media);
    assert_eq!(updates.recv().await, None);
}

async fn an_answered_key_is_fetched_again_only_after_it_left_the_list() {
    let server = ImageServer::start(|request| match request.path.as_str() {
        "/forbidden.jpg" => answer("403 Forbidden", "", b""),
        _ => picture(BASE),
    })
    .await;
    let (media, mut updates) = spawn(config(&[&server.host()]));
    let forbidden = request(0, &server.url("/forbidden.jpg"));
    media.want(vec![forbidden.clone()]);
    assert!(answer_to(&mut updates, key(0)).await.is_err());
    media.want(vec![forbidden.clone(), request(1, &server.url("/1.jpg"))]);
    assert!(answer_to(&mut updates, key(1)).await.is_ok());
    assert_eq!(server.requests().len(), 2);
    // Both lists at once: the scheduler may see the second one only, and yet knows that the key had left.
    media.want(vec![]);
    media.want(vec![forbidden]);
    assert!(answer_to(&mut updates, key(0)).await.is_err());
    assert_eq!(server.requests().len(), 3);
}

async fn nothing_is_fetched_if_fetching_is_disabled() {
    let server = ImageServer::start(|_| picture(BASE)).await;
    let config = MediaConfig { fetch: FetchMode::Never, ..config(&[&server.host()]) };
    assert_eq!(failure(config, &server.url("/0.jpg")).await, "not fetched");
    assert_eq!(server.connections(), 0);
}

async fn failures_contain_no_secrets() {
    let server = ImageServer::start(|request| match request.path.as_str() {
        // Servers that repeat what they were asked.
        path if path.starts_with("/echo") => {
            answer("200 OK", "Content-Type: text/html\r\n", format!("no {path} here").as_bytes())
        }
        path if path.starts_with("/obs") => {
            let body = format!("<Code>Bad</Code><Message>you asked {path}</Message>");
            answer("403 No", "", body.as_bytes())
        }
        path if path.starts_with("/redirect") => redirect("http://10.0.0.1/?token=SECRET1234"),
        _ => vec![Act::Close],
    })
    .await;
    let secret = "auth_key=1790000000-0-0-SECRET1234&token=SECRET1234";
    for path in ["/echo", "/obs", "/redirect", "/closed"] {
        let failure = load(config(&[&server.host()]), &server.url(&format!("{path}?{secret}"))).await.unwrap_err();
        let text = format!("{failure:?}");
        assert!(!text.contains("SECRET"), "{text}");
    }
    let user = format!("http://user:SECRET1234@{}/", server.host());
    for url in [user.as_str(), "http://SECRET1234:x:y/", "SECRET1234://h/?a=SECRET1234"] {
        let text = format!("{:?}", load(config(&[&server.host()]), url).await.unwrap_err());
        assert!(!text.contains("SECRET"), "{text}");
    }
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, bytes).unwrap();
    encoder.finish().unwrap()
}

async fn encoded_bodies_are_decoded_or_named() {
    let server = ImageServer::start(|request| {
        let gzip = |body: &[u8]| answer("200 OK", "Content-Encoding: gzip\r\n", body);
        match request.path.as_str() {
            "/gzip" => gzip(&gzipped(BASE)),
            "/not-encoded" => gzip(BASE),
            "/half" => gzip(&gzipped(BASE)[..1800]),
            "/bomb" => gzip(&gzipped(&[BASE, &vec![0; 1 << 20]].concat())),
            "/html" => gzip(&gzipped(b"<html>log in")),
            "/nonsense" => gzip(b"nonsense"),
            "/br" => answer("200 OK", "Content-Encoding: br\r\n", b"\x1b\x0f"),
            "/error" => answer(
                "403 Forbidden",
                "Content-Encoding: gzip\r\n",
                &gzipped(b"<Code>AccessDenied</Code><Message>expired</Message>"),
            ),
            _ => unreachable!(),
        }
    })
    .await;
    let config = || MediaConfig { max_bytes: 500_000, ..config(&[&server.host()]) };
    for path in ["/gzip", "/not-encoded"] {
        let picture = load(config(), &server.url(path)).await.unwrap();
        assert_eq!((&*picture.jpeg, &picture.damage), (BASE, &None), "{path}");
    }
    let half = load(config(), &server.url("/half")).await.unwrap();
    let damage = half.damage.as_ref().unwrap().text().as_str();
    assert_eq!(damage, "truncated after 1 KB, then the encoded data is invalid or ends");
    let check = async |path: &str, expected: &[&str]| {
        let error = load(config(), &server.url(path)).await.unwrap_err();
        assert_eq!(&lines(&error)[..expected.len()], expected, "{path}");
    };
    check("/bomb", &["too large: more than 500 KB"]).await;
    check("/html", &["not a JPEG: unknown type", "begins: <html>log in"]).await;
    check("/nonsense", &["the answer is encoded as gzip or deflate, and is neither"]).await;
    check("/br", &["the answer is encoded as br"]).await;
    check("/error", &["HTTP 403", "OBS: AccessDenied expired"]).await;
}

async fn complete_answers_with_other_statuses_are_taken() {
    let len = BASE.len();
    let server = ImageServer::start(move |request| match request.path.as_str() {
        "/203" => answer("203 Non-Authoritative Information", "", BASE),
        "/206" => answer("206 Partial Content", &format!("Content-Range: bytes 0-{}/{len}\r\n", len - 1), BASE),
        "/unknown-length" => answer("206 Partial Content", "Content-Range: bytes 0-9/*\r\n", BASE),
        "/part" => answer("206 Partial Content", &format!("Content-Range: bytes 0-999/{len}\r\n"), &BASE[..1000]),
        "/204" => answer("204 No Content", "", b""),
        _ => unreachable!(),
    })
    .await;
    for path in ["/203", "/206", "/unknown-length"] {
        let picture = load(config(&[&server.host()]), &server.url(path)).await.unwrap();
        assert_eq!(picture.damage, None, "{path}");
    }
    let part = load(config(&[&server.host()]), &server.url("/part")).await.unwrap();
    assert_eq!(part.damage.as_ref().unwrap().text().as_str(), "truncated: 1 of 2 KB, the server sent only a part");
    assert_eq!(failure(config(&[&server.host()]), &server.url("/204")).await, "HTTP 204");
}

async fn locations_may_hold_characters_beyond_ascii() {
    let server = ImageServer::start(|request| match request.path.as_str() {
        "/raw" => redirect("/快照/é.jpg?v=ü"),
        "/encoded" => redirect("/%C3%A9.jpg"),
        "/%E5%BF%AB%E7%85%A7/%C3%A9.jpg?v=%C3%BC" | "/%C3%A9.jpg" => picture(BASE),
        _ => answer("404 Not Found", "", b""),
    })
    .await;
    for path in ["/raw", "/encoded"] {
        assert!(load(config(&[&server.host()]), &server.url(path)).await.is_ok(), "{path}");
    }
}

async fn a_request_that_a_kept_connection_lost_is_sent_again() {
    for then in [Act::Close, Act::Reset] {
        let server =
            ImageServer::start(move |request| if request.earlier == 0 { picture(BASE) } else { vec![then.clone()] })
                .await;
        let (media, mut updates) = spawn(MediaConfig { jobs: 2, ..config(&[&server.host()]) });
        let urls: Vec<String> = (0..12).map(|index| server.url(&format!("/{index}.jpg"))).collect();
        assert_eq!(all_answers(&media, &mut updates, &urls).await, 12);
        assert!(server.requests().iter().any(|request| request.earlier > 0), "a connection was used again");
    }
}

async fn a_lost_request_leaves_the_retry_for_later() {
    // The first picture makes a connection that is kept. The second request on it is lost, the one after it, on a fresh
    // connection, fails, and the retry is still to come.
    let failed = std::sync::atomic::AtomicBool::new(false);
    let server = ImageServer::start(move |request| match (request.path.as_str(), request.earlier) {
        ("/0.jpg", _) => picture(BASE),
        (_, 1..) => vec![Act::Close],
        _ if failed.swap(true, std::sync::atomic::Ordering::SeqCst) => picture(BASE),
        _ => answer("503 Busy", "", b""),
    })
    .await;
    let (media, mut updates) = spawn(MediaConfig { jobs: 1, ..config(&[&server.host()]) });
    for index in 0..2 {
        media.want(vec![request(index, &server.url(&format!("/{index}.jpg")))]);
        assert!(answer_to(&mut updates, key(index)).await.is_ok(), "{index}");
    }
}

crate::tests! {
    encoded_bodies_are_decoded_or_named,
    complete_answers_with_other_statuses_are_taken,
    locations_may_hold_characters_beyond_ascii,
    a_request_that_a_kept_connection_lost_is_sent_again,
    a_lost_request_leaves_the_retry_for_later,
    an_undamaged_picture_arrives_unchanged,
    refused_hosts_are_not_connected_to,
    names_are_checked_by_their_addresses,
    each_redirect_is_checked,
    headers_go_to_their_host_only,
    timeouts_and_broken_connections_are_reported,
    resets_are_named,
    failed_connections_are_explained,
    truncated_pictures_are_shown_and_marked,
    bodies_are_limited,
    bodies_are_known_by_their_first_bytes,
    failures_are_retried_if_that_may_help,
    requests_are_limited_and_further_after_a_429,
    the_latest_list_wins,
    an_answered_key_is_fetched_again_only_after_it_left_the_list,
    nothing_is_fetched_if_fetching_is_disabled,
    failures_contain_no_secrets,
}
