//! Shapes of control flow. Each kernel stores what it finds at its thread's place.

use super::device::{Test, assemble, refusal};
use std::time::Duration;
use wasi_cuda_jit::cpu::Outcome;

/// What each of so many threads makes of its index, `$x`.
fn of_each(threads: u32, function: &str) -> Vec<u32> {
    let ended = Test::new(&format!(
        r#"{function}
        (func (export "k") (param $out i64)
            (i32.store
                (i64.add (local.get $out) (i64.extend_i32_u (i32.mul (call $thread) (i32.const 4))))
                (call $f (call $thread))))"#
    ))
    .threads(1, threads)
    .run();
    assert_eq!(ended.outcome, Outcome::Completed, "{:?}", ended.fault);
    ended.words(threads as usize)
}

#[test]
fn nested_loops_go_round_as_often_as_they_say() {
    let given = of_each(
        6,
        r#"(func $f (param $x i32) (result i32) (local $i i32) (local $j i32) (local $sum i32)
            (block $done (loop $rows
                (br_if $done (i32.ge_u (local.get $i) (local.get $x)))
                (local.set $j (i32.const 0))
                (block $row_done (loop $columns
                    (br_if $row_done (i32.gt_u (local.get $j) (local.get $i)))
                    (local.set $sum (i32.add (local.get $sum) (i32.mul (local.get $i) (local.get $j))))
                    (local.set $j (i32.add (local.get $j) (i32.const 1)))
                    (br $columns)))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br $rows)))
            (local.get $sum))"#,
    );
    let expected: Vec<u32> = (0..6u32)
        .map(|x| (0..x).flat_map(|i| (0..=i).map(move |j| i * j)).sum())
        .collect();
    assert_eq!(given, expected);
}

#[test]
fn a_table_of_branches_has_a_default_and_may_name_a_block_twice() {
    let given = of_each(
        9,
        r#"(func $f (param $x i32) (result i32)
            (block $c (block $b (block $a
                (br_table $a $b $b $a $c $b $a (local.get $x)))
                (return (i32.const 10)))
                (return (i32.const 20)))
            (i32.const 30))"#,
    );
    assert_eq!(given, [10, 20, 20, 10, 30, 20, 10, 10, 10]);
}

#[test]
fn a_table_of_branches_may_have_no_entry_but_the_default() {
    let given = of_each(
        2,
        "(func $f (param $x i32) (result i32) (block $a (br_table $a (local.get $x))) (i32.const 5))",
    );
    assert_eq!(given, [5, 5]);
}

#[test]
fn a_table_of_branches_carries_values() {
    let given = of_each(
        4,
        r#"(func $f (param $x i32) (result i32)
            (block $b (result i32)
                (i32.add (i32.const 100) (block $a (result i32)
                    (br_table $a $b $a (i32.mul (local.get $x) (i32.const 7)) (local.get $x))))))"#,
    );
    assert_eq!(given, [100, 7, 114, 121]);
}

#[test]
fn a_function_may_return_from_everywhere() {
    let given = of_each(
        4,
        r#"(func $f (param $x i32) (result i32)
            (loop (block
                (if (i32.eq (local.get $x) (i32.const 2)) (then (return (i32.const 22))))))
            (if (i32.lt_u (local.get $x) (i32.const 1)) (then (return (i32.const 11)) (unreachable)))
            (i32.const 33))"#,
    );
    assert_eq!(given, [11, 33, 22, 33]);
}

#[test]
fn both_halves_of_a_choice_give_results() {
    let given = of_each(
        4,
        r#"(func $f (param $x i32) (result i32)
            (i32.sub
                (if (result i32 i32) (i32.and (local.get $x) (i32.const 1))
                    (then (i32.const 9) (local.get $x))
                    (else (local.get $x) (i32.const 1)))))"#,
    );
    assert_eq!(given, [u32::MAX, 8, 1, 6]);
}

#[test]
fn a_choice_takes_parameters_with_and_without_a_second_half() {
    let given = of_each(
        3,
        r#"(func $f (param $x i32) (result i32)
            (i32.const 40) (local.get $x)
            (if (param i32) (result i32) (i32.eq (local.get $x) (i32.const 1))
                (then (i32.const 100) (i32.add))
                (else (i32.const 10) (i32.mul)))
            (i32.add)
            (local.get $x)
            (if (param i32) (result i32) (then (i32.const 1000) (i32.add))))"#,
    );
    assert_eq!(given, [40, 1141, 1060]);
}

#[test]
fn a_loop_takes_parameters_all_at_once() {
    // Fibonacci: each way back swaps the pair that it came with.
    let given = of_each(
        8,
        r#"(func $f (param $x i32) (result i32) (local $a i32) (local $b i32)
            (i32.const 0) (i32.const 1)
            (loop $next (param i32 i32) (result i32)
                (local.set $b) (local.set $a)
                (if (i32.eqz (local.get $x)) (then (return (local.get $a))))
                (local.set $x (i32.sub (local.get $x) (i32.const 1)))
                (local.get $b) (i32.add (local.get $a) (local.get $b))
                (br $next)))"#,
    );
    assert_eq!(given, [0, 1, 1, 2, 3, 5, 8, 13]);
}

#[test]
fn values_trade_places_on_the_way_back() {
    let given = of_each(
        4,
        r#"(func $swap (param i32 i32) (result i32 i32) (local.get 1) (local.get 0))
        (func $f (param $x i32) (result i32)
            (i32.const 3) (i32.const 5)
            (loop $next (param i32 i32) (result i32 i32)
                (call $swap)
                (local.set $x (i32.sub (local.get $x) (i32.const 1)))
                (br_if $next (i32.ge_s (local.get $x) (i32.const 0))))
            (i32.sub))"#,
    );
    assert_eq!(given, [2, u32::MAX - 1, 2, u32::MAX - 1]);
}

#[test]
fn a_value_on_the_stack_is_that_of_its_time() {
    let given = of_each(
        2,
        r#"(func $f (param $x i32) (result i32)
            (local.get $x)
            (if (local.get $x) (then (local.set $x (i32.const 50))))
            (local.get $x)
            (local.set $x (i32.const 7))
            (i32.add (i32.add (i32.mul (i32.const 100)) (local.get $x))))"#,
    );
    // x, then x after the choice times 100, then 7.
    assert_eq!(given, [7, 5008]);
}

#[test]
fn a_value_that_came_through_two_locals_is_that_of_its_time() {
    let given = of_each(
        1,
        r#"(func $f (param $x i32) (result i32) (local $y i32)
            (local.set $y (i32.const 5))
            (local.tee $x (local.get $y))
            (local.set $y (i32.const 70))
            (local.set $x (i32.const 700))
            (i32.add (local.get $y)))"#,
    );
    assert_eq!(given, [75]);
}

#[test]
fn selections_take_a_number_or_a_comparison() {
    let given = of_each(
        3,
        r#"(func $f (param $x i32) (result i32)
            (i32.add
                (select (i32.const 1) (i32.const 2) (local.get $x))
                (i32.add
                    (select (i32.const 10) (local.get $x) (i32.eqz (i32.lt_u (local.get $x) (i32.const 2))))
                    (i32.trunc_f32_s (select (result f32) (f32.const 100) (f32.const 200) (i32.const 0))))))"#,
    );
    assert_eq!(given, [202, 202, 211]);
}

#[test]
fn code_that_nothing_reaches_is_passed_over() {
    let given = of_each(
        2,
        r#"(func $f (param $x i32) (result i32)
            (block $out (result i32)
                (i32.const 4)
                (br $out)
                (block (loop (if (i32.const 1) (then (br 1)) (else (unreachable)))))
                (drop (i32.add))
                (i32.const 5)))"#,
    );
    assert_eq!(given, [4, 4]);
    let both_leave = of_each(
        2,
        r#"(func $f (param $x i32) (result i32)
            (if (local.get $x) (then (return (i32.const 1))) (else (return (i32.const 2))))
            (i32.div_u (i32.const 1) (i32.const 0)))"#,
    );
    assert_eq!(both_leave, [2, 1]);
}

#[test]
fn an_endless_loop_is_stopped() {
    let ended = Test::new(r#"(func (export "k") (param i64) (loop $next (br $next)))"#)
        .stop_after(Duration::from_millis(50))
        .run();
    assert_eq!(ended.outcome, Outcome::Stopped);
}

#[test]
fn a_function_that_calls_itself_is_refused() {
    let direct = refusal(&assemble(
        r#"(func $f (call $f)) (func (export "k") (call $f))"#,
    ));
    assert!(
        direct.contains("kernel `k`: the function calls itself"),
        "{direct}"
    );
    let round = refusal(&assemble(
        r#"(func $f (call $g)) (func $g (call $f)) (func (export "k") (call $f))"#,
    ));
    assert!(
        round.contains("directly or through others; write a loop"),
        "{round}"
    );
}
