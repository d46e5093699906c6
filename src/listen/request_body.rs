//! The body of a request, read under limits of size and time.

use super::refusal::CallbackRefusal;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Bytes};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The most bytes of a body that is taken.
pub(super) const BODY_MAX: usize = 512 << 10;

/// The most bytes of a refused body that are read, so that its sender sees the answer and not a reset connection.
const READ_MAX: usize = 1 << 20;

/// The longest time that a body may take.
const BODY_TIME: Duration = Duration::from_secs(2);

/// Reads a body to its end.
pub(super) async fn read<B>(body: B) -> Result<Vec<u8>, CallbackRefusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    read_until(body, Instant::now() + BODY_TIME).await
}

async fn read_until<B>(mut body: B, deadline: Instant) -> Result<Vec<u8>, CallbackRefusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut bytes = Vec::new();
    let mut size = 0;
    loop {
        let Ok(frame) = timeout_at(deadline, body.frame()).await else { return Err(CallbackRefusal::TooSlow) };
        let Some(frame) = frame else { break };
        let Ok(frame) = frame else { return Err(CallbackRefusal::CutOff) };
        // Trailers are no part of the body.
        let Ok(data) = frame.into_data() else { continue };
        size += data.len();
        if size <= BODY_MAX {
            bytes.extend_from_slice(&data);
        } else if size > READ_MAX {
            break;
        }
    }
    if size > BODY_MAX { Err(CallbackRefusal::TooLarge) } else { Ok(bytes) }
}

/// Reads a refused body, as far as it may help, and forgets it.
pub(super) async fn discard<B>(body: B)
where
    B: Body<Data = Bytes> + Unpin,
{
    // Why the reading ended changes nothing: the body is refused already.
    let _refusal = read(body).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use http_body_util::{Full, StreamBody};
    use hyper::body::Frame;
    use std::{convert::Infallible, io};

    #[tokio::test]
    async fn bodies_are_read_up_to_the_limit() {
        let read_of = async |size: usize| read(Full::new(Bytes::from(vec![b'x'; size]))).await.map(|bytes| bytes.len());
        assert_eq!(read_of(0).await, Ok(0));
        assert_eq!(read_of(BODY_MAX).await, Ok(BODY_MAX));
        assert_eq!(read_of(BODY_MAX + 1).await, Err(CallbackRefusal::TooLarge));
        assert_eq!(read_of(READ_MAX + 1).await, Err(CallbackRefusal::TooLarge));
    }

    #[tokio::test]
    async fn a_body_that_goes_on_for_ever_is_left() {
        let part = || Ok::<_, Infallible>(Frame::data(Bytes::from_static(&[b'x'; 1024])));
        let endless = StreamBody::new(stream::repeat_with(part));
        assert_eq!(read(endless).await, Err(CallbackRefusal::TooLarge));
    }

    #[tokio::test]
    async fn a_body_that_breaks_is_told_from_a_late_one() {
        let part = Ok(Frame::data(Bytes::from_static(b"{")));
        let broken = StreamBody::new(stream::iter([part, Err(io::Error::from(io::ErrorKind::UnexpectedEof))]));
        assert_eq!(read(broken).await, Err(CallbackRefusal::CutOff));
        let late = StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>());
        assert_eq!(read_until(late, Instant::now()).await, Err(CallbackRefusal::TooSlow));
    }
}
