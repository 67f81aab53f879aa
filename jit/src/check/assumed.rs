//! What is assumed of a kernel's variant: what the proof of each of its launches shows.

use super::refusal::Memory;

/// Second opinions end where a launch's proof begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assumptions {
    /// The place of the kernel that it is a variant of.
    pub kernel: u32,
    /// What it is called in the text: that kernel's name, and a word behind it.
    pub entry: String,
    /// Accesses that need no guard, by line and memory.
    pub accesses: Vec<Assumed>,
    /// The lines of the labels of blocks to which ways back need no look at the stop word.
    pub loops: Vec<u32>,
}

/// An access that a claim of the proof is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumed {
    /// The line of the text, counted from 1.
    pub line: u32,
    /// Where it lies.
    pub memory: Memory,
    /// How much it touches there, of a matrix one row.
    pub bytes: u32,
    /// What its address is a multiple of.
    pub align: u32,
    /// Of a matrix what the distance of its rows is a multiple of.
    pub rows_align: Option<u32>,
}

impl Assumptions {
    /// The claim about what an access in a line touches of a memory.
    pub(super) fn of(&self, line: u32, memory: Memory) -> Option<&Assumed> {
        let first = self.accesses.partition_point(|it| it.line < line);
        let in_line = self.accesses[first..].iter();
        let mut in_line = in_line.take_while(|it| it.line == line);
        in_line.find(|it| it.memory == memory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_is_found_by_its_line_and_memory() {
        let access = |line, memory| Assumed {
            line,
            memory,
            bytes: 4,
            align: 4,
            rows_align: None,
        };
        let assumed = Assumptions {
            accesses: vec![
                access(3, Memory::Window),
                access(7, Memory::Shared),
                access(7, Memory::Window),
            ],
            ..Assumptions::default()
        };
        assert_eq!(assumed.of(7, Memory::Window), Some(&assumed.accesses[2]));
        assert_eq!(assumed.of(3, Memory::Shared), None);
        assert_eq!(assumed.of(8, Memory::Window), None);
    }
}
