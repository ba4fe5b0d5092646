"""Tests of stage/."""
