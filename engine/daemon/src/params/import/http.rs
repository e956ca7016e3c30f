//! Files from the web: a mirror that has them by name, or an IPFS gateway that has them by CID.

use std::{fmt, io::Read, thread, time::Duration};

use anyhow::{bail, ensure, Result};
use ureq::{
    http::{header, Response, StatusCode},
    Agent, Body,
};

use super::{
    super::{known, settle, Half, Place},
    room, Partial, Progress,
};

/// Tries in a row that may bring nothing.
const TRIES: u32 = 5;
/// How long the first pause is after a try that brought nothing; each next one is twice as long.
const PAUSE: Duration = Duration::from_millis(500);
/// How long a server may be silent.
const PATIENCE: Duration = Duration::from_secs(60);
/// More than any key has: the largest has 2.5 MB.
const MAX_KEY: u64 = 1 << 24;
/// More than any parameter file has: the largest has 63 GB.
const MAX_PARAMETERS: u64 = 1 << 38;

/// A place on the web.
#[derive(Debug)]
pub struct Site {
    /// Without a slash at the end.
    base: String,
    /// The name in the store, where the URL is that of one file.
    only: Option<String>,
    agent: Agent,
}

/// What came of one request.
enum Part {
    /// Everything has come.
    Whole,
    /// The server does not have it.
    Absent,
}

/// Why a request failed.
enum Failure {
    /// Another try may help.
    Passing(anyhow::Error),
    /// Another try will fail as well.
    Lasting(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Failure {
        Failure::Lasting(error)
    }
}

impl Site {
    /// The site of a URL: that of a file, where it ends in a published name or CID, else that of a folder.
    pub fn new(url: &str) -> Site {
        let base = url.trim_end_matches('/').to_owned();
        let last = base.rsplit('/').next().unwrap_or_default();
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(PATIENCE))
            .timeout_per_read(Some(PATIENCE))
            .timeout_per_write(Some(PATIENCE))
            .user_agent(concat!("lode-engine/", env!("CARGO_PKG_VERSION")))
            .build();
        Site {
            only: of_one(last),
            base,
            agent: agent.into(),
        }
    }

    /// The one file that the URL names.
    pub fn only(&self) -> Option<&str> {
        self.only.as_deref()
    }

    /// Brings the rest of a file; false where the site does not have it.
    pub fn fill(&self, wanted: &Place, partial: &mut Partial, progress: &Progress<'_>) -> Result<bool> {
        for url in self.urls(&wanted.file_name()) {
            if self.fetch(&url, wanted, partial, progress)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Where the file may be.
    fn urls(&self, name: &str) -> Vec<String> {
        if self.only.is_some() {
            return vec![self.base.clone()];
        }
        let cid = known::published(name).map(|file| format!("{}/{}", self.base, file.cid));
        // A gateway has everything by CID, and answers to a name with an error of its own.
        let by_name = (!self.base.ends_with("/ipfs")).then(|| format!("{}/{name}", self.base));
        by_name.into_iter().chain(cid).collect()
    }

    /// Asks until all has come, as long as something comes.
    fn fetch(
        &self,
        url: &str,
        wanted: &Place,
        partial: &mut Partial,
        progress: &Progress<'_>,
    ) -> Result<bool> {
        let mut n_failed = 0;
        loop {
            let before = partial.size();
            match self.request(url, wanted, partial, progress) {
                Ok(Part::Whole) => return Ok(true),
                Ok(Part::Absent) => return Ok(false),
                Err(Failure::Lasting(error)) => return Err(error.context(url.to_owned())),
                Err(Failure::Passing(error)) => {
                    n_failed = if before < partial.size() { 0 } else { n_failed + 1 };
                    if n_failed == TRIES {
                        return Err(error.context(match partial.size() {
                            0 => format!("{url}: nothing has come in {TRIES} tries"),
                            kept => {
                                format!("{url}: {kept} bytes have come and are kept; the same command goes on from there")
                            }
                        }));
                    }
                    if n_failed != 0 {
                        thread::sleep(PAUSE * 2u32.pow(n_failed - 1));
                    }
                }
            }
        }
    }

    /// One request for everything that is missing.
    fn request(
        &self,
        url: &str,
        wanted: &Place,
        partial: &mut Partial,
        progress: &Progress<'_>,
    ) -> Result<Part, Failure> {
        let mut request = self.agent.get(url);
        if partial.size() != 0 {
            request = request.header(header::RANGE, format!("bytes={}-", partial.size()));
        }
        let response = request.call().map_err(failure)?;
        let rest = match response.status() {
            StatusCode::OK => {
                // All of it, whatever was asked for.
                partial.restart()?;
                response.body().content_length()
            }
            StatusCode::PARTIAL_CONTENT => Some(rest(&response, partial.size())?),
            StatusCode::RANGE_NOT_SATISFIABLE => {
                // Nothing is left to send, or the file is another one than was begun: the digest will tell.
                return Ok(Part::Whole);
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(Part::Absent),
            status => {
                let error = anyhow::anyhow!("the server answers {status}");
                let is_passing = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
                return Err(match is_passing {
                    true => Failure::Passing(error),
                    false => Failure::Lasting(error),
                });
            }
        };
        let limit = match wanted.circuit {
            Some((.., Half::Key)) => MAX_KEY,
            _ => MAX_PARAMETERS,
        };
        if let Some(rest) = rest {
            must_be_below(partial.size().saturating_add(rest), limit)?;
            room::check(partial.path(), rest)?;
            progress.expect(rest);
        }
        receive(response, rest, limit, partial, progress)
    }
}

/// The file that the last word of a URL names, if it does.
fn of_one(word: &str) -> Option<String> {
    let (name, origin) = settle::split(word);
    known::published_name(name).map(|name| origin.file_name(name))
}

/// Takes the body as it comes.
fn receive(
    response: Response<Body>,
    rest: Option<u64>,
    limit: u64,
    partial: &mut Partial,
    progress: &Progress<'_>,
) -> Result<Part, Failure> {
    let mut body = response.into_body().into_with_config().limit(u64::MAX).reader();
    let (mut buffer, mut received) = (vec![0; 1 << 18], 0);
    loop {
        let n = body
            .read(&mut buffer)
            .map_err(|error| Failure::Passing(error.into()))?;
        if n == 0 {
            break;
        }
        received += n as u64;
        must_be_below(partial.size() + n as u64, limit)?;
        partial.append(&buffer[..n])?;
        progress.add(n as u64);
    }
    match rest {
        Some(rest) if received < rest => Err(Failure::Passing(anyhow::anyhow!(
            "the connection ended {} bytes early",
            rest - received
        ))),
        _ => Ok(Part::Whole),
    }
}

/// Bytes that follow, as the server counts them; they must be those that were asked for.
fn rest(response: &Response<Body>, begin: u64) -> Result<u64> {
    let range = response.headers().get(header::CONTENT_RANGE);
    let range = range.and_then(|value| value.to_str().ok()).unwrap_or_default();
    // bytes FIRST-LAST/TOTAL
    let parsed = range.strip_prefix("bytes ").and_then(|range| {
        let (first, rest) = range.split_once('-')?;
        let (last, total) = rest.split_once('/')?;
        Some((first.parse::<u64>().ok()?, last.parse::<u64>().ok()?, total))
    });
    let Some((first, last, total)) = parsed else {
        bail!("the server sends a part of the file without saying which: Content-Range is {range:?}");
    };
    ensure!(
        first == begin && first <= last && last < u64::MAX,
        "the server sends another part of the file than was asked for: {range:?} where {begin} begins"
    );
    // A server may send less than was asked for; then the next request asks for what follows.
    Ok(total
        .parse::<u64>()
        .map_or(last - first + 1, |total| total.saturating_sub(first)))
}

fn must_be_below(size: u64, limit: u64) -> Result<()> {
    ensure!(
        size <= limit,
        "the server has a file of more than {limit} bytes: it is another one"
    );
    Ok(())
}

/// Whether a request that brought no answer may be tried again.
fn failure(error: ureq::Error) -> Failure {
    match error {
        ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::TooManyRedirects => {
            Failure::Lasting(error.into())
        }
        error => Failure::Passing(error.into()),
    }
}

/// The URL.
impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}
