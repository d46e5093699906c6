//! librdkafka's mock cluster, where Python has `confluent_kafka`.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// A mock cluster that ends when it is dropped.
pub(crate) struct MockCluster {
    child: Child,
    // Closed at the end, by which the cluster ends.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    address: String,
}

impl MockCluster {
    /// Starts a cluster with topics, each `NAME:CODEC:COUNT`; `None` where Python has no `confluent_kafka`.
    pub(crate) fn start(topics: &[&str]) -> Option<Self> {
        let python = env::var_os("THUMBVIEW_TEST_PYTHON").unwrap_or_else(|| "python3".into());
        let quiet = |command: &mut Command| command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !quiet(Command::new(&python).args(["-c", "import confluent_kafka"])).is_ok_and(|status| status.success()) {
            return None;
        }
        let mut command = Command::new(python);
        command.args(["-c", include_str!("mock_cluster.py")]).args(topics);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let orders = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let mut cluster = Self { child, orders, answers, address: String::new() };
        cluster.address = cluster.answer();
        assert!(cluster.address.contains(':'), "the cluster did not start: {}", cluster.address);
        Some(cluster)
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Gives an order, and returns its answer.
    pub(crate) fn order(&mut self, order: &str) -> String {
        writeln!(self.orders.as_mut().unwrap(), "{order}").unwrap();
        self.answer()
    }

    /// Returns the name of a topic.
    pub(crate) fn name(&self, topic: &str) -> String {
        format!("kafka://{}/{topic}", self.address)
    }
}

impl Drop for MockCluster {
    fn drop(&mut self) {
        drop(self.orders.take());
        drop(self.child.wait());
    }
}
