"""The promises of the contract, one file a chapter; what is run against a target."""
