"""The figures of the README and docs/figures.md, each beside a named baseline in the same run."""
