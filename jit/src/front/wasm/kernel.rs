//! Exported functions to kernels.

use super::builder::{Budget, Builder, held};
use super::control::Frame;
use super::inline::Body;
use super::scan::{Export, Scanned};
use super::stack::Stack;
use super::{invalid, span};
use crate::diagnostics::{Diagnostic, Span};
use crate::ir::{
    Address, AddressBase, Function, Modifier, Opcode, Operand, ParameterDeclaration, Register,
    Terminator, Type,
};
use crate::limits::{MAX_NAME_BYTES, MAX_PARAMETER_BYTES};
use wasmparser::ValType;

/// Every exported function, in the order of the exports.
pub(super) fn lower_all(
    module: &Scanned<'_>,
    module_bytes: usize,
) -> Result<Vec<Function>, Vec<Diagnostic>> {
    let mut budget = Budget::of_module(module_bytes);
    let mut functions = Vec::with_capacity(module.exports.len());
    for export in &module.exports {
        functions.push(lower(module, export, &mut budget).map_err(|error| vec![error])?);
    }
    Ok(functions)
}

fn lower(
    module: &Scanned<'_>,
    export: &Export<'_>,
    budget: &mut Budget,
) -> Result<Function, Diagnostic> {
    let Export { name, function } = *export;
    let at = module
        .body(function)
        .map_or(Span::default(), |body| span(body.range().start));
    let in_kernel = |message: String| Diagnostic::error(at, format!("kernel `{name}`: {message}"));
    if name.len() > MAX_NAME_BYTES {
        let message = format!("a kernel's name is longer than {MAX_NAME_BYTES} bytes");
        return Err(Diagnostic::error(at, message));
    }
    let parameters = declare_parameters(module, function).map_err(in_kernel)?;
    let mut lowering = Lowering::new(module, budget);
    lowering
        .kernel(function, &parameters)
        .map_err(|error| Diagnostic {
            message: format!("kernel `{name}`: {}", error.message),
            ..error
        })?;
    let Builder {
        registers,
        mut blocks,
        sites,
        ..
    } = lowering.code;
    for block in &mut blocks {
        block.instructions.shrink_to_fit();
    }
    Ok(Function {
        variables: Vec::new(),
        name: name.to_owned(),
        span: at,
        parameters,
        registers,
        blocks,
        max_threads: None,
        required_block: None,
        sites,
        sandboxed: false,
    })
}

/// The type of registers for values of a type.
pub(super) fn value_type(ty: ValType) -> Result<Type, String> {
    Ok(match ty {
        ValType::I32 => Type::B32,
        ValType::I64 => Type::B64,
        ValType::F32 => Type::F32,
        ValType::F64 => Type::F64,
        other => return Err(format!("values of type {other} are not supported")),
    })
}

/// Parameters lie one behind the other, each at a multiple of its size.
fn declare_parameters(
    module: &Scanned<'_>,
    function: u32,
) -> Result<Vec<ParameterDeclaration>, String> {
    let ty = module
        .function_type(function)
        .ok_or("the export is an imported function, which is no kernel")?;
    if !ty.results().is_empty() {
        return Err("the function has results; write them to a buffer".to_owned());
    }
    let mut end = 0u32;
    let mut declarations = Vec::with_capacity(ty.params().len());
    for (index, ty) in (0..).zip(ty.params()) {
        let ty = match value_type(*ty)? {
            Type::B32 => Type::U32,
            Type::B64 => Type::U64,
            float => float,
        };
        let offset = end.next_multiple_of(ty.bytes());
        end = offset + ty.bytes();
        if end > MAX_PARAMETER_BYTES {
            return Err(format!(
                "the parameters are larger than {MAX_PARAMETER_BYTES} bytes; pass a buffer"
            ));
        }
        declarations.push(ParameterDeclaration {
            name: module.names.parameter(function, index),
            ty,
            array: None,
            align: ty.bytes(),
            offset,
            pointer: false,
        });
    }
    Ok(declarations)
}

/// The state of lowering one kernel.
pub(super) struct Lowering<'m, 'b> {
    pub(super) module: &'m Scanned<'m>,
    pub(super) code: Builder<'b>,
    pub(super) stack: Stack,
    /// Open blocks, those of inlined functions innermost.
    pub(super) frames: Vec<Frame>,
    /// The function that is being lowered, behind those that called it.
    pub(super) bodies: Vec<Body<'m>>,
    /// After an instruction that never goes on, until its block ends: how many blocks were opened since.
    pub(super) dead: Option<usize>,
}

impl<'m, 'b> Lowering<'m, 'b> {
    fn new(module: &'m Scanned<'m>, budget: &'b mut Budget) -> Self {
        Self {
            module,
            code: Builder::new(budget),
            stack: Stack::default(),
            frames: Vec::new(),
            bodies: Vec::new(),
            dead: None,
        }
    }

    /// Loads the parameters in the first block and lowers the function's body behind it.
    fn kernel(
        &mut self,
        function: u32,
        parameters: &[ParameterDeclaration],
    ) -> Result<(), Diagnostic> {
        if let Some(body) = self.module.body(function) {
            self.code.at(body.range().start);
        }
        let registers: Vec<Register> = (0..)
            .zip(parameters)
            .map(|(index, parameter)| self.load_parameter(index, parameter.ty))
            .collect();
        let exit = self.code.block();
        self.begin_body(function, &registers, exit, Vec::new())?;
        self.run()
    }

    fn load_parameter(&mut self, index: u32, ty: Type) -> Register {
        let register = self.code.register(held(ty));
        let address = Address::new(AddressBase::Parameter(index), 0);
        let operands = [Operand::Register(register), Operand::Address(address)];
        let space = [Modifier::Param];
        self.code
            .emit(Opcode::LdParam, (ty, None), &space, operands);
        register
    }

    /// Lowers instruction after instruction, until the kernel's last block has ended.
    fn run(&mut self) -> Result<(), Diagnostic> {
        while let Some(body) = self.bodies.last_mut() {
            let (operator, offset) = body
                .operators
                .read_with_offset()
                .map_err(|error| invalid(&error))?;
            self.code.at(offset);
            self.operator(&operator)?;
            self.code.check()?;
        }
        self.code.end(Terminator::Exit);
        Ok(())
    }

    /// An error at the instruction that is being lowered.
    pub(super) fn error(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(self.code.span(), message)
    }
}
