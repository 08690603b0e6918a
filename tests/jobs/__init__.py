"""Tests of the job document, tools and datasets."""
