"""Learners to play with: each is a real one, stepped on request, forwards and backwards, with its insides as data to
draw. ``offers/`` says what there is and what can be set, ``played/`` does it, ``session.py`` is asked in lines of JSON.
"""
