"""Tests of apps/diagnosis."""
