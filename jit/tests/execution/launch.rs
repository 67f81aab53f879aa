//! What is passed to a kernel, and what it must leave.

use crate::numbers::{Element, Number, bytes};

/// How far a result may lie from the reference: by a part of the reference, and by so much more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    pub(crate) relative: f64,
    pub(crate) absolute: f64,
}

/// No distance at all.
pub(crate) const EXACT: Bound = within(0.0);

/// Any distance: results that nothing can be said about.
pub(crate) const ANY: Bound = within(f64::INFINITY);

/// A bound that is a part of the reference, and the same number where the reference is small.
pub(crate) const fn within(bound: f64) -> Bound {
    Bound {
        relative: bound,
        absolute: bound,
    }
}

/// What is to be found in a buffer afterwards; the text says what is wrong with it.
pub(crate) type Check = Box<dyn Fn(&[u8]) -> Option<String>>;

/// The addresses of all buffers of a launch, in their order.
pub(crate) type WithAddresses = Box<dyn Fn(&[u64]) -> Vec<u8>>;

pub(crate) enum Argument {
    /// A number or a structure.
    Value(Vec<u8>),
    /// A structure with pointers.
    Structure(WithAddresses),
    /// A pointer to the buffer of this number.
    Pointer(usize),
    /// A pointer to nothing.
    Null,
}

pub(crate) struct Buffer {
    pub(crate) before: Vec<u8>,
    pub(crate) check: Check,
    /// The check where the compiler was told that speed matters more than digits.
    pub(crate) fast: Option<Check>,
}

/// One launch of a kernel.
pub(crate) struct Launch {
    pub(crate) grid: [u32; 3],
    pub(crate) block: [u32; 3],
    pub(crate) shared: u32,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) buffers: Vec<Buffer>,
    fast: Option<Bound>,
    /// Whether results are known only where blocks run one after the other.
    pub(crate) in_order: bool,
}

impl Launch {
    pub(crate) fn of(grid: [usize; 3], block: [usize; 3]) -> Self {
        Self {
            grid: grid.map(|extent| extent as u32),
            block: block.map(|extent| extent as u32),
            shared: 0,
            arguments: Vec::new(),
            buffers: Vec::new(),
            fast: None,
            in_order: false,
        }
    }

    /// So many blocks of so many threads.
    pub(crate) fn line(blocks: usize, block: usize) -> Self {
        Self::of([blocks, 1, 1], [block, 1, 1])
    }

    /// At least so many threads, in blocks of that size.
    pub(crate) fn threads(threads: usize, block: usize) -> Self {
        Self::line(threads.div_ceil(block).max(1), block)
    }

    /// At least so many threads in two dimensions.
    pub(crate) fn plane(width: usize, height: usize, block: [usize; 2]) -> Self {
        let blocks = [
            width.div_ceil(block[0]).max(1),
            height.div_ceil(block[1]).max(1),
        ];
        Self::of([blocks[0], blocks[1], 1], [block[0], block[1], 1])
    }

    /// Blocks run one after the other, or it is not known what results.
    pub(crate) fn in_order(mut self) -> Self {
        self.in_order = true;
        self
    }

    /// Bytes of dynamic shared memory.
    pub(crate) fn shared(mut self, bytes: usize) -> Self {
        self.shared = bytes as u32;
        self
    }

    /// From here on results may differ so much where a compiler was told that speed matters more than digits.
    pub(crate) fn fast(mut self, bound: Bound) -> Self {
        self.fast = Some(bound);
        self
    }

    pub(crate) fn value<T: Element>(self, value: T) -> Self {
        self.structure(bytes(&[value]))
    }

    pub(crate) fn structure(mut self, bytes: Vec<u8>) -> Self {
        self.arguments.push(Argument::Value(bytes));
        self
    }

    pub(crate) fn structure_with_addresses(
        mut self,
        structure: impl Fn(&[u64]) -> Vec<u8> + 'static,
    ) -> Self {
        self.arguments
            .push(Argument::Structure(Box::new(structure)));
        self
    }

    pub(crate) fn null(mut self) -> Self {
        self.arguments.push(Argument::Null);
        self
    }

    /// An array that must stay as it is.
    pub(crate) fn input<T: Element>(self, elements: &[T]) -> Self {
        self.update(elements, elements)
    }

    /// An array that the kernel fills.
    pub(crate) fn output<T: Element>(self, expected: &[T]) -> Self {
        let before = vec![0x5c; expected.len() * T::BYTES];
        let check = exactly(expected);
        let fast = self.fast.map(|bound| near::<T>(numbers(expected), bound));
        self.pointer(before, check, fast)
    }

    /// An array that holds something and must hold something else afterwards.
    pub(crate) fn update<T: Element>(self, before: &[T], expected: &[T]) -> Self {
        let check = exactly(expected);
        let fast = self.fast.map(|bound| near::<T>(numbers(expected), bound));
        self.pointer(bytes(before), check, fast)
    }

    /// As [`Launch::output`], where results may differ.
    pub(crate) fn output_near<T: Element>(self, expected: &[f64], bound: Bound) -> Self {
        let before = vec![0x5c; expected.len() * T::BYTES];
        let fast = self.fast.map(|bound| near::<T>(expected.to_vec(), bound));
        self.pointer(before, near::<T>(expected.to_vec(), bound), fast)
    }

    /// As [`Launch::output_near`], with a bound for each place in a group of so many results.
    pub(crate) fn output_groups<T: Element>(self, expected: &[f64], bounds: &[Bound]) -> Self {
        let before = vec![0x5c; expected.len() * T::BYTES];
        let fast = self.fast.map(|bound| near::<T>(expected.to_vec(), bound));
        self.pointer(
            before,
            near_in_groups::<T>(expected.to_vec(), bounds.to_vec()),
            fast,
        )
    }

    /// As [`Launch::update`], where results may differ.
    pub(crate) fn update_near<T: Element>(
        self,
        before: &[T],
        expected: &[f64],
        bound: Bound,
    ) -> Self {
        let fast = self.fast.map(|bound| near::<T>(expected.to_vec(), bound));
        self.pointer(bytes(before), near::<T>(expected.to_vec(), bound), fast)
    }

    /// An array whose contents afterwards are checked by hand.
    pub(crate) fn checked<T: Element>(
        self,
        before: &[T],
        check: impl Fn(&[u8]) -> Option<String> + 'static,
    ) -> Self {
        self.pointer(bytes(before), Box::new(check), None)
    }

    /// A buffer that no parameter of its own points to.
    pub(crate) fn hidden<T: Element>(mut self, before: &[T], expected: &[T]) -> Self {
        self.buffers.push(Buffer {
            before: bytes(before),
            check: exactly(expected),
            fast: None,
        });
        self
    }

    fn pointer(mut self, before: Vec<u8>, check: Check, fast: Option<Check>) -> Self {
        self.arguments.push(Argument::Pointer(self.buffers.len()));
        self.buffers.push(Buffer {
            before,
            check,
            fast,
        });
        self
    }
}

fn numbers<T: Element>(elements: &[T]) -> Vec<f64> {
    bytes(elements)
        .chunks_exact(T::BYTES)
        .map(|element| as_float(T::read(element)))
        .collect()
}

fn as_float(number: Number) -> f64 {
    match number {
        Number::Integer(value) => value as f64,
        Number::Float(value) => value,
    }
}

/// The same bits; which NaN an operation gives is the device's choice.
fn exactly<T: Element>(expected: &[T]) -> Check {
    let expected = bytes(expected);
    Box::new(move |found: &[u8]| {
        let pairs = found
            .chunks_exact(T::BYTES)
            .zip(expected.chunks_exact(T::BYTES));
        for (at, (found, expected)) in pairs.enumerate() {
            let (is, should) = (T::read(found), T::read(expected));
            let both_nan = |number| matches!(number, Number::Float(value) if value.is_nan());
            if found != expected && !(both_nan(is) && both_nan(should)) {
                return Some(format!("element {at} is {is:?} instead of {should:?}"));
            }
        }
        None
    })
}

/// Numbers within a bound.
fn near<T: Element>(expected: Vec<f64>, bound: Bound) -> Check {
    near_in_groups::<T>(expected, vec![bound])
}

/// Numbers within bounds that repeat.
fn near_in_groups<T: Element>(expected: Vec<f64>, bounds: Vec<Bound>) -> Check {
    Box::new(move |found: &[u8]| {
        for (at, (found, should)) in found.chunks_exact(T::BYTES).zip(&expected).enumerate() {
            let bound = bounds[at % bounds.len()];
            let is = as_float(T::read(found));
            let same = is == *should || is.is_nan() && should.is_nan();
            let distance = (is - should).abs();
            let allowed = bound.absolute + bound.relative * should.abs();
            let is_near = bound.absolute == f64::INFINITY || distance <= allowed;
            if !same && !is_near {
                return Some(format!(
                    "element {at} is {is:e} instead of {should:e}, {distance:e} away"
                ));
            }
        }
        None
    })
}

/// Each element must be one of the two that the reference allows.
pub(crate) fn either<T: Element>(
    one: &[T],
    other: &[T],
) -> impl Fn(&[u8]) -> Option<String> + use<T> {
    let (one, other) = (bytes(one), bytes(other));
    move |found: &[u8]| {
        let wrong = (0..found.len() / T::BYTES).find(|at| {
            let range = at * T::BYTES..(at + 1) * T::BYTES;
            found[range.clone()] != one[range.clone()] && found[range.clone()] != other[range]
        });
        wrong.map(|at| {
            format!(
                "element {at} is {:?}",
                T::read(&found[at * T::BYTES..][..T::BYTES])
            )
        })
    }
}
