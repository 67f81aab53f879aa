//! Machine code on disk.
//!
//! An entry is a file named by the hash of everything that decided the code, with the hash of its content in front. It is
//! written beside its place and then moved there, so that any number of processes may use one folder; one that does not hold
//! what it should is removed and made again. What a GPU runs comes from here, so nobody else may be able to write there.

use super::options::CodeCache;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::SystemTime;

/// What an entry begins with.
const MAGIC: [u8; 16] = *b"wasi:cuda code 1";

/// How an entry's name ends.
const EXTENSION: &str = "cubin";

/// Everything that decides machine code, hashed.
pub(super) struct Key([u8; 32]);

impl Key {
    pub(super) fn of(parts: &[&str]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        Self(*hasher.finalize().as_bytes())
    }

    fn file_name(&self) -> String {
        format!("{}.{EXTENSION}", blake3::Hash::from_bytes(self.0).to_hex())
    }
}

/// A folder of entries.
pub(super) struct Cache {
    folder: PathBuf,
    bytes: u64,
}

/// An entry's file.
struct Entry {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

impl Cache {
    /// Opens a folder, or makes it.
    ///
    /// # Errors
    ///
    /// When it is no folder, or others may write to it.
    pub(super) fn open(options: &CodeCache) -> io::Result<Self> {
        let folder = options.folder.clone();
        make_private(&folder)
            .and_then(|()| check_private(&folder))
            .map_err(|error| {
                io::Error::new(
                    error.kind(),
                    format!("the code cache {}: {error}", folder.display()),
                )
            })?;
        Ok(Self {
            folder,
            bytes: options.bytes,
        })
    }

    /// The code of a key. What is damaged is removed.
    pub(super) fn find(&self, key: &Key) -> Option<Vec<u8>> {
        let path = self.folder.join(key.file_name());
        let mut file = File::open(&path).ok()?;
        match read_entry(&mut file, key) {
            Ok(code) => {
                // Best effort: it decides what goes first.
                let _ = file.set_modified(SystemTime::now());
                Some(code)
            }
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "a damaged entry of the code cache is made again");
                self.remove(key);
                None
            }
        }
    }

    /// Keeps code, and lets go of what was used longest ago where there is too much.
    pub(super) fn keep(&self, key: &Key, code: &[u8]) -> io::Result<()> {
        /// Apart from other threads; other processes have other numbers.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let size = (MAGIC.len() + 64 + code.len()) as u64;
        if size > self.bytes {
            return Ok(());
        }
        self.make_room(size)?;
        let number = NEXT.fetch_add(1, Relaxed);
        let beside = format!("{}.{}.{number}.part", key.file_name(), std::process::id());
        let beside = self.folder.join(beside);
        let written = write_entry(&beside, key, code)
            .and_then(|()| fs::rename(&beside, self.folder.join(key.file_name())));
        if written.is_err() {
            let _ = fs::remove_file(&beside);
        }
        written
    }

    /// Removes an entry, if there is one.
    pub(super) fn remove(&self, key: &Key) {
        // Somebody else may have been first.
        let _ = fs::remove_file(self.folder.join(key.file_name()));
    }

    fn make_room(&self, size: u64) -> io::Result<()> {
        let mut entries = self.entries()?;
        let mut held: u64 = entries.iter().map(|entry| entry.bytes).sum();
        entries.sort_by_key(|entry| entry.used);
        for entry in entries {
            if held.saturating_add(size) <= self.bytes {
                break;
            }
            // Somebody else may have been first.
            let _ = fs::remove_file(&entry.path);
            held -= entry.bytes;
        }
        Ok(())
    }

    /// All files in the folder, parts that somebody left behind included.
    fn entries(&self) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for found in fs::read_dir(&self.folder)? {
            // Another process may remove files meanwhile.
            let Ok((path, about)) = found.and_then(|found| Ok((found.path(), found.metadata()?)))
            else {
                continue;
            };
            if about.is_file() {
                entries.push(Entry {
                    path,
                    bytes: about.len(),
                    used: about.modified().unwrap_or(SystemTime::UNIX_EPOCH),
                });
            }
        }
        Ok(entries)
    }
}

/// The hash that stands in front of code.
fn seal(key: &Key, code: &[u8]) -> [u8; 32] {
    *blake3::Hasher::new_keyed(&key.0)
        .update(code)
        .finalize()
        .as_bytes()
}

fn write_entry(path: &Path, key: &Key, code: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(&MAGIC)?;
    file.write_all(&key.0)?;
    file.write_all(&seal(key, code))?;
    file.write_all(code)
}

fn read_entry(file: &mut File, key: &Key) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let whole = bytes
        .split_first_chunk::<16>()
        .filter(|(magic, _)| **magic == MAGIC)
        .and_then(|(_, rest)| rest.split_first_chunk::<32>())
        .filter(|(of, _)| **of == key.0)
        .and_then(|(_, rest)| rest.split_first_chunk::<32>())
        .filter(|(sealed, code)| !code.is_empty() && **sealed == seal(key, code));
    match whole {
        Some((_, code)) => Ok(code.to_vec()),
        None => Err(io::Error::other("it is not what was written")),
    }
}

#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

#[cfg(unix)]
fn check_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let about = fs::metadata(folder)?;
    if !about.is_dir() {
        return Err(io::Error::other("it is no folder"));
    }
    let own = rustix::process::geteuid().as_raw();
    if about.uid() != own {
        return Err(io::Error::other(format!(
            "it belongs to user {}, not to {own}; name a folder of your own",
            about.uid()
        )));
    }
    if about.mode() & 0o022 != 0 {
        return Err(io::Error::other(
            "others may write to it; take their right away with `chmod go-w`",
        ));
    }
    Ok(())
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(not(unix))]
fn check_private(_folder: &Path) -> io::Result<()> {
    Err(io::Error::other(
        "this system does not tell who may write to it",
    ))
}

#[cfg(test)]
mod tests;
