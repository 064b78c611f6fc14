"""Tries the reading of emails on bytes nobody would send: hostile ones built here, mutants, and what a fuzzer finds."""
