#!/usr/bin/env bash
# Compiles cuda/*.cu, rust/*.rs and triton/*.py anew with every compiler, for several targets each, into
# ptx/COMPILER/TARGET/NAME.ptx, and prints the compilers' versions. Installs what it needs, see tools.sh and
# kernels/toolchain.sh.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

# Which sources of cuda/ go to which compiler.
# - What each compiler has for each target, as tests compare them with each other:
basic="branches conversions float grid_stride integer saxpy vector_add vectors"
# - The rest that any compiler takes for any target:
blocks="approximate atomics attention barriers bits cache_hints calls conv2d dot_products fft histogram layer_norm
    local_arrays mandelbrot matmul matmul_registers memory_order nbody radix_sort random reduction scan shared_memory
    softmax sort sparse special stencil structs switch transpose variables warp"
# - What sm_80 brought:
ampere="matmul_async matmul_tensor_bf16 matmul_tensor_f16 tensor_shapes warp_reduce"
# - What needs the headers or the library that come with NVRTC:
library="bfloat16 half math matmul_wmma simd_video"
# - What is clang's own:
native="half_native"
# - What is compiled without optimisation too, where it uses local memory and calls:
plain="branches grid_stride saxpy vector_add"
unoptimised="calls histogram local_arrays matmul reduction scan structs switch variables"

# - What is refused, because nothing can guard it:
refused="named_barriers"

# Which kernels of triton/ for which target, and which of them are refused for the same reason.
triton_75="histogram layer_norm softmax sum_rows transpose vector_add"
triton_80="attention_bf16_causal attention_f16 cross_entropy extremes find_largest gelu_dropout histogram
    histogram_of_block layer_norm matmul_bf16 matmul_f16 matmul_s8 matmul_tf32 mixed rotate_pairs saxpy scan
    softmax sum_all sum_rows transpose transpose_u8 vector_add vector_add_any"
triton_90="attention_f16 cross_entropy gelu_dropout layer_norm matmul_bf16 matmul_f16 matmul_s8 scan"
triton_refused="matmul_descriptors matmul_warpgroup"

# The folder that compilers write to.
into=ptx

# with_nvrtc VERSION TARGET ARCHITECTURE SOURCES [OPTION...]
with_nvrtc() {
    local libraries headers compiler=$1 target=$2 architecture=$3
    libraries=$("$here/tools.sh" "${compiler%%.*}")
    headers=$("$here/tools.sh" "headers-$(cut -d . -f 1 <<<"${compiler#nvrtc-}")")
    for name in $4; do
        python3 "$here/nvrtc.py" "$libraries" "$here/cuda/$name.cu" "$here/$into/$compiler/$target/$name.ptx" \
            --gpu-architecture="$architecture" --include-path="$headers" "${@:5}"
    done
}

# with_clang TARGET ARCHITECTURE PTX SOURCES OPTION...
with_clang() {
    local clang name target=$1 architecture=$2 ptx=$3
    clang=$("$here/tools.sh" clang)
    mkdir -p "$here/$into/clang-19/$target"
    for name in $4; do
        (cd "$here/cuda" && "$clang" -x cuda --cuda-device-only -nocudainc -nocudalib --cuda-gpu-arch="$architecture" \
            --cuda-feature="+ptx$ptx" "${@:5}" -S -o "$here/$into/clang-19/$target/$name.ptx" "$name.cu")
    done
}

# with_rustc TARGET
with_rustc() {
    local name compiler target=$1 built=$root/target/corpus
    eval "$("$root/kernels/toolchain.sh" --install)"
    compiler=rustc-$("$RUSTC" --version | cut -d ' ' -f 2)
    mkdir -p "$here/$into/$compiler/$target"
    rm -f "$built"/nvptx64-nvidia-cuda/release/examples/*.s
    (cd "$here/rust" && "$CARGO" clean --quiet --release --target nvptx64-nvidia-cuda --target-dir "$built" --package corpus)
    for source in "$here"/rust/*.rs; do
        name=$(basename "$source" .rs)
        if [ "$name" = corpus ]; then continue; fi
        (cd "$here/rust" && RUSTFLAGS="-Ctarget-cpu=$target" "$CARGO" rustc --quiet --release --example "$name" \
            --target nvptx64-nvidia-cuda --target-dir "$built" -Zbuild-std=core -- --emit=asm)
        mv "$built"/nvptx64-nvidia-cuda/release/examples/"$name"-*.s "$here/$into/$compiler/$target/$name.ptx"
    done
}

# with_triton TARGET CAPABILITY KERNELS
with_triton() {
    local triton folder=$here/$into/triton-3.9.0/$1 cache=$root/target/triton
    triton=$("$here/tools.sh" triton)
    # Nothing is taken from what an earlier run left, and no line says where the source lies.
    rm -rf "$cache"
    for source in "$here"/triton/*.py; do
        TRITON_CACHE_DIR=$cache TRITON_DISABLE_LINE_INFO=1 TRITON_DEFAULT_FP_FUSION=1 PYTHONDONTWRITEBYTECODE=1 \
            PYTHONPATH=$triton python3 "$here/triton_ptx.py" "$source" "$2" "$folder" $3
    done
}

rm -rf "$here/ptx" "$here/ptx-refused"

with_nvrtc nvrtc-12.9 sm_75 compute_75 "$basic approximate atomics bits half histogram math matmul radix_sort reduction
    softmax warp"
with_nvrtc nvrtc-12.9 sm_90 compute_90 "$basic bfloat16 calls half matmul_tensor_f16 shared_memory"
with_nvrtc nvrtc-13.5 sm_80 compute_80 "$basic $blocks $ampere $library"
with_nvrtc nvrtc-13.5 sm_90 compute_90 "$basic atomics bfloat16 matmul_wmma memory_order"
with_nvrtc nvrtc-13.5 sm_80-fast compute_80 "$basic approximate attention layer_norm math" --use_fast_math
with_nvrtc nvrtc-13.5 sm_80-lineinfo compute_80 "$basic calls reduction" -lineinfo
with_nvrtc nvrtc-13.5 sm_80-debug compute_80 "$plain $unoptimised" -G
with_clang sm_75 sm_75 63 "$basic histogram reduction matmul" -O3
with_clang sm_90 sm_90 78 "$basic $blocks $ampere $native" -O3
with_clang sm_80-O1 sm_80 70 "$basic" -O1
with_clang sm_80-O0 sm_80 70 "$unoptimised" -O0
with_rustc sm_75
with_rustc sm_80
with_triton sm_75 75 "$triton_75"
with_triton sm_80 80 "$triton_80"
with_triton sm_90a 90 "$triton_90"

into=ptx-refused
with_nvrtc nvrtc-13.5 sm_80 compute_80 "$refused"
with_clang sm_90 sm_90 78 "$refused" -O3
with_triton sm_90a 90 "$triton_refused"

"$here/hostile.sh"

# A compiler that put a path of this machine in its output would make the corpus differ from machine to machine.
if grep -rnE "$root|$HOME|/tmp" "$here/ptx" "$here/ptx-refused" "$here/../hostile"; then
    echo "these lines name paths of this machine" >&2
    exit 1
fi

# Whoever tests a kernel wants to know how to start it.
find "$here/ptx" -name '*.ptx' | while read -r file; do
    language=cuda
    case $file in */rustc-*) language=rust ;; */triton-*) language=triton ;; esac
    for kernel in $(sed -n 's/^.*\.entry \([A-Za-z0-9_]*\).*/\1/p' "$file"); do
        printf '%s/%s\t%s\n' "$language" "$(basename "$file" .ptx)" "$kernel"
    done
done | sort --unique | if grep -vxFf <(cut -f 1,2 "$here/kernels.txt"); then
    echo "these kernels have no row in kernels.txt" >&2
    exit 1
fi

# What NVIDIA's assembler refuses is no PTX to learn from.
ptxas=$("$here/tools.sh" ptxas)
find "$here/ptx" "$here/ptx-refused" -name '*.ptx' | while read -r file; do
    "$ptxas" -arch="$(basename "$(dirname "$file")" | cut -d - -f 1)" -o /dev/null "$file"
done

echo "$(find "$here/ptx" -name '*.ptx' | wc -l) files and $(find "$here/ptx-refused" -name '*.ptx' | wc -l) to refuse, by:"
ls "$here/ptx"
"$("$here/tools.sh" clang)" --version | head -n 1
("$root"/kernels/toolchain.sh --install >/dev/null && eval "$("$root"/kernels/toolchain.sh)" && "$RUSTC" --version)
"$ptxas" --version | tail -n 2 | head -n 1
