//! What the back ends make of a case. They must agree; what they agree on is then held against the case.

use super::annotation::Annotation;
use super::case::{Case, Intent, Print, Run};
use super::launches::{self, Device, End};
use std::collections::BTreeMap;
use wasi_cuda_jit::cpu::Module;
use wasi_cuda_jit::fuzzing::compile_a_drivers;
use wasi_cuda_jit::{
    CompileOptions, Diagnostic, Source, back, compile_ptx, front, sandboxed_ptx,
    sandboxed_variants, verify,
};

/// What all back ends agree on.
pub(crate) struct Observed {
    pub(crate) annotations: Vec<Annotation>,
    /// How each run ended.
    pub(crate) ends: Vec<End>,
    pub(crate) prints: BTreeMap<Print, String>,
}

const PLAIN: CompileOptions = CompileOptions {
    checked: false,
    device: None,
};
const CHECKED: CompileOptions = CompileOptions {
    checked: true,
    device: None,
};

/// How the fault begins of lanes that wait for each other in two places.
const DIVERGENT: &str = "divergent operation of a warp";

/// What is wrong whatever the case expects.
type Wrong = String;

pub(crate) fn observe(case: &Case, device: Device) -> Result<Observed, Wrong> {
    let lines = case.text.lines().count();
    let refusal = |found: &[Diagnostic]| Observed {
        annotations: found.iter().map(|it| Annotation::of(it, lines)).collect(),
        ends: Vec::new(),
        prints: BTreeMap::new(),
    };
    let plain = compile_ptx(&case.text, &PLAIN);
    let checked = compile_ptx(&case.text, &CHECKED);
    let printed = print_all(&case.text);
    match (case.intent, plain, checked, printed) {
        (Intent::Accept, Ok(plain), Ok(checked), Ok(printed)) => {
            accepted(case, [&plain, &checked], printed, device)
        }
        (Intent::Accept, plain, checked, printed) => {
            let refusals = [
                ("plain", plain.err()),
                ("checked", checked.err()),
                ("print", printed.err()),
            ];
            let refusals = refusals
                .into_iter()
                .filter_map(|(name, found)| Some(format!("{name}: {}", listed(&found?))));
            Err(format!("it is refused:\n{}", refusals.collect::<String>()))
        }
        (Intent::Refuse, Err(plain), Err(checked), Err(printed)) => {
            if plain == checked && plain == printed {
                return Ok(refusal(&plain));
            }
            let [plain, checked, printed] = [plain, checked, printed].map(|found| listed(&found));
            Err(format!(
                "the refusals differ\nplain: {plain}checked: {checked}print: {printed}"
            ))
        }
        (Intent::RefuseOnCpu, Err(plain), Err(checked), Ok(printed)) if plain == checked => {
            Ok(Observed {
                prints: printed.wanted(case),
                ..refusal(&plain)
            })
        }
        (_, plain, checked, printed) => {
            let word = |accepted| if accepted { "accepted" } else { "refused" };
            let (plain, checked, printed) = (plain.is_ok(), checked.is_ok(), printed.is_ok());
            Err(format!(
                "it shall be refused, but it is {} in plain mode, {} in checked mode and {} when printed",
                word(plain),
                word(checked),
                word(printed)
            ))
        }
    }
}

fn accepted(
    case: &Case,
    [plain, checked]: [&Module; 2],
    printed: Printed,
    device: Device,
) -> Result<Observed, Wrong> {
    let reprinted = compile_ptx(&printed.texts[&Print::Plain], &PLAIN)
        .map_err(|found| format!("its print is refused:\n{}", listed(&found)))?;
    let driver = compile_a_drivers(&case.text, &PLAIN)
        .map_err(|found| format!("with a driver's guards it is refused:\n{}", listed(&found)))?;
    let lines = case.text.lines().count();
    let mut annotations: Vec<_> = plain
        .diagnostics()
        .iter()
        .map(|it| Annotation::of(it, lines))
        .collect();
    let mut ends = Vec::new();
    for (index, run) in case.runs.iter().enumerate() {
        let end = end_of(run, [plain, checked, &reprinted, &driver], device)
            .map_err(|what| format!("run {} (line {}): {what}", index + 1, run.line))?;
        annotations.extend(end.annotation(index + 1, lines));
        ends.push(end);
    }
    Ok(Observed {
        annotations,
        ends,
        prints: printed.wanted(case),
    })
}

/// How a run ends, which must not depend on the mode or on whether the text was printed and read again.
fn end_of(
    run: &Run,
    [plain, checked, reprinted, driver]: [&Module; 4],
    device: Device,
) -> Result<End, Wrong> {
    let place = plain
        .kernels()
        .iter()
        .position(|it| it.signature().name == run.kernel);
    let place = place.ok_or_else(|| format!("the module has no kernel `{}`", run.kernel))?;
    let given = plain.kernels()[place]
        .signature()
        .parameters
        .iter()
        .map(|it| it.name.as_str());
    if !given.eq(run.inputs.iter().map(|(name, _)| name.as_str())) {
        return Err("there is not one `in:` for each parameter, in their order".into());
    }
    let ways = [
        ("in plain mode", plain, run.plain),
        ("in checked mode", checked, run.checked),
        ("printed and read again", reprinted, run.plain),
        ("with a driver's guards", driver, run.plain),
    ];
    let mut first: Option<(&str, End)> = None;
    for (way, module, wanted) in ways {
        if !wanted {
            continue;
        }
        let kernel = module
            .kernels()
            .get(place)
            .ok_or("its print lacks the kernel")?;
        let end = launches::launch(run, module, kernel, device)
            .map_err(|what| format!("{way}: {what}"))?;
        if run.driver_diverges && std::ptr::eq(module, driver) {
            match end {
                End::Faulted(what, _) if what.starts_with(DIVERGENT) => continue,
                end => return Err(format!("{way} {}, but shall diverge", end.told())),
            }
        }
        match &first {
            None => first = Some((way, end)),
            Some((other, before)) if !before.agrees(&end) => {
                return Err(format!("{other} {}, {way} {}", before.told(), end.told()));
            }
            Some(_) => {}
        }
    }
    first
        .map(|(_, end)| end)
        .ok_or_else(|| "it has no mode".into())
}

/// What a driver gets to see.
struct Printed {
    texts: BTreeMap<Print, String>,
    target: String,
}

impl Printed {
    fn wanted(&self, case: &Case) -> BTreeMap<Print, String> {
        let mut wanted = self.texts.clone();
        wanted.retain(|print, _| case.prints.contains(print));
        wanted
    }
}

/// Every print; the plain one must read as what it was printed from.
fn print_all(text: &str) -> Result<Printed, Vec<Diagnostic>> {
    let module = front::ptx::parse(text)?;
    verify::verify(&module)?;
    let plain = back::ptx::print(&module);
    let texts = BTreeMap::from([
        (Print::Guarded, sandboxed_ptx(text, &PLAIN)?),
        (Print::Checked, sandboxed_ptx(text, &CHECKED)?),
        (Print::Proved, second_variants(text)?),
        (Print::Plain, plain),
    ]);
    let target = module.target_name;
    Ok(Printed { texts, target })
}

/// A module of the kernels' second variants, without the first ones.
fn second_variants(text: &str) -> Result<String, Vec<Diagnostic>> {
    let both = sandboxed_variants(Source::Ptx(text), &PLAIN)?.text;
    let mut parts = both.split("\n.visible .entry ");
    let head = parts.next().unwrap_or_default().to_owned();
    let variants = parts.filter(|part| {
        part.split('(')
            .next()
            .is_some_and(|name| name.ends_with("_proved"))
    });
    Ok(variants.fold(head, |module, variant| {
        module + "\n.visible .entry " + variant
    }))
}

/// The target that an accepted module names, and every text of it that a driver may get to see.
pub(crate) fn printed(case: &Case) -> Option<(String, Vec<(Print, String)>)> {
    let printed = print_all(&case.text).ok()?;
    Some((printed.target, printed.texts.into_iter().collect()))
}

/// Whether what is printed prints the same when it was read again.
pub(crate) fn print_is_stable(case: &Case) -> Result<(), Wrong> {
    let Ok(printed) = print_all(&case.text) else {
        return Ok(());
    };
    let once = &printed.texts[&Print::Plain];
    let module = front::ptx::parse(once)
        .map_err(|found| format!("its print is refused:\n{}", listed(&found)))?;
    if back::ptx::print(&module) == *once {
        Ok(())
    } else {
        Err("its print, read and printed again, is another text".into())
    }
}

fn listed(found: &[Diagnostic]) -> String {
    found.iter().map(|it| format!("  {it}\n")).collect()
}
