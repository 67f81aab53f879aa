;; divide.wasm is this, assembled.
(module
  (import "cuda" "memory" (memory i64 0))
  (import "cuda" "blockIdx.x" (func $block (result i32)))
  (import "cuda" "blockDim.x" (func $width (result i32)))
  (import "cuda" "threadIdx.x" (func $thread (result i32)))
  ;; quotients[i] = dividends[i] / divisors[i]
  (func (export "divide") (param $dividends i64) (param $divisors i64) (param $quotients i64) (param $n i32)
    (local $i i32) (local $at i64)
    (local.set $i (i32.add (i32.mul (call $block) (call $width)) (call $thread)))
    (br_if 0 (i32.ge_u (local.get $i) (local.get $n)))
    (local.set $at (i64.mul (i64.extend_i32_u (local.get $i)) (i64.const 4)))
    (i32.store (i64.add (local.get $quotients) (local.get $at))
      (i32.div_s
        (i32.load (i64.add (local.get $dividends) (local.get $at)))
        (i32.load (i64.add (local.get $divisors) (local.get $at)))))))
