#!/usr/bin/env bash
# Copies the compilers' PTX of jit/corpus and the cases of jit/filetests to where cargo-fuzz looks for seeds; for the checker,
# what is printed of them.
set -euo pipefail
cd "$(dirname "$0")"

cargo build --quiet --release --manifest-path ../../Cargo.toml --package wasi-cuda-runner
print=../../target/release/wasi-cuda

mkdir -p corpus/{parse,compile,print_reads_back,check}
find ../corpus/ptx ../filetests -name '*.ptx' | while read -r file; do
    name=${file#../}
    name=${name//\//-}
    for target in parse compile print_reads_back; do
        cp "$file" "corpus/$target/$name"
    done
    # Cases that are to be refused have no print.
    "$print" compile "$file" --output "corpus/check/$name" 2>/dev/null || true
done
