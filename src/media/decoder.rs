//! Runs the JPEG decoder in child processes.
//!
//! A decoder of hostile bytes may panic, loop, or abort when an allocation fails, of which only the first can be caught.
//! The decoder therefore runs in children of the same binary (`thumbview __decode`), which limit their own resources
//! and decode one picture after another. Invariant: this process waits at most [`DECODE_TIMEOUT`] for a picture and
//! allocates no more than its checked header allows.
//!
//! A request is `R` for RGB or `L` for luma, a length (four bytes, little-endian) and a JPEG. A response is `P`, width,
//! height, the damage and the pixels, or `F` and the error. Texts are a length and UTF-8, with a letter for their kind
//! before the sentence; that of a picture without damage is empty. A child ends when its stdin does.

use super::{
    config::Decoder,
    error::is_out_of_files,
    jpeg::{self, Decoded, JpegError, JpegInfo},
};
use crate::{
    picture::{FailureKind, PictureDamage, PixelFormat, PixelSize},
    text::Safe,
};
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

/// The first argument that makes the binary a decoder.
pub const DECODE_ARGUMENT: &str = "__decode";

/// The bytes that all decoders together may allocate. [`JpegInfo::decode_bytes`] is at most 401 MB, so that one picture
/// always fits.
const MEMORY_BUDGET: u64 = 512 << 20;

/// The unit of the budget in bytes: a semaphore counts in `u32`.
const BUDGET_UNIT: u64 = 1 << 10;

/// The number of pictures that may be decoded at once.
const MAX_WORKERS: usize = 4;

/// The longest time for one picture. The largest one takes about 2 s.
const DECODE_TIMEOUT: Duration = Duration::from_secs(10);

/// The total working time after which a child is replaced, well below its own limit of CPU time.
const WORKER_LIFETIME: Duration = Duration::from_secs(20);

/// A child's limit of CPU time in seconds, in case its parent is gone.
const CHILD_CPU_SECONDS: u64 = 60;

/// A child's limit of address space in bytes, enough for the largest picture.
const CHILD_MEMORY: u64 = 768 << 20;

/// The bytes of a response that wait in a pipe: the most that Linux gives without privileges.
#[cfg(target_os = "linux")]
const PIPE_BYTES: usize = 1 << 20;

/// The longest text in a response, in bytes.
const MAX_TEXT_LEN: u64 = 1 << 10;

/// Decodes a limited number of pictures at a time.
pub(super) struct DecoderPool {
    decoder: Decoder,
    format: PixelFormat,
    memory: Semaphore,
    slots: Semaphore,
    /// Idle children. Locked for a push or a pop only.
    idle: Mutex<Vec<Worker>>,
}

impl DecoderPool {
    pub(super) fn new(decoder: Decoder, format: PixelFormat) -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            decoder,
            format,
            memory: Semaphore::new(usize::try_from(MEMORY_BUDGET / BUDGET_UNIT).unwrap_or(usize::MAX)),
            slots: Semaphore::new(cores.min(MAX_WORKERS)),
            idle: Mutex::default(),
        }
    }

    /// Returns the format of the pixels that it returns.
    pub(super) fn format(&self) -> PixelFormat {
        self.format
    }

    /// Decodes one picture. Dropping the future kills the child that decodes it.
    pub(super) async fn decode(&self, bytes: Arc<[u8]>, info: JpegInfo) -> Result<Decoded, JpegError> {
        let memory = u32::try_from(info.decode_bytes() / BUDGET_UNIT + 1).unwrap_or(u32::MAX);
        let closed = |_closed| JpegError::Decoder("closed".to_owned());
        let _slot = self.slots.acquire().await.map_err(closed)?;
        let _memory = self.memory.acquire_many(memory).await.map_err(closed)?;
        let format = self.format;
        match &self.decoder {
            Decoder::InProcess => blocking(move || jpeg::decode(&bytes, info, format)).await?,
            Decoder::Process(program) => loop {
                let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
                let is_reused = idle.is_some();
                let worker = match idle {
                    Some(worker) => worker,
                    None => Worker::start(program).await?,
                };
                match worker.request(bytes.clone(), info, format).await {
                    Ok((worker, response)) => {
                        self.release(worker);
                        return response;
                    }
                    // A reused child may have failed because of an earlier picture, or have been killed.
                    Err(_) if is_reused => {}
                    Err(error) => return Err(error),
                }
            },
        }
    }

    fn release(&self, worker: Worker) {
        if worker.busy_time < WORKER_LIFETIME {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
        }
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JpegError> {
    task::spawn_blocking(work).await.map_err(|_panic| JpegError::Decoder("it panicked".to_owned()))
}

/// A child and its pipes.
struct Worker {
    process: ChildProcess,
    pipes: Pipes,
    busy_time: Duration,
}

/// A child that is killed when this is dropped.
struct ChildProcess(Child);

struct Pipes {
    requests: ChildStdin,
    responses: ChildStdout,
}

impl Worker {
    async fn start(program: &Path) -> Result<Self, JpegError> {
        let program = program.to_owned();
        let started = blocking(move || {
            let mut command = Command::new(&program);
            command.arg(DECODE_ARGUMENT).env_clear();
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
            // A process group of its own keeps the terminal's signals away.
            command.process_group(0);
            Self::from_child(spawn(&mut command)?)
        });
        started.await?.map_err(|error| JpegError::Decoder(format!("it does not start: {error}")))
    }

    fn from_child(mut child: Child) -> io::Result<Self> {
        let pipes = child.stdin.take().zip(child.stdout.take());
        let process = ChildProcess(child);
        let (requests, responses) = pipes.ok_or(io::ErrorKind::BrokenPipe)?;
        // A usual picture in one piece instead of seven. The system may refuse it, and has the pipe of 64 KiB then.
        #[cfg(target_os = "linux")]
        let _refused = rustix::pipe::fcntl_setpipe_size(&responses, PIPE_BYTES);
        Ok(Self { process, pipes: Pipes { requests, responses }, busy_time: Duration::ZERO })
    }

    /// Has the child decode a picture. On an error the child is killed.
    async fn request(
        self,
        bytes: Arc<[u8]>,
        info: JpegInfo,
        format: PixelFormat,
    ) -> Result<(Self, Result<Decoded, JpegError>), JpegError> {
        let Self { mut process, mut pipes, busy_time } = self;
        let begun = Instant::now();
        let requested = blocking(move || {
            let response = pipes.request(&bytes, info, format);
            (pipes, response)
        });
        match timeout(DECODE_TIMEOUT, requested).await {
            Ok(Ok((pipes, Ok(response)))) => {
                Ok((Self { process, pipes, busy_time: busy_time + begun.elapsed() }, response))
            }
            Ok(Ok((_, Err(error)))) => Err(JpegError::Decoder(process.exit_reason(&error).await)),
            Ok(Err(error)) => Err(error),
            // Dropping the process closes the pipes, which ends the thread.
            Err(_elapsed) => Err(JpegError::Decoder(format!("no picture after {} s", DECODE_TIMEOUT.as_secs()))),
        }
    }
}

/// Starts a child. Waits up to 20 s for descriptors, which fetches may hold for a while.
fn spawn(command: &mut Command) -> io::Result<Child> {
    for _ in 0..100 {
        match command.spawn() {
            Err(error) if is_out_of_files(&error) => thread::sleep(Duration::from_millis(200)),
            started => return started,
        }
    }
    command.spawn()
}

impl ChildProcess {
    /// Returns the exit status, such as `signal: 6 (SIGABRT)`, or the error of the pipe if the child still runs.
    async fn exit_reason(&mut self, error: &io::Error) -> String {
        // The pipe closes a moment before the exit status is there.
        sleep(Duration::from_millis(1)).await;
        match self.0.try_wait() {
            Ok(Some(status)) => status.to_string(),
            Ok(None) | Err(_) => error.to_string(),
        }
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        // Both fail only if the child has ended already.
        let _killed = self.0.kill();
        let _waited = self.0.wait();
    }
}

impl Pipes {
    fn request(&mut self, jpeg: &[u8], info: JpegInfo, format: PixelFormat) -> io::Result<Result<Decoded, JpegError>> {
        let len = u32::try_from(jpeg.len()).map_err(io::Error::other)?;
        self.requests.write_all(match format {
            PixelFormat::Rgb => b"R",
            PixelFormat::Luma => b"L",
        })?;
        self.requests.write_all(&len.to_le_bytes())?;
        self.requests.write_all(jpeg)?;
        match read_array(&mut self.responses)? {
            [b'P'] => {
                let size = PixelSize {
                    width: u32::from_le_bytes(read_array(&mut self.responses)?),
                    height: u32::from_le_bytes(read_array(&mut self.responses)?),
                };
                // The child is not trusted: only the checked size is accepted, or the same one rotated.
                let rotated = PixelSize { width: info.size.height, height: info.size.width };
                if size != info.size && size != rotated {
                    return Err(io::Error::other("it returned another size"));
                }
                let damage = parse_damage(&read_text(&mut self.responses)?);
                let pixels = read_bytes(&mut self.responses, info.decoded_len(format))?;
                Ok(Ok(Decoded { size, pixels, damage }))
            }
            [b'F'] => Ok(Err(parse_error(&read_text(&mut self.responses)?))),
            [_] => Err(io::Error::other("it returned no response")),
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

/// Reads a text of at most [`MAX_TEXT_LEN`] bytes.
fn read_text(from: &mut impl Read) -> io::Result<String> {
    let len = u64::from(u32::from_le_bytes(read_array(from)?));
    if len > MAX_TEXT_LEN {
        return Err(io::Error::other("it returned a text that is too long"));
    }
    Ok(String::from_utf8_lossy(&read_bytes(from, len)?).into_owned())
}

/// Runs the child: limits its resources, then decodes requests from stdin until it ends. To be called first of all if
/// the first argument is [`DECODE_ARGUMENT`].
#[must_use]
pub fn decode_main() -> ExitCode {
    // The parent reads the exit status only.
    std::panic::set_hook(Box::new(|_| {}));
    match limit_resources().and_then(|()| serve(&mut io::stdin().lock(), &mut io::stdout().lock())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn limit_resources() -> io::Result<()> {
    let limit = |resource, most| setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    limit(Resource::Core, 0)?;
    limit(Resource::Fsize, 0)?;
    limit(Resource::Cpu, CHILD_CPU_SECONDS)?;
    // macOS has the constant but rejects the limit.
    if cfg!(target_os = "linux") {
        limit(Resource::As, CHILD_MEMORY)?;
    }
    Ok(())
}

fn serve(requests: &mut impl Read, responses: &mut impl Write) -> io::Result<()> {
    loop {
        let mut format = [0];
        match requests.read_exact(&mut format) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        let format = match &format {
            b"L" => PixelFormat::Luma,
            _ => PixelFormat::Rgb,
        };
        let len = u32::from_le_bytes(read_array(requests)?);
        let jpeg = read_bytes(requests, len.into())?;
        match jpeg::inspect(&jpeg).and_then(|info| jpeg::decode(&jpeg, info, format)) {
            Ok(decoded) => {
                responses.write_all(b"P")?;
                responses.write_all(&decoded.size.width.to_le_bytes())?;
                responses.write_all(&decoded.size.height.to_le_bytes())?;
                write_text(responses, &decoded.damage.as_ref().map(damage_text).unwrap_or_default())?;
                responses.write_all(&decoded.pixels)?;
            }
            Err(error) => {
                responses.write_all(b"F")?;
                write_text(responses, &format!("{}{error}", letter(error.kind())))?;
            }
        }
        responses.flush()?;
    }
}

/// Returns the letter for the kind of an error.
fn letter(kind: FailureKind) -> char {
    match kind {
        FailureKind::Truncated => 'T',
        FailureKind::Refused => 'R',
        FailureKind::Damaged => 'D',
        FailureKind::Missing
        | FailureKind::Forbidden
        | FailureKind::Expired
        | FailureKind::Throttled
        | FailureKind::Unreachable
        | FailureKind::NotJpeg
        | FailureKind::Unknown => 'U',
    }
}

fn parse_error(text: &str) -> JpegError {
    let kinds = [FailureKind::Truncated, FailureKind::Refused, FailureKind::Damaged];
    let known = kinds.into_iter().find_map(|kind| Some((kind, text.strip_prefix(letter(kind))?)));
    let (kind, text) = known.unwrap_or((FailureKind::Unknown, text.strip_prefix('U').unwrap_or(text)));
    JpegError::Reported(kind, text.to_owned())
}

/// Returns a damage as text: a letter for its kind and the sentence.
fn damage_text(damage: &PictureDamage) -> String {
    match damage {
        PictureDamage::Truncated(text) => format!("T{text}"),
        PictureDamage::Invalid(text) => format!("D{text}"),
    }
}

fn parse_damage(text: &str) -> Option<PictureDamage> {
    let truncated = text.strip_prefix('T').map(|text| PictureDamage::Truncated(Safe::new(text)));
    truncated.or_else(|| {
        (!text.is_empty()).then(|| PictureDamage::Invalid(Safe::new(text.strip_prefix('D').unwrap_or(text))))
    })
}

/// Writes a text, of which the child's parent would refuse more than [`MAX_TEXT_LEN`] bytes.
fn write_text(to: &mut impl Write, text: &str) -> io::Result<()> {
    let text: String = text.chars().take(250).collect();
    let len = u32::try_from(text.len()).map_err(io::Error::other)?;
    to.write_all(&len.to_le_bytes())?;
    to.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &[u8] = include_bytes!("../../tests/fixtures/hostile/base.jpg");

    fn framed(bytes: &[u8]) -> Vec<u8> {
        [b"R", &u32::try_from(bytes.len()).unwrap().to_le_bytes()[..], bytes].concat()
    }

    #[test]
    fn a_child_serves_several_requests() {
        let requests = [framed(BASE), framed(b"no JPEG"), framed(BASE)].concat();
        let mut responses = Vec::new();
        serve(&mut requests.as_slice(), &mut responses).unwrap();
        let picture = 13 + 96 * 54 * 3;
        let error = b"Tcut off before its size after 7 bytes";
        assert_eq!(responses.len(), picture + 5 + error.len() + picture);
        assert_eq!(&responses[..13], b"P\x60\0\0\0\x36\0\0\0\0\0\0\0");
        assert_eq!(&responses[picture..][..5], b"F\x26\0\0\0");
        assert_eq!(&responses[picture + 5..][..error.len()], error);
    }

    #[test]
    fn kinds_survive_the_pipe() {
        for damage in [PictureDamage::Truncated("Dt".into()), PictureDamage::Invalid("Tx".into())] {
            assert_eq!(parse_damage(&damage_text(&damage)), Some(damage));
        }
        assert_eq!(parse_damage(""), None);
        for kind in [FailureKind::Truncated, FailureKind::Refused, FailureKind::Damaged, FailureKind::Unknown] {
            let text = format!("{}why", letter(kind));
            assert_eq!(parse_error(&text), JpegError::Reported(kind, "why".to_owned()));
        }
    }

    #[test]
    fn a_child_ends_with_its_stdin() {
        let request = framed(BASE);
        for len in [0, 1, 4, 5, 100] {
            let ended = serve(&mut &request[..len], &mut Vec::new());
            assert_eq!(ended.is_ok(), len == 0, "{len}");
        }
    }
}
