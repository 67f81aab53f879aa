#!/usr/bin/env bash
# Compiles cuda/*.cu and rust/*.rs anew with every compiler, for several targets each, into ptx/COMPILER/TARGET/NAME.ptx,
# and prints the compilers' versions. Installs what it needs, see tools.sh and kernels/toolchain.sh.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

# with_nvrtc VERSION TARGET ARCHITECTURE SOURCES [OPTION...]
with_nvrtc() {
    local libraries compiler=$1 target=$2 architecture=$3
    libraries=$("$here/tools.sh" "${compiler%%.*}")
    for name in $4; do
        python3 "$here/nvrtc.py" "$libraries" "$here/cuda/$name.cu" "$here/ptx/$compiler/$target/$name.ptx" \
            --gpu-architecture="$architecture" "${@:5}"
    done
}

# with_clang TARGET ARCHITECTURE OPTION...
with_clang() {
    local clang target=$1 architecture=$2
    clang=$("$here/tools.sh" clang)
    mkdir -p "$here/ptx/clang-19/$target"
    for source in "$here"/cuda/*.cu; do
        (cd "$here/cuda" && "$clang" -x cuda --cuda-device-only -nocudainc -nocudalib --cuda-gpu-arch="$architecture" \
            "${@:3}" -S -o "$here/ptx/clang-19/$target/$(basename "$source" .cu).ptx" "$(basename "$source")")
    done
}

# with_rustc TARGET
with_rustc() {
    local name compiler target=$1 built=$root/target/corpus
    eval "$("$root/kernels/toolchain.sh" --install)"
    compiler=rustc-$("$RUSTC" --version | cut -d ' ' -f 2)
    mkdir -p "$here/ptx/$compiler/$target"
    rm -f "$built"/nvptx64-nvidia-cuda/release/examples/*.s
    (cd "$here/rust" && "$CARGO" clean --quiet --release --target nvptx64-nvidia-cuda --target-dir "$built" --package corpus)
    for source in "$here"/rust/*.rs; do
        name=$(basename "$source" .rs)
        if [ "$name" = corpus ]; then continue; fi
        (cd "$here/rust" && RUSTFLAGS="-Ctarget-cpu=$target" "$CARGO" rustc --quiet --release --example "$name" \
            --target nvptx64-nvidia-cuda --target-dir "$built" -Zbuild-std=core -- --emit=asm)
        mv "$built"/nvptx64-nvidia-cuda/release/examples/"$name"-*.s "$here/ptx/$compiler/$target/$name.ptx"
    done
}

rm -rf "$here/ptx"

every=$(cd "$here/cuda" && basename --suffix .cu -- *.cu)
# Without optimisation the others use local memory and functions.
plain="branches grid_stride saxpy vector_add"
with_nvrtc nvrtc-12.9 sm_75 compute_75 "$every"
with_nvrtc nvrtc-12.9 sm_90 compute_90 "$every"
with_nvrtc nvrtc-13.5 sm_80 compute_80 "$every"
with_nvrtc nvrtc-13.5 sm_90 compute_90 "$every"
with_nvrtc nvrtc-13.5 sm_80-fast compute_80 "$every" --use_fast_math
with_nvrtc nvrtc-13.5 sm_80-lineinfo compute_80 "$every" -lineinfo
with_nvrtc nvrtc-13.5 sm_80-debug compute_80 "$plain" -G
with_clang sm_75 sm_75 -O3
with_clang sm_90 sm_90 -O3
with_clang sm_80-O1 sm_80 -O1
with_rustc sm_75
with_rustc sm_80

# A compiler that put a path of this machine in its output would make the corpus differ from machine to machine.
if grep -rnE "$root|$HOME|/tmp" "$here/ptx"; then
    echo "these lines name paths of this machine" >&2
    exit 1
fi

# What NVIDIA's assembler refuses is no PTX to learn from.
ptxas=$("$here/tools.sh" ptxas)
find "$here/ptx" -name '*.ptx' | while read -r file; do
    "$ptxas" -arch="$(basename "$(dirname "$file")" | cut -d - -f 1)" -o /dev/null "$file"
done

echo "$(find "$here/ptx" -name '*.ptx' | wc -l) files, by:"
ls "$here/ptx"
"$("$here/tools.sh" clang)" --version | head -n 1
("$root"/kernels/toolchain.sh --install >/dev/null && eval "$("$root"/kernels/toolchain.sh)" && "$RUSTC" --version)
"$ptxas" --version | tail -n 2 | head -n 1
