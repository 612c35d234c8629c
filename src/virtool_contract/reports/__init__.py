"""Reports: each turns verdicts into bytes for one kind of reader."""
