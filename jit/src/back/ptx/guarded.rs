//! What a launch of guarded PTX hands to the device, and what it reads back.

use super::instructions::{FAULT_OFFSET, RECORD_BYTES, hidden_offset};
use crate::analysis::loops::back_edges;
use crate::back::cpu::Fault;
use crate::diagnostics::Diagnostic;
use crate::ir::{self, FaultSite, Hidden, SharedSize};
use crate::proof::{LaunchFacts, Proof, Scratch};
use crate::signature::Signature;
use crate::verify::Accepted;

/// Alignment of the launch record behind a kernel's own parameters.
const RECORD_ALIGN: u32 = 8;

/// Guarded PTX, and what its text does not say.
#[derive(Clone, Debug)]
pub struct GuardedModule {
    /// What a driver gets.
    pub text: String,
    /// The kernels, in the order of the source.
    pub kernels: Vec<GuardedKernel>,
    /// Warnings and notes.
    pub diagnostics: Vec<Diagnostic>,
    variables: Vec<ir::Variable>,
}

/// A kernel of guarded PTX.
#[derive(Clone, Debug)]
pub struct GuardedKernel {
    /// Its name in the text.
    pub entry: String,
    /// What a launch must pass, under the source's names.
    pub signature: Signature,
    shared: SharedSize,
    own: Faults,
    variants: Vec<GuardedVariant>,
}

/// A kernel of guarded PTX without the guards that its proof stands in for.
#[derive(Clone, Debug)]
pub struct GuardedVariant {
    /// Its name in the text.
    pub entry: String,
    proof: Proof,
    faults: Faults,
}

/// How a launch may end but by itself.
#[derive(Clone, Debug)]
struct Faults {
    /// What its records name by number.
    sites: Vec<FaultSite>,
    loops: bool,
}

impl Faults {
    fn of(function: &ir::Function) -> Self {
        Self {
            sites: function.sites.clone(),
            loops: !back_edges(function).is_empty(),
        }
    }
}

impl GuardedVariant {
    pub(crate) fn new(entry: String, proof: Proof, function: &ir::Function) -> Self {
        Self {
            entry,
            proof,
            faults: Faults::of(function),
        }
    }
}

/// What the sandbox's code reads of a launch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaunchRecord {
    /// Address of the window's first byte, a multiple of 256.
    pub window_base: u64,
    /// Bytes from there on that may be accessed, a multiple of 256 and less than 2^62.
    pub window_mapped: u64,
    /// In checked mode the address of the table of granules, else unused.
    pub granules: u64,
    /// Address of the stop word, of four bytes, zero as long as the launch may go on; a fault sets it, too. It lies outside
    /// the window.
    pub stop: u64,
    /// Address of the fault record, of [`FAULT_RECORD_BYTES`] bytes, zero at first. It lies outside the window.
    pub fault: u64,
    /// Address of the module's own variables.
    pub variables: u64,
    /// Bytes of a block's shared memory: [`GuardedKernel::shared_bytes`].
    pub shared_bytes: u64,
    /// Whether an earlier launch with the same stop word may still fault or be stopped: then a block looks at it before it
    /// begins, so that what is enqueued behind is skipped.
    pub look: bool,
}

/// Blocks of a grid at most: empty ones drain in a tenth of a second on a large GPU, and nothing makes them drain faster.
pub const MAX_BLOCKS: u64 = 1 << 27;

/// Bytes of a fault record.
pub const FAULT_RECORD_BYTES: usize = 48;

/// The state of a record that is complete.
const WRITTEN: u32 = 2;

/// Whether a record that begins with this word is complete; one that begins with another one but 0 is being written.
pub fn is_complete(first_word: u32) -> bool {
    first_word == WRITTEN
}

impl GuardedModule {
    pub(crate) fn new(module: &ir::Module, accepted: Accepted) -> Self {
        let functions = module.functions.iter().zip(accepted.signatures).enumerate();
        let kernels = functions.map(|(index, (function, signature))| GuardedKernel {
            entry: super::kernels::name(index),
            signature,
            shared: SharedSize::of(function),
            own: Faults::of(function),
            variants: Vec::new(),
        });
        Self {
            text: super::print(module),
            kernels: kernels.collect(),
            diagnostics: accepted.diagnostics,
            variables: module.variables.clone(),
        }
    }

    /// Adds a variant of a kernel, behind those that it has, which is in the text already.
    pub(crate) fn add_variant(&mut self, kernel: usize, variant: GuardedVariant) {
        if let Some(kernel) = self.kernels.get_mut(kernel) {
            kernel.variants.push(variant);
        }
    }

    /// Bytes of memory that a loaded module needs for its own variables; 0 if it has none.
    pub fn variable_bytes(&self) -> u64 {
        ir::variable_layout(&self.variables).1
    }

    /// What is in that memory before the first kernel runs, if it begins at this address of the guest's window.
    pub fn initial_variables(&self, address: u64) -> Vec<u8> {
        ir::initial_bytes(&self.variables, address)
    }
}

impl GuardedKernel {
    /// Bytes of a block's shared memory where the launch asks for so many of its own: all of it is dynamic for the driver.
    pub fn shared_bytes(&self, dynamic: u32) -> u64 {
        self.shared.bytes(dynamic)
    }

    /// What it is called in the text, and what its variants are called: a launch runs one of them, by its number here.
    pub fn entries(&self) -> impl Iterator<Item = &str> {
        let variants = self.variants.iter().map(|variant| variant.entry.as_str());
        std::iter::once(self.entry.as_str()).chain(variants)
    }

    /// Which of its [`entries`](Self::entries) to launch: the first variant whose proof holds, else the kernel with all guards.
    pub fn choose(&self, launch: &LaunchFacts<'_>, scratch: &mut Scratch) -> usize {
        let mut variants = self.variants.iter();
        let holds = variants.position(|variant| variant.proof.holds(launch, scratch));
        holds.map_or(0, |variant| variant + 1)
    }

    fn faults(&self, entry: usize) -> &Faults {
        let variant = entry.checked_sub(1);
        let variant = variant.and_then(|variant| self.variants.get(variant));
        variant.map_or(&self.own, |variant| &variant.faults)
    }

    /// Whether a launch of one of its entries may fault, or be stopped: what has neither guards nor loops just ends.
    pub fn may_fail(&self, entry: usize) -> bool {
        let faults = self.faults(entry);
        faults.loops || !faults.sites.is_empty()
    }

    /// The parameter block as the driver takes it: the kernel's own, and the launch record.
    pub fn parameters(&self, own: &[u8], record: &LaunchRecord) -> Vec<u8> {
        let mut block = Vec::new();
        self.write_parameters(own, record, &mut block);
        block
    }

    /// Replaces what is in `block` by [`GuardedKernel::parameters`], so that many launches use the same memory.
    pub fn write_parameters(&self, own: &[u8], record: &LaunchRecord, block: &mut Vec<u8>) {
        let at = self
            .signature
            .parameter_bytes
            .next_multiple_of(RECORD_ALIGN) as usize;
        block.clear();
        block.extend_from_slice(own);
        block.resize(at + RECORD_BYTES as usize, 0);
        for (offset, value) in record.fields() {
            block[at + offset as usize..][..8].copy_from_slice(&value.to_le_bytes());
        }
    }

    /// The fault that a launch of one of its entries left in its record, if it did.
    pub fn fault(&self, entry: usize, record: &[u8; FAULT_RECORD_BYTES]) -> Option<Fault> {
        let word = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|byte| record[at + byte]));
        if !is_complete(word(0)) {
            return None;
        }
        let site = self.faults(entry).sites.get(word(8) as usize)?;
        let address = u64::from(word(16)) | u64::from(word(20)) << 32;
        let index = |at: usize| [word(at), word(at + 4), word(at + 8)];
        Some(Fault::at(site, address, index(24), index(36)))
    }
}

impl LaunchRecord {
    /// Where each field lies in the record.
    fn fields(&self) -> [(u32, u64); 8] {
        [
            (hidden_offset(Hidden::WindowBase), self.window_base),
            (hidden_offset(Hidden::WindowMapped), self.window_mapped),
            (hidden_offset(Hidden::Granules), self.granules),
            (hidden_offset(Hidden::Stop), self.stop),
            (FAULT_OFFSET, self.fault),
            (hidden_offset(Hidden::Variables), self.variables),
            (hidden_offset(Hidden::SharedSize), self.shared_bytes),
            (hidden_offset(Hidden::Look), u64::from(self.look)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::Memory;
    use crate::{CompileOptions, Source, guarded_ptx, guarded_with_variants};

    const STORE: &str = "
.version 7.0
.target sm_80
.address_size 64
.visible .entry store(.param .u64 p, .param .u32 v) {
    .reg .b64 %a;
    ld.param.u64 %a, [p];
    st.global.u32 [%a], 1;
    ret;
}";

    #[test]
    fn the_record_lies_aligned_behind_the_kernels_own_parameters() {
        let module = guarded_ptx(STORE, &CompileOptions::default()).unwrap();
        let record = LaunchRecord {
            window_base: 0x1122_3344,
            shared_bytes: 7,
            ..LaunchRecord::default()
        };
        let block = module.kernels[0].parameters(&[9; 12], &record);
        assert_eq!(block.len(), 16 + RECORD_BYTES as usize);
        assert_eq!(block[..12], [9; 12]);
        assert_eq!(block[16..20], [0x44, 0x33, 0x22, 0x11]);
        assert_eq!(block[64], 7);
    }

    #[test]
    fn a_module_of_variables_alone_is_printed_without_them() {
        let source =
            ".version 7.0\n.target sm_80\n.address_size 64\n.const .u32 numbers[2] = {1, 2};\n";
        let module = guarded_ptx(source, &CompileOptions::default()).unwrap();
        assert!(!module.text.contains(".const"), "{}", module.text);
        assert_eq!((module.kernels.len(), module.variable_bytes()), (0, 0));
    }

    #[test]
    fn a_launch_runs_without_guards_where_its_accesses_are_proved() {
        let source = Source::Ptx(STORE);
        let module = guarded_with_variants(source, &CompileOptions::default()).unwrap();
        let kernel = &module.kernels[0];
        for entry in kernel.entries() {
            assert!(module.text.contains(&format!(".entry {entry}(")), "{entry}");
        }
        let chosen = |address: u64| {
            let mut parameters = [0; 12];
            parameters[..8].copy_from_slice(&address.to_le_bytes());
            let memory = Memory::Window {
                base: 4096,
                mapped: 512,
            };
            let launch = LaunchFacts {
                grid: [1, 1, 1],
                block: [32, 1, 1],
                dynamic_shared: 0,
                parameters: &parameters,
                memory,
                variables: 0,
            };
            kernel.choose(&launch, &mut Scratch::default())
        };
        assert_eq!([4096, 4604, 4092, 4608, 4098].map(chosen), [1, 1, 0, 0, 0]);
        assert!(kernel.may_fail(0) && !kernel.may_fail(1));
    }

    #[test]
    fn a_record_is_read_once_it_is_complete() {
        let module = guarded_ptx(STORE, &CompileOptions::default()).unwrap();
        let mut record = [0; FAULT_RECORD_BYTES];
        record[16..18].copy_from_slice(&[0x34, 0x12]);
        record[24] = 5;
        record[36] = 6;
        record[0] = 1;
        assert_eq!(module.kernels[0].fault(0, &record), None);
        record[0] = 2;
        let fault = module.kernels[0].fault(0, &record).unwrap();
        assert_eq!((fault.address, fault.size), (0x1234, 4));
        assert_eq!(
            (fault.span.line, fault.block[0], fault.thread[0]),
            (8, 5, 6)
        );
    }
}
