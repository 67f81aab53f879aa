//! Ends as its argument says.

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("fail") => std::process::exit(1),
        Some("trap") => std::process::abort(),
        other => println!("ended well, argument {other:?}"),
    }
}
