# Adds to each kernel whose threads work together the only block that it runs in, which Rust has no word for.
# The signatures in src/ say the same; tests/ptx.rs holds both against each other.
BEGIN {
    split("dot inclusive_scan inclusive_scan_u32 layer_norm maximum minimum softmax sum sum_u32", rows)
    for (place in rows) blocks[rows[place]] = "256, 1, 1"
    split("matmul_tiled transpose", tiles)
    for (place in tiles) blocks[tiles[place]] = "16, 16, 1"
}
/^\.visible \.entry / {
    name = $3
    sub(/\(.*/, "", name)
}
/^\{/ && (name in blocks) {
    print ".reqntid " blocks[name]
    name = ""
}
{ print }
