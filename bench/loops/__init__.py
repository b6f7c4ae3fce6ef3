"""The loops that students write, beside our learners."""
