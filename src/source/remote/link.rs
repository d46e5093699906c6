//! The link to one host: a shell, and another one when it is lost.
//!
//! Whoever reads by a link sees no loss: a request is repeated in the next shell, since all of them only read. While
//! there is none, the states of the host's names say so. A link that was given up answers with the reason.

use super::{
    failure::{LinkFailure, Remedy, explain},
    shell::RemoteShell,
    transport::Transport,
    wire::{Answer, Request, Transfer},
};
use crate::{
    event::{Health, LogUpdate, ReadMode, Severity},
    source::{
        backoff::{Backoff, jitter},
        outlet::Outlet,
    },
    text::Safe,
};
use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// The difference of two clocks from which it is told.
const CLOCK_TOLERANCE: f64 = 5.0;

/// The number of attempts after which a link is given up where logs are read once.
const ATTEMPTS_ONCE: u32 = 5;

/// The rate below which bytes are packed, in bytes a millisecond.
const SLOW: u64 = 4000;

/// The silence from which it is told.
const SILENCE_TOLD: Duration = Duration::from_secs(5);

/// The time between two checks for having been stopped.
const STOP_PERIOD: Duration = Duration::from_millis(100);

/// The link to one host.
#[derive(Debug)]
pub(super) struct HostLink {
    transport: Transport,
    reports: Option<LinkReports>,
    state: Mutex<LinkState>,
    /// Held while a shell is started, so that only one is.
    starting: Mutex<()>,
    /// The number of requests for bytes, by which the host's thread sees that something is being written.
    reads: AtomicU64,
    /// Set while the states of the names say that there is no link.
    is_told: AtomicBool,
    /// Set once many bytes have taken long.
    is_slow: AtomicBool,
}

/// The receiver of reports about a link.
#[derive(Debug)]
struct LinkReports {
    outlet: Outlet,
    ranks: Mutex<Vec<u16>>,
    /// Set once the first reading of the logs is over.
    is_history_over: AtomicBool,
}

#[derive(Debug, Default)]
struct LinkState {
    shell: Option<Arc<RemoteShell>>,
    /// The number of shells that were started.
    epoch: u64,
    /// The reason for which the link was given up.
    given_up: Option<String>,
    clock_offset: f64,
    has_fractions: bool,
}

/// The willingness to wait for a lost link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// Until it is back.
    Waits,
    /// Not at all.
    Fails,
}

impl HostLink {
    /// Makes a link whose state is reported.
    pub(super) fn new(transport: Transport, outlet: Outlet) -> Self {
        let reports = LinkReports { outlet, ranks: Mutex::default(), is_history_over: AtomicBool::new(false) };
        Self { reports: Some(reports), ..Self::without_reports(transport) }
    }

    /// Makes a link of which nothing is reported.
    pub(super) fn without_reports(transport: Transport) -> Self {
        Self {
            transport,
            reports: None,
            state: Mutex::default(),
            starting: Mutex::default(),
            reads: AtomicU64::new(0),
            is_told: AtomicBool::new(false),
            is_slow: AtomicBool::new(false),
        }
    }

    /// Adds a name whose state depends on this link.
    pub(super) fn add_rank(&self, rank: u16) {
        self.reports.iter().for_each(|reports| lock(&reports.ranks).push(rank));
    }

    /// Returns the host as it is shown.
    pub(super) fn host(&self) -> &str {
        &self.transport.host
    }

    /// Returns the present shell and its number; starts one where there is none.
    pub(super) fn shell(&self, patience: Patience) -> io::Result<(Arc<RemoteShell>, u64)> {
        if let Some(found) = self.present()? {
            return Ok(found);
        }
        match patience {
            Patience::Fails => Err(io::Error::new(io::ErrorKind::NotConnected, format!("no link to {}", self.host()))),
            Patience::Waits => {
                let starting = lock(&self.starting);
                let found = match self.present()? {
                    Some(found) => Ok(found),
                    None => self.start(),
                };
                drop(starting);
                found
            }
        }
    }

    /// Returns the present shell, or the reason why there will be none.
    fn present(&self) -> io::Result<Option<(Arc<RemoteShell>, u64)>> {
        let state = lock(&self.state);
        if let Some(why) = &state.given_up {
            return Err(io::Error::other(why.clone()));
        }
        Ok(state.shell.as_ref().filter(|shell| !shell.has_ended()).map(|found| (Arc::clone(found), state.epoch)))
    }

    /// Starts a shell; tries again until there is one, or trying again is of no use.
    fn start(&self) -> io::Result<(Arc<RemoteShell>, u64)> {
        let lost = lock(&self.state).shell.take();
        let was_connected = lost.is_some();
        let heard = lost.as_ref().map_or(Duration::ZERO, |shell| shell.since_heard());
        let since = Instant::now().checked_sub(heard).unwrap_or_else(Instant::now);
        let mut failure = lost.map(|shell| explain(self.host(), &shell.end()));
        if was_connected {
            self.tell_silence(heard);
        }
        let mut backoff = Backoff::default();
        let mut attempts = 0;
        loop {
            // A link that was lost is tried again at once.
            if attempts > 0 || failure.is_none() || was_connected {
                match RemoteShell::start(&self.transport, &|_| self.is_stopped()) {
                    Ok(shell) => return Ok(self.connected(shell)),
                    Err(end) => failure = Some(explain(self.host(), &end)),
                }
            }
            attempts += 1;
            if self.is_stopped() {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            let failed = failure.clone().unwrap_or_else(|| explain(self.host(), &super::failure::ShellEnd::default()));
            if self.is_hopeless(&failed, was_connected, attempts) {
                return Err(self.give_up(&failed.sentence));
            }
            let wait = backoff.next(jitter());
            self.tell_waiting(&failed, since.elapsed(), wait);
            self.pause(wait)?;
        }
    }

    fn is_hopeless(&self, failed: &LinkFailure, was_connected: bool, attempts: u32) -> bool {
        let Some(reports) = &self.reports else { return true };
        match (failed.remedy, reports.outlet.shared.mode()) {
            // What worked once may work again, such as after a restart of the host.
            (Remedy::Operator, _) if !was_connected => true,
            (Remedy::Operator | Remedy::Time, ReadMode::Follow) => false,
            (Remedy::Operator | Remedy::Time, ReadMode::Once) => !was_connected || attempts >= ATTEMPTS_ONCE,
        }
    }

    fn connected(&self, shell: RemoteShell) -> (Arc<RemoteShell>, u64) {
        let shell = Arc::new(shell);
        let (offset, before) = (shell.clock_offset, lock(&self.state).clock_offset);
        if offset.abs() >= CLOCK_TOLERANCE && (offset - before).abs() >= CLOCK_TOLERANCE {
            let direction = if offset < 0.0 { "behind" } else { "ahead" };
            self.notice(Severity::Warning, &format!("its clock is {:.0} s {direction}", offset.abs()));
        }
        let mut state = lock(&self.state);
        state.shell = Some(Arc::clone(&shell));
        state.epoch += 1;
        (state.clock_offset, state.has_fractions) = (offset, shell.greeting.has_fractions);
        let epoch = state.epoch;
        drop(state);
        if epoch > 1 {
            self.notice(Severity::Routine, "is there again; going on where reading stopped");
        }
        (shell, epoch)
    }

    fn give_up(&self, why: &str) -> io::Error {
        self.end_history();
        lock(&self.state).given_up = Some(why.to_owned());
        self.send_health(&Health::Failed(Safe::new(&format!("{}: {why}", self.host()))));
        io::Error::other(why)
    }

    fn tell_waiting(&self, failed: &LinkFailure, silence: Duration, wait: Duration) {
        let why = if failed.sentence == "no answer" { String::new() } else { format!("{}; ", failed.sentence) };
        let (silence, wait) = (silence.as_secs(), wait.as_secs_f32().ceil());
        let sentence = format!("{}: {why}no answer for {silence} s, next try in {wait} s", self.host());
        self.is_told.store(true, Ordering::Relaxed);
        self.end_history();
        let sentence = Safe::new(&sentence);
        self.send_health(&match failed.remedy {
            Remedy::Time => Health::Waiting(sentence),
            Remedy::Operator => Health::Failed(sentence),
        });
    }

    /// Returns whether the link was given up; then the names say why once more, unless they are read once.
    pub(super) fn tell_given_up(&self) -> bool {
        let why = lock(&self.state).given_up.clone();
        let mode = self.reports.as_ref().map(|reports| reports.outlet.shared.mode());
        if let (Some(why), Some(ReadMode::Follow)) = (&why, mode) {
            self.send_health(&Health::Failed(Safe::new(&format!("{}: {why}", self.host()))));
        }
        why.is_some()
    }

    /// Returns, once after each loss, that the names are to report their own states again.
    pub(super) fn take_told(&self) -> bool {
        self.is_told.swap(false, Ordering::Relaxed)
    }

    /// Notes that the logs were read to their ends for the first time, or that this will take long.
    pub(super) fn end_history(&self) {
        let Some(reports) = &self.reports else { return };
        if !reports.is_history_over.swap(true, Ordering::Relaxed) {
            reports.outlet.shared.hosts_behind.fetch_sub(1, Ordering::Relaxed);
            reports.outlet.shared.wake();
        }
    }

    fn send_health(&self, health: &Health) {
        let Some(reports) = &self.reports else { return };
        for rank in lock(&reports.ranks).iter() {
            // Nobody may receive any more, which the host's thread sees as well.
            let _ = reports.outlet.send(LogUpdate::Health { rank: *rank, health: health.clone() });
        }
    }

    fn notice(&self, severity: Severity, text: &str) {
        if let Some(reports) = &self.reports {
            // Nobody may receive any more, which the host's thread sees as well.
            let _ = reports.outlet.notice(self.host(), severity, text);
        }
    }

    fn pause(&self, wait: Duration) -> io::Result<()> {
        let end = Instant::now() + wait;
        while Instant::now() < end {
            if self.is_stopped() {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            thread::sleep(STOP_PERIOD.min(end.saturating_duration_since(Instant::now())));
        }
        Ok(())
    }

    /// Reports that the host does not answer.
    fn tell_silence(&self, silence: Duration) {
        self.is_told.store(true, Ordering::Relaxed);
        let sentence = format!("{}: no answer for {} s, trying again", self.host(), silence.as_secs());
        self.send_health(&Health::Waiting(Safe::new(&sentence)));
    }

    /// Returns whether the source was stopped; reports an answer that takes long, once.
    pub(super) fn is_stopped_at(&self, silence: Duration) -> bool {
        if silence >= SILENCE_TOLD && !self.is_told.load(Ordering::Relaxed) {
            self.tell_silence(silence);
        }
        self.is_stopped()
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.reports.as_ref().is_some_and(|reports| reports.outlet.shared.is_stopped())
    }

    /// Returns the answer to a request.
    pub(super) fn ask(&self, request: &Request<'_>, patience: Patience) -> io::Result<Answer> {
        self.retry(patience, |shell, _| {
            let pending = shell.send(std::slice::from_ref(request))?;
            let pending = pending.first().ok_or(io::ErrorKind::NotConnected)?;
            shell.wait(pending, &|silence| self.is_stopped_at(silence))
        })
    }

    /// Calls `ask` with a shell, and with the next one where that is lost meanwhile.
    pub(super) fn retry<T>(
        &self,
        patience: Patience,
        mut ask: impl FnMut(&RemoteShell, u64) -> io::Result<T>,
    ) -> io::Result<T> {
        loop {
            let (shell, epoch) = self.shell(patience)?;
            match ask(&shell, epoch) {
                Err(error) if error.kind() == io::ErrorKind::NotConnected && patience == Patience::Waits => {}
                result => return result,
            }
        }
    }

    /// Returns the form in which many bytes are sent: packed where the link is slow and gzip is there.
    pub(super) fn transfer(&self) -> Transfer {
        if self.is_slow.load(Ordering::Relaxed) { Transfer::Packed } else { Transfer::Plain }
    }

    /// Notes the time that many bytes took.
    pub(super) fn note_rate(&self, bytes: usize, time: Duration) {
        let can_pack = lock(&self.state).shell.as_ref().is_some_and(|shell| shell.greeting.can_pack);
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
        if can_pack && bytes as u64 / millis < SLOW {
            self.is_slow.store(true, Ordering::Relaxed);
        }
    }

    /// Counts a request for bytes.
    pub(super) fn count_read(&self) {
        self.reads.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the number of requests for bytes so far.
    pub(super) fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// Returns the clock of the host against this one, in seconds, and the smallest step of its times.
    pub(super) fn clock(&self) -> (f64, Duration) {
        let state = lock(&self.state);
        (state.clock_offset, Duration::from_secs(if state.has_fractions { 1 } else { 2 }))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
