"""The built artifacts, each function run as Lambda runs it: see test_artifacts.py."""
