#!/bin/sh
# What Prela adds to a program, by its features: crates, bytes of the stripped program, seconds of a
# first build. Prints the rows of WEIGHT.md. Builds in a directory of its own, from nothing, so the seconds
# are only worth something on a machine with nothing else to do.
#
#   benches/weight.sh                    # all rows
#   benches/weight.sh "otlp-http,macros" # one
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/src"
cp "$root/Cargo.lock" "$dir/"
cat > "$dir/src/main.rs" <<'RUST'
fn main() -> Result<(), prela::Error> {
    let _prela = prela::init("weight")?;
    prela::tracer().span_default("work").in_scope(|_| ());
    Ok(())
}
RUST
if [ $# -eq 0 ]; then
    set -- default "otlp-grpc,tls,macros" "otlp-grpc,macros" "otlp-http,tls,macros" "otlp-http,macros" "macros"
fi
for features; do
    case $features in
        default) wanted='' ;;
        *) wanted="default-features = false, features = [\"$(echo "$features" | sed 's/,/", "/g')\"], " ;;
    esac
    cat > "$dir/Cargo.toml" <<TOML
[package]
name = "weight"
version = "0.0.0"
edition = "2024"
[dependencies]
prela = { ${wanted}path = "$root/crates/prela" }
[profile.release]
strip = true
[workspace]
TOML
    export CARGO_TARGET_DIR="$dir/target"
    rm -rf "$CARGO_TARGET_DIR"
    cd "$dir"
    crates=$(cargo tree --offline -e normal --prefix none | sed 's/ (.*//;/^weight /d' | sort -u | wc -l)
    before=$(date +%s)
    cargo build --offline --release --quiet
    seconds=$(($(date +%s) - before))
    bytes=$(wc -c < "$CARGO_TARGET_DIR/release/weight")
    echo "| \`$features\` | $crates | $bytes | $seconds |"
done
