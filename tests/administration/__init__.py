"""Tests of how a consultation is run."""
