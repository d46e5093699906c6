//! The configuration of a session.

use super::{alert::AlertConfig, resume_file::ResumeFile, state_file::StateFile};
use crate::{
    app::{AppOptions, Message},
    media::MediaConfig,
    picture::DrawingChoice,
    source::SourceConfig,
    text::Safe,
};
use std::time::Duration;
use tokio::sync::mpsc;

/// Everything that a session is started with.
#[derive(Debug)]
pub struct SessionPlan {
    /// The logs.
    pub source: SourceConfig,
    /// The limits of fetching.
    pub media: MediaConfig,
    /// The way in which pictures are drawn.
    pub drawing: DrawingChoice,
    /// The initial options of the screen.
    pub options: AppOptions,
    /// The file that keeps where reading stopped.
    pub state_file: Option<StateFile>,
    /// The file at whose point another session may resume.
    pub resume_file: Option<ResumeFile>,
    /// The alerts about new events.
    pub alerts: AlertConfig,
    /// Messages of others than the session itself.
    pub feed: Option<mpsc::Receiver<Message>>,
    /// A notice to begin with.
    pub notice: Option<Safe>,
    /// The time after which the session ends by itself.
    pub limit: Option<Duration>,
}
