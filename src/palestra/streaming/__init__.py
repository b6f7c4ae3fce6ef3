"""A robot that moves while we compute: limits, a clock, and a wire."""
