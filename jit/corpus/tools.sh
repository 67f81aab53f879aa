#!/usr/bin/env bash
# Installs one of the tools that the corpus and its tests need and prints its path. What is there already is not fetched
# again. Everything lands in `target/tools/` of the repository, which git ignores; only clang is installed system-wide.
#
#   jit/corpus/tools.sh ptxas       NVIDIA's assembler; tests find it at target/tools/bin/ptxas
#   jit/corpus/tools.sh nvdisasm    NVIDIA's disassembler, at target/tools/bin/nvdisasm
#   jit/corpus/tools.sh nvrtc-12    the folder of NVRTC's libraries, of CUDA 12
#   jit/corpus/tools.sh nvrtc-13    the same, of CUDA 13
#   jit/corpus/tools.sh headers-12  the folder of the headers that come with CUDA 12: half.cu and others need them
#   jit/corpus/tools.sh headers-13  the same, of CUDA 13
#   jit/corpus/tools.sh triton      the folder of Triton's package, for PYTHONPATH
#   jit/corpus/tools.sh clang       clang 19
set -euo pipefail

tools=$(cd "$(dirname "$0")/../.." && pwd)/target/tools

# from_pypi FOLDER PACKAGE==VERSION...: unpacks packages, without what they depend on.
from_pypi() {
    if [ ! -e "$tools/$1/.complete" ]; then
        mkdir -p "$tools"
        python3 -m pip install --quiet --root-user-action ignore --disable-pip-version-check --no-deps --upgrade --target "$tools/$1" "${@:2}" >&2
        touch "$tools/$1/.complete"
    fi
}

# link PROGRAM TARGET: makes the program known at its lasting place, and prints that.
link() {
    mkdir -p "$tools/bin"
    ln -sf "$2" "$tools/bin/$1"
    echo "$tools/bin/$1"
}

clang() {
    if ! command -v clang-19 >/dev/null; then
        if [ "$(id -u)" != 0 ]; then
            echo "clang-19 is missing, and only root may install it: apt-get install clang-19" >&2
            exit 1
        fi
        { apt-get update && apt-get install --yes --no-install-recommends clang-19; } >&2
    fi
    command -v clang-19
}

case "${1:-}" in
ptxas)
    from_pypi nvcc-13.5.37 nvidia-cuda-nvcc==13.5.37
    link ptxas ../nvcc-13.5.37/nvidia/cu13/bin/ptxas
    ;;
nvdisasm)
    from_pypi nvdisasm-13.5.37 nvidia-cuda-nvdisasm==13.5.37
    link nvdisasm ../nvdisasm-13.5.37/nvidia/cu13/bin/nvdisasm
    ;;
nvrtc-12)
    from_pypi nvrtc-12.9.86 nvidia-cuda-nvrtc-cu12==12.9.86
    echo "$tools/nvrtc-12.9.86/nvidia/cuda_nvrtc/lib"
    ;;
nvrtc-13)
    from_pypi nvrtc-13.5.37 nvidia-cuda-nvrtc==13.5.37
    echo "$tools/nvrtc-13.5.37/nvidia/cu13/lib"
    ;;
headers-12)
    from_pypi headers-12.9.79 nvidia-cuda-runtime-cu12==12.9.79
    echo "$tools/headers-12.9.79/nvidia/cuda_runtime/include"
    ;;
headers-13)
    from_pypi headers-13.5.37 nvidia-cuda-runtime==13.5.37 nvidia-cuda-crt==13.5.37
    echo "$tools/headers-13.5.37/nvidia/cu13/include"
    ;;
triton)
    from_pypi triton-3.9.0 triton==3.9.0
    echo "$tools/triton-3.9.0"
    ;;
clang) clang ;;
*)
    sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
    exit 2
    ;;
esac
