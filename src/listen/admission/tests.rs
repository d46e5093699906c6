//! Tests of the answers to signed, forged and changed callbacks.

use super::*;
use crate::listen::{line::JournalLine, signature::SmnSigner};

const TOPIC: &str = "urn:smn:cn-north-4:0a1b2c3d4e5f60718293a4b5c6d7e8f9:vod-events";
const ID: &str = "d84bd6629ef04513ad2e37bffd6e17cb";
const TIME: &str = "2026-03-14T01:15:02Z";
const EVENT: &str = r#"{"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":"a","status":"FAILED"}}"#;
const STREAM: &str = include_str!("../../../tests/fixtures/smn-stream.ndjson");

fn signer() -> SmnSigner {
    SmnSigner::read(include_bytes!("../../../assets/test-only-smn-key.pem")).unwrap()
}

/// The keys that sign the fixtures and the demo.
fn keys() -> TrustedKeys {
    let pems: [&[u8]; 2] = [
        include_bytes!("../../../tests/fixtures/callbacks/smn-test-cert.pem"),
        include_bytes!("../../../assets/test-only-smn-cert.pem"),
    ];
    let certificates = pems.into_iter().flat_map(|pem| SmnCertificate::read_all(pem).unwrap()).collect();
    let smn = Some(TrustedTopics { certificates, topics: vec![TOPIC.to_owned()] });
    TrustedKeys { smn, mfs: Some(MfsKey::new(b"secret").unwrap()) }
}

fn admit<'a>(keys: &TrustedKeys, body: &'a str) -> Result<Callback<'a>, CallbackRefusal> {
    keys.admit(&ReceivedCallback { body: body.as_bytes(), ..ReceivedCallback::default() })
}

fn refused(keys: &TrustedKeys, body: &str) -> Option<CallbackRefusal> {
    admit(keys, body).err()
}

/// A signed notification.
fn notification() -> String {
    signer().notification(TOPIC, ID, TIME, EVENT)
}

/// A message of MFS around a text, as VOD posts it.
fn mfs(message: &str) -> String {
    serde_json::json!({ "message": message }).to_string()
}

fn admit_mfs(body: &str, timestamp: Option<&str>, sign: Option<&str>) -> Result<Option<String>, CallbackRefusal> {
    let received = ReceivedCallback { body: body.as_bytes(), auth_timestamp: timestamp, auth_sign: sign };
    keys().admit(&received).map(|callback| callback.sign.map(str::to_owned))
}

#[test]
fn the_signed_samples_are_taken_and_no_change_of_them() {
    let keys = keys();
    for line in STREAM.lines() {
        let callback = admit(&keys, line).unwrap();
        assert_eq!(callback.subscription.is_some(), line.contains("Confirmation\""), "{line}");
        let fields = BodyFields::read(line).unwrap();
        for name in ["message", "message_id", "timestamp", "topic_urn", "subscribe_url", "subject"] {
            let Some(value) = fields.raw(name).filter(|value| value.len() > 2) else { continue };
            for (at, byte) in [(1, b'7'), (value.len() - 2, b'8')] {
                let mut changed = value.as_bytes().to_vec();
                changed[at] = byte;
                let Ok(changed) = String::from_utf8(changed) else { continue };
                let Ok(_) = serde_json::from_str::<IgnoredAny>(&changed) else { continue };
                if changed != value {
                    let changed = line.replacen(value, &changed, 1);
                    assert!(refused(&keys, &changed).is_some_and(|refusal| refusal.status() == 403), "{changed}");
                }
            }
        }
    }
}

#[test]
fn what_is_not_signed_as_it_stands_is_refused() {
    use CallbackRefusal::{
        AmbiguousField, NoCertificate, NoKey, RepeatedField, UnknownTopic, Unsigned, WrongSignature,
    };
    let keys = keys();
    let good = notification();
    let check = |body: &str, expected: Option<CallbackRefusal>| assert_eq!(refused(&keys, body), expected, "{body}");
    check(&good, None);
    check(&format!("\n {good}\r\n"), None);
    check(&good.replace("\"signature\":", "\"other\":"), Some(Unsigned));
    check(&good.replace("FAILED", "SUCCEED"), Some(WrongSignature));
    check(&good.replace("\"VOD\"", "\"VOE\""), Some(WrongSignature));
    check(&good.replace("\"VOD\"", "\"V\\nOD\""), Some(AmbiguousField("subject")));
    check(&good.replace(ID, &format!("{ID}\\n")), Some(AmbiguousField("message_id")));
    check(&good.replace(TIME, "2026-03-14T01:15:02"), Some(AmbiguousField("timestamp")));
    check(&signer().notification("urn:smn:cn-north-4:0:other", ID, TIME, EVENT), Some(UnknownTopic));
    check(&good.replacen('{', "{\"message\":\"\",", 1), Some(RepeatedField));
    check(&good.replacen('{', "{\"Message\":\"\",", 1), Some(RepeatedField));
    check(&good.replacen('{', "{\"messageId\":\"\",", 1), Some(RepeatedField));
    let only_mfs = TrustedKeys { smn: None, ..super::tests::keys() };
    assert_eq!(refused(&only_mfs, &good), Some(NoCertificate));
    let only_smn = TrustedKeys { mfs: None, ..super::tests::keys() };
    assert_eq!(refused(&only_smn, &mfs(EVENT)), Some(NoKey));
    let stranger = SmnSigner::read(&fresh_key()).unwrap();
    check(&stranger.notification(TOPIC, ID, TIME, EVENT), Some(WrongSignature));
}

/// A key of the right kind that nobody trusts.
fn fresh_key() -> Vec<u8> {
    rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap().serialize_pem().into_bytes()
}

#[test]
fn a_signature_of_another_algorithm_is_refused() {
    use aws_lc_rs::{rand::SystemRandom, signature};
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
    let pem = include_bytes!("../../../assets/test-only-smn-key.pem");
    let key = PrivatePkcs8KeyDer::from_pem_slice(pem).unwrap();
    let key = signature::RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).unwrap();
    let good = notification();
    let fields = BodyFields::read(&good).unwrap();
    let text = SmnMessage::read(&fields).unwrap().signed_text();
    let own = fields.text("signature").unwrap();
    let encodings: [&dyn signature::RsaEncoding; 3] =
        [&signature::RSA_PKCS1_SHA384, &signature::RSA_PKCS1_SHA512, &signature::RSA_PSS_SHA256];
    for encoding in encodings {
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(encoding, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
        let body = good.replace(&own, &STANDARD.encode(signature));
        assert_eq!(refused(&keys(), &body), Some(CallbackRefusal::WrongSignature));
    }
}

#[test]
fn an_event_beside_what_is_signed_is_refused() {
    let keys = keys();
    let good = notification();
    let text = serde_json::to_string(EVENT).unwrap();
    for field in [
        format!("\"extra\":{text}"),
        format!("\"extra\":{EVENT}"),
        format!("\"unsubscribe_url\":{text}"),
        format!("\"subscribe_url\":{text}"),
        format!("\"extra\":[[{{\"deep\":{text}}}]]"),
    ] {
        let body = good.replacen('{', &format!("{{{field},"), 1);
        assert_eq!(refused(&keys, &body), Some(CallbackRefusal::UnsignedEvent), "{body}");
    }
    // New fields of SMN do no harm.
    assert_eq!(refused(&keys, &good.replacen('{', "{\"message_attributes\":{\"a\":[1]},", 1)), None);
    let confirmation = signer().confirmation(TOPIC, ID, TIME, "https://h/");
    assert_eq!(refused(&keys, &confirmation), None);
    let body = confirmation.replacen('{', &format!("{{\"subject\":{text},"), 1);
    assert_eq!(refused(&keys, &body), Some(CallbackRefusal::UnsignedEvent));
}

#[test]
fn messages_of_mfs_are_verified() {
    use CallbackRefusal::{AmbiguousField, NoEvent, RepeatedField, Unsigned, UnsignedEvent, WrongSignature};
    let key = MfsKey::new(b"secret").unwrap();
    let (body, time) = (mfs(EVENT), "1773450902");
    let sign = key.sign(time, EVENT);
    let check = |body: &str, time, sign: &str, expected: Result<(), CallbackRefusal>| {
        assert_eq!(admit_mfs(body, Some(time), Some(sign)).map(drop), expected, "{body}");
    };
    assert_eq!(admit_mfs(&body, Some(time), Some(&sign)), Ok(Some(sign.clone())));
    check(&body, time, &sign.to_uppercase(), Ok(()));
    assert_eq!(admit_mfs(&body, None, Some(&sign)), Err(Unsigned));
    assert_eq!(admit_mfs(&body, Some(time), None), Err(Unsigned));
    check(&body, "1773450903", &sign, Err(WrongSignature));
    check(&mfs(&EVENT.replace("FAILED", "SUCCEED")), time, &sign, Err(WrongSignature));
    check(&body, time, &MfsKey::new(b"other").unwrap().sign(time, EVENT), Err(WrongSignature));
    check(&body, "1773450902_", &key.sign("1773450902_", EVENT), Err(AmbiguousField("auth_timestamp")));
    check(&body.replacen('{', "{\"Message\":\"\",", 1), time, &sign, Err(RepeatedField));
    check(&body.replacen('{', &format!("{{\"other\":{EVENT},"), 1), time, &sign, Err(UnsignedEvent));
    // An object as the message, and the event as the whole body.
    let object = format!("{{\"message\":{EVENT}}}");
    check(&object, time, &sign, Ok(()));
    check(EVENT, time, &sign, Ok(()));
    check(&mfs("hello"), time, &key.sign(time, "hello"), Err(NoEvent));
    check("hello", time, &key.sign(time, "hello"), Err(NoEvent));
}

#[test]
fn without_keys_everything_with_an_event_is_taken() {
    let keys = TrustedKeys::default();
    let origin = |body| admit(&keys, body).unwrap().subscription.map(|change| change.origin);
    for body in [EVENT, &mfs(EVENT), &notification(), &notification().replace("FAILED", "SUCCEED"), &pretty(EVENT)] {
        assert_eq!(refused(&keys, body), None, "{body}");
    }
    assert_eq!(refused(&keys, &format!("body={EVENT}")), None);
    assert_eq!(refused(&keys, r#"{"event_type":"thumbnailComplete","thumbnail_info":{"#), None, "counted as unparsed");
    let message = serde_json::json!({"type":"Notification","message_id":"1","topic_urn":"t","message":"CPU 97 %"});
    assert_eq!(refused(&keys, &message.to_string()), None, "a message of SMN about something else");
    assert_eq!(origin(&signer().confirmation(TOPIC, ID, TIME, "https://h/")), Some(MessageOrigin::Unknown));
    for body in ["", "hello", "{}", "[]", r#"{"message":"hello"}"#, r#"{"type":"Notification"}"#] {
        assert_eq!(refused(&keys, body), Some(CallbackRefusal::NoEvent), "{body}");
    }
    let binary = ReceivedCallback { body: b"\xff\xfe", ..ReceivedCallback::default() };
    assert_eq!(keys.admit(&binary), Err(CallbackRefusal::NoEvent));
}

/// The event over many lines.
fn pretty(text: &str) -> String {
    serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(text).unwrap()).unwrap()
}

/// The ids and times of the events of a text.
fn events(text: &[u8]) -> Vec<(String, String, Option<String>)> {
    let mut found = FoundEvents::default();
    let mut reader = RecordReader::new(FileId::default());
    reader.read(text, 0, NonZeroU32::new(1), &mut found);
    reader.finish(&mut found);
    let time = |event: &crate::event::LogEvent| event.time.map(|time| time.to_string());
    found.events.iter().map(|event| (event.asset.to_string(), event.status.as_str().to_owned(), time(event))).collect()
}

#[test]
fn the_journal_holds_the_events_of_a_body() {
    let keys = TrustedKeys::default();
    let bodies =
        STREAM.lines().map(str::to_owned).chain([EVENT.to_owned(), mfs(EVENT), pretty(EVENT), pretty(&notification())]);
    let mut count = 0;
    for body in bodies {
        let callback = admit(&keys, &body).unwrap();
        let line = JournalLine {
            time: "2026-03-15T00:00:00Z".into(),
            from: "10.0.0.7".into(),
            kind: callback.kind,
            sign: None,
            body: callback.body.into(),
        };
        let mut expected = events(body.as_bytes());
        // A message without a time has that of the journal.
        for (.., time) in &mut expected {
            *time = time.take().or_else(|| Some("2026-03-15T00:00:00Z".to_owned()));
        }
        assert_eq!(events(&line.to_bytes()), expected, "{body}");
        let bytes = line.to_bytes();
        assert_eq!(JournalLine::read(bytes.trim_ascii_end()).unwrap().delivery(), callback.delivery);
        count += expected.len();
    }
    assert!(count >= 8, "{count}");
}
