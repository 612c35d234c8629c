"""What every pytest session in this checkout shares."""

pytest_plugins = ["pytester"]
