"""Tests of bundle/imports/, and what other implementations said."""
