//! Function bodies: a kernel's own, and those of the functions that it calls, in the place of the calls.

use super::control::{Frame, Kind};
use super::invalid;
use super::kernel::{Lowering, value_type};
use super::stack::Locals;
use crate::diagnostics::Diagnostic;
use crate::ir::{BlockId, Opcode, Operand, Register, Terminator, Type};
use wasmparser::{FunctionBody, OperatorsReader, ValType};

/// A function body that is being read.
pub(super) struct Body<'m> {
    function: u32,
    pub(super) operators: OperatorsReader<'m>,
    pub(super) locals: Locals,
    /// The place of its outermost block in [`Lowering::frames`].
    pub(super) frame: usize,
}

impl Lowering<'_, '_> {
    /// `call`: of an index function, or of a function whose body comes here.
    pub(super) fn call(&mut self, function: u32) -> Result<(), Diagnostic> {
        if let Some(special) = self.module.indices.get(function as usize) {
            let index = Operand::Special(*special);
            let register = self.code.compute(Opcode::Mov, Type::U32, &[], [index]);
            self.stack.push_register(register);
            return Ok(());
        }
        if self.bodies.iter().any(|body| body.function == function) {
            let message = "the function calls itself, directly or through others; write a loop";
            return Err(self.error(message));
        }
        let module = self.module;
        let ty = module
            .function_type(function)
            .ok_or_else(|| self.error("the called function does not exist"))?;
        let mut arguments = Vec::with_capacity(ty.params().len());
        for value in self.stack.pop_many(ty.params().len()) {
            let register = self.code.register(self.code.value_type(value));
            self.code.put(register, value);
            arguments.push(register);
        }
        self.stack.settle(&mut self.code);
        let results = self.registers(ty.results())?;
        let after = self.code.block();
        self.begin_body(function, &arguments, after, results)
    }

    /// Opens a function's body: what follows is read from there, and goes on at `after` with its results.
    pub(super) fn begin_body(
        &mut self,
        function: u32,
        arguments: &[Register],
        after: BlockId,
        results: Vec<Register>,
    ) -> Result<(), Diagnostic> {
        let module = self.module;
        let body = module
            .body(function)
            .ok_or_else(|| self.error("the function has no body"))?;
        let entry = self.code.block();
        let start = self.code.block();
        let runs = self.local_runs(body, arguments)?;
        self.code.end(Terminator::Jump(entry));
        self.code.enter(entry);
        self.code.end(Terminator::Jump(start));
        self.code.enter(start);
        self.bodies.push(Body {
            function,
            operators: body
                .get_operators_reader()
                .map_err(|error| invalid(&error))?,
            locals: Locals::new(runs, arguments, entry),
            frame: self.frames.len(),
        });
        self.frames.push(Frame {
            kind: Kind::Body,
            label: after,
            label_registers: results.clone(),
            after,
            results,
            height: self.stack.len(),
            reached: false,
        });
        Ok(())
    }

    fn local_runs(
        &self,
        body: &FunctionBody<'_>,
        arguments: &[Register],
    ) -> Result<Vec<(u32, Type)>, Diagnostic> {
        let mut runs = Vec::new();
        let mut end = arguments.len() as u32;
        for local in body.get_locals_reader().map_err(|error| invalid(&error))? {
            let (count, ty) = local.map_err(|error| invalid(&error))?;
            end = end.saturating_add(count);
            runs.push((end, value_type(ty).map_err(|message| self.error(message))?));
        }
        Ok(runs)
    }

    /// A register for each type.
    pub(super) fn registers(&mut self, types: &[ValType]) -> Result<Vec<Register>, Diagnostic> {
        let mut registers = Vec::with_capacity(types.len());
        for ty in types {
            let ty = value_type(*ty).map_err(|message| self.error(message))?;
            registers.push(self.code.register(ty));
        }
        Ok(registers)
    }
}
