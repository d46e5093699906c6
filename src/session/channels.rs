//! The channels on which a session receives what happens.

use crate::{
    app::Message,
    event::{LogUpdate, Notice, Severity, Time},
    graphics::Environment,
    picture::PictureUpdate,
    terminal::{Input, Signal, WriteFinished},
    text::Safe,
};
use tokio::sync::{mpsc::Receiver, watch};

/// Something that happened outside the application.
#[derive(Debug)]
pub(super) enum SessionEvent {
    /// A key, a mouse event, a paste or an answer of the terminal.
    Input(Input),
    /// A frame was written, so that the next one may be drawn.
    Written,
    /// A signal arrived.
    Signal(Signal),
    /// The environment was read again.
    Environment(Environment),
    /// The source sent an update.
    Log(LogUpdate),
    /// A message for the application.
    Message(Message),
}

/// The receiving ends.
#[derive(Debug)]
pub(super) struct Channels {
    pub(super) inputs: Receiver<Input>,
    pub(super) written: Receiver<WriteFinished>,
    pub(super) signals: Receiver<Signal>,
    pub(super) log: Receiver<LogUpdate>,
    pub(super) pictures: Receiver<PictureUpdate>,
    pub(super) prepared: Receiver<PictureUpdate>,
    pub(super) messages: Receiver<Message>,
    pub(super) feed: Receiver<Message>,
    pub(super) environment: Receiver<Environment>,
    pub(super) cache_notice: watch::Receiver<Option<Safe>>,
}

impl Channels {
    /// Waits for the next event. Never returns once all channels are closed.
    pub(super) async fn next(&mut self) -> SessionEvent {
        tokio::select! {
            Some(input) = self.inputs.recv() => SessionEvent::Input(input),
            Some(_) = self.written.recv() => SessionEvent::Written,
            Some(signal) = self.signals.recv() => SessionEvent::Signal(signal),
            Some(update) = self.log.recv() => SessionEvent::Log(update),
            Some(update) = self.pictures.recv() => SessionEvent::Message(Message::Picture(update)),
            Some(update) = self.prepared.recv() => SessionEvent::Message(Message::Picture(update)),
            Some(message) = self.messages.recv() => SessionEvent::Message(message),
            Some(message) = self.feed.recv() => SessionEvent::Message(message),
            Some(environment) = self.environment.recv() => SessionEvent::Environment(environment),
            Ok(()) = self.cache_notice.changed() => self.take_cache_notice(),
            else => std::future::pending().await,
        }
    }

    /// Returns the cache's notice as one of the log, so that it is kept with those of the sources.
    fn take_cache_notice(&mut self) -> SessionEvent {
        let text = self.cache_notice.borrow_and_update().clone().unwrap_or_default();
        let time = Time::from(jiff::Timestamp::now());
        SessionEvent::Message(Message::Log(LogUpdate::Notice(Notice { time, severity: Severity::Warning, text })))
    }

    /// Returns an event that has happened already, input first.
    pub(super) fn try_next(&mut self) -> Option<SessionEvent> {
        let message = |message| SessionEvent::Message(message);
        None.or_else(|| self.inputs.try_recv().ok().map(SessionEvent::Input))
            .or_else(|| self.signals.try_recv().ok().map(SessionEvent::Signal))
            .or_else(|| self.pictures.try_recv().ok().map(Message::Picture).map(message))
            .or_else(|| self.prepared.try_recv().ok().map(Message::Picture).map(message))
            .or_else(|| self.messages.try_recv().ok().map(message))
            .or_else(|| self.log.try_recv().ok().map(SessionEvent::Log))
    }
}
