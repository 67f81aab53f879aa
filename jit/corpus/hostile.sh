#!/usr/bin/env bash
# Compiles ../hostile/cuda/*.cu anew: TOPIC.cu to ../hostile/TOPIC/cuda.ptx, any other NAME.cu to ../hostile/forms/cuda_NAME.ptx. What a
# source says of its case, at its beginning, is put before what the compiler prints; what is expected at lines of that is written by
# `UPDATE_GOLDEN=1 cargo test -p wasi-cuda-jit --test hostile` and wants to be read.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
hostile=$(cd "$here/../hostile" && pwd)
libraries=$("$here/tools.sh" nvrtc-13)

for source in "$hostile"/cuda/*.cu; do
    name=$(basename "$source" .cu)
    into=$hostile/forms/cuda_$name.ptx
    if [ -d "$hostile/$name" ]; then into=$hostile/$name/cuda.ptx; fi
    python3 "$here/nvrtc.py" "$libraries" "$source" "$into" --gpu-architecture=compute_80
    { sed -n '/^\/\//!q;p' "$source"; cat "$into"; } >"$into.new"
    mv "$into.new" "$into"
done
