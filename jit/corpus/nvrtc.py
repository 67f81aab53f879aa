#!/usr/bin/env python3
"""Compiles one CUDA source with NVRTC: nvrtc.py LIBRARIES SOURCE OUTPUT [OPTION...]

LIBRARIES is the folder that holds libnvrtc.so.*; OPTION is one of NVRTC's. Headers beside the source are found. The
source is given to NVRTC by its bare name, so that no path of this machine gets into the output.
"""

import ctypes
import glob
import os
import sys


def main():
    libraries, source, output, *options = sys.argv[1:]
    folder, name = os.path.split(source)
    # The first is loaded by the second, by name.
    for builtins in glob.glob(f"{libraries}/libnvrtc-builtins.so.*"):
        ctypes.CDLL(builtins, mode=ctypes.RTLD_GLOBAL)
    nvrtc = ctypes.CDLL(glob.glob(f"{libraries}/libnvrtc.so.*")[0])

    with open(source, "rb") as file:
        text = file.read()
    paths = sorted(glob.glob(f"{folder}/*.h"))
    headers = (ctypes.c_char_p * len(paths))(*(open(path, "rb").read() for path in paths))
    names = (ctypes.c_char_p * len(paths))(*(os.path.basename(path).encode() for path in paths))

    program = ctypes.c_void_p()
    check(nvrtc.nvrtcCreateProgram(ctypes.byref(program), text, name.encode(), len(paths), headers, names))
    arguments = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
    # Debug information names the working directory.
    os.chdir("/")
    failed = nvrtc.nvrtcCompileProgram(program, len(options), arguments)
    log = get(nvrtc.nvrtcGetProgramLogSize, nvrtc.nvrtcGetProgramLog, program)
    if log:
        print(log, file=sys.stderr)
    check(failed)
    ptx = get(nvrtc.nvrtcGetPTXSize, nvrtc.nvrtcGetPTX, program)
    os.makedirs(os.path.dirname(output), exist_ok=True)
    with open(output, "w") as file:
        file.write(ptx)


def get(size_of, contents_of, program):
    size = ctypes.c_size_t()
    check(size_of(program, ctypes.byref(size)))
    contents = ctypes.create_string_buffer(size.value)
    check(contents_of(program, contents))
    return contents.value.decode()


def check(status):
    if status != 0:
        sys.exit(f"NVRTC failed with status {status}: see nvrtcResult in its documentation")


main()
