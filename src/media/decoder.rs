//! Where JPEGs are decoded, and what that may cost.
//!
//! A decoder of hostile bytes may panic, loop, or abort on an allocation that fails, and only the first can be caught.
//! So it runs in child processes of the same binary (`thumbview __decode`), which limit themselves before they read
//! and serve one picture after another over their pipes. Its invariant: whatever the bytes are, this process waits at
//! most [`PATIENCE`] for them and allocates no more than the judged header allows.
//!
//! A question is a length (four bytes, little-endian) and a JPEG. An answer is `P`, width, height and the RGB, or `F`,
//! a length and the fault in words. A child ends when its stdin does.

use super::{
    Decoder,
    jpeg::{self, Decoded, JpegFault, JpegOutline},
};
use crate::picture::PixelSize;
use rustix::process::{Resource, Rlimit, setrlimit};
use std::{
    io::{self, Read, Write},
    num::NonZero,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};
use tokio::{
    sync::Semaphore,
    task,
    time::{sleep, timeout},
};

/// The argument with which the binary is a decoder and nothing else.
pub const DECODE_ARGUMENT: &str = "__decode";

/// Bytes that all decoding together may take. [`JpegOutline::cost`] is at most 320 MB but for pictures of more than four
/// components, which are refused; so one picture always fits.
const BUDGET: u64 = 512 << 20;

/// The budget is counted in these, because a semaphore counts in `u32`.
const UNIT: u64 = 1 << 10;

/// The most pictures that are decoded at once.
const MAX_WORKERS: usize = 4;

/// How long one picture may take. The largest that is decoded takes about 2 s.
const PATIENCE: Duration = Duration::from_secs(10);

/// A child that worked this long in all is replaced, well before its own limit of CPU time.
const RETIREMENT: Duration = Duration::from_secs(20);

/// What a child allows itself: CPU seconds, in case nobody is there to end it; address space, for the largest picture.
const CHILD_CPU_SECONDS: u64 = 60;
const CHILD_MEMORY: u64 = 768 << 20;

/// The longest fault that is read from a child, in bytes.
const MAX_FAULT: u64 = 1 << 10;

/// Decodes a few pictures at a time.
pub(super) struct Workers {
    decoder: Decoder,
    budget: Semaphore,
    places: Semaphore,
    /// Children that wait for work. Locked for a push or a pop.
    idle: Mutex<Vec<Worker>>,
}

impl Workers {
    pub(super) fn new(decoder: Decoder) -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            decoder,
            budget: Semaphore::new(usize::try_from(BUDGET / UNIT).unwrap_or(usize::MAX)),
            places: Semaphore::new(cores.min(MAX_WORKERS)),
            idle: Mutex::default(),
        }
    }

    /// Decodes one picture. Dropping the future ends the child that is at it.
    pub(super) async fn decode(&self, bytes: Arc<[u8]>, outline: JpegOutline) -> Result<Decoded, JpegFault> {
        let cost = u32::try_from(outline.cost() / UNIT + 1).unwrap_or(u32::MAX);
        let closed = |_closed| JpegFault::Decoder("closed".to_owned());
        let _place = self.places.acquire().await.map_err(closed)?;
        let _budget = self.budget.acquire_many(cost).await.map_err(closed)?;
        match &self.decoder {
            Decoder::InProcess => blocking(move || jpeg::decode(&bytes, outline)).await?,
            Decoder::Process(program) => loop {
                let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
                let was_kept = kept.is_some();
                let worker = match kept {
                    Some(worker) => worker,
                    None => Worker::start(program).await?,
                };
                match worker.ask(bytes.clone(), outline).await {
                    Ok((worker, answer)) => {
                        self.keep(worker);
                        return answer;
                    }
                    // What a kept child died of may have been another picture's doing, or somebody's `kill`.
                    Err(_) if was_kept => {}
                    Err(fault) => return Err(fault),
                }
            },
        }
    }

    fn keep(&self, worker: Worker) {
        if worker.busy < RETIREMENT {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
        }
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JpegFault> {
    task::spawn_blocking(work).await.map_err(|_panic| JpegFault::Decoder("it panicked".to_owned()))
}

/// A child and the pipes to it.
struct Worker {
    process: Process,
    pipes: Pipes,
    /// How long it has worked in all.
    busy: Duration,
}

/// A child that ends with its owner.
struct Process(Child);

struct Pipes {
    questions: ChildStdin,
    answers: ChildStdout,
}

impl Worker {
    async fn start(program: &Path) -> Result<Self, JpegFault> {
        let program = program.to_owned();
        let started = blocking(move || {
            let child = Command::new(&program)
                .arg(DECODE_ARGUMENT)
                .env_clear()
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                // A group of its own, so that the terminal's signals pass it by.
                .process_group(0)
                .spawn()?;
            Self::hold(child)
        });
        started.await?.map_err(|error| JpegFault::Decoder(format!("it does not start: {error}")))
    }

    fn hold(mut child: Child) -> io::Result<Self> {
        let pipes = child.stdin.take().zip(child.stdout.take());
        let process = Process(child);
        let (questions, answers) = pipes.ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self { process, pipes: Pipes { questions, answers }, busy: Duration::ZERO })
    }

    /// Hands the picture to the child. On an error the child is gone.
    async fn ask(
        self,
        bytes: Arc<[u8]>,
        outline: JpegOutline,
    ) -> Result<(Self, Result<Decoded, JpegFault>), JpegFault> {
        let Self { mut process, mut pipes, busy } = self;
        let begun = Instant::now();
        let asked = blocking(move || {
            let answer = pipes.ask(&bytes, outline);
            (pipes, answer)
        });
        match timeout(PATIENCE, asked).await {
            Ok(Ok((pipes, Ok(answer)))) => Ok((Self { process, pipes, busy: busy + begun.elapsed() }, answer)),
            Ok(Ok((_, Err(error)))) => Err(JpegFault::Decoder(process.last_words(&error).await)),
            Ok(Err(fault)) => Err(fault),
            // Dropping the process closes the pipes, and with them the thread.
            Err(_elapsed) => Err(JpegFault::Decoder(format!("no picture after {} s", PATIENCE.as_secs()))),
        }
    }
}

impl Process {
    /// Why it is gone, if it is: `signal: 6 (SIGABRT)`.
    async fn last_words(&mut self, error: &io::Error) -> String {
        // A pipe breaks a moment before the child can be reaped.
        sleep(Duration::from_millis(1)).await;
        match self.0.try_wait() {
            Ok(Some(status)) => status.to_string(),
            Ok(None) | Err(_) => error.to_string(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to kill; reaping it cannot fail in another way.
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

impl Pipes {
    fn ask(&mut self, jpeg: &[u8], outline: JpegOutline) -> io::Result<Result<Decoded, JpegFault>> {
        let len = u32::try_from(jpeg.len()).map_err(io::Error::other)?;
        self.questions.write_all(&len.to_le_bytes())?;
        self.questions.write_all(jpeg)?;
        match read_array(&mut self.answers)? {
            [b'P'] => {
                let size = PixelSize {
                    width: u32::from_le_bytes(read_array(&mut self.answers)?),
                    height: u32::from_le_bytes(read_array(&mut self.answers)?),
                };
                // The child is not believed: it may give the judged size, or that one turned, and no other.
                let turned = PixelSize { width: outline.size.height, height: outline.size.width };
                if size != outline.size && size != turned {
                    return Err(io::Error::other("it gives another size"));
                }
                Ok(Ok(Decoded { size, rgb: read_bytes(&mut self.answers, outline.rgb_len())? }))
            }
            [b'F'] => {
                let len = u64::from(u32::from_le_bytes(read_array(&mut self.answers)?));
                let text = read_bytes(&mut self.answers, len.min(MAX_FAULT))?;
                Ok(Err(JpegFault::Corrupt(String::from_utf8_lossy(&text).into_owned())))
            }
            [_] => Err(io::Error::other("it gives no answer")),
        }
    }
}

fn read_array<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut array = [0; N];
    from.read_exact(&mut array)?;
    Ok(array)
}

fn read_bytes(from: &mut impl Read, len: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(len).map_err(io::Error::other)?);
    from.take(len).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == len { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// Is the child: limits itself, then decodes what comes on stdin until it ends. To be called before anything else
/// where the first argument is [`DECODE_ARGUMENT`].
#[must_use]
pub fn decode_main() -> ExitCode {
    // The parent reads the exit status; a message would go nowhere.
    std::panic::set_hook(Box::new(|_| {}));
    match limit_self().and_then(|()| serve(&mut io::stdin().lock(), &mut io::stdout().lock())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn limit_self() -> io::Result<()> {
    let limit = |resource, most| setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    limit(Resource::Core, 0)?;
    limit(Resource::Fsize, 0)?;
    limit(Resource::Cpu, CHILD_CPU_SECONDS)?;
    // macOS has the constant and does not take the limit.
    if cfg!(target_os = "linux") {
        limit(Resource::As, CHILD_MEMORY)?;
    }
    Ok(())
}

fn serve(questions: &mut impl Read, answers: &mut impl Write) -> io::Result<()> {
    loop {
        let mut len = [0; 4];
        match questions.read_exact(&mut len) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        let jpeg = read_bytes(questions, u32::from_le_bytes(len).into())?;
        match jpeg::outline(&jpeg).and_then(|outline| jpeg::decode(&jpeg, outline)) {
            Ok(decoded) => {
                answers.write_all(b"P")?;
                answers.write_all(&decoded.size.width.to_le_bytes())?;
                answers.write_all(&decoded.size.height.to_le_bytes())?;
                answers.write_all(&decoded.rgb)?;
            }
            Err(JpegFault::Corrupt(text)) => refuse(answers, &text)?,
            Err(fault) => refuse(answers, &fault.to_string())?,
        }
        answers.flush()?;
    }
}

fn refuse(answers: &mut impl Write, text: &str) -> io::Result<()> {
    let text = text.as_bytes().get(..1000).unwrap_or(text.as_bytes());
    let len = u32::try_from(text.len()).map_err(io::Error::other)?;
    answers.write_all(b"F")?;
    answers.write_all(&len.to_le_bytes())?;
    answers.write_all(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &[u8] = include_bytes!("../../tests/fixtures/hostile/base.jpg");

    fn framed(bytes: &[u8]) -> Vec<u8> {
        [&u32::try_from(bytes.len()).unwrap().to_le_bytes(), bytes].concat()
    }

    #[test]
    fn a_child_answers_one_question_after_another() {
        let questions = [framed(BASE), framed(b"no JPEG"), framed(BASE)].concat();
        let mut answers = Vec::new();
        serve(&mut questions.as_slice(), &mut answers).unwrap();
        let picture = 9 + 96 * 54 * 3;
        let fault = b"cut off before its size after 7 bytes";
        assert_eq!(answers.len(), picture + 5 + fault.len() + picture);
        assert_eq!(&answers[..9], b"P\x60\0\0\0\x36\0\0\0");
        assert_eq!(&answers[picture..][..5], b"F\x25\0\0\0");
        assert_eq!(&answers[picture + 5..][..fault.len()], fault);
    }

    #[test]
    fn a_child_that_is_left_in_the_middle_ends() {
        let question = framed(BASE);
        for len in [1, 3, 4, 100] {
            let ended = serve(&mut &question[..len], &mut Vec::new());
            assert_eq!(ended.is_ok(), len < 4, "{len}");
        }
    }
}
