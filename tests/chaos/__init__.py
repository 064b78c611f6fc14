"""Chaos: while emails with known content arrive, everything around the product breaks at random; the log must be right.

One seed gives the emails, the faults and their times. `python -m tests.chaos` is the long form.
"""
