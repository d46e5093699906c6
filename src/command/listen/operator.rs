//! The reports of the server for the operator: on stderr or on the screen. Confirms subscriptions, where asked to.

use crate::{
    app::{Listening, Message},
    diagnostics::info,
    event::{LogUpdate, Notice, Severity, Time},
    listen::{CallbackListener, ListenUpdate, SmnType, SubscriptionChange},
    media::{self, MediaConfig},
    text::Safe,
};
use anyhow::{Context as _, Result};
use std::{
    sync::mpsc::{Receiver, RecvTimeoutError},
    thread::{self, JoinHandle},
    time::Duration,
};
use tokio::sync::{mpsc::Sender, watch};

/// The longest time between two changes of the numbers on the screen.
const INTERVAL: Duration = Duration::from_secs(1);

/// The treatment of subscriptions: confirmed, or left to the operator.
#[derive(Debug)]
pub(super) enum Confirming {
    /// The operator does it.
    Never,
    /// By opening the URL, under these limits.
    At(Box<MediaConfig>),
}

/// The server, and the thread that takes its reports. Dropping this ends first the one and so the other.
#[derive(Debug)]
pub(super) struct Operator {
    listener: Option<CallbackListener>,
    /// Dropped to give up a confirmation, which may take half a minute.
    running: Option<watch::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Operator {
    fn drop(&mut self) {
        drop(self.listener.take());
        drop(self.running.take());
        if let Some(thread) = self.thread.take() {
            // The panic hook has reported a panic of the thread.
            drop(thread.join());
        }
    }
}

impl Operator {
    /// Tells everything on stderr.
    pub(super) fn on_stderr(
        listener: CallbackListener,
        updates: Receiver<ListenUpdate>,
        confirming: Confirming,
    ) -> Result<Self> {
        Self::start(listener, move |ended| {
            for update in updates {
                for notice in notices(update, &confirming, &ended) {
                    info(notice.text.as_str());
                }
            }
        })
    }

    /// Tells everything to the screen, until that is gone.
    pub(super) fn on_screen(
        listener: CallbackListener,
        updates: Receiver<ListenUpdate>,
        mut listening: Listening,
        messages: Sender<Message>,
        confirming: Confirming,
    ) -> Result<Self> {
        let tally = listener.tally();
        Self::start(listener, move |ended| {
            loop {
                let told = match updates.recv_timeout(INTERVAL) {
                    Ok(update) => notices(update, &confirming, &ended),
                    Err(RecvTimeoutError::Timeout) => Vec::new(),
                    Err(RecvTimeoutError::Disconnected) => return,
                };
                let mut sent = told.into_iter().map(|notice| Message::Log(LogUpdate::Notice(notice)));
                let refused = tally.counts().refused;
                let is_changed = listening.refused != refused;
                listening.refused = refused;
                let state = is_changed.then(|| Message::Listening(listening.clone()));
                // Fails once the screen is gone; then nobody is left to tell.
                if sent.by_ref().chain(state).any(|message| messages.blocking_send(message).is_err()) {
                    return;
                }
            }
        })
    }

    fn start(listener: CallbackListener, run: impl FnOnce(watch::Receiver<()>) + Send + 'static) -> Result<Self> {
        let (running, ended) = watch::channel(());
        let thread = thread::Builder::new().name("operator".into()).spawn(move || run(ended));
        let thread = thread.context("cannot start a thread")?;
        Ok(Self { listener: Some(listener), running: Some(running), thread: Some(thread) })
    }
}

/// Returns the notices for a report.
fn notices(update: ListenUpdate, confirming: &Confirming, ended: &watch::Receiver<()>) -> Vec<Notice> {
    match update {
        ListenUpdate::Notice(notice) => vec![notice],
        ListenUpdate::Subscription(change) => {
            let (severity, text) = match confirming {
                Confirming::At(config) if change.kind == SmnType::SubscriptionConfirmation => {
                    confirm(&change, config, ended.clone())
                }
                Confirming::At(_) | Confirming::Never => (Severity::Warning, change.sentence()),
            };
            vec![Notice { time: Time::from(jiff::Timestamp::now()), severity, text: Safe::new(&text) }]
        }
    }
}

/// Confirms a subscription, if that may be done; returns what came of it. Gives up once the sender of `ended` is dropped.
fn confirm(change: &SubscriptionChange, config: &MediaConfig, mut ended: watch::Receiver<()>) -> (Severity, String) {
    let topic = &change.topic_urn;
    let not_confirmed =
        |why: String| (Severity::Warning, format!("the subscription to {topic} was not confirmed: {why}"));
    let url = match change.confirmation(|url| config.policy.lists(url)) {
        Ok(url) => url,
        Err(reason) => return not_confirmed(reason.to_string()),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return not_confirmed(error.to_string()),
    };
    let visited = runtime.block_on(async {
        tokio::select! {
            visited = media::visit(config, &url) => visited.map_err(|reason| reason.to_string()),
            _ = ended.changed() => Err("the program ended before there was an answer".to_owned()),
        }
    });
    // The look-up of a name is not waited for.
    runtime.shutdown_background();
    match visited {
        Ok(()) => (Severity::Routine, format!("the subscription to {topic} was confirmed")),
        Err(reason) => not_confirmed(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::MessageOrigin;
    use std::net::TcpListener;

    #[test]
    fn a_confirmation_is_given_up_at_the_end() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = silent.local_addr().unwrap();
        let mut config = MediaConfig::default();
        config.policy.allow(host.to_string().parse().unwrap()).unwrap();
        let change = SubscriptionChange {
            kind: SmnType::SubscriptionConfirmation,
            topic_urn: "urn:smn:r:0:t".to_owned(),
            subscribe_url: Some(format!("http://{host}/smn/subscription/confirm")),
            origin: MessageOrigin::Verified,
        };
        let (running, ended) = watch::channel(());
        let confirmed = thread::spawn(move || confirm(&change, &config, ended));
        // It is connected, and gets no answer.
        let _connection = silent.accept().unwrap();
        drop(running);
        let (severity, text) = confirmed.join().unwrap();
        assert_eq!(severity, Severity::Warning);
        let why = "the program ended before there was an answer";
        assert_eq!(text, format!("the subscription to urn:smn:r:0:t was not confirmed: {why}"));
    }
}
