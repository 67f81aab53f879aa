//! Inputs that are nearly well formed.

/// Numbers without a pattern, the same in every run.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        // splitmix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// One of so many; 0 if there are none.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.next() % count.max(1) as u64) as usize
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}

/// Words that stand where they are not expected.
const WORDS: [&str; 16] = [
    "18446744073709551615",
    "4294967295",
    "-9223372036854775808",
    "0x8000000000000000",
    "0f7FC00000",
    "1e308",
    "%r<4294967295>",
    "{{{{{{{{{{{{{{{{",
    "}",
    "[[[[",
    "@!%p1",
    ".v4",
    ".f64",
    "bra",
    "ret;",
    "\0",
];

/// A seed with a few changes.
pub(crate) fn text(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let seed = &seeds[random.below(seeds.len())];
    let mut tokens = tokens(seed);
    for _ in 0..1 + random.below(4) {
        change(random, &mut tokens, seeds);
    }
    tokens.concat()
}

/// Splits between words and other characters, which keeps every byte.
fn tokens(text: &[u8]) -> Vec<&[u8]> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'%' | b'$');
    text.chunk_by(|left, right| is_word(left) && is_word(right))
        .collect()
}

fn change<'a>(random: &mut Random, words: &mut Vec<&'a [u8]>, seeds: &'a [Vec<u8>]) {
    let (at, other) = (random.below(words.len()), random.below(words.len()));
    if words.is_empty() {
        return;
    }
    match random.below(8) {
        0 => drop(words.remove(at)),
        1 => words.insert(at, words[other]),
        2 => words.swap(at, other),
        3 => words[at] = words[other],
        4 => words[at] = WORDS[random.below(WORDS.len())].as_bytes(),
        5 => words.truncate(at),
        6 => {
            // The end of another text.
            let donor = tokens(&seeds[random.below(seeds.len())]);
            words.truncate(at);
            words.extend(&donor[random.below(donor.len())..]);
        }
        _ => {
            let piece = words[at..words.len().min(at + 40)].to_vec();
            let times = 1 + random.below(30);
            words.splice(at..at, piece.repeat(times));
        }
    }
}

/// A module with a few bytes changed.
pub(crate) fn module(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..1 + random.below(3) {
        let at = random.below(bytes.len());
        let byte = random.next() as u8;
        match random.below(5) {
            0 => bytes.insert(at, byte),
            1 if bytes.len() > 1 => drop(bytes.remove(at)),
            2 => bytes.truncate(at.max(8)),
            3 => bytes[at] = bytes[random.below(bytes.len())],
            _ => bytes[at] = byte,
        }
    }
    bytes
}
