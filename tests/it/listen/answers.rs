//! The answers of a server in this process.

use super::*;
use rcgen::{CertificateParams, KeyPair};
use std::{net::Shutdown, thread};
use thumbview::listen::TlsFiles;

fn each_request_has_its_answer() {
    let place = Place::unsigned();
    let mut client = Client::new(place.listener.address());
    let mut check = |headers: &str, body: &[u8], expected: u16| {
        let (status, text) = client.post(headers, body);
        assert_eq!(status, expected, "{text}");
    };
    check("", event("a").as_bytes(), 200);
    check("Content-Type: text/plain\r\n", json!({ "message": event("b") }).to_string().as_bytes(), 200);
    check("", STREAM.lines().next().unwrap().as_bytes(), 200);
    for nothing in ["", "hello", "{}", "[1]", r#"{"message":"hello"}"#] {
        check("", nothing.as_bytes(), 400);
    }
    check("", b"\xff\xfe", 400);
    let padded = event("c") + &" ".repeat((512 << 10) - event("c").len());
    check("", padded.as_bytes(), 200);
    let lines = lines(&place.journal());
    assert_eq!(lines.len(), 4);
    assert_eq!(
        (&lines[0]["from"], &lines[0]["kind"], &lines[0]["body"]),
        (&json!("127.0.0.1"), &json!("mfs"), &json!(event("a")))
    );
    assert_eq!(lines[2]["kind"], "smn-subscription");
    assert_eq!(lines[3]["body"], json!(padded));
    let counts = place.listener.tally().counts();
    assert_eq!((counts.kept, counts.doubles, counts.refused), (4, 0, 6));
}

fn a_head_that_is_too_large_is_told() {
    let place = Place::unsigned();
    let mut client = Client::new(place.listener.address());
    // All of it is read, so that the answer comes through.
    let head = format!("POST / HTTP/1.1\r\nHost: h\r\n{}\r\n", "X: y\r\n".repeat(200));
    client.send(head.as_bytes());
    assert_eq!(client.answer().unwrap().0, 431);
    place.wait_for_notice("was refused (431): the head is larger than 64 KiB");
}

fn other_methods_are_refused() {
    let place = Place::unsigned();
    let mut client = Client::new(place.listener.address());
    for request in ["GET / HTTP/1.1\r\nHost: h\r\n\r\n", "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"] {
        client.send(request.as_bytes());
        assert_eq!(client.answer().unwrap().0, 405, "{request}");
    }
    assert_eq!(client.post("", event("a").as_bytes()).0, 200, "the connection was kept");
    let mut stranger = Client::new(place.listener.address());
    stranger.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n");
    assert!(stranger.answer().is_none_or(|(status, _)| status == 400));
    place.wait_for_notice("(400): not HTTP");
}

fn chunked_bodies_are_taken() {
    let place = Place::unsigned();
    let mut client = Client::new(place.listener.address());
    let body = event("a");
    let (one, two) = body.split_at(20);
    let chunks = format!("{:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n", one.len(), two.len());
    client.send(format!("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}").as_bytes());
    assert_eq!(client.answer().unwrap().0, 200);
    assert_eq!(lines(&place.journal())[0]["body"], json!(body));
}

fn bodies_that_are_too_large_are_read_and_refused() {
    let place = Place::unsigned();
    for size in [(512 << 10) + 1, 600_000, 1 << 20] {
        let mut client = Client::new(place.listener.address());
        // It would be reset while it is sent if it were not read.
        assert_eq!(client.post("", &vec![b' '; size]).0, 413, "{size}");
        assert!(client.is_closed());
    }
    let mut asking = Client::new(place.listener.address());
    asking.send(b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 600000\r\n\r\n");
    assert_eq!(asking.answer().unwrap().0, 413, "before anything was sent");
    assert_eq!(fs::metadata(place.journal()).unwrap().len(), 0);
}

fn half_requests_end() {
    let place = Place::unsigned();
    let address = place.listener.address();
    let begin = |bytes: &[u8]| {
        let mut client = Client::new(address);
        client.send(bytes);
        client
    };
    let mut silent = begin(b"");
    let mut half_head = begin(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Le");
    let mut half_body = begin(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{\"event_type\":");
    let mut cut_off = begin(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{\"event_type\":");
    cut_off.0.get_mut().shutdown(Shutdown::Write).unwrap();
    assert!(cut_off.answer().is_none_or(|(status, _)| status == 400));
    assert_eq!(half_body.answer().unwrap().0, 408);
    assert!(half_body.is_closed());
    assert!(half_head.answer().is_none_or(|(status, _)| status == 408));
    assert!(silent.is_closed());
    assert_eq!(place.post(&event("a")), 200);
    assert_eq!(lines(&place.journal()).len(), 1);
}

fn idle_connections_keep_nobody_out() {
    let place = Place::unsigned();
    let count = (descriptors() / 4).min(1000);
    let idle: Vec<TcpStream> = (0..count).map(|_| TcpStream::connect(place.listener.address()).unwrap()).collect();
    let senders: Vec<_> = (0..16)
        .map(|sender| {
            let address = place.listener.address();
            thread::spawn(move || Client::new(address).post("", event(&format!("a{sender}")).as_bytes()).0)
        })
        .collect();
    for sender in senders {
        assert_eq!(sender.join().unwrap(), 200);
    }
    assert_eq!(lines(&place.journal()).len(), 16);
    drop(idle);
}

fn signed_samples_are_taken_and_forged_ones_are_not() {
    let place = Place::signed();
    for line in STREAM.lines() {
        assert_eq!(place.post(line), 200, "{line}");
        let forged = line.replace("2026-03-1", "2026-04-1");
        assert_eq!(place.post(&forged), 403, "{forged}");
    }
    let different = STREAM.lines().collect::<std::collections::BTreeSet<_>>().len();
    assert_eq!(lines(&place.journal()).len(), different);
    let good = signer().notification(TOPIC, "d84bd6629ef04513ad2e37bffd6e17aa", TIME, &event("a"));
    let other_topic = signer().notification("urn:smn:x:y:z", "d84bd6629ef04513ad2e37bffd6e17aa", TIME, &event("a"));
    for (body, expected) in [
        (other_topic, 403),
        (good.replace("VOD.1", "VOD.2"), 403),
        (good.replacen('{', "{\"message\":\"\",", 1), 403),
        (good.replacen('{', "{\"unsubscribe_url\":\"http://h/\",", 1), 200),
        (event("a"), 403),
        (json!({ "message": event("a") }).to_string(), 403),
    ] {
        assert_eq!(place.post(&body), expected, "{body}");
    }
    let (headers, body) = mfs("b", "1773450902");
    let mut client = Client::new(place.listener.address());
    assert_eq!(client.post(&headers, body.as_bytes()).0, 200);
    assert_eq!(client.post(&headers, body.replace("VOD.1", "VOD.2").as_bytes()).0, 403);
    assert_eq!(lines(&place.journal()).len(), different + 2);
    let notices = place.notices();
    assert!(notices.iter().any(|notice| notice.ends_with("was refused (403): the signature is wrong")), "{notices:?}");
    assert!(notices.iter().any(|notice| notice.starts_with("confirm a subscription within 48 h: ")), "{notices:?}");
}

fn a_replay_is_kept_once() {
    let place = Place::signed();
    let body = signer().notification(TOPIC, "d84bd6629ef04513ad2e37bffd6e17aa", TIME, &event("a"));
    let (headers, mfs_body) = mfs("b", "1773450902");
    let senders: Vec<_> = (0..8)
        .map(|_| {
            let (address, body) = (place.listener.address(), body.clone());
            let (headers, mfs_body) = (headers.clone(), mfs_body.clone());
            thread::spawn(move || {
                let mut client = Client::new(address);
                for _ in 0..25 {
                    assert_eq!(client.post("", body.as_bytes()).0, 200);
                    assert_eq!(client.post(&headers, mfs_body.as_bytes()).0, 200);
                }
            })
        })
        .collect();
    for sender in senders {
        sender.join().unwrap();
    }
    assert_eq!(lines(&place.journal()).len(), 2);
    let counts = place.listener.tally().counts();
    assert_eq!((counts.kept, counts.doubles), (2, 398));
    // After the same again at another time, and after a restart.
    let Place { listener, folder, .. } = place;
    drop(listener);
    let again = Place::with(|config| config.journal = folder.path().join("vod.journal"));
    assert_eq!(again.post(&body), 200);
    assert_eq!(lines(&folder.path().join("vod.journal")).len(), 2);
}

fn a_rotation_loses_nothing() {
    let place = Place::unsigned();
    let senders: Vec<_> = (0..4)
        .map(|sender| {
            let address = place.listener.address();
            thread::spawn(move || {
                let mut client = Client::new(address);
                for number in 0..100 {
                    assert_eq!(client.post("", event(&format!("{sender}-{number}")).as_bytes()).0, 200);
                }
            })
        })
        .collect();
    let mut rotated = Vec::new();
    while senders.iter().any(|sender| !sender.is_finished()) {
        let to = place.folder.path().join(format!("vod.journal.{}", rotated.len()));
        if fs::rename(place.journal(), &to).is_ok() {
            rotated.push(to);
        }
        thread::sleep(Duration::from_millis(20));
    }
    for sender in senders {
        sender.join().unwrap();
    }
    rotated.push(place.journal());
    let mut bodies: Vec<String> = rotated
        .iter()
        .filter(|file| file.exists())
        .flat_map(|file| lines(file))
        .map(|line| line["body"].as_str().unwrap().to_owned())
        .collect();
    bodies.sort();
    let mut expected: Vec<String> =
        (0..4).flat_map(|sender| (0..100).map(move |number| event(&format!("{sender}-{number}")))).collect();
    expected.sort();
    assert_eq!(bodies, expected);
    assert!(rotated.len() > 1);
}

async fn https_is_served_with_a_certificate_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let files = TlsFiles { certificate: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
    fs::write(&files.certificate, certificate.pem()).unwrap();
    fs::write(&files.key, key.serialize_pem()).unwrap();
    let place = Place::with(|config| config.tls = Some(files));
    let root = reqwest::Certificate::from_pem(certificate.pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([root]).build().unwrap();
    let url = format!("https://localhost:{}/", place.listener.address().port());
    for asset in ["a", "b"] {
        assert_eq!(client.post(&url).body(event(asset)).send().await.unwrap().status(), 200);
    }
    assert_eq!(lines(&place.journal()).len(), 2);
    let plain = tokio::task::spawn_blocking(move || {
        let mut client = Client::new(place.listener.address());
        client.try_post("", event("c").as_bytes())
    });
    assert_eq!(plain.await.unwrap(), None, "plain HTTP gets no answer");
}

fn unusable_settings_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    fs::write(&empty, "").unwrap();
    let refused = |change: &dyn Fn(&mut ListenConfig)| {
        let mut config = ListenConfig::unsigned(([127, 0, 0, 1], 0).into(), folder.path().join("vod.journal"));
        change(&mut config);
        listen::start(&config).err().unwrap().to_string()
    };
    let check = |change: &dyn Fn(&mut ListenConfig), expected: &str| {
        let text = refused(change);
        assert!(text.contains(expected), "{text}");
    };
    check(&|config| config.smn_certificates = vec![empty.clone()], "--smn-cert ");
    check(&|config| config.smn_certificates = vec![empty.clone()], "empty.pem: holds no certificate in PEM form");
    check(&|config| config.mfs_key = Some(empty.clone()), "empty.pem: is empty");
    check(&|config| config.mfs_key = Some(folder.path().join("absent")), "absent: cannot be read");
    let tls = TlsFiles { certificate: empty.clone(), key: empty.clone() };
    check(&|config| config.tls = Some(tls.clone()), "empty.pem holds no certificate in PEM form");
    check(&|config| config.journal = folder.path().join("absent/vod.journal"), "vod.journal cannot be used");
    let taken = Place::unsigned();
    check(&|config| config.address = taken.listener.address(), "another program does; choose another port");
    check(&|config| config.journal = taken.journal(), "in use by another listen");
}

crate::tests![
    each_request_has_its_answer,
    a_head_that_is_too_large_is_told,
    other_methods_are_refused,
    chunked_bodies_are_taken,
    bodies_that_are_too_large_are_read_and_refused,
    half_requests_end,
    idle_connections_keep_nobody_out,
    signed_samples_are_taken_and_forged_ones_are_not,
    a_replay_is_kept_once,
    a_rotation_loses_nothing,
    https_is_served_with_a_certificate_of_its_own,
    unusable_settings_are_named,
];
