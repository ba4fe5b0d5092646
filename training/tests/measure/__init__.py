"""Tests of measure/."""
