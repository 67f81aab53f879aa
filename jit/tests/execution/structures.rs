//! Structures as parameters.

use crate::corpus::{Row, SIZES, Subject};
use crate::launch::Launch;
use crate::numbers::{Random, bytes};

pub(crate) const KERNELS: &[Row] = &[
    ("cuda/structs", "fill_view", fill_view),
    ("cuda/structs", "copy_view", copy_view),
    ("cuda/structs", "weigh", weigh),
    ("cuda/structs", "project", project),
];

/// A view as a parameter.
fn view(address: u64, width: usize, height: usize, pitch: usize) -> Vec<u8> {
    let mut view = bytes(&[address]);
    view.extend(bytes(&[
        width as i32,
        height as i32,
        pitch as i32,
        0x5555_5555,
    ]));
    view
}

fn fill_view(subject: &Subject) {
    for (width, height, pitch) in [(0, 0, 0), (1, 1, 1), (9, 5, 12), (20, 7, 20)] {
        let before = vec![-1.0f32; pitch * height];
        let mut after = before.clone();
        for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
            after[y * pitch + x] = 2.5 + x as f32;
        }
        let launch = Launch::plane(width, height, [4, 3]).hidden(&before, &after);
        let launch = launch
            .structure_with_addresses(move |addresses| view(addresses[0], width, height, pitch));
        subject.check(launch.value(2.5f32));
    }
}

fn copy_view(subject: &Subject) {
    for offset in [[0i32, 0], [2, 1], [-3, -1], [100, 0]] {
        let (from, to) = ([9, 5, 12], [7, 6, 7]);
        let data = Random::new(3).f32s(from[2] * from[1]);
        let before = vec![-1.0f32; to[2] * to[1]];
        let mut after = before.clone();
        for (y, x) in (0..from[1]).flat_map(|y| (0..from[0]).map(move |x| (y, x))) {
            let (to_x, to_y) = (x as i32 + offset[0], y as i32 + offset[1]);
            if (0..to[0] as i32).contains(&to_x) && (0..to[1] as i32).contains(&to_y) {
                after[to_y as usize * to[2] + to_x as usize] = data[y * from[2] + x];
            }
        }
        let launch = Launch::plane(from[0], from[1], [4, 3])
            .hidden(&data, &data)
            .hidden(&before, &after);
        let launch = launch.structure_with_addresses(move |addresses| {
            view(addresses[0], from[0], from[1], from[2])
        });
        let launch = launch
            .structure_with_addresses(move |addresses| view(addresses[1], to[0], to[1], to[2]));
        subject.check(launch.structure(bytes(&offset)));
    }
}

fn weigh(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let kinds = random.many(n, |random| random.word() as i32);
        let values = random.f32s(8);
        let out: Vec<f32> = kinds
            .iter()
            .map(|kind| values[(kind & 7) as usize])
            .collect();
        let launch = Launch::threads(n, block).input(&kinds).output(&out);
        subject.check(launch.structure(bytes(&values)).value(n as i32));
    }
}

fn project(subject: &Subject) {
    for (width, flags, enabled) in [
        (0, 1u8, 1i8),
        (1, 1, 1),
        (50, 1, -1),
        (50, 2, 1),
        (50, 3, 0),
    ] {
        let (position, angle, far, id) = ([1.0f32, 2.5, -3.0], 0.5f32, 1000.25f64, -7i16);
        let (options, shift) = ([1, 2, 300, 4], [4.0f32, -2.0, 0.5, 8.0]);
        let camera = move |address| {
            let mut scene = view(address, width, 1, width);
            scene.extend(bytes(&position));
            scene.extend(bytes(&[angle]));
            scene.extend(bytes(&[far]));
            scene.extend([flags, 0x55]);
            scene.extend(bytes(&[id]));
            scene.extend([0x55; 4]);
            scene.extend(bytes(&options));
            scene
        };
        let mut depth = position[0] * shift[0] + position[1] * shift[1] + position[2] * shift[2];
        if flags & 1 == 1 {
            depth += shift[3];
        }
        let value = depth * angle + far as f32 + f32::from(id) + options[2] as f32;
        let before = vec![-1.0f32; width];
        let after = if enabled == 0 {
            before.clone()
        } else {
            vec![value; width]
        };
        let launch = Launch::threads(width, 32).hidden(&before, &after);
        let launch = launch.structure_with_addresses(move |addresses| camera(addresses[0]));
        subject.check(launch.structure(bytes(&shift)).value(enabled));
    }
}
