//! A web server on the loopback that has files, and may be as bad as real ones.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
        Arc, Mutex,
    },
    thread::{self, JoinHandle},
};

/// How the server answers.
#[derive(Debug, Default)]
pub struct Manner {
    /// Whether it sends parts of files when asked for them.
    pub has_ranges: bool,
    /// Answers that end before they are whole.
    pub n_cut: AtomicUsize,
    /// Bytes after which they end.
    pub cut_at: usize,
    /// Whether the connection of such an answer stays open, in silence, until the client leaves.
    pub is_silent: bool,
    /// Answers that are errors of the server's.
    pub n_failing: AtomicUsize,
    /// Where everything has moved to: what stands before each path.
    pub moved_to: Option<String>,
}

/// A server with files, that is gone when this value is.
pub struct Mirror {
    /// Where it is.
    pub url: String,
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
}

struct Shared {
    files: BTreeMap<String, Vec<u8>>,
    manner: Manner,
    /// Path and range of each request.
    log: Mutex<Vec<String>>,
    is_over: AtomicBool,
}

impl Mirror {
    /// Serves files by their paths.
    pub fn new(files: impl IntoIterator<Item = (String, Vec<u8>)>, manner: Manner) -> Mirror {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            files: files.into_iter().collect(),
            manner,
            log: Mutex::default(),
            is_over: AtomicBool::new(false),
        });
        let server = shared.clone();
        let listener = thread::spawn(move || {
            for stream in listener.incoming() {
                if server.is_over.load(SeqCst) {
                    return;
                }
                let (stream, server) = (stream.unwrap(), server.clone());
                // A client that leaves early is none of the server's business.
                thread::spawn(move || server.answer(&stream).ok());
            }
        });
        Mirror {
            url,
            shared,
            listener: Some(listener),
        }
    }

    /// What was asked for: `/path` or `/path bytes=7-`.
    pub fn log(&self) -> Vec<String> {
        self.shared.log.lock().unwrap().clone()
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.shared.is_over.store(true, SeqCst);
        // Wakes the listener.
        let _ = TcpStream::connect(self.url.trim_start_matches("http://"));
        self.listener.take().unwrap().join().unwrap();
    }
}

impl Shared {
    fn answer(&self, mut stream: &TcpStream) -> std::io::Result<()> {
        let (path, range) = read_request(stream)?;
        let asked = range.map_or(path.clone(), |first| format!("{path} bytes={first}-"));
        self.log.lock().unwrap().push(asked);
        let head = |status: &str, rest: &str| format!("HTTP/1.1 {status}\r\nConnection: close\r\n{rest}\r\n");
        if use_up(&self.manner.n_failing) {
            return stream.write_all(head("503 Service Unavailable", "Content-Length: 0\r\n").as_bytes());
        }
        if let Some(place) = &self.manner.moved_to {
            let rest = format!("Content-Length: 0\r\nLocation: {place}{path}\r\n");
            return stream.write_all(head("302 Found", &rest).as_bytes());
        }
        let Some(file) = self.files.get(&path) else {
            return stream.write_all(head("404 Not Found", "Content-Length: 0\r\n").as_bytes());
        };
        let len = file.len();
        let range = range.filter(|_| self.manner.has_ranges);
        if range.is_some_and(|first| len <= first) {
            let rest = format!("Content-Length: 0\r\nContent-Range: bytes */{len}\r\n");
            return stream.write_all(head("416 Range Not Satisfiable", &rest).as_bytes());
        }
        let body = &file[range.unwrap_or(0)..];
        let length = format!("Content-Length: {}\r\n", body.len());
        let head = match range {
            Some(first) => {
                let range = format!("Content-Range: bytes {first}-{}/{len}\r\n", len - 1);
                head("206 Partial Content", &(length + &range))
            }
            None => head("200 OK", &length),
        };
        stream.write_all(head.as_bytes())?;
        if self.manner.cut_at < body.len() && use_up(&self.manner.n_cut) {
            stream.write_all(&body[..self.manner.cut_at])?;
            if self.manner.is_silent {
                // Nothing comes from a client that waits; this ends when it is gone.
                stream.read_to_end(&mut Vec::new())?;
            }
            return Ok(());
        }
        stream.write_all(body)
    }
}

/// Takes one of what is left.
fn use_up(n: &AtomicUsize) -> bool {
    n.fetch_update(SeqCst, SeqCst, |n| n.checked_sub(1)).is_ok()
}

/// The path that is asked for, and the first byte where a range is.
fn read_request(stream: &TcpStream) -> std::io::Result<(String, Option<usize>)> {
    let mut lines = BufReader::new(stream.take(1 << 16)).lines();
    let first = lines.next().unwrap_or(Ok(String::new()))?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut range = None;
    for line in lines {
        let line = line?.to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(word) = line.strip_prefix("range: bytes=") {
            range = word.trim_end_matches('-').parse().ok();
        }
    }
    Ok((path, range))
}
