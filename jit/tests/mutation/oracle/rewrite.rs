//! A printed kernel as one that the front end reads, and that runs without a launch record: what the record would hold are numbers,
//! and all memory is global. Nothing is added that keeps an access anywhere; what is added notes misaligned ones.

use super::places::{ALIGNED, MISALIGNED, SHARED, field, local};
use std::fmt::Write as _;

/// The rewritten text, and the bytes of local memory.
pub(crate) struct Rewritten {
    pub(crate) text: String,
    pub(crate) local_bytes: u64,
}

const OWN_REGISTERS: &str = "\t.reg .b32 %own<8>;\n\t.reg .b64 %at, %low;\n\t.reg .pred %odd;\n";

/// None for a form of text that no kernel has.
pub(crate) fn rewritten(lines: &[String]) -> Option<Rewritten> {
    let mut text = String::new();
    let (mut local_bytes, mut local_base) = (0, 0);
    let mut parameters = Vec::new();
    for line in lines {
        if line.starts_with(".extern .shared") {
            continue;
        }
        // All are told to stop from the start, and record what they do all the same.
        if line == "\tatom.global.exch.b32 %state, [%fault], 1;" {
            text.push_str("\tmov.u32 %state, 0;\n");
            continue;
        }
        if let Some(parameter) = line.strip_prefix("\t.param ") {
            if !parameter.contains("%launch") {
                parameters.push(format!("\t.param {}", parameter.trim_end_matches(',')));
            }
        } else if line == ")" {
            let _ = writeln!(text, "{}\n)", parameters.join(",\n"));
        } else if line == "{" {
            let _ = write!(text, "{{\n{OWN_REGISTERS}");
        } else if let Some(array) = line.strip_prefix("\t.local .align ") {
            let (align, rest) = array.split_once(" .b8 local_memory[")?;
            local_bytes = rest.strip_suffix("];")?.parse().ok()?;
            local_base = local(local_bytes, align.parse().ok()?);
        } else if let Some((before, offset)) = line.split_once(", [%launch+") {
            let value = field(offset.strip_suffix("];")?.parse().ok()?)?;
            let _ = writeln!(text, "{}, {value};", before.replace("ld.param", "mov"));
        } else {
            let line = line
                .replace(", shared_memory;", &format!(", {SHARED};"))
                .replace(", local_memory;", &format!(", {local_base};"));
            statement(&mut text, &line)?;
        }
    }
    Some(Rewritten { text, local_bytes })
}

fn statement(text: &mut String, line: &str) -> Option<()> {
    let (name, _) = line.trim_start().split_once(' ').unwrap_or((line, ""));
    let is_own = line.contains("[%fault") || line.contains("ld.param");
    if is_own || !line.contains('[') || !line.starts_with('\t') || line.starts_with("\t.") {
        return writeln!(text, "{line}").ok();
    }
    let addresses: Vec<&str> = line
        .split('[')
        .skip(1)
        .filter_map(|it| it.split(']').next())
        .collect();
    match name.split('.').next()? {
        "cp" => {
            let bytes: u32 = line
                .split("], ")
                .nth(2)?
                .split([',', ';'])
                .next()?
                .parse()
                .ok()?;
            for address in &addresses {
                note_misaligned(text, address, bytes)?;
            }
            let (load, vector) = match bytes {
                4 => ("b32", "%own0"),
                8 => ("v2.b32", "{%own0, %own1}"),
                _ => ("v4.b32", "{%own0, %own1, %own2, %own3}"),
            };
            writeln!(
                text,
                "\tld.global.{load} {vector}, [{}];",
                addresses.get(1)?
            )
            .ok()?;
            writeln!(
                text,
                "\tst.global.{load} [{}], {vector};",
                addresses.first()?
            )
            .ok()
        }
        "ldmatrix" | "stmatrix" => {
            let address = addresses.first()?;
            note_misaligned(text, address, 16)?;
            let vector = "{%own0, %own1, %own2, %own3}";
            if name.starts_with("st") {
                let list = line.split_once('{')?.1.split_once('}')?.0;
                let mut values: Vec<&str> = list.split(", ").collect();
                values.resize(4, "0");
                return writeln!(
                    text,
                    "\tst.global.v4.b32 [{address}], {{{}}};",
                    values.join(", ")
                )
                .ok();
            }
            writeln!(text, "\tld.global.v4.b32 {vector}, [{address}];").ok()?;
            let list = line.split_once('{')?.1.split_once('}')?.0;
            for (index, register) in list.split(", ").enumerate() {
                writeln!(text, "\tmov.b32 {register}, %own{index};").ok()?;
            }
            Some(())
        }
        "wmma" => {
            let name = name
                .replace(".shared::cta", ".global")
                .replace(".shared", ".global");
            writeln!(text, "\t{name} {}", line.trim_start().split_once(' ')?.1).ok()
        }
        _ => {
            note_misaligned(text, addresses.first()?, bytes(name)?)?;
            let global = name
                .replace(".shared::cta", ".global")
                .replace(".shared", ".global")
                .replace(".local", ".global");
            writeln!(text, "\t{global} {}", line.trim_start().split_once(' ')?.1).ok()
        }
    }
}

/// Writes to one place or another.
fn note_misaligned(text: &mut String, address: &str, bytes: u32) -> Option<()> {
    let (base, offset) = address.split_once('+').unwrap_or((address, "0"));
    write!(
        text,
        "\tadd.s64 %at, {base}, {offset};\n\tand.b64 %low, %at, {};\n\tsetp.ne.s64 %odd, %low, 0;\n\
         \tselp.b64 %at, {MISALIGNED}, {ALIGNED}, %odd;\n\tst.global.u64 [%at], 1;\n",
        bytes - 1
    )
    .ok()
}

/// Bytes of an access by its name.
fn bytes(name: &str) -> Option<u32> {
    let vector = match () {
        () if name.contains(".v4") => 4,
        () if name.contains(".v2") => 2,
        () => 1,
    };
    let bits: u32 = match name.rsplit('.').next()? {
        "f16x2" | "bf16x2" => 32,
        "bf16" => 16,
        ty => ty.trim_start_matches(char::is_alphabetic).parse().ok()?,
    };
    Some(bits / 8 * vector)
}
