"""Tests of segment/."""
