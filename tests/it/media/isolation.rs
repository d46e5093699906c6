//! Tests in an environment of their own: proxy variables, a network namespace, a full disk.

use super::*;
use std::{env, path::Path, process::Command};
use tokio::net::TcpStream;

async fn proxy_variables_are_ignored() {
    let recorder = ImageServer::start(|_| picture(BASE)).await;
    let mut command = Child::command("media::isolation::fetch_through_the_environment");
    for variable in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env(variable, recorder.url(""));
    }
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(recorder.connections(), 0);
}

/// Fetches a picture with whatever proxy the environment names.
pub(crate) async fn fetch_through_the_environment() {
    let server = ImageServer::start(|_| picture(BASE)).await;
    assert_eq!(&*load(config(&[&server.host()]), &server.url("/0.jpg")).await.unwrap().jpeg, BASE);
}

async fn a_proxy_is_used_for_names_but_not_for_refused_addresses() {
    let proxy = ImageServer::start(|_| picture(BASE)).await;
    let config = || MediaConfig { proxy: Some(proxy.url("").parse().unwrap()), ..config(&[]) };
    assert!(load(config(), "http://thumbview.invalid/0.jpg").await.is_ok());
    assert_eq!(proxy.requests()[0].path, "http://thumbview.invalid/0.jpg");
    assert_eq!(failure(config(), "http://169.254.169.254/").await, "169.254.169.254 is a cloud metadata service");
    assert_eq!(failure(config(), "http://127.0.0.1/").await, "127.0.0.1 is a loopback address");
    assert_eq!(proxy.requests().len(), 1);
}

async fn the_metadata_service_is_never_reached() {
    let hosts = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(hosts.path(), "169.254.169.254 metadata.example\n127.0.0.1 private.example localhost\n").unwrap();
    let script = "ip link set lo up && ip addr add 169.254.169.254/32 dev lo && mount --bind \"$0\" /etc/hosts";
    let unshare = |then: &str, arguments: &[String]| {
        let mut command = Command::new("unshare");
        command.args(["-Urnm", "sh", "-c", &format!("{script} && {then}")]).arg(hosts.path()).args(arguments);
        command.output()
    };
    if !unshare("true", &[]).is_ok_and(|output| output.status.success()) {
        skip("no user namespaces, ip or mount");
    }
    let output = unshare("exec \"$@\"", &Child::words("media::isolation::ask_for_metadata")).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Asks for pictures where the metadata service's address is this process's own.
pub(crate) async fn ask_for_metadata() {
    let metadata = ImageServer::bind("169.254.169.254:80", None, |_| picture(BASE)).await;
    let private = ImageServer::bind("127.0.0.1:80", None, |_| redirect("http://metadata.example/latest/")).await;
    for allowed in [&[][..], &["metadata.example", "private.example"]] {
        for url in [
            "http://169.254.169.254/latest/",
            "http://[::ffff:169.254.169.254]/",
            "http://metadata.example/latest/",
            "http://private.example/",
        ] {
            let what = failure(config(allowed), url).await;
            assert!(what.contains("metadata service") || what.contains("loopback"), "{url}: {what}");
        }
    }
    assert_eq!(metadata.connections(), 0);
    assert_eq!(private.connections(), 1, "when it was allowed");
    // The counter counts.
    drop(TcpStream::connect("169.254.169.254:80").await.unwrap());
    while metadata.connections() == 0 {
        tokio::task::yield_now().await;
    }
}

async fn a_full_or_read_only_disk_fails_no_picture() {
    let dir = tempfile::tempdir().unwrap();
    for (mount, expected) in [
        ("mount -t tmpfs -o size=64k none \"$0\"", "No space left on device"),
        ("mount --bind \"$0\" \"$0\" && mount -o remount,ro,bind \"$0\"", "Read-only file system"),
    ] {
        let unshare = |then: &str, arguments: &[String]| {
            let mut command = Command::new("unshare");
            command.args(["-Urm", "sh", "-c", &format!("{mount} && {then}")]).arg(dir.path()).args(arguments);
            command.env("TEST_DIR", dir.path()).env("TEST_NOTICE", expected).output()
        };
        if !unshare("true", &[]).is_ok_and(|output| output.status.success()) {
            skip("no user namespaces or mount");
        }
        let output = unshare("exec \"$@\"", &Child::words("media::isolation::cache_on_a_failing_disk")).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Fetches with a cache on the disk of `TEST_DIR`, until the notice says `TEST_NOTICE`.
pub(crate) async fn cache_on_a_failing_disk() {
    let [dir, expected] = ["TEST_DIR", "TEST_NOTICE"].map(|name| env::var(name).unwrap());
    let server = ImageServer::start(|_| picture(BASE)).await;
    let (media, mut updates) =
        spawn(MediaConfig { cache_dir: Some(Path::new(&dir).into()), ..config(&[&server.host()]) });
    for index in 0..40 {
        media.want(vec![request(index, &server.url(&format!("/{index}.jpg")))]);
        assert!(answer_to(&mut updates, key(index)).await.is_ok());
    }
    let notice = media.notice().wait_for(Option::is_some).await.unwrap().clone().unwrap();
    assert!(notice.as_str().contains(&expected), "{notice}");
}

async fn few_descriptors_fail_no_picture() {
    let mut servers = Vec::new();
    for _ in 0..HOSTS {
        servers.push(ImageServer::start(|_| picture(BASE)).await);
    }
    let hosts: Vec<String> = servers.iter().map(ImageServer::host).collect();
    let mut command = Child::command("media::isolation::fetch_with_few_descriptors");
    command.env("TEST_HOSTS", hosts.join(" "));
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The number of hosts, more than the descriptors that [`fetch_with_few_descriptors`] leaves itself.
const HOSTS: usize = 60;

/// Fetches from more hosts than it has descriptors, and one picture while there is none at all.
pub(crate) async fn fetch_with_few_descriptors() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = Rlimit { current: Some(50), ..getrlimit(Resource::Nofile) };
    setrlimit(Resource::Nofile, limit).unwrap();
    let hosts = env::var("TEST_HOSTS").unwrap();
    let hosts: Vec<&str> = hosts.split(' ').collect();
    let urls: Vec<String> = hosts.iter().map(|host| format!("http://{host}/0.jpg")).collect();
    let (media, mut updates) = spawn(config(&hosts));

    media.want(vec![request(0, &urls[0])]);
    assert!(answer_to(&mut updates, key(0)).await.is_ok());
    let held: Vec<std::fs::File> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect();
    assert!(held.len() > 10);
    media.want(vec![request(1, &urls[1])]);
    assert_eq!(updates.recv().await, Some(PictureUpdate::Started(key(1))));
    let early = tokio::time::timeout(Duration::from_millis(300), updates.recv()).await;
    assert!(early.is_err(), "{early:?}");
    drop(held);
    assert!(answer_to(&mut updates, key(1)).await.is_ok());
    media.want(vec![]);
    assert_eq!(fetch::all_answers(&media, &mut updates, &urls).await, HOSTS);
}

crate::tests! {
    few_descriptors_fail_no_picture,
    proxy_variables_are_ignored,
    a_proxy_is_used_for_names_but_not_for_refused_addresses,
    the_metadata_service_is_never_reached,
    a_full_or_read_only_disk_fails_no_picture,
}
