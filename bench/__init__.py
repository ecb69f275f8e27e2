"""Measurements. They print figures for people and never fail: a busy machine is no fault of the program."""
