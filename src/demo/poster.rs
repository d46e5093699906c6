//! Posts callbacks, as SMN and MFS do: one after the other, each until it is answered.

use super::callbacks::DemoCallback;
use crate::text::Safe;
use reqwest::Client;
use std::{error::Error, time::Duration};
use url::Url;

/// The longest wait for an answer, which is SMN's.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Posts to one URL.
#[derive(Debug)]
pub struct Poster {
    client: Client,
    url: Url,
}

/// The answer to a callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostAnswer {
    /// The status.
    pub status: u16,
    /// The first line of its text.
    pub text: Safe,
}

impl Poster {
    /// Creates a poster that trusts the certificate authorities of the system and those in `extra`, a PEM.
    ///
    /// # Errors
    /// A sentence where `extra` holds none, or the client cannot be set up.
    pub fn new(url: Url, extra: Option<&[u8]>) -> Result<Self, Safe> {
        let roots = extra.map_or(Ok(Vec::new()), reqwest::Certificate::from_pem_bundle);
        let roots = roots.map_err(|error| cause(&error))?;
        let client = Client::builder().no_proxy().timeout(TIMEOUT).tls_certs_merge(roots).build();
        Ok(Self { client: client.map_err(|error| cause(&error))?, url })
    }

    /// Posts a callback.
    ///
    /// # Errors
    /// A sentence where there is no answer.
    pub async fn post(&self, callback: &DemoCallback) -> Result<PostAnswer, Safe> {
        let mut request = self.client.post(self.url.clone()).body(callback.body.clone());
        for (name, value) in &callback.headers {
            request = request.header(*name, value);
        }
        let answer = request.send().await.map_err(|error| cause(&error.without_url()))?;
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap_or_default();
        Ok(PostAnswer { status, text: Safe::new(text.lines().next().unwrap_or_default()) })
    }
}

/// Returns the innermost cause of an error, which says most.
fn cause(error: &reqwest::Error) -> Safe {
    let mut cause: &dyn Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    Safe::new(&cause.to_string())
}
