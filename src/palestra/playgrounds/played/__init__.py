"""The playgrounds themselves, one a file: the project's own learners, and what of them can be seen and changed."""
