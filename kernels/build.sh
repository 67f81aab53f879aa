#!/usr/bin/env bash
# Compiles the kernels of linalg/, nn/ and reduce/ to ptx/linalg.ptx and so on.
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

target=$here/../target/kernels
mkdir -p "$output"
for module in linalg nn reduce; do
    (
        cd "$here/$module"
        # Else another compiler's output, or none, might be what is found below.
        "$CARGO" clean --quiet --release --target nvptx64-nvidia-cuda --target-dir "$target" --package "$module"
        # The lowest target that CUDA 13 still knows: newer GPUs run it too.
        "$CARGO" rustc --quiet --release --target nvptx64-nvidia-cuda --target-dir "$target" -Zbuild-std=core \
            -- --emit=asm -Ctarget-cpu=sm_75
    )
    {
        echo "// kernels/$module, compiled by kernels/build.sh with $compiler"
        awk -f "$here/blocks.awk" "$target"/nvptx64-nvidia-cuda/release/deps/"$module"-*.s
    } >"$output/$module.ptx"
done
