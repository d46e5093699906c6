//! What goes wrong with topics: each has a sentence, ends in bounded time where the end is waited for, and passes by
//! itself where a topic is followed.

use super::*;
use crate::support::kafka::{SASL_AUTHENTICATE, TOPIC_AUTHORIZATION_FAILED, UNSUPPORTED_COMPRESSION_TYPE};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::{fs, net::TcpListener, sync::Arc};
use thumbview::source::kafka::{HostnameCheck, Mechanism, Password, PasswordSource};
use tokio_rustls::rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer};

/// The rank of a topic's first partition.
const FIRST: u16 = 1;

fn with(config: SourceConfig, change: impl FnOnce(&mut KafkaOptions)) -> SourceConfig {
    let mut kafka = config.kafka.clone();
    change(&mut kafka);
    SourceConfig { kafka, ..config }
}

/// Reads a topic once, and returns why it was given up.
#[track_caller]
fn failure(config: SourceConfig) -> String {
    let mut heard = Heard::spawn(config);
    heard.until_finished();
    match heard.health(0) {
        Some(Health::Failed(why)) => why.as_str().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn check(config: SourceConfig, expected: &str) {
    assert_eq!(failure(config), expected);
}

fn login(user: &str, password: &str) -> impl FnOnce(&mut KafkaOptions) {
    move |kafka| {
        kafka.user = Some(user.to_owned());
        kafka.password = Some(PasswordSource::Text(Password::new(password.to_owned())));
        kafka.mechanism = Mechanism::Plain;
    }
}

fn no_broker_is_told() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let name = format!("kafka://{free}/vod");
    check(config(&name, ReadMode::Once), &format!("no broker answers at {free}: connection refused"));
    let cluster = three_partitions();
    let mut heard = Heard::once(&format!("kafka://{free},{}/vod", cluster.addr(0)));
    heard.until_finished();
    assert_eq!(heard.sorted_ids().len(), 6, "the next broker is asked");
}

fn a_silent_broker_is_given_up() {
    let cluster = three_partitions();
    cluster.fall_silent();
    let config = with(config_once(&cluster), |kafka| kafka.timing.answer = Duration::from_secs(1));
    check(config, &format!("no broker answers at {}: no answer for 1 s", cluster.addr(0)));
}

fn logins_are_refused_or_accepted() {
    let cluster = three_partitions();
    cluster.ask_for_login("ops", "secret");
    let refused = "the broker refuses user ops: wrong name, password or mechanism (--kafka-user, --kafka-password-file, \
                   --kafka-mechanism)";
    check(with(config_once(&cluster), login("ops", "wrong")), refused);
    let hint = "closes the connection at once: it may expect TLS (--kafka-ca) or a login (--kafka-user)";
    check(config_once(&cluster), &format!("{} {hint}", cluster.addr(0)));
    let mut heard = Heard::spawn(with(config_once(&cluster), login("ops", "secret")));
    heard.until_finished();
    assert_eq!(heard.sorted_ids().len(), 6);
    assert!(heard.noticed("the password is sent unencrypted"));
    assert!(!format!("{:?}", heard.all).contains("secret"));
    cluster.offer(&["SCRAM-SHA-512"]);
    let offered = "the broker does not offer PLAIN: choose another with --kafka-mechanism";
    check(with(config_once(&cluster), login("ops", "secret")), offered);
    check(
        with(config_once(&cluster), |kafka| kafka.user = Some("ops".to_owned())),
        "a user needs a password: --kafka-password-file, or the variable THUMBVIEW_KAFKA_PASSWORD",
    );
}

fn a_wrong_password_is_not_tried_at_once_again() {
    let cluster = three_partitions();
    cluster.ask_for_login("ops", "secret");
    let config = with(config(&cluster.name("vod"), ReadMode::Follow), login("ops", "wrong"));
    let mut heard = Heard::spawn(config);
    heard.until_health(0, "tried every 60 s");
    heard.until_loaded();
    thread::sleep(Duration::from_millis(300));
    assert_eq!(cluster.asked(SASL_AUTHENTICATE), 1);
}

/// A broker with a certificate for a host, and the file of its authority.
fn tls_cluster(host: &str, folder: &std::path::Path) -> (FakeCluster, PathBuf) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, format!("the authority of {host}"));
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let ca_file = folder.join(format!("{host}.pem"));
    fs::write(&ca_file, issuer.pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([host.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let tls = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let cluster = FakeCluster::start_with(1, Some(Arc::new(tls)));
    cluster.create("vod", 1);
    cluster.append("vod", 0, &[record(0, &event("a"))]);
    (cluster, ca_file)
}

fn tls_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let (right, ca) = tls_cluster("127.0.0.1", folder.path());
    let (other, other_ca) = tls_cluster("example.com", folder.path());
    let trusting =
        |cluster: &FakeCluster, ca: &PathBuf| with(config_once(cluster), |kafka| kafka.ca_file = Some(ca.clone()));
    let mut heard = Heard::spawn(trusting(&right, &ca));
    heard.until_finished();
    assert_eq!(heard.sorted_ids(), ["a"]);
    let fails = |cluster: &FakeCluster, why: &str| format!("TLS with {} fails: {why}", cluster.addr(0));
    check(trusting(&right, &other_ca), &fails(&right, "its certificate is signed by no authority of --kafka-ca"));
    check(
        trusting(&other, &other_ca),
        &fails(&other, "its certificate is for another host (--kafka-no-hostname accepts it)"),
    );
    let lenient =
        |cluster: &FakeCluster, ca: &PathBuf| with(trusting(cluster, ca), |kafka| kafka.hostname = HostnameCheck::Off);
    let mut heard = Heard::spawn(lenient(&other, &other_ca));
    heard.until_finished();
    assert_eq!(heard.sorted_ids(), ["a"]);
    check(lenient(&other, &ca), &fails(&other, "its certificate is signed by no authority of --kafka-ca"));
    let plain = three_partitions();
    check(trusting(&plain, &ca), &fails(&plain, "it does not speak TLS on this port"));
    let hint = "closes the connection at once: it may expect TLS (--kafka-ca) or a login (--kafka-user)";
    check(config_once(&right), &format!("{} {hint}", right.addr(0)));
    let missing = folder.path().join("none.pem");
    check(trusting(&right, &missing), &format!("{}: no such file or directory", missing.display()));
}

fn an_unknown_topic_is_told_and_not_created() {
    let cluster = three_partitions();
    let unknown = "there is no topic none on this cluster, or this user is not allowed to see it";
    check(config(&cluster.name("none"), ReadMode::Once), unknown);
    let mut heard = Heard::follow(&cluster.name("none"), TopicHistory::None);
    heard.until_health(0, unknown);
    heard.until_loaded();
    assert_eq!(cluster.named(), Vec::<String>::new(), "to ask for a topic may create it");
}

fn a_topic_that_was_deleted_is_not_created() {
    let cluster = three_partitions();
    let mut heard = Heard::follow(&cluster.name("vod"), TopicHistory::None);
    heard.until_loaded();
    let named = cluster.named().len();
    cluster.delete("vod");
    heard.until_health(0, "there is no topic vod");
    assert_eq!(cluster.named().len(), named);
}

fn a_topic_that_may_not_be_read_is_told() {
    let cluster = three_partitions();
    cluster.fail(FETCH, Some(TOPIC_AUTHORIZATION_FAILED));
    check(config_once(&cluster), "this user may not read topic vod: it needs READ in an ACL");
}

fn a_codec_that_the_broker_keeps_back_is_told() {
    let cluster = three_partitions();
    cluster.fail(FETCH, Some(UNSUPPORTED_COMPRESSION_TYPE));
    assert!(failure(config_once(&cluster)).contains("zstd"));
}

fn records_that_cannot_be_read_are_counted() {
    let cluster = FakeCluster::start(1);
    cluster.create("vod", 1);
    cluster.append("vod", 0, &[record(0, &event("a"))]);
    let unknown_codec = 5;
    cluster.append_packed("vod", 0, &[record(0, "?"), record(0, "?"), record(0, "?")], unknown_codec);
    cluster.append("vod", 0, &[record(0, &event("b"))]);
    let mut heard = Heard::once(&cluster.name("vod"));
    heard.until_finished();
    assert_eq!(heard.sorted_ids(), ["a", "b"]);
    let told = "3 records from offset 1 on are left out, since they cannot be read: invalid compression type: 5";
    assert!(heard.noticed(told), "{:#?}", heard.all);
}

fn marks_of_transactions_are_passed_over() {
    let cluster = FakeCluster::start(1);
    cluster.create("vod", 1);
    for number in 0..3 {
        cluster.append("vod", 0, &[record(0, &event(&format!("e{number}")))]);
        cluster.append_mark("vod", 0);
    }
    let mut heard = Heard::once(&cluster.name("vod"));
    heard.until_finished();
    assert_eq!(heard.sorted_ids(), ["e0", "e1", "e2"]);
    assert!(!heard.noticed("left out"));
    heard.source.set_mode(ReadMode::Follow);
    cluster.append("vod", 0, &[record(0, &event("e3"))]);
    heard.until_events(4);
}

fn a_record_over_16_mib_is_rejected() {
    let cluster = FakeCluster::start(1);
    cluster.create("vod", 1);
    let long = event("long") + &" ".repeat(17 << 20);
    cluster.append("vod", 0, &[record(0, &event("a"))]);
    cluster.append("vod", 0, &[record(0, &long)]);
    cluster.append("vod", 0, &[record(0, &event("b"))]);
    let mut heard = Heard::once(&cluster.name("vod"));
    heard.until_finished();
    assert_eq!(heard.sorted_ids(), ["a", "b"]);
    assert_eq!(heard.counts().unparsed, 1);
    let rejected = heard.all.iter().find_map(|update| {
        let LogUpdate::Batch { rejected, .. } = update else { return None };
        rejected.first()
    });
    let rejected = rejected.unwrap();
    assert_eq!((rejected.origin.byte, rejected.reason.as_str()), (1, "the line is longer than 16 MiB"));
}

fn a_batch_over_64_mib_is_left_out() {
    let cluster = FakeCluster::start(1);
    cluster.create("vod", 1);
    cluster.append("vod", 0, &[record(0, &event("a"))]);
    cluster.append("vod", 0, &[record(0, &"x".repeat(65 << 20))]);
    cluster.append("vod", 0, &[record(0, &event("b"))]);
    let mut heard = Heard::once(&cluster.name("vod"));
    heard.until_finished();
    assert_eq!(heard.sorted_ids(), ["a", "b"]);
    assert!(heard.noticed("the record at offset 1 is left out: it is larger than 64 MiB"));
}

fn a_restarted_broker_is_found_again() {
    let mut cluster = three_partitions();
    let mut heard = Heard::follow(&cluster.name("vod"), TopicHistory::None);
    heard.until_loaded();
    cluster.hang_up(0);
    cluster.append("vod", 0, &[record(0, &event("after-hanging-up"))]);
    heard.until_events(1);
    cluster.stop(0);
    cluster.append("vod", 1, &[record(0, &event("while-away"))]);
    heard.until_health(0, &format!("no broker answers at {}: connection refused, since ", cluster.addr(0)));
    heard.until_health(0, "next try in ");
    assert!(heard.noticed("/vod: no broker answers at "), "what the header has no room for is kept under !");
    cluster.restart(0);
    heard.until_events(2);
    heard.until_live(0);
    assert!(heard.noticed("connected again after "));
    assert_eq!(heard.sorted_ids(), ["after-hanging-up", "while-away"]);
}

fn a_broker_that_is_lost_while_the_end_is_waited_for_is_told() {
    let mut cluster = FakeCluster::start(1);
    cluster.create("vod", 1);
    cluster.append("vod", 0, &[record(0, &event("a"))]);
    // The partition has no leader, so that its end is never reached.
    cluster.lead("vod", 0, -1);
    let mut heard = Heard::once(&cluster.name("vod"));
    heard.until_health(FIRST, "the partition has no leader now, since ");
    cluster.stop(0);
    heard.until_finished();
    assert!(matches!(heard.health(0), Some(Health::Failed(_))), "{:#?}", heard.all);
}

fn leaders_that_move_are_followed() {
    let cluster = FakeCluster::start(2);
    cluster.create("vod", 1);
    let mut heard = Heard::follow(&cluster.name("vod"), TopicHistory::None);
    heard.until_loaded();
    for (number, leader) in [1, 0, 1].into_iter().enumerate() {
        cluster.lead("vod", 0, leader);
        cluster.append("vod", 0, &[record(0, &event(&format!("e{number}")))]);
        heard.until_events(number + 1);
    }
    cluster.lead("vod", 0, -1);
    cluster.hang_up(0);
    cluster.hang_up(1);
    heard.until_health(FIRST, "the partition has no leader now, since ");
    cluster.lead("vod", 0, 0);
    cluster.append("vod", 0, &[record(0, &event("e3"))]);
    heard.until_events(4);
    heard.until_live(FIRST);
}

fn addresses_that_cannot_be_reached_are_told_to_be_the_clusters() {
    let cluster = three_partitions();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    cluster.advertise("127.0.0.1", free.port().into());
    let mut heard = Heard::follow(&cluster.name("vod"), TopicHistory::None);
    heard.until_health(FIRST, &format!("the cluster names {free} (advertised.listeners), which cannot be reached"));
}

fn records_that_were_deleted_before_they_were_read_are_counted() {
    let mut cluster = FakeCluster::start(1);
    cluster.create("vod", 1);
    cluster.append("vod", 0, &[record(0, &event("a"))]);
    let mut heard = Heard::follow(&cluster.name("vod"), TopicHistory::LikeFiles);
    heard.until_events(1);
    cluster.stop(0);
    for _ in 0..1500 {
        cluster.append("vod", 0, &[record(0, "lost")]);
    }
    cluster.append("vod", 0, &[record(0, &event("b"))]);
    cluster.delete_before("vod", 0, 1501);
    cluster.restart(0);
    heard.until_events(2);
    assert!(heard.noticed("/vod/0: 1 500 records are missing: the broker deleted them before they were read"));
}

/// Reads a topic of five records once, and recreates it with one record while the first are asked for.
fn recreated(records_before: u8) -> Heard {
    let cluster = FakeCluster::start(1);
    cluster.create("vod", 1);
    for number in 0..5 {
        cluster.append("vod", 0, &[record(0, &event(&format!("old-{number}")))]);
    }
    cluster.keep_back(records_before.into());
    let mut heard = Heard::once(&cluster.name("vod"));
    heard.until_events(records_before.into());
    cluster.replace("vod", &[record(0, &event("new"))]);
    heard.until_finished();
    heard
}

fn the_end_of_a_topic_that_was_recreated_is_its_new_end() {
    // What comes next is behind the new end.
    let heard = recreated(3);
    assert_eq!(heard.sorted_ids(), ["new", "old-0", "old-1", "old-2"]);
    assert!(heard.noticed("/vod/0: the topic was recreated"), "{:#?}", heard.all);
    // What comes next is at the new end, so that its record is taken for one of the old ones.
    let heard = recreated(1);
    assert_eq!(heard.sorted_ids(), ["old-0"]);
    let told = "/vod/0: 4 records are missing at the end: the topic was recreated, or a broker lost them";
    assert!(heard.noticed(told), "{:#?}", heard.all);
}

fn last_events_behind_too_many_damaged_records_are_given_up() {
    let cluster = FakeCluster::start(1);
    cluster.create("vod", 1);
    cluster.append("vod", 0, &[record(0, &event("a"))]);
    let unknown_codec = 5;
    for _ in 0..10 {
        cluster.append_packed("vod", 0, &vec![record(0, "?"); 1001], unknown_codec);
    }
    let config = SourceConfig { start: Start::Last(1), ..config_once(&cluster) };
    let mut heard = Heard::spawn(config);
    heard.until_finished();
    let told = "too many records cannot be read (invalid compression type: 5): the rest is left out";
    let is_told = heard
        .all
        .iter()
        .any(|update| matches!(update, LogUpdate::Health { health: Health::Failed(why), .. } if why.as_str() == told));
    assert!(is_told, "{:#?}", heard.all);
}

fn what_is_unfinished_is_read_while_another_partition_is_busy() {
    let cluster = FakeCluster::start(1);
    cluster.create("vod", 2);
    let mut heard = Heard::follow(&cluster.name("vod"), TopicHistory::None);
    heard.until_loaded();
    let cut = event("cut");
    let (opening, _) = cut.split_once("\"asset_id").unwrap();
    cluster.append("vod", 0, &[record(0, opening)]);
    let mut last = Instant::now();
    heard.until("the cut event is rejected", |heard| {
        if last.elapsed() > Duration::from_millis(30) {
            cluster.append("vod", 1, &[record(0, "another line")]);
            last = Instant::now();
        }
        heard.counts().unparsed == 1
    });
}

fn a_topic_that_was_made_anew_is_read_from_its_beginning() {
    let cluster = FakeCluster::start(1);
    cluster.create("vod", 1);
    for number in 0..5 {
        cluster.append("vod", 0, &[record(0, &event(&format!("old-{number}")))]);
    }
    let mut heard = Heard::follow(&cluster.name("vod"), TopicHistory::LikeFiles);
    heard.until_events(5);
    cluster.replace("vod", &[record(0, &event("new"))]);
    heard.until_events(6);
    assert!(heard.noticed("/vod/0: the topic was recreated"), "{:#?}", heard.all);
    let last = heard.events().last().unwrap().origin;
    assert_eq!((last.byte, last.file.generation), (0, 1));
}

crate::tests! {
    no_broker_is_told,
    a_silent_broker_is_given_up,
    logins_are_refused_or_accepted,
    a_wrong_password_is_not_tried_at_once_again,
    tls_is_checked,
    an_unknown_topic_is_told_and_not_created,
    a_topic_that_was_deleted_is_not_created,
    a_topic_that_may_not_be_read_is_told,
    a_codec_that_the_broker_keeps_back_is_told,
    records_that_cannot_be_read_are_counted,
    marks_of_transactions_are_passed_over,
    a_record_over_16_mib_is_rejected,
    a_batch_over_64_mib_is_left_out,
    a_restarted_broker_is_found_again,
    a_broker_that_is_lost_while_the_end_is_waited_for_is_told,
    leaders_that_move_are_followed,
    addresses_that_cannot_be_reached_are_told_to_be_the_clusters,
    records_that_were_deleted_before_they_were_read_are_counted,
    the_end_of_a_topic_that_was_recreated_is_its_new_end,
    last_events_behind_too_many_damaged_records_are_given_up,
    what_is_unfinished_is_read_while_another_partition_is_busy,
    a_topic_that_was_made_anew_is_read_from_its_beginning,
}
