#!/usr/bin/env bash
# Compiles the kernels of linalg/ to ptx/linalg.ptx.
#
#   build.sh               with the compiler that toolchain.sh finds; see there for what to install
#   build.sh --to FOLDER   the same, into another folder
#   build.sh --compiler    only prints that compiler's version
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
toolchain=$("$here/toolchain.sh")
eval "$toolchain"
compiler=$("$RUSTC" --version)
if [ "${1:-}" = --compiler ]; then
    echo "$compiler"
    exit 0
fi
output=$here/ptx
if [ "${1:-}" = --to ]; then output=$2; fi

# The lowest target that CUDA 13 still knows: newer GPUs run it too.
target=$here/../target/kernels
(
    cd "$here/linalg"
    # Else another compiler's output, or none, might be what is found below.
    "$CARGO" clean --quiet --release --target nvptx64-nvidia-cuda --target-dir "$target" --package linalg
    "$CARGO" rustc --quiet --release --target nvptx64-nvidia-cuda --target-dir "$target" -Zbuild-std=core \
        -- --emit=asm -Ctarget-cpu=sm_75
)
mkdir -p "$output"
{
    echo "// kernels/linalg, compiled by kernels/build.sh with $compiler"
    cat "$target"/nvptx64-nvidia-cuda/release/deps/linalg-*.s
} >"$output/linalg.ptx"
