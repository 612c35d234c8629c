"""The ways to reach a provider: a URL, a process or a file; and setting states up ahead of use."""
