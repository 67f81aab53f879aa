#!/usr/bin/env python3
"""Compiles kernels of one Triton source, without a device: triton_ptx.py SOURCE CAPABILITY FOLDER KERNEL...

SOURCE is a file with a table KERNELS, from names to what Triton has to know of each kernel: the function, the types of
its parameters, its constants, how many warps run a program and how many stages a loop has. CAPABILITY is a number such
as 80. Each kernel that is named and in SOURCE becomes FOLDER/KERNEL.ptx, and a line says its name, how many threads a
block has and how many bytes of shared memory it wants at its launch.
"""

import importlib.util
import os
import sys


def main():
    source, capability, folder, *wanted = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    for name, kernel in read(source).KERNELS.items():
        if name not in wanted:
            continue
        compiled = compile_kernel(int(capability), **kernel)
        with open(os.path.join(folder, f"{name}.ptx"), "w") as file:
            file.write(compiled.asm["ptx"])
        print(name, 32 * compiled.metadata.num_warps, compiled.metadata.shared)


def read(path):
    specification = importlib.util.spec_from_file_location("kernels", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def compile_kernel(capability, function, types, constants, warps=4, stages=2):
    """`types` has one word for each parameter that is no constant; `*` means a pointer, aligned to 16 bytes, and `:16` a
    number that is a multiple of 16."""
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    parameters = [parameter for parameter in function.arg_names if parameter not in constants]
    types = dict(zip(parameters, types.split(), strict=True))
    divisible = {
        (function.arg_names.index(parameter),): [["tt.divisibility", 16]]
        for parameter, kind in types.items()
        if kind.startswith("*") or kind.endswith(":16")
    }
    signature = {parameter: kind.removesuffix(":16") for parameter, kind in types.items()}
    signature |= dict.fromkeys(constants, "constexpr")
    return triton.compile(
        ASTSource(function, {parameter: signature[parameter] for parameter in function.arg_names}, constants, divisible),
        target=GPUTarget("cuda", capability, 32),
        options={"num_warps": warps, "num_stages": stages},
    )


main()
