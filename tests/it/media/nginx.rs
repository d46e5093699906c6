//! Tests against nginx with hotlink protection. Skipped if nginx is not installed.

use super::*;
use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
};

/// nginx in the foreground, in a folder of its own.
struct Nginx {
    child: Child,
    addr: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Starts nginx with these locations; `None` where there is none.
async fn start(locations: &str) -> Option<Nginx> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().display();
    // Bound once to find a free port.
    let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {root}/{name};"))
        .join(" ");
    let config = format!(
        "daemon off; master_process off; pid {root}/pid; error_log {root}/errors; events {{}}
         http {{ access_log off; {paths} server {{ listen {addr}; root {root}; {locations} }} }}"
    );
    fs::write(folder.path().join("conf"), config).unwrap();
    fs::write(folder.path().join("0.jpg"), BASE).unwrap();
    let child = Command::new("nginx")
        .args(["-p", folder.path().to_str()?, "-c", folder.path().join("conf").to_str()?])
        .stderr(Stdio::null())
        .spawn();
    let child = child.ok()?;
    for _ in 0..200 {
        if TcpStream::connect(addr).is_ok() {
            return Some(Nginx { child, addr, _folder: folder });
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("nginx does not listen");
}

async fn hotlink_protection_is_explained() {
    let locations = "
        location /key/ { alias ./; secure_link $arg_auth_key; secure_link_md5 secret; if ($secure_link = \"\") { return 403; } }
        location /referer/ { alias ./; valid_referers a.example; if ($invalid_referer) { return 403; } }
        location /slow/ { alias ./; limit_rate 800; }
        location /limited/ { return 429; }";
    let Some(nginx) = start(locations).await else {
        skip("no nginx");
    };
    let host = nginx.addr.to_string();
    let url = |path: &str| format!("http://{host}{path}");
    let advice = async |path: &str| lines(&load(config(&[&host]), &url(path)).await.unwrap_err())[..2].join(" | ");

    assert_eq!(advice("/key/0.jpg").await, "HTTP 403 | hotlink protection? the URL has no auth_key");
    assert_eq!(
        advice("/key/0.jpg?auth_key=x-0-0-0").await,
        "HTTP 403 | hotlink protection? signed, at an unknown time"
    );
    assert_eq!(advice("/limited/0.jpg").await, "HTTP 429 | too many requests; only 2 at a time for the next minute");
    assert_eq!(advice("/nothing.jpg").await, "HTTP 404 | deleted, never created, or on another domain; tried twice");

    assert_eq!(failure(config(&[&host]), &url("/referer/0.jpg")).await, "HTTP 403");
    let referer = HostBound::parse(&format!("{host}=https://a.example/"), None).unwrap();
    let config = MediaConfig { referer: vec![referer], ..config(&[&host]) };
    assert!(load(config, &url("/referer/0.jpg")).await.is_ok());

    let slow = load(impatient(&[&host]), &url("/slow/0.jpg")).await.unwrap();
    let damage = slow.damage.as_ref().unwrap().text().as_str();
    assert!(damage.starts_with("truncated: "), "{damage}");
}

crate::tests! {
    hotlink_protection_is_explained,
}
