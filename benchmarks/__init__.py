"""The figures that the README quotes, each measured against a named baseline in the same run."""
