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
use tokio::sync::mpsc::Sender;

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
    thread: Option<JoinHandle<()>>,
}

impl Drop for Operator {
    fn drop(&mut self) {
        drop(self.listener.take());
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
        Self::start(listener, move || {
            for update in updates {
                for notice in notices(update, &confirming) {
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
        Self::start(listener, move || {
            loop {
                let told = match updates.recv_timeout(INTERVAL) {
                    Ok(update) => notices(update, &confirming),
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

    fn start(listener: CallbackListener, run: impl FnOnce() + Send + 'static) -> Result<Self> {
        let thread = thread::Builder::new().name("operator".into()).spawn(run).context("cannot start a thread")?;
        Ok(Self { listener: Some(listener), thread: Some(thread) })
    }
}

/// Returns the notices for a report.
fn notices(update: ListenUpdate, confirming: &Confirming) -> Vec<Notice> {
    match update {
        ListenUpdate::Notice(notice) => vec![notice],
        ListenUpdate::Subscription(change) => {
            let (severity, text) = match confirming {
                Confirming::At(config) if change.kind == SmnType::SubscriptionConfirmation => confirm(&change, config),
                Confirming::At(_) | Confirming::Never => (Severity::Warning, change.sentence()),
            };
            vec![Notice { time: Time::from(jiff::Timestamp::now()), severity, text: Safe::new(&text) }]
        }
    }
}

/// Confirms a subscription, if that may be done; returns what came of it.
fn confirm(change: &SubscriptionChange, config: &MediaConfig) -> (Severity, String) {
    let topic = &change.topic_urn;
    let not_confirmed =
        |why: String| (Severity::Warning, format!("the subscription to {topic} was not confirmed: {why}"));
    let url = match change.confirmation(|url| config.policy.lists(url)) {
        Ok(url) => url,
        Err(reason) => return not_confirmed(reason.to_string()),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let visited = match runtime {
        Ok(runtime) => runtime.block_on(media::visit(config, &url)),
        Err(error) => return not_confirmed(error.to_string()),
    };
    match visited {
        Ok(()) => (Severity::Routine, format!("the subscription to {topic} was confirmed")),
        Err(reason) => not_confirmed(reason.to_string()),
    }
}
