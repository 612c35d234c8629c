"""The ways to reach a provider besides a URL, and setting states up ahead of their use."""
