"""One module per benchmark; each registers one function."""
