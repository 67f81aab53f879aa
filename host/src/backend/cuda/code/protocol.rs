//! What host and worker say to each other, over the worker's standard input and output.
//!
//! A request is a text; an answer is a status and bytes: machine code, or what the compiler had to say. Lengths are 64-bit,
//! little endian, and bounded, since neither side trusts the other's.

use std::io::{self, Read, Write};

/// Bytes of a message at most: several times what the largest source becomes.
const LONGEST: u64 = 256 << 20;

/// What became of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Requests are welcome: the first answer, to none.
    Ready,
    Code(Vec<u8>),
    Refused(String),
}

const READY: u8 = 0;
const CODE: u8 = 1;
const REFUSED: u8 = 2;

pub(super) fn write_request(to: &mut impl Write, text: &str) -> io::Result<()> {
    write_bytes(to, text.as_bytes())?;
    to.flush()
}

/// The next request; none when there will be none.
pub(super) fn read_request(from: &mut impl Read) -> io::Result<Option<String>> {
    match read_bytes(from) {
        Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn write_answer(to: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let (status, bytes) = match answer {
        Answer::Ready => (READY, &[][..]),
        Answer::Code(code) => (CODE, code.as_slice()),
        Answer::Refused(log) => (REFUSED, log.as_bytes()),
    };
    to.write_all(&[status])?;
    write_bytes(to, bytes)?;
    to.flush()
}

pub(super) fn read_answer(from: &mut impl Read) -> io::Result<Answer> {
    let mut status = [0];
    from.read_exact(&mut status)?;
    let bytes = read_bytes(from)?;
    match status[0] {
        READY => Ok(Answer::Ready),
        CODE => Ok(Answer::Code(bytes)),
        REFUSED => Ok(Answer::Refused(
            String::from_utf8_lossy(&bytes).into_owned(),
        )),
        other => Err(io::Error::other(format!(
            "an answer of the unknown status {other}"
        ))),
    }
}

fn write_bytes(to: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    to.write_all(&(bytes.len() as u64).to_le_bytes())?;
    to.write_all(bytes)
}

fn read_bytes(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    from.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > LONGEST {
        return Err(io::Error::other(format!("a message of {length} bytes")));
    }
    let mut bytes = Vec::new();
    // Grows with what comes, not by the length that is claimed.
    let read = from.by_ref().take(length).read_to_end(&mut bytes)?;
    if (read as u64) < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn requests_end_with_the_input() {
        let mut said = Vec::new();
        write_request(&mut said, ".version 7.0").unwrap();
        write_request(&mut said, "").unwrap();
        let mut from = said.as_slice();
        assert_eq!(read_request(&mut from).unwrap().unwrap(), ".version 7.0");
        assert_eq!(read_request(&mut from).unwrap().unwrap(), "");
        assert_eq!(read_request(&mut from).unwrap(), None);
    }

    #[test]
    fn a_length_that_nothing_follows_takes_no_memory() {
        let mut said = vec![CODE];
        said.extend(u64::MAX.to_le_bytes());
        assert!(read_answer(&mut said.as_slice()).is_err());
        said.truncate(1);
        said.extend((100u64 << 20).to_le_bytes());
        let error = read_answer(&mut said.as_slice()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    proptest! {
        #[test]
        fn answers_arrive_as_they_were_given(code: Vec<u8>, log: String) {
            for answer in [Answer::Ready, Answer::Code(code), Answer::Refused(log)] {
                let mut said = Vec::new();
                write_answer(&mut said, &answer).unwrap();
                prop_assert_eq!(read_answer(&mut said.as_slice()).unwrap(), answer);
            }
        }

        #[test]
        fn no_bytes_are_a_panic(bytes: Vec<u8>) {
            let _ = read_answer(&mut bytes.as_slice());
            let _ = read_request(&mut bytes.as_slice());
        }
    }
}
