#!/usr/bin/env bash
# Prints, as shell commands to `eval`, how to call a Rust compiler that builds for nvptx64-nvidia-cuda. No `core` is
# shipped compiled for that target, so the compiler must allow unstable features and come with the source of `core`.
#
#   toolchain.sh              a nightly of rustup's with the component rust-src, or what --install left here before;
#                             without either a message, and exit code 3
#   toolchain.sh --install    the same; without either it unpacks Debian's packages into target/tools/rust
set -euo pipefail

unpacked=$(cd "$(dirname "$0")/.." && pwd)/target/tools/rust

nightly() {
    local sysroot
    sysroot=$(rustc +nightly --print sysroot 2>/dev/null) || return 1
    [ -e "$sysroot/lib/rustlib/src/rust/library/core/src/lib.rs" ] || return 1
    echo "export RUSTC='$sysroot/bin/rustc' CARGO='$sysroot/bin/cargo' LD_LIBRARY_PATH='$sysroot/lib'"
}

debian() {
    [ -e "$unpacked/.complete" ] || return 1
    echo "export RUSTC='$unpacked/usr/bin/rustc' CARGO='$unpacked/usr/bin/cargo'"
    echo "export LD_LIBRARY_PATH='$unpacked/usr/lib/$(uname -m)-linux-gnu'"
    # A release's compiler allows unstable features only when told so.
    echo "export RUSTC_BOOTSTRAP=1"
}

unpack() {
    rm -rf "$unpacked"
    mkdir -p "$unpacked/packages"
    (
        cd "$unpacked/packages"
        if [ "$(id -u)" = 0 ]; then apt-get update; fi
        standard_library=$(apt-cache depends libstd-rust-web-dev | sed -n 's/ *Depends: \(libstd-rust-web-[0-9.]*\)$/\1/p')
        llvm=$(apt-cache depends "$standard_library" | sed -n 's/ *Depends: \(libllvm[0-9]*\)$/\1/p')
        apt-get download rustc-web cargo-web rust-web-src libstd-rust-web-dev "$standard_library" "$llvm" \
            libgit2-1.5 libmbedcrypto7 libmbedtls14 libmbedx509-1 libhttp-parser2.9
        for package in *.deb; do dpkg --extract "$package" "$unpacked"; done
    ) >&2
    # The compiler's own source is most of what was unpacked.
    rm -rf "$unpacked/packages" "$unpacked"/usr/src/rustc-*/{compiler,src,debian}
    touch "$unpacked/.complete"
}

if nightly || debian; then
    exit 0
fi
if [ "${1:-}" = --install ] && command -v apt-get dpkg >/dev/null; then
    unpack
    debian
    exit 0
fi
echo "no Rust compiler for nvptx64-nvidia-cuda: run 'rustup component add rust-src --toolchain nightly'," \
    "or, on Debian 12, '$0 --install'" >&2
exit 3
