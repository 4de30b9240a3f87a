# What one does often. `just` (https://just.systems) runs a recipe; without it, type the lines below its name.

# The recipes
_default:
    @just --list --unsorted

# Run the tests; `just test -p osi-tutor-engine proto::ntp` one file's
test *ARGUMENTS:
    cargo test {{ ARGUMENTS }}

# Write anew what golden cases and flow scripts compare with; read the difference before you commit it
bless:
    INSTA_UPDATE=always cargo test --test golden
    INSTA_UPDATE=always cargo test --lib tui::
    BLESS=1 cargo test --test flow
    git status --short

# Write the examples and pictures of the README and the guide anew
readme:
    UPDATE_README=1 cargo test --lib lesson::
    UPDATE_README=1 cargo test --lib tui::
    UPDATE_README=1 cargo test --test readme
    git status --short

# How many of each room's lines the unit tests run
coverage:
    .ci/coverage

# Compare the captures of this name with tshark, such as `just oracle 'tcp-*'`
oracle NAME='*':
    ORACLE_ONLY='{{ NAME }}' REQUIRE_PEERS=1 cargo test --test oracle every_field -- --nocapture

# Begin a protocol: its file and its registration, such as `just new-protocol my-protocol 'UdpPort(65000)'`
new-protocol NAME KEY='UdpPort(65000)':
    .ci/new-protocol '{{ NAME }}' '{{ KEY }}'

# Ask tshark for the names, types and masks of all fields that we use
fields:
    cargo test --test fields -- --ignored make_the_table

# Check a lesson and play it; one that isn't there is begun
lesson NAME:
    ls lessons/*-'{{ NAME }}'.md 2>/dev/null || cargo run --quiet -- lesson new '{{ NAME }}' --lessons lessons
    cargo run --quiet -- lesson check lessons
    cargo run --quiet -- explain '{{ NAME }}' --lessons lessons

# Everything that must hold before a change lands
all:
    .ci/run
