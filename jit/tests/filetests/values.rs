//! Typed values as cases spell them: `u32[0..8, 7 x 3, -1]`.

/// The most values that one list may stand for.
const MOST_VALUES: usize = 1 << 16;
/// So many values in a row are worth a range or a repetition when they are written.
const SHORTEST_RUN: usize = 4;

/// The type of the elements of a buffer or an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    name: &'static str,
    pub(crate) bytes: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Unsigned,
    Signed,
    Float,
    /// Floats that Rust has no type for: written as their bits.
    Bits,
}

const ELEMENTS: [Element; 12] = [
    element("u8", 1, Kind::Unsigned),
    element("u16", 2, Kind::Unsigned),
    element("u32", 4, Kind::Unsigned),
    element("u64", 8, Kind::Unsigned),
    element("s8", 1, Kind::Signed),
    element("s16", 2, Kind::Signed),
    element("s32", 4, Kind::Signed),
    element("s64", 8, Kind::Signed),
    element("f16", 2, Kind::Bits),
    element("bf16", 2, Kind::Bits),
    element("f32", 4, Kind::Float),
    element("f64", 8, Kind::Float),
];

const fn element(name: &'static str, bytes: usize, kind: Kind) -> Element {
    Element { name, bytes, kind }
}

/// Values of one type, as bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Values {
    pub(crate) element: Element,
    bits: Vec<u64>,
}

impl Values {
    /// Reads `TYPE[...]`, or `TYPE(...)` with these brackets; none if the text does not have that form.
    pub(crate) fn read(text: &str, brackets: [char; 2]) -> Option<Result<Self, String>> {
        let (name, rest) = text.split_once(brackets[0])?;
        let inside = rest.strip_suffix(brackets[1])?;
        let element = ELEMENTS
            .into_iter()
            .find(|element| element.name == name.trim());
        Some(match element {
            Some(element) => read_list(element, inside).map(|bits| Self { element, bits }),
            None => Err(format!(
                "`{}` is no type; these are: {}",
                name.trim(),
                ELEMENTS.map(|element| element.name).join(" ")
            )),
        })
    }

    /// As they lie in memory.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let bytes = self.element.bytes;
        let element = |bits: &u64| bits.to_le_bytes().into_iter().take(bytes);
        self.bits.iter().flat_map(element).collect()
    }

    /// Values of a type from memory.
    pub(crate) fn from_bytes(element: Element, bytes: &[u8]) -> Self {
        let bits = bytes.chunks_exact(element.bytes).map(|chunk| {
            let mut all = [0; 8];
            all[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(all)
        });
        Self {
            element,
            bits: bits.collect(),
        }
    }

    /// Whether both are the same; which NaN an operation gives is the device's choice.
    pub(crate) fn agree(&self, other: &Self) -> bool {
        let same = |(left, right): (&u64, &u64)| {
            left == right || (is_nan(self.element, *left) && is_nan(self.element, *right))
        };
        self.element == other.element
            && self.bits.len() == other.bits.len()
            && self.bits.iter().zip(&other.bits).all(same)
    }

    /// As a case spells them.
    pub(crate) fn spelt(&self) -> String {
        let mut items = Vec::new();
        let mut rest = self.bits.as_slice();
        while let Some(&first) = rest.first() {
            let repeats = rest.iter().take_while(|bits| **bits == first).count();
            let (steps, step) = progression(self.element, rest);
            let first = spell(self.element, first);
            let taken = if repeats >= SHORTEST_RUN {
                items.push(format!("{first} x {repeats}"));
                repeats
            } else if steps >= SHORTEST_RUN && step > 0 {
                let start = whole(self.element, rest[0]).unwrap_or_default();
                let end = start + step * steps as i128;
                let by = if step == 1 {
                    String::new()
                } else {
                    format!(" by {step}")
                };
                items.push(format!("{start}..{end}{by}"));
                steps
            } else {
                items.push(first);
                1
            };
            rest = &rest[taken..];
        }
        format!("{}[{}]", self.element.name, items.join(", "))
    }
}

fn read_list(element: Element, text: &str) -> Result<Vec<u64>, String> {
    let mut bits = Vec::new();
    for item in text
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
    {
        if let Some((start, rest)) = item.split_once("..") {
            let (end, step) = rest.split_once(" by ").unwrap_or((rest, "1"));
            let [start, end, step] = [integer(start)?, integer(end)?, integer(step)?];
            if step < 1 || end <= start {
                return Err(format!(
                    "`{item}` is no range such as `0..8` or `0..8 by 2`"
                ));
            }
            let mut value = start;
            while value < end && bits.len() <= MOST_VALUES {
                bits.push(from_integer(element, value)?);
                value += step;
            }
        } else if let Some((value, count)) = item.split_once(" x ") {
            let count = usize::try_from(integer(count)?)
                .unwrap_or(usize::MAX)
                .min(MOST_VALUES + 1);
            bits.extend(std::iter::repeat_n(read_value(element, value)?, count));
        } else {
            bits.push(read_value(element, item)?);
        }
        if bits.len() > MOST_VALUES {
            return Err(format!("more than {MOST_VALUES} values"));
        }
    }
    Ok(bits)
}

fn integer(text: &str) -> Result<i128, String> {
    let text = text.trim();
    let (negative, digits) = text
        .strip_prefix('-')
        .map_or((false, text), |rest| (true, rest));
    let value = match digits.strip_prefix("0x") {
        Some(digits) => i128::from_str_radix(digits, 16),
        None => digits.parse(),
    };
    let value = value.map_err(|_| format!("`{text}` is no integer"))?;
    Ok(if negative { -value } else { value })
}

fn read_value(element: Element, text: &str) -> Result<u64, String> {
    let text = text.trim();
    match element.kind {
        Kind::Float if !text.starts_with("0x") => {
            let wrong = |_| format!("`{text}` is no number");
            if element.bytes == 4 {
                text.parse::<f32>()
                    .map(|value| value.to_bits().into())
                    .map_err(wrong)
            } else {
                text.parse::<f64>().map(f64::to_bits).map_err(wrong)
            }
        }
        Kind::Float | Kind::Bits => {
            if !text.starts_with("0x") {
                return Err(format!(
                    "values of {} are bits such as 0x3c00",
                    element.name
                ));
            }
            u64::try_from(integer(text)?)
                .ok()
                .filter(|bits| bits & !mask(element) == 0)
                .ok_or_else(|| format!("`{text}` does not fit {}", element.name))
        }
        Kind::Unsigned | Kind::Signed => from_integer(element, integer(text)?),
    }
}

fn from_integer(element: Element, value: i128) -> Result<u64, String> {
    let bits = 8 * element.bytes as u32;
    let (low, high) = match element.kind {
        Kind::Float if element.bytes == 4 => return Ok((value as f32).to_bits().into()),
        Kind::Float => return Ok((value as f64).to_bits()),
        Kind::Bits => return Err(format!("there are no ranges of {}", element.name)),
        Kind::Unsigned => (0, (1i128 << bits) - 1),
        Kind::Signed => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
    };
    if (low..=high).contains(&value) {
        Ok(value as u64 & mask(element))
    } else {
        Err(format!("{value} does not fit {}", element.name))
    }
}

fn mask(element: Element) -> u64 {
    u64::MAX >> (64 - 8 * element.bytes)
}

fn as_float(element: Element, bits: u64) -> f64 {
    if element.bytes == 4 {
        f32::from_bits(bits as u32).into()
    } else {
        f64::from_bits(bits)
    }
}

fn is_nan(element: Element, bits: u64) -> bool {
    element.kind == Kind::Float && as_float(element, bits).is_nan()
}

/// The value as an integer, if it is one that every type holds exactly.
fn whole(element: Element, bits: u64) -> Option<i128> {
    let unused = 64 - 8 * element.bytes as u32;
    match element.kind {
        Kind::Unsigned => Some(bits.into()),
        Kind::Signed => Some(((bits << unused) as i64 >> unused).into()),
        Kind::Float => {
            let value = as_float(element, bits);
            let exact = value.fract() == 0.0
                && value.abs() < 16_777_216.0
                && !(value == 0.0 && value.is_sign_negative());
            exact.then_some(value as i128)
        }
        Kind::Bits => None,
    }
}

/// How many of the first values step evenly, and by how much.
fn progression(element: Element, bits: &[u64]) -> (usize, i128) {
    let values: Vec<i128> = bits
        .iter()
        .map_while(|bits| whole(element, *bits))
        .collect();
    let [first, second, ..] = values[..] else {
        return (values.len(), 0);
    };
    let step = second - first;
    let even = values
        .windows(2)
        .take_while(|pair| pair[1] - pair[0] == step);
    (even.count() + 1, step)
}

fn spell(element: Element, bits: u64) -> String {
    match (element.kind, whole(element, bits)) {
        (Kind::Float, _) if element.bytes == 4 => format!("{:?}", f32::from_bits(bits as u32)),
        (Kind::Float, _) => format!("{:?}", f64::from_bits(bits)),
        (_, Some(value)) => value.to_string(),
        (_, None) => format!("{bits:#06x}"),
    }
}
