#!/usr/bin/env bash
# Copies the compilers' PTX of jit/corpus and the cases of jit/filetests to where cargo-fuzz looks for seeds.
set -euo pipefail
cd "$(dirname "$0")"

for target in parse compile print_reads_back; do
    mkdir -p "corpus/$target"
    find ../corpus/ptx ../filetests -name '*.ptx' | while read -r file; do
        name=${file#../}
        cp "$file" "corpus/$target/${name//\//-}"
    done
done
