//! What is printed for a driver is proved, and what the proof asks of a launch is held against what a module declares.

use crate::check::{Assumptions, Checked, check_variants};
use crate::diagnostics::{Diagnostic, Span};
use crate::ir;

/// What every launch gives a module, because it declares as much.
pub(crate) struct Needs {
    variable_bytes: u64,
    /// By kernel.
    shared_bytes: Vec<u64>,
}

impl Needs {
    pub(crate) fn of(module: &ir::Module) -> Self {
        let functions = module.functions.iter();
        Self {
            variable_bytes: module.variable_layout().1,
            shared_bytes: functions
                .map(|function| function.variable_bytes(ir::Space::Shared))
                .collect(),
        }
    }

    /// Hands a print back that is proved. Any other is a mistake of the compiler.
    pub(crate) fn prove(&self, printed: String) -> Result<String, Vec<Diagnostic>> {
        self.prove_variants(printed, &[])
    }

    /// As [`Self::prove`], of a print with second variants, of which this is assumed.
    pub(crate) fn prove_variants(
        &self,
        printed: String,
        assumed: &[Assumptions],
    ) -> Result<String, Vec<Diagnostic>> {
        let refused = match check_variants(&printed, assumed) {
            Ok(checked) if self.cover(&checked, assumed) => return Ok(printed),
            Ok(_) => "an access may lie behind what the module declares".to_owned(),
            Err(refusal) => refusal.to_string(),
        };
        let message = format!("internal error: what was printed is not provably safe: {refused}");
        let help = "this is a mistake of the compiler, please report it with the module";
        Err(vec![Diagnostic {
            printed: Some(printed),
            ..Diagnostic::error(Span::default(), message).with_help(help)
        }])
    }

    /// Whether they are as much as the proof relies on.
    fn cover(&self, checked: &Checked, assumed: &[Assumptions]) -> bool {
        let mut kernels = checked.kernels.iter().zip(&self.shared_bytes);
        let mut variants = checked.variants.iter().zip(assumed);
        let given = |assumed: &Assumptions| self.shared_bytes.get(assumed.kernel as usize);
        checked.kernels.len() == self.shared_bytes.len()
            && checked.variants.len() == assumed.len()
            && checked.variable_bytes <= self.variable_bytes
            && kernels.all(|(kernel, given)| kernel.shared_bytes <= *given)
            && variants.all(|(variant, assumed)| {
                given(assumed).is_some_and(|given| variant.shared_bytes <= *given)
            })
    }
}
