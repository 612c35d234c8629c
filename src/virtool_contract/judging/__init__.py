"""The parts of a judgement: by status, by error body, by document. `judge` puts them together."""
