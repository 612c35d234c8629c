"""Recorded traffic: that of a run as HAR, and anybody's judged offline."""
